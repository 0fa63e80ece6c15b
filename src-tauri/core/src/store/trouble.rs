//! What went wrong with the file while it was open: told to the person, and damage to the next start too.

use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::{StoreError, open};

/// The last failure.
pub(super) struct Trouble {
    suspicion: PathBuf,
    last: watch::Sender<Option<StoreError>>,
}

impl Trouble {
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { suspicion: open::suspicion(&data_dir.join(open::FILE)), last: watch::Sender::default() }
    }

    pub(super) fn last(&self) -> Option<StoreError> {
        *self.last.borrow()
    }

    pub(super) fn note(&self, error: StoreError) {
        let mut before = None;
        self.last.send_if_modified(|last| {
            before = last.replace(error);
            before != *last
        });
        if error == StoreError::Damaged && before != Some(StoreError::Damaged) {
            tracing::error!("the database is damaged; the next start looks into it");
            // Where even this cannot be written, the next start finds out as this one did.
            let _ = std::fs::write(&self.suspicion, []);
        }
    }

    /// Damage does not go away because another page is whole.
    pub(super) fn written(&self) {
        self.last.send_if_modified(|last| last.take_if(|error| *error != StoreError::Damaged).is_some());
    }

    pub(super) fn changes(&self) -> watch::Receiver<Option<StoreError>> {
        self.last.subscribe()
    }
}
