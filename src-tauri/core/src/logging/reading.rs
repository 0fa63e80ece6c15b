//! Reads the log while another process writes it.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::file::{OLDER_PARTS, part};

/// The last `count` lines, from as many parts as it takes.
///
/// # Errors
/// When a part cannot be read, or there is no log: [`io::ErrorKind::NotFound`].
pub fn last_lines(log_file: &Path, count: usize) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for number in 0..=OLDER_PARTS {
        let bytes = match std::fs::read(part(log_file, number)) {
            // Parts have no gaps: after the first that is not there come no older ones.
            Err(error) if error.kind() == io::ErrorKind::NotFound && number > 0 => break,
            read => read?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let older: Vec<_> = text.lines().rev().take(count - lines.len()).map(str::to_owned).collect();
        lines.extend(older);
        if lines.len() == count {
            break;
        }
    }
    lines.reverse();
    Ok(lines)
}

/// What is added to the log from now on, also after it began a new part.
pub struct Follow {
    path: PathBuf,
    file: Option<File>,
}

impl Follow {
    /// From the end of the log as it is now; there need not be one yet.
    #[must_use]
    pub fn from_end(log_file: &Path) -> Self {
        let mut file = File::open(log_file).ok();
        if let Some(file) = &mut file {
            // At worst old lines come again.
            let _ = file.seek(io::SeekFrom::End(0));
        }
        Self { path: log_file.to_owned(), file }
    }

    /// What was added since the last call; empty when nothing was.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn more(&mut self) -> io::Result<Vec<u8>> {
        let mut added = Vec::new();
        if let Some(file) = &mut self.file {
            file.read_to_end(&mut added)?;
            if file.stream_position()? > file.metadata()?.len() {
                // Emptied in place.
                file.rewind()?;
                file.read_to_end(&mut added)?;
            }
        }
        if self.has_new_part()? {
            // What was added to the old part after it was read above, then the new one.
            if let Some(old) = &mut self.file {
                old.read_to_end(&mut added)?;
            }
            let mut fresh = File::open(&self.path)?;
            fresh.read_to_end(&mut added)?;
            self.file = Some(fresh);
        }
        Ok(added)
    }

    fn has_new_part(&self) -> io::Result<bool> {
        let now = match self.path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            now => now?,
        };
        let Some(file) = &self.file else { return Ok(true) };
        Ok(!is_same_file(&file.metadata()?, &now))
    }
}

#[cfg(unix)]
fn is_same_file(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// A part is made when it is begun, and keeps that time when it is renamed.
#[cfg(not(unix))]
fn is_same_file(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    fn append(path: &Path, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a writable file");
        file.write_all(text.as_bytes()).expect("a writable file");
    }

    #[test]
    fn the_last_lines_come_from_several_parts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        assert_eq!(last_lines(&path, 3).unwrap_err().kind(), io::ErrorKind::NotFound);
        append(&part(&path, 2), "1\n2\n");
        append(&part(&path, 1), "3\n4\n");
        append(&path, "5\n");
        assert_eq!(last_lines(&path, 1).unwrap(), ["5"]);
        assert_eq!(last_lines(&path, 4).unwrap(), ["2", "3", "4", "5"]);
        assert_eq!(last_lines(&path, 100).unwrap(), ["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn what_is_added_is_followed_into_the_next_part() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        append(&path, "old\n");
        let mut follow = Follow::from_end(&path);
        assert_eq!(follow.more().unwrap(), b"");
        append(&path, "a\n");
        assert_eq!(follow.more().unwrap(), b"a\n");
        append(&path, "b\n");
        std::fs::rename(&path, part(&path, 1)).unwrap();
        assert_eq!(follow.more().unwrap(), b"b\n");
        append(&path, "c\n");
        assert_eq!(follow.more().unwrap(), b"c\n");
        append(&path, "d\n");
        assert_eq!(follow.more().unwrap(), b"d\n");
    }

    #[test]
    fn a_log_that_is_not_there_yet_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let mut follow = Follow::from_end(&path);
        assert_eq!(follow.more().unwrap(), b"");
        append(&path, "first\n");
        assert_eq!(follow.more().unwrap(), b"first\n");
    }

    #[test]
    fn a_log_that_was_emptied_is_read_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        append(&path, "a long old line\n");
        let mut follow = Follow::from_end(&path);
        OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
        append(&path, "new\n");
        assert_eq!(follow.more().unwrap(), b"new\n");
    }
}
