//! The program that apps start: where it is, and whether an app may remember that place.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::form::STDIO;

/// The command line, which is the adapter too.
const PROGRAM: &str = "jean-bridge";
const APP: &str = "jean-memory-bridge";
/// It only prints its help; a cold disk takes its time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Folders that are gone after a restart, or at another place (clients.md 7.10): what macOS runs unmoved downloads
/// from, mounted images, and packages that each version unpacks anew.
const PASSING: [&str; 5] = ["AppTranslocation", "Volumes", "Cellar", "Caskroom", "snap"];
/// Where an `AppImage` mounts itself.
const PASSING_START: &str = ".mount_";

/// Where the command line is that was installed with a program of ours, whether it is there or not.
#[must_use]
pub fn command_line_beside(program: &Path) -> PathBuf {
    program.with_file_name(PROGRAM).with_extension(std::env::consts::EXE_EXTENSION)
}

/// Where the app is that was installed with a program of ours, whether it is there or not.
#[must_use]
pub fn app_beside(program: &Path) -> PathBuf {
    program.with_file_name(APP).with_extension(std::env::consts::EXE_EXTENSION)
}

/// The adapter beside a program of ours, if it is there, at a place that stays when the bridge is updated.
#[must_use]
pub fn adapter_beside(program: &Path) -> Option<PathBuf> {
    let path = command_line_beside(program);
    (path.is_absolute() && stays(&path) && path.is_file()).then_some(path)
}

/// Whether a program is an adapter at all: one of another version may not be.
pub async fn is_adapter(program: &Path) -> bool {
    let asked = Command::new(program)
        .args([STDIO, "--help"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    matches!(timeout(PATIENCE, asked).await, Ok(Ok(status)) if status.success())
}

/// Whether a program lies where it will still be after a restart, and after an update: its path may be remembered, by an
/// app or by the start at login.
#[must_use]
pub fn stays(path: &Path) -> bool {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let mut names = folders.filter_map(|folder| folder.as_os_str().to_str());
    !names.any(|name| PASSING.contains(&name) || name.starts_with(PASSING_START) || has_version(name))
}

/// `1.2.3`, `app-1.2.3`, `v1.2`: the next version has another.
fn has_version(name: &str) -> bool {
    let last = name.rsplit(['-', '_']).next().unwrap_or(name);
    let digits = last.strip_prefix('v').unwrap_or(last);
    let mut numbers = digits.split('.');
    digits.contains('.') && numbers.all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_passes_is_no_place_to_remember() {
        for stable in
            ["/usr/bin/jean-bridge", "/opt/jean.memory/bin/jean-bridge", "/home/jean/.local/bin/jean-bridge"]
        {
            assert!(stays(Path::new(stable)), "{stable}");
        }
        for passing in [
            "/private/var/folders/x/T/AppTranslocation/0-1/d/Jean.app/Contents/MacOS/jean-bridge",
            "/Volumes/Jean Memory Bridge/Jean.app/Contents/MacOS/jean-bridge",
            "/tmp/.mount_JeanMeAbCdEf/usr/bin/jean-bridge",
            "/opt/homebrew/Cellar/jean-bridge/bin/jean-bridge",
            "/home/jean/Apps/jean-memory-bridge-0.1.0/jean-bridge",
            "/home/jean/v1.2/jean-bridge",
            "/snap/jean-memory-bridge/12/bin/jean-bridge",
        ] {
            assert!(!stays(Path::new(passing)), "{passing}");
        }
    }

    #[test]
    fn the_command_line_is_beside_the_app_in_every_installation() {
        // What `externalBin` names by its target lies there without it.
        let suffix = if cfg!(windows) { ".exe" } else { "" };
        for folder in [
            "/usr/bin",
            "/Applications/Jean Memory Bridge.app/Contents/MacOS",
            "/Users/jean/Applications/Jean Memory Bridge.app/Contents/MacOS",
            "C:/Users/jean/AppData/Local/Jean Memory Bridge",
        ] {
            let beside = command_line_beside(&Path::new(folder).join(format!("jean-memory-bridge{suffix}")));
            assert_eq!(beside, Path::new(folder).join(format!("jean-bridge{suffix}")));
            assert!(stays(&beside), "{folder}");
        }
    }

    #[test]
    fn only_a_file_beside_the_program_counts() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("jean-memory-bridge");
        assert_eq!(adapter_beside(&app), None);
        let adapter = command_line_beside(&app);
        std::fs::create_dir(&adapter).unwrap();
        assert_eq!(adapter_beside(&app), None, "a folder is no program");
        std::fs::remove_dir(&adapter).unwrap();
        std::fs::write(&adapter, "").unwrap();
        assert_eq!(adapter_beside(&app), Some(adapter));
        assert_eq!(adapter_beside(Path::new("jean-memory-bridge")), None, "apps start it from anywhere");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_does_not_know_the_word_is_no_adapter() {
        assert!(is_adapter(Path::new("/bin/true")).await);
        assert!(!is_adapter(Path::new("/bin/false")).await);
        assert!(!is_adapter(Path::new("/nonexistent/jean-bridge")).await);
    }
}
