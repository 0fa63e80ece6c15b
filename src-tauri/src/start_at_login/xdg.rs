//! An entry in `$XDG_CONFIG_HOME/autostart` (Desktop Application Autostart Specification). Its text is made here, because the
//! libraries for it leave blanks in paths unquoted and do not look at `XDG_CONFIG_HOME`.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bridge_core::config::process_environment;
use bridge_core::login_entry::{file, quoted, write};
use bridge_core::paths::HOME_VARIABLE;
use gtk::glib::{KeyFile, KeyFileFlags};

use crate::launch::BACKGROUND;

const GROUP: &str = "Desktop Entry";

pub(super) fn is_on() -> io::Result<bool> {
    match std::fs::read_to_string(file()?) {
        // A desktop starts nothing that is gone, whatever the entry says.
        Ok(text) => Ok(program()?.is_file() && starts(&text, &command()?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn set(is_on: bool) -> io::Result<()> {
    if is_on {
        return write(&entry(&program()?, &command()?));
    }
    match std::fs::remove_file(file()?) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// This program, as it was found at the start: an update changes neither the path nor what is known of it.
fn program() -> io::Result<PathBuf> {
    tauri::process::current_binary(&tauri::Env::default())
}

/// What the entry starts: this program, with the same directories.
fn command() -> io::Result<String> {
    let program = program()?;
    let home = process_environment(HOME_VARIABLE).filter(|home| !home.is_empty());
    command_line(&program, home.as_deref())
}

fn command_line(program: &Path, home: Option<&str>) -> io::Result<String> {
    let program = program.to_str().ok_or_else(|| io::Error::other("the program's path is not Unicode"))?;
    let home = match home {
        Some(home) => {
            let home = std::path::absolute(home)?;
            format!("env {} ", quoted(&format!("{HOME_VARIABLE}={}", home.display())))
        }
        None => String::new(),
    };
    Ok(format!("{home}{} {BACKGROUND}", quoted(program)))
}

fn entry(program: &Path, command: &str) -> String {
    let file = KeyFile::new();
    file.set_string(GROUP, "Type", "Application");
    file.set_string(GROUP, "Name", "Jean Memory Bridge");
    file.set_string(GROUP, "Icon", "com.jeanmemory.bridge");
    // Who removes the program by hand leaves an entry that does nothing. It is a path, so nothing in it is quoted.
    file.set_string(GROUP, "TryExec", &program.to_string_lossy());
    // Escapes once more: a value of such a file has a backslash of its own.
    file.set_string(GROUP, "Exec", command);
    file.set_boolean(GROUP, "Terminal", false);
    file.to_data().to_string()
}

/// Whether a desktop would run `command` for this entry. Somebody may have switched it off in the desktop's own
/// settings, or moved the program.
fn starts(entry: &str, command: &str) -> bool {
    let file = KeyFile::new();
    if file.load_from_data(entry, KeyFileFlags::NONE).is_err() {
        return false;
    }
    let is_hidden = file.boolean(GROUP, "Hidden").unwrap_or(false);
    let is_enabled = file.boolean(GROUP, "X-GNOME-Autostart-enabled").unwrap_or(true);
    let is_ours = file.string(GROUP, "Exec").is_ok_and(|exec| exec == command);
    is_ours && is_enabled && !is_hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_and_signs_arrives_whole() {
        let path = "/opt/My \"Apps\"/100% $HOME/`x`\\bridge";
        let command = command_line(Path::new(path), None).unwrap();
        let entry = entry(Path::new(path), &command);
        let file = KeyFile::new();
        file.load_from_data(&entry, KeyFileFlags::NONE).unwrap();
        let exec = file.string(GROUP, "Exec").unwrap();
        // As a desktop reads it: `%%` is a percent sign, the rest is split as a shell does.
        let arguments = gtk::glib::shell_parse_argv(exec.replace("%%", "%")).unwrap();
        assert_eq!(arguments, [path, BACKGROUND].map(std::ffi::OsString::from));
        assert_eq!(file.string(GROUP, "TryExec").unwrap(), path);
    }

    #[test]
    fn the_same_directories_are_used_at_login() {
        let command = command_line(Path::new("/usr/bin/bridge"), Some("/media/My stick")).unwrap();
        assert_eq!(command, r#"env "JEAN_BRIDGE_HOME=/media/My stick" "/usr/bin/bridge" --background"#);
    }

    #[test]
    fn what_the_desktop_would_not_start_is_off() {
        let command = command_line(Path::new("/usr/bin/bridge"), None).unwrap();
        let entry = entry(Path::new("/usr/bin/bridge"), &command);
        assert!(starts(&entry, &command));
        assert!(!starts(&(entry.clone() + "Hidden=true\n"), &command));
        assert!(!starts(&(entry.clone() + "X-GNOME-Autostart-enabled=false\n"), &command));
        let moved = command_line(Path::new("/opt/bridge"), None).unwrap();
        assert!(!starts(&entry, &moved));
        assert!(!starts("not an entry", &command));
    }
}
