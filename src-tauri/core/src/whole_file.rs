//! Files that are there whole or not at all, whoever reads them and wherever a crash falls.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::paths::private_dir;

/// Puts a whole new file in the place of the old one, with its mode; a link stays a link. A new file is its owner's
/// alone, and so is the folder that had to be made for it.
///
/// # Errors
/// What the system said; then the file is as it was.
pub(crate) fn replace(file: &Path, text: &str) -> io::Result<()> {
    // Where a link leads, or the link would be replaced.
    let target = match fs::canonicalize(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => file.to_owned(),
        found => found?,
    };
    let directory = target.parent().ok_or(io::ErrorKind::NotFound)?;
    if !directory.exists() {
        private_dir(directory).map_err(io::Error::other)?;
    }
    let mut new = NamedTempFile::new_in(directory)?;
    new.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions(&target)? {
        new.as_file().set_permissions(permissions)?;
    }
    new.as_file().sync_all()?;
    new.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Those of the file that is there; a new one is its owner's alone, as temporary files are.
fn permissions(file: &Path) -> io::Result<Option<Permissions>> {
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(|found| Some(found.permissions())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn whoever_reads_while_it_is_written_finds_all_of_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("folder/entry");
        let text = "a line of an entry\n".repeat(1_000);
        let is_over = AtomicBool::new(false);
        let read = std::thread::scope(|threads| {
            let reader = threads.spawn(|| {
                let mut read = 0;
                loop {
                    // The last one stays, so that there is something to read whoever is quicker.
                    let is_last = is_over.load(Ordering::Relaxed);
                    if let Ok(found) = fs::read_to_string(&file) {
                        assert_eq!(found.len(), text.len());
                        read += 1;
                    }
                    if is_last {
                        return read;
                    }
                }
            });
            for _ in 0..200 {
                replace(&file, &text).unwrap();
                fs::remove_file(&file).unwrap();
            }
            replace(&file, &text).unwrap();
            is_over.store(true, Ordering::Relaxed);
            reader.join().unwrap()
        });
        assert!(read > 0);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "and nothing is left beside it");
    }
}
