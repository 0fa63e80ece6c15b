//! Reading and replacing a file that belongs to another app, so that nothing of it can be lost: what was read is what
//! is replaced, whole or not at all (clients.md 7).

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::paths::{DirectoryError, private_dir};

/// A configuration is smaller; what is larger is something else, or nothing that should be held in memory.
pub(super) const MAX_FILE: u64 = 16 * 1024 * 1024;
/// Windows: how often a file that another program has open is tried again.
const ATTEMPTS: u32 = if cfg!(windows) { 10 } else { 1 };
const BETWEEN_ATTEMPTS: std::time::Duration = std::time::Duration::from_millis(50);

/// A file as it was read; empty if there was none.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Where it really is, past symbolic links.
    path: PathBuf,
    pub(super) text: String,
    found: Option<Metadata>,
}

/// Why a file cannot be read or is not touched.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A folder, a device, or a pipe.
    #[error("it is not a file")]
    NotAFile,
    /// A link to nothing: what it should lead to is not known here.
    #[error("it is a link to something that does not exist")]
    Dangling,
    /// Of somebody else.
    #[error("it belongs to another user")]
    Foreign,
    /// Another name leads to the same file, and only one of the two would get the new text.
    #[error("it has a second name (a hard link)")]
    HardLinked,
    /// Somebody protected it from being written.
    #[error("it is read-only")]
    ReadOnly,
    /// Larger than any configuration.
    #[error("it is too large for a configuration")]
    TooLarge,
    /// Not UTF-8.
    #[error("it is not text in UTF-8")]
    NotText,
    /// Another program wrote to it meanwhile.
    #[error("another program has just changed it")]
    Changed,
    /// The folder it belongs into cannot be made.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The system refused.
    #[error("the system refused: {0}")]
    System(#[from] io::Error),
}

impl Snapshot {
    /// Reads the file; that there is none is no error.
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let is_link = path.symlink_metadata().is_ok();
                return if is_link { Err(FileError::Dangling) } else { Ok(Self::missing(path)) };
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(FileError::NotAFile),
            Err(error) => return Err(error.into()),
        };
        let mut file = match open(&real) {
            Ok(file) => file,
            // What it is says more than that it cannot be opened.
            Err(error) => {
                return Err(fs::metadata(&real).ok().and_then(|found| check(&found).err()).unwrap_or(error));
            }
        };
        let found = file.metadata()?;
        check(&found)?;
        let text = String::from_utf8(bytes(&mut file)?).map_err(|_| FileError::NotText)?;
        Ok(Self { path: real, text, found: Some(found) })
    }

    fn missing(path: &Path) -> Self {
        Self { path: path.to_owned(), text: String::new(), found: None }
    }

    pub(super) fn exists(&self) -> bool {
        self.found.is_some()
    }

    /// Puts `text` in its place, if it is still what was read.
    pub(super) fn replace(&self, text: &str) -> Result<(), FileError> {
        if self.found.as_ref().is_some_and(|found| found.permissions().readonly()) {
            return Err(FileError::ReadOnly);
        }
        let folder = self.path.parent().ok_or(FileError::NotAFile)?;
        if !self.exists() && !folder.is_dir() {
            private_dir(folder)?;
        }
        // Private from the start (0600): what is in it may be secret.
        let mut file = tempfile::Builder::new().prefix(".jean-memory-").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        if let Some(found) = &self.found {
            keep_mode_and_owner(file.as_file(), found)?;
        }
        file.as_file().sync_all()?;
        self.check_unchanged()?;
        self.persist(file)?;
        sync_folder(folder)?;
        // What is on the disk now, not what should be.
        if bytes(&mut open(&self.path)?)? == text.as_bytes() { Ok(()) } else { Err(FileError::Changed) }
    }

    /// Removes the file, if it is still what was read: for one that we made.
    pub(super) fn remove(&self) -> Result<(), FileError> {
        self.check_unchanged()?;
        fs::remove_file(&self.path)?;
        Ok(())
    }

    fn check_unchanged(&self) -> Result<(), FileError> {
        let is_same = match open(&self.path) {
            Ok(mut file) => {
                self.exists() && file.metadata()?.is_file() && bytes(&mut file)? == self.text.as_bytes()
            }
            Err(FileError::System(error)) if error.kind() == ErrorKind::NotFound => !self.exists(),
            Err(error) => return Err(error),
        };
        if is_same { Ok(()) } else { Err(FileError::Changed) }
    }

    fn persist(&self, mut file: tempfile::NamedTempFile) -> Result<(), FileError> {
        for attempt in 1.. {
            let moved =
                if self.exists() { file.persist(&self.path) } else { file.persist_noclobber(&self.path) };
            let Err(failed) = moved else { break };
            let is_there_now = failed.error.kind() == ErrorKind::AlreadyExists && !self.exists();
            let is_in_use = failed.error.kind() == ErrorKind::PermissionDenied && attempt < ATTEMPTS;
            if is_there_now {
                return Err(FileError::Changed);
            } else if !is_in_use {
                return Err(failed.error.into());
            }
            std::thread::sleep(BETWEEN_ATTEMPTS);
            file = failed.file;
        }
        Ok(())
    }
}

/// Writes a file of our own, whole or not at all.
pub(super) fn write_own(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().ok_or(FileError::NotAFile)?;
    private_dir(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

fn check(found: &Metadata) -> Result<(), FileError> {
    if !found.is_file() {
        return Err(FileError::NotAFile);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if found.uid() != crate::paths::own_uid() {
            return Err(FileError::Foreign);
        }
        if found.nlink() > 1 {
            return Err(FileError::HardLinked);
        }
    }
    if found.len() > MAX_FILE { Err(FileError::TooLarge) } else { Ok(()) }
}

/// Opens what has this name, to look at it afterwards: what is looked at before may be another file by the time it is
/// opened. A link that has just come there is not followed, and a pipe without a writer not waited for.
fn open(path: &Path) -> Result<fs::File, FileError> {
    let mut options = fs::File::options();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    match options.open(path) {
        #[cfg(unix)]
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Err(FileError::Changed)
        }
        opened => Ok(opened?),
    }
}

/// The file's bytes; it may grow while it is read.
fn bytes(file: &mut fs::File) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE { Err(FileError::TooLarge) } else { Ok(bytes) }
}

#[cfg(unix)]
fn keep_mode_and_owner(file: &fs::File, found: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    if found.gid() != file.metadata()?.gid() {
        fchown(file, None, Some(found.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(found.mode() & 0o7777))
}

/// Windows: a new file has the rights of its folder, as the old one had.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn keep_mode_and_owner(_: &fs::File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// The new name must be on the disk too, or a crash brings back the old file.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), FileError> {
    Ok(fs::File::open(folder)?.sync_all()?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn sync_folder(_: &Path) -> Result<(), FileError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a directory")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a directory");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = folder();
        let path = folder.path().join("a.json");
        fs::write(&path, "old").unwrap();
        Snapshot::read(&path).unwrap().replace("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn what_another_program_wrote_meanwhile_stays() {
        let folder = folder();
        let path = folder.path().join("a.json");
        fs::write(&path, "old").unwrap();
        let snapshot = Snapshot::read(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(snapshot.replace("new"), Err(FileError::Changed)));
        assert!(matches!(snapshot.remove(), Err(FileError::Changed)));
        fs::remove_file(&path).unwrap();
        assert!(matches!(snapshot.replace("new"), Err(FileError::Changed)));
        let missing = Snapshot::read(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(missing.replace("new"), Err(FileError::Changed)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn what_is_no_file_is_left_alone() {
        let folder = folder();
        assert!(matches!(Snapshot::read(folder.path()), Err(FileError::NotAFile)));
        fs::write(folder.path().join("file"), "x").unwrap();
        assert!(matches!(Snapshot::read(&folder.path().join("file/inside")), Err(FileError::NotAFile)));
    }

    #[test]
    fn what_is_too_large_or_no_text_is_left_alone() {
        let folder = folder();
        let path = folder.path().join("a");
        fs::File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert!(matches!(Snapshot::read(&path), Err(FileError::TooLarge)));
        fs::write(&path, b"\xff\xfe{\0}\0").unwrap();
        assert!(matches!(Snapshot::read(&path), Err(FileError::NotText)));
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

        use super::*;

        #[test]
        fn a_new_file_and_its_folders_are_private() {
            let folder = folder();
            let path = folder.path().join("a/b/c.json");
            Snapshot::read(&path).unwrap().replace("{}").unwrap();
            let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(&folder.path().join("a/b")), 0o700);
            assert_eq!(mode(&folder.path().join("a")), 0o700);
        }

        #[test]
        fn a_folder_that_was_there_keeps_its_mode() {
            let folder = folder();
            let shared = folder.path().join("shared");
            fs::create_dir(&shared).unwrap();
            fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
            Snapshot::read(&shared.join("a.json")).unwrap().replace("{}").unwrap();
            assert_eq!(shared.metadata().unwrap().mode() & 0o777, 0o755);
        }

        #[test]
        fn links_stay_links_and_modes_stay() {
            let folder = folder();
            let (real, link) = (folder.path().join("dotfiles.json"), folder.path().join("a.json"));
            fs::write(&real, "old").unwrap();
            fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
            symlink("dotfiles.json", &link).unwrap();
            Snapshot::read(&link).unwrap().replace("new").unwrap();
            assert!(link.symlink_metadata().unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&real).unwrap(), "new");
            assert_eq!(real.metadata().unwrap().mode() & 0o777, 0o640);
        }

        #[test]
        fn a_link_that_is_turned_elsewhere_meanwhile_is_not_followed() {
            let folder = folder();
            let (real, other) = (folder.path().join("real"), folder.path().join("other"));
            fs::write(&real, "old").unwrap();
            fs::write(&other, "old").unwrap();
            let snapshot = Snapshot::read(&real).unwrap();
            fs::remove_file(&real).unwrap();
            symlink(&other, &real).unwrap();
            assert!(matches!(snapshot.replace("new"), Err(FileError::Changed)));
            assert_eq!(fs::read_to_string(&other).unwrap(), "old");
        }

        #[test]
        fn links_to_nothing_and_in_circles_are_left_alone() {
            let folder = folder();
            let link = folder.path().join("a.json");
            symlink("nowhere", &link).unwrap();
            assert!(matches!(Snapshot::read(&link), Err(FileError::Dangling)));
            fs::remove_file(&link).unwrap();
            symlink("a.json", &link).unwrap();
            assert!(matches!(Snapshot::read(&link), Err(FileError::System(_))));
        }

        #[test]
        fn a_file_with_two_names_is_left_alone() {
            let folder = folder();
            let (path, other) = (folder.path().join("a.json"), folder.path().join("b.json"));
            fs::write(&path, "old").unwrap();
            fs::hard_link(&path, other).unwrap();
            assert!(matches!(Snapshot::read(&path), Err(FileError::HardLinked)));
        }

        #[test]
        fn a_file_that_is_read_only_stays_as_it_is() {
            let folder = folder();
            let path = folder.path().join("a.json");
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
            assert!(matches!(Snapshot::read(&path).unwrap().replace("new"), Err(FileError::ReadOnly)));
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        }

        #[test]
        fn files_of_others_are_not_even_read_and_a_group_stays() {
            if crate::paths::own_uid() != 0 {
                return;
            }
            let folder = folder();
            let path = folder.path().join("a.json");
            fs::write(&path, "old").unwrap();
            chown(&path, None, Some(1)).unwrap();
            Snapshot::read(&path).unwrap().replace("new").unwrap();
            assert_eq!(path.metadata().unwrap().gid(), 1);
            chown(&path, Some(1), None).unwrap();
            assert!(matches!(Snapshot::read(&path), Err(FileError::Foreign)));
        }

        #[test]
        fn what_becomes_something_else_between_a_look_and_the_next_is_never_taken_for_it() {
            let folder = folder();
            let path = folder.path().join("a.json");
            let (real, pipe) = (folder.path().join("real"), folder.path().join("pipe"));
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.is_ok_and(|status| status.success()));
            fs::write(&real, "theirs").unwrap();
            let (done, is_done) = std::sync::mpsc::channel();
            let swapping = std::thread::spawn(move || {
                for round in 0.. {
                    let name = folder.path().join("new");
                    match round % 3 {
                        0 => fs::write(&name, "old").unwrap(),
                        1 => fs::hard_link(&pipe, &name).unwrap(),
                        _ => symlink(&real, &name).unwrap(),
                    }
                    fs::rename(&name, folder.path().join("a.json")).unwrap();
                    if is_done.try_recv().is_ok() {
                        break;
                    }
                }
                assert_eq!(fs::read_to_string(&real).unwrap(), "theirs");
                folder
            });
            let (answer, answers) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                for _ in 0..3000 {
                    if let Ok(snapshot) = Snapshot::read(&path) {
                        assert!(
                            ["", "old", "theirs"].contains(&snapshot.text.as_str()),
                            "{:?}",
                            snapshot.text
                        );
                    }
                }
                answer.send(()).unwrap();
            });
            // A pipe that was opened as a file would be waited for without end.
            answers.recv_timeout(std::time::Duration::from_secs(30)).expect("an end");
            done.send(()).unwrap();
            drop(swapping.join().expect("the other file is as it was"));
        }

        #[test]
        fn a_pipe_does_not_hold_anybody_up() {
            let folder = folder();
            let path = folder.path().join("a.json");
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            if made.is_ok_and(|status| status.success()) {
                assert!(matches!(Snapshot::read(&path), Err(FileError::NotAFile)));
            }
        }
    }
}
