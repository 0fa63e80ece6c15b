//! A file in `$XDG_CONFIG_HOME/autostart` (Desktop Application Autostart Specification).

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::paths::{HOME_VARIABLE, Paths};
use crate::whole_file::replace;

const FILE_NAME: &str = "com.jeanmemory.bridge.desktop";

/// Where the entry is, if there is one.
///
/// # Errors
/// There is no home directory.
pub fn file() -> io::Result<PathBuf> {
    let user = directories::BaseDirs::new().ok_or_else(|| io::Error::other("there is no home directory"))?;
    Ok(user.config_dir().join("autostart").join(FILE_NAME))
}

/// Writes the entry: a desktop that reads it meanwhile finds a whole one.
///
/// # Errors
/// There is no home directory, or what the system said.
pub fn write(entry: &str) -> io::Result<()> {
    replace(&file()?, entry)
}

/// One argument of an `Exec` line (Desktop Entry Specification, "The Exec key"): quoted, and `%` is a field code.
#[must_use]
pub fn quoted(argument: &str) -> String {
    let mut quoted = String::from('"');
    for letter in argument.chars() {
        match letter {
            '"' | '`' | '$' | '\\' => quoted.extend(['\\', letter]),
            '%' => quoted.push_str("%%"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

pub(super) fn is_there(paths: &Paths) -> io::Result<bool> {
    match std::fs::read_to_string(file()?) {
        Ok(text) => Ok(is_of(&text, paths)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn remove() -> io::Result<()> {
    std::fs::remove_file(file()?)
}

/// One person may have two bridges, and one entry.
fn is_of(entry: &str, paths: &Paths) -> bool {
    let Some(exec) = entry.lines().find_map(|line| line.strip_prefix("Exec=")) else { return false };
    // A value of such a file has a backslash of its own.
    let exec = exec.replace("\\\\", "\\");
    match &paths.home {
        Some(home) => exec.contains(&quoted(&format!("{HOME_VARIABLE}={}", home.display()))),
        None => !exec.contains(HOME_VARIABLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_of_the_directories_that_it_names() {
        let stick = Paths::under("/media/My \\ stick".as_ref());
        let usual = Paths { home: None, ..stick.clone() };
        let entry = "[Desktop Entry]\nExec=\"/usr/bin/bridge\" --background\nHidden=true\n";
        assert!(is_of(entry, &usual) && !is_of(entry, &stick));
        let entry = "[Desktop Entry]\nExec=env \"JEAN_BRIDGE_HOME=/media/My \\\\\\\\ stick\" \"/usr/bin/bridge\" --background\n";
        assert!(!is_of(entry, &usual) && is_of(entry, &stick));
        let other = Paths::under("/media/My".as_ref());
        assert!(!is_of(entry, &other) && !is_of("nothing", &usual));
    }
}
