//! Whether the bridge can write where it must, and whether there is room.

use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::blocking;
use crate::paths::Paths;
use crate::view::{Check, ComputerFinding, Subject, Unexamined};

/// What a start needs at least: a log and its index.
const PROBE: [u8; 64 * 1024] = [0; 64 * 1024];
/// With less room, a busy week may fill the disk.
const LOW: u64 = 100_000_000;

pub(super) async fn look(paths: Paths) -> Vec<Check> {
    let found = blocking(move || examine(&paths)).await;
    vec![match found {
        Some(finding) => Check::new(Subject::Folders, finding),
        None => Check::new(Subject::Folders, Unexamined::TookTooLong { seconds: 0 }),
    }]
}

fn examine(paths: &Paths) -> ComputerFinding {
    let all = [&paths.data_dir, &paths.sandbox_dir, &paths.run_dir, &paths.log_dir];
    let there: Vec<_> = all.into_iter().filter(|folder| folder.symlink_metadata().is_ok()).collect();
    let places =
        if there.is_empty() { vec![nearest(&paths.data_dir)] } else { there.into_iter().cloned().collect() };
    if let Some(finding) = places.iter().find_map(|folder| fault(folder)) {
        return finding;
    }
    let free = places.first().and_then(|folder| free(folder));
    match free {
        Some(free) if free < LOW => ComputerFinding::DiskLow { free_mb: ComputerFinding::megabytes(free) },
        _ if paths.data_dir.symlink_metadata().is_err() => ComputerFinding::FoldersAbsent,
        free => ComputerFinding::FoldersFine { free_mb: free.map(ComputerFinding::megabytes) },
    }
}

/// The folder in which it would be made.
fn nearest(folder: &Path) -> PathBuf {
    folder.ancestors().find(|above| above.is_dir()).unwrap_or(folder).to_owned()
}

fn fault(folder: &Path) -> Option<ComputerFinding> {
    let unusable = |reason: &dyn std::fmt::Display| {
        Some(ComputerFinding::FolderUnusable { reason: format!("{} {reason}", folder.display()) })
    };
    if !folder.is_dir() {
        return unusable(&"is not a folder");
    }
    match write_something(folder) {
        Ok(()) => None,
        Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            Some(ComputerFinding::DiskFull { folder: folder.to_owned() })
        }
        Err(error) => unusable(&format_args!("cannot be written: {error}")),
    }
}

/// Gone when this returns.
fn write_something(folder: &Path) -> io::Result<()> {
    let mut probe = tempfile::NamedTempFile::new_in(folder).map_err(without_path)?;
    probe.write_all(&PROBE)?;
    probe.as_file().sync_all()
}

/// The error names a file that nobody knows.
fn without_path(error: io::Error) -> io::Error {
    error.kind().into()
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_not_there_are_made_at_the_first_start() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(&home.path().join("a/b"));
        assert_eq!(examine(&paths), ComputerFinding::FoldersAbsent);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "nothing is made");
    }

    #[test]
    fn what_can_be_written_is_fine_and_nothing_is_left_in_it() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        paths.create().unwrap();
        let found = examine(&paths);
        assert!(
            matches!(found, ComputerFinding::FoldersFine { .. } | ComputerFinding::DiskLow { .. }),
            "{found:?}"
        );
        assert_eq!(std::fs::read_dir(&paths.data_dir).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_named() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        std::fs::write(&paths.run_dir, "").unwrap();
        let ComputerFinding::FolderUnusable { reason } = examine(&paths) else {
            panic!("{:?}", examine(&paths))
        };
        assert_eq!(reason, format!("{} is not a folder", paths.run_dir.display()));
    }
}
