//! What the bridge remembers of the files it has edited: a backup of each, and what it wrote, so that "you changed it"
//! and "the app threw it away" are two things and an edit can be undone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::Splice;
use super::file::{FileError, write_own};
use crate::paths::private_dir;
use crate::secret::Digest;

/// Of each file.
const BACKUPS: usize = 5;
const DIRECTORY: &str = "connect";

/// Our directory below the data directory. Only its user reads it: backups hold whatever the apps' files hold.
#[derive(Debug)]
pub(super) struct Memory(PathBuf);

/// What was done to one file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// Identifies the entry that was written.
    pub(super) wrote: String,
    /// What it took to write it; none when the app's own program did.
    pub(super) splice: Option<Splice>,
    /// The entry of the same name that was there before.
    pub(super) previous: Option<Value>,
    /// Whether there was no file before.
    pub(super) made_file: bool,
    /// Whether a person has been told that the app threw it away.
    #[serde(default)]
    pub(super) is_loss_told: bool,
    /// Whether a person has been told that it has an address that the bridge had earlier.
    #[serde(default)]
    pub(super) is_move_told: bool,
}

/// Held while files are edited, so that two bridges do not do so at once.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] fs::File);

impl Memory {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self(data_dir.join(DIRECTORY))
    }

    /// None if somebody else has it.
    pub(super) fn lock(&self) -> Result<Option<Lock>, FileError> {
        private_dir(&self.0)?;
        let file = fs::File::options().create(true).truncate(false).write(true).open(self.0.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// What was done to `file`; nothing if that cannot be read, which only makes the bridge more careful.
    pub(super) fn record(&self, file: &Path) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.record_file(file)).ok()?).ok()
    }

    /// Whether anything was done to any file.
    pub(super) fn has_records(&self) -> bool {
        fs::read_dir(self.0.join("records")).is_ok_and(|mut records| records.next().is_some())
    }

    pub(super) fn remember(&self, file: &Path, record: &Record) -> Result<(), FileError> {
        write_own(&self.record_file(file), &serde_json::to_vec(record).unwrap_or_default())
    }

    pub(super) fn forget(&self, file: &Path) -> Result<(), FileError> {
        match fs::remove_file(self.record_file(file)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => Ok(removed?),
        }
    }

    /// Keeps `text` of `file` under the time, and only the last few of them.
    pub(super) fn back_up(&self, file: &Path, text: &str, now: SystemTime) -> Result<PathBuf, FileError> {
        let folder = self.0.join("backups").join(name(file));
        private_dir(&folder)?;
        let stamp = humantime::format_rfc3339_nanos(now).to_string().replace(':', "-");
        let original = file.file_name().unwrap_or_default().to_string_lossy();
        let backup = folder.join(format!("{stamp} {original}"));
        write_own(&backup, text.as_bytes())?;
        let entries = fs::read_dir(&folder)?.flatten().map(|entry| entry.path());
        let mut kept: Vec<_> = entries.collect();
        // The time is at the start of the name.
        kept.sort();
        for old in kept.iter().rev().skip(BACKUPS) {
            fs::remove_file(old)?;
        }
        Ok(backup)
    }

    pub(super) fn record_file(&self, file: &Path) -> PathBuf {
        self.0.join("records").join(format!("{}.json", name(file)))
    }
}

/// A name for a path that no other path has.
fn name(file: &Path) -> String {
    Digest::of(&file.to_string_lossy()).short_hex()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_last_five_backups_stay_readable_by_nobody_else() {
        let data = tempfile::tempdir().unwrap();
        let memory = Memory::new(data.path());
        let file = Path::new("/home/jean/.cursor/mcp.json");
        let mut last = PathBuf::new();
        for second in 0..7 {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            last = memory.back_up(file, &second.to_string(), now).unwrap();
        }
        let mut texts: Vec<_> = fs::read_dir(last.parent().unwrap())
            .unwrap()
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        texts.sort();
        assert_eq!(texts, ["2", "3", "4", "5", "6"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(last.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(last.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_record_is_found_again_and_forgotten_once() {
        let data = tempfile::tempdir().unwrap();
        let memory = Memory::new(data.path());
        let (one, two) = (Path::new("/a/mcp.json"), Path::new("/b/mcp.json"));
        let record = Record {
            wrote: "x".into(),
            splice: None,
            previous: Some(Value::Null),
            made_file: true,
            is_loss_told: false,
            is_move_told: false,
        };
        memory.remember(one, &record).unwrap();
        assert_eq!(memory.record(one).unwrap().wrote, "x");
        assert!(memory.record(two).is_none());
        fs::write(memory.record_file(one), "damaged").unwrap();
        assert!(memory.record(one).is_none());
        memory.forget(one).unwrap();
        memory.forget(one).unwrap();
    }

    #[test]
    fn one_bridge_at_a_time_edits() {
        let data = tempfile::tempdir().unwrap();
        let memory = Memory::new(data.path());
        let held = memory.lock().unwrap();
        assert!(held.is_some());
        assert!(memory.lock().unwrap().is_none());
        drop(held);
        assert!(memory.lock().unwrap().is_some());
    }
}
