//! A report as a file.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::clock::rfc3339;

/// Writes a report for nobody else to read, and never over another file; gives its name.
///
/// # Errors
/// What the system says.
pub fn save(folder: &Path, report: &str, now: SystemTime) -> io::Result<PathBuf> {
    // Not every system takes colons in names.
    let file = folder.join(format!("jean-memory-bridge-report-{}.txt", rfc3339(now).replace(':', "-")));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&file)?.write_all(report.as_bytes())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_no_file_and_is_for_its_person_only() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::UNIX_EPOCH;
        let file = save(folder.path(), "one", now).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "one");
        assert!(save(folder.path(), "two", now).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "one");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
