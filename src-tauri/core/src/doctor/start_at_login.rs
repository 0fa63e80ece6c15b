//! Whether the app starts with the desktop, and whether what would start is still there.

use std::path::{Path, PathBuf};

use super::blocking;
use crate::view::{Check, ComputerFinding, Subject};

/// Where desktops look (Desktop Application Autostart Specification).
const ENTRY: &str = "autostart/com.jeanmemory.bridge.desktop";

/// `known`: what the app says of itself.
pub(super) async fn look(known: Option<bool>) -> Vec<Check> {
    let found = blocking(move || examine(known)).await;
    found.into_iter().map(|finding| Check::new(Subject::Start, finding)).collect()
}

fn examine(known: Option<bool>) -> ComputerFinding {
    let by_entry = if cfg!(target_os = "linux") { by_entry() } else { None };
    match (by_entry, known) {
        (Some(broken @ ComputerFinding::StartBroken { .. }), _) => broken,
        (_, Some(true)) => ComputerFinding::StartOn,
        (_, Some(false)) => ComputerFinding::StartOff,
        (Some(found), None) => found,
        (None, None) => ComputerFinding::StartUnknown,
    }
}

fn by_entry() -> Option<ComputerFinding> {
    let file = directories::BaseDirs::new()?.config_dir().join(ENTRY);
    match std::fs::read_to_string(file) {
        Ok(entry) => Some(means(&entry, &|program| program.is_file())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(ComputerFinding::StartOff),
        Err(_) => None,
    }
}

fn means(entry: &str, is_there: &dyn Fn(&Path) -> bool) -> ComputerFinding {
    let value = |key: &str| {
        let lines = entry.lines().filter_map(|line| line.split_once('='));
        lines
            .map(|(name, value)| (name.trim(), value.trim()))
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    };
    if value("Hidden") == Some("true") || value("X-GNOME-Autostart-enabled") == Some("false") {
        return ComputerFinding::StartOff;
    }
    match value("Exec").and_then(program) {
        Some(program) if is_there(&program) => ComputerFinding::StartOn,
        Some(program) => ComputerFinding::StartBroken { program },
        None => ComputerFinding::StartOff,
    }
}

/// The program of an `Exec` line as this app writes it: `env "NAME=…" "program" --background`, or without `env`. A value
/// of such a file escapes backslashes once more (Desktop Entry Specification, "The Exec key").
fn program(exec: &str) -> Option<PathBuf> {
    let exec = exec.replace("\\\\", "\\");
    let mut arguments = arguments(&exec).into_iter().filter(|argument| argument != "env");
    arguments.find(|argument| !argument.contains('=')).map(PathBuf::from)
}

fn arguments(line: &str) -> Vec<String> {
    let (mut all, mut current, mut is_quoted) = (Vec::new(), None::<String>, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                is_quoted = !is_quoted;
                current.get_or_insert_default();
            }
            ' ' if !is_quoted => all.extend(current.take()),
            '\\' if is_quoted => current.get_or_insert_default().extend(letters.next()),
            '%' => current.get_or_insert_default().extend(letters.next()),
            letter => current.get_or_insert_default().push(letter),
        }
    }
    all.extend(current);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(exec: &str) -> String {
        format!("[Desktop Entry]\nType=Application\nName=Jean Memory Bridge\nExec={exec}\nTerminal=false\n")
    }

    #[test]
    fn the_program_is_found_whatever_is_in_its_path() {
        for (exec, path) in [
            (r#""/usr/bin/jean-memory-bridge" --background"#, "/usr/bin/jean-memory-bridge"),
            (r#"env "JEAN_BRIDGE_HOME=/media/My stick" "/opt/a b/bridge" --background"#, "/opt/a b/bridge"),
            (r#""/opt/100%% \\$HOME/\\"x\\"" --background"#, r#"/opt/100% $HOME/"x""#),
        ] {
            assert_eq!(program(exec), Some(PathBuf::from(path)), "{exec}");
        }
    }

    #[test]
    fn a_program_that_is_gone_is_named_and_what_is_switched_off_is_off() {
        let entry = entry(r#""/opt/bridge" --background"#);
        assert_eq!(means(&entry, &|_| true), ComputerFinding::StartOn);
        assert_eq!(means(&entry, &|_| false), ComputerFinding::StartBroken { program: "/opt/bridge".into() });
        assert_eq!(means(&format!("{entry}Hidden=true\n"), &|_| true), ComputerFinding::StartOff);
        assert_eq!(means("", &|_| true), ComputerFinding::StartOff);
    }
}
