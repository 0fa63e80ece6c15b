//! What went wrong with the file while it was open: told to the person, and damage to the next start too.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{StoreError, open};

/// The last failure.
pub(super) struct Trouble {
    suspicion: PathBuf,
    last: Mutex<Option<StoreError>>,
}

impl Trouble {
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { suspicion: open::suspicion(&data_dir.join(open::FILE)), last: Mutex::default() }
    }

    pub(super) fn last(&self) -> Option<StoreError> {
        *self.lock()
    }

    pub(super) fn note(&self, error: StoreError) {
        let before = self.lock().replace(error);
        if error == StoreError::Damaged && before != Some(StoreError::Damaged) {
            tracing::error!("the database is damaged; the next start looks into it");
            // Where even this cannot be written, the next start finds out as this one did.
            let _ = std::fs::write(&self.suspicion, []);
        }
    }

    /// Damage does not go away because another page is whole.
    pub(super) fn written(&self) {
        self.lock().take_if(|error| *error != StoreError::Damaged);
    }

    fn lock(&self) -> MutexGuard<'_, Option<StoreError>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
