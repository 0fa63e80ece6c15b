//! A file that never grows past its limit: full parts are renamed, the oldest is removed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Of each part.
const MAX_PART: u64 = 1024 * 1024;
/// Besides the one that is written.
pub(super) const OLDER_PARTS: usize = 3;

/// The log file; clones write to the same.
#[derive(Clone)]
pub(super) struct LogFile(Arc<Mutex<Part>>);

struct Part {
    path: PathBuf,
    file: File,
    length: u64,
    limit: u64,
}

impl LogFile {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        Self::with_limit(path, MAX_PART)
    }

    fn with_limit(path: PathBuf, limit: u64) -> io::Result<Self> {
        let file = append(&path)?;
        let length = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(Part { path, file, length, limit }))))
    }
}

impl Write for LogFile {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut part = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if part.length > 0 && part.length + event.len() as u64 > part.limit {
            part.begin_anew()?;
        }
        let written = part.file.write(event)?;
        part.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Part {
    fn begin_anew(&mut self) -> io::Result<()> {
        let renamed = (0..OLDER_PARTS).rev().try_for_each(|number| {
            match std::fs::rename(part(&self.path, number), part(&self.path, number + 1)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                renamed => renamed,
            }
        });
        match renamed.and_then(|()| append(&self.path)) {
            Ok(fresh) => self.file = fresh,
            // Where parts cannot be renamed the limit still holds.
            Err(_) => self.file.set_len(0)?,
        }
        self.length = 0;
        Ok(())
    }
}

/// `jean-bridge.log` is part 0, `jean-bridge.log.1` the one before it.
pub(super) fn part(path: &Path, number: usize) -> PathBuf {
    if number == 0 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_part_is_set_aside_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let mut log = LogFile::with_limit(path.clone(), 10).unwrap();
        for number in 0..6 {
            log.write_all(format!("line {number}\n").as_bytes()).unwrap();
        }
        let texts =
            (0..=4).map(|number| std::fs::read_to_string(part(&path, number)).ok()).collect::<Vec<_>>();
        let expected = ["line 5\n", "line 4\n", "line 3\n", "line 2\n"].map(|text| Some(text.to_owned()));
        assert_eq!(texts[..4], expected);
        assert_eq!(texts[4], None);
    }

    #[test]
    fn an_old_file_is_continued_and_its_length_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        std::fs::write(&path, "12345678").unwrap();
        let mut log = LogFile::with_limit(path.clone(), 10).unwrap();
        log.write_all(b"9").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "123456789");
        log.write_all(b"ab").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "ab");
    }

    #[test]
    fn the_limit_holds_even_where_parts_cannot_be_renamed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        std::fs::create_dir_all(part(&path, 1).join("in the way")).unwrap();
        let mut log = LogFile::with_limit(path.clone(), 10).unwrap();
        for _ in 0..4 {
            log.write_all(b"1234567\n").unwrap();
        }
        assert!(path.metadata().unwrap().len() <= 10);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        LogFile::open(path.clone()).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
