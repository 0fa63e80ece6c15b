//! A clock of the test's own for programs under test: libfaketime, which reads from a file how much later it is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::faketime::library;

/// The file.
pub(crate) struct Clock(PathBuf);

impl Clock {
    /// As late as it is.
    pub(crate) fn start(folder: &Path) -> Self {
        let clock = Self(folder.join("clock"));
        clock.advance_to(0);
        clock
    }

    /// What a program needs to go by it.
    pub(crate) fn env(&self) -> [(&'static str, OsString); 3] {
        [
            ("LD_PRELOAD", library().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.clone().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
        ]
    }

    /// So many seconds later than it is.
    pub(crate) fn advance_to(&self, seconds: u32) {
        self.set(seconds.into());
    }

    /// So many seconds later than it is, or earlier.
    pub(crate) fn set(&self, seconds: i64) {
        // In one piece: it is read at any moment.
        let aside = self.0.with_extension("new");
        std::fs::write(&aside, format!("{seconds:+}\n")).expect("a file");
        std::fs::rename(aside, &self.0).expect("a file");
    }
}
