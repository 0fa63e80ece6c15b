//! Changes one value of the file that a person may have written, and leaves everything else as it is: comments,
//! order, what is set beside it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use toml_edit::{Document, Item, TableLike, Value};

use super::value::Raw;
use super::{ACTIVITY_DAYS, ConfigError, Origin, PORT, Reason, activity_days, read_text, syntax_error};
use crate::paths::Paths;
use crate::whole_file::replace;

/// Writes the port; it counts from the next start.
///
/// # Errors
/// [`ConfigError`]; then the file is as it was.
pub fn write_port(paths: &Paths, port: u16) -> Result<(), ConfigError> {
    set(&paths.config_file, PORT, i64::from(port))
}

/// Writes how long activity is kept; it counts from the next start.
///
/// # Errors
/// [`ConfigError`]; then the file is as it was.
pub fn write_activity_days(paths: &Paths, days: u32) -> Result<(), ConfigError> {
    let file = &paths.config_file;
    activity_days(Raw::Text(&days.to_string()))
        .map_err(|reason| ConfigError::Value { origin: Origin::file(file, ACTIVITY_DAYS), reason })?;
    set(file, ACTIVITY_DAYS, i64::from(days))
}

/// One change at a time: each takes in the whole file and puts it back whole.
static CHANGE: Mutex<()> = Mutex::new(());

fn set(file: &Path, key: &'static str, number: i64) -> Result<(), ConfigError> {
    let _alone = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = with_number(file, &read_text(file)?, key, number)?;
    replace(file, &text).map_err(|reason| ConfigError::Unwritable { file: file.to_owned(), reason })
}

/// `text`, which `file` holds, with this number.
pub(super) fn with_number(
    file: &Path,
    text: &str,
    key: &'static str,
    number: i64,
) -> Result<String, ConfigError> {
    let document =
        Document::parse(text).map_err(|error| syntax_error(file, text, error.span(), error.message()))?;
    // The library only says where things are: printing its document would turn CRLF into LF.
    match document.get(key) {
        Some(known) => {
            let range = known.as_value().and_then(Value::span).ok_or_else(|| ConfigError::Value {
                origin: Origin::file(file, key),
                reason: Reason::Expected { expected: "a number" },
            })?;
            Ok(format!("{}{number}{}", &text[..range.start], &text[range.end..]))
        }
        None => Ok(with_line(text, last_value(document.as_table()), &format!("{key} = {number}"))),
    }
}

/// Where the last value ends that stands in no table of its own; none if there is no such value.
fn last_value(table: &dyn TableLike) -> Option<usize> {
    let ends = table.iter().filter_map(|(_, item)| match item {
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(table) if table.is_dotted() => last_value(table),
        Item::Table(_) | Item::ArrayOfTables(_) | Item::None => None,
    });
    ends.max()
}

/// A line more, below the one on which `last` is; without it, above all others.
fn with_line(text: &str, last: Option<usize>, line: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    // A second byte order mark counts as none, and as a fault behind anything else.
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let at =
        last.map_or(start, |last| text[last..].find('\n').map_or(text.len(), |newline| last + newline + 1));
    let (above, below) = text.split_at(at);
    let joint = if last.is_none() || above.ends_with('\n') { "" } else { end };
    format!("{above}{joint}{line}{end}{below}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;

    fn home(text: &str) -> (tempfile::TempDir, Paths) {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        fs::write(&paths.config_file, text).unwrap();
        (home, paths)
    }

    fn text(paths: &Paths) -> String {
        fs::read_to_string(&paths.config_file).unwrap()
    }

    fn loaded(paths: &Paths) -> Config {
        Config::load(paths, &|_| None).unwrap()
    }

    #[test]
    fn one_number_changes_and_nothing_else() {
        let before = "# mine\n\nlog   = \"debug\" # loud\n  port = 4000   # why\n\n# the end\n";
        let (_home, paths) = home(before);
        write_port(&paths, 5327).unwrap();
        assert_eq!(text(&paths), before.replace("4000", "5327"));
        assert_eq!(loaded(&paths).port, 5327);
        write_activity_days(&paths, 7).unwrap();
        assert_eq!(text(&paths), before.replace("4000   # why\n", "5327   # why\nactivity_days = 7\n"));
        assert_eq!(loaded(&paths).activity_days, 7);
    }

    #[test]
    fn two_changes_at_the_same_time_are_both_kept() {
        let (_home, paths) = home("");
        for number in 1..50 {
            std::thread::scope(|threads| {
                threads.spawn(|| write_port(&paths, number).unwrap());
                threads.spawn(|| write_activity_days(&paths, number.into()).unwrap());
            });
            assert_eq!((loaded(&paths).port, loaded(&paths).activity_days), (number, number.into()));
        }
    }

    #[test]
    fn lines_may_end_as_on_windows() {
        let before = "# mine\r\nport = 4000 # why\r\nlog = \"debug\"\r\n";
        let (_home, paths) = home(&format!("\u{feff}{before}"));
        write_port(&paths, 1).unwrap();
        assert_eq!(loaded(&paths).port, 1);
        assert_eq!(text(&paths), before.replace("4000", "1"));
        write_activity_days(&paths, 7).unwrap();
        let after = before.replace("4000", "1") + "activity_days = 7\r\n";
        assert_eq!(text(&paths), after);
    }

    #[test]
    fn a_new_line_stands_above_the_tables() {
        let (_home, paths) = home("log = [\n1, # one\n]");
        write_port(&paths, 1).unwrap();
        assert_eq!(text(&paths), "log = [\n1, # one\n]\nport = 1\n");
        let (_home, paths) = home("# mine\n[table]\na = 1\n");
        write_port(&paths, 1).unwrap();
        assert_eq!(text(&paths), "port = 1\n# mine\n[table]\na = 1\n");
    }

    #[test]
    fn a_table_of_that_name_is_left_alone() {
        for before in ["[port]\na = 1\n", "port.a = 1\n", "[[port]]\n"] {
            let (_home, paths) = home(before);
            assert!(write_port(&paths, 1).unwrap_err().to_string().contains("port"));
            assert_eq!(text(&paths), before);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_made_and_private() {
        let home = tempfile::tempdir().unwrap();
        let mut paths = Paths::under(home.path());
        paths.config_file = home.path().join("config/deep/config.toml");
        write_port(&paths, 5327).unwrap();
        assert_eq!(text(&paths), "port = 5327\n");
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&paths.config_file).unwrap().permissions())
                & 0o777,
            0o600
        );
    }

    #[cfg(unix)]
    #[test]
    fn mode_and_link_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let (home, mut paths) = home("port = 1\n");
        let (real, link) = (paths.config_file.clone(), home.path().join("link.toml"));
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        paths.config_file.clone_from(&link);
        write_port(&paths, 2).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "port = 2\n");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn what_cannot_be_read_is_left_alone_and_named() {
        let broken = "port = 1\nlog = jean_sk_EXAMPLE_0123456789\n";
        let (_home, paths) = home(broken);
        let error = write_port(&paths, 2).unwrap_err().to_string();
        assert!(error.contains("config.toml, line 2") && !error.contains("EXAMPLE"), "{error}");
        assert_eq!(text(&paths), broken);
        let error = write_activity_days(&paths, 3661).unwrap_err().to_string();
        assert!(error.contains("activity_days must be"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_cannot_be_written_leaves_the_file_and_nothing_beside_it() {
        let (home, mut paths) = home("port = 1\n");
        // Not by mode: the tests may run as root.
        paths.config_file = home.path().join("config.toml/config.toml");
        let error = write_port(&paths, 2).unwrap_err().to_string();
        assert!(error.contains("config.toml"), "{error}");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
