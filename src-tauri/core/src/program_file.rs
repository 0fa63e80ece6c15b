//! The file of the program that runs. An update puts another one in its place, an uninstallation takes it away, and the
//! program goes on as it was: it has to look to know.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What Linux writes after the path of a file that has lost its name, even when another file has that name since.
const MARK: &str = " (deleted)";

/// Where this program is installed: the path to be remembered by others. An update that came since it was started does
/// not change it.
///
/// # Errors
/// What the system said; [`io::ErrorKind::NotFound`] if no program is there any more.
pub fn path() -> io::Result<PathBuf> {
    let path = without_mark(std::env::current_exe()?);
    if path.is_file() { Ok(path) } else { Err(io::Error::new(io::ErrorKind::NotFound, Gone)) }
}

/// A program that was removed while it ran.
#[derive(Debug, thiserror::Error)]
#[error("this program has been removed or moved; install it again, or start it from where it is")]
struct Gone;

/// The file of this program, as it was when the program was started.
#[derive(Debug)]
pub struct ProgramFile {
    path: PathBuf,
    /// None where the system did not tell.
    as_started: Option<Fingerprint>,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramState {
    /// It is as it was, as far as can be told.
    AsStarted,
    /// Another file has its place.
    Replaced,
    /// There is none.
    Gone,
}

/// By which two files are told apart without being read.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    length: u64,
    modified: Option<SystemTime>,
    /// A file that still runs keeps its number, so that no other has it.
    #[cfg(unix)]
    number: (u64, u64),
}

impl ProgramFile {
    /// To be called at the start, with the path of this program.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        let path = without_mark(path);
        let as_started = path.metadata().ok().map(|found| Fingerprint::of(&found));
        Self { path, as_started }
    }

    /// Where it was started from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks.
    #[must_use]
    pub fn state(&self) -> ProgramState {
        let Some(as_started) = &self.as_started else { return ProgramState::AsStarted };
        match self.path.metadata() {
            Ok(found) if Fingerprint::of(&found) == *as_started => ProgramState::AsStarted,
            Ok(_) => ProgramState::Replaced,
            Err(error) if error.kind() == io::ErrorKind::NotFound => ProgramState::Gone,
            // A disk that does not answer says nothing about the program.
            Err(_) => ProgramState::AsStarted,
        }
    }
}

impl Fingerprint {
    fn of(found: &Metadata) -> Self {
        Self {
            length: found.len(),
            modified: found.modified().ok(),
            #[cfg(unix)]
            number: {
                use std::os::unix::fs::MetadataExt as _;
                (found.dev(), found.ino())
            },
        }
    }
}

/// A file may really have such a name.
fn without_mark(path: PathBuf) -> PathBuf {
    if !cfg!(target_os = "linux") || path.exists() {
        return path;
    }
    match path.to_str().and_then(|text| text.strip_suffix(MARK)) {
        Some(text) => PathBuf::from(text),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_in_its_place_and_none_at_all_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, next) = (folder.path().join("program"), folder.path().join("next"));
        std::fs::write(&path, "one").unwrap();
        let file = ProgramFile::at(path.clone());
        assert_eq!(file.state(), ProgramState::AsStarted);
        std::fs::write(&next, "two").unwrap();
        std::fs::rename(&next, &path).unwrap();
        assert_eq!(file.state(), ProgramState::Replaced);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(file.state(), ProgramState::Gone);
    }

    #[test]
    fn what_was_never_seen_is_not_said_to_be_gone() {
        assert_eq!(ProgramFile::at("/nonexistent/program".into()).state(), ProgramState::AsStarted);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_mark_of_a_lost_name_is_no_part_of_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let marked = folder.path().join("program (deleted)");
        let file = ProgramFile::at(marked.clone());
        assert_eq!(file.path(), folder.path().join("program"));
        std::fs::write(&marked, "really called so").unwrap();
        assert_eq!(ProgramFile::at(marked.clone()).path(), marked);
    }
}
