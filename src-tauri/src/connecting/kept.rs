//! What the app keeps about connecting.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use bridge_core::connect::{Connector, Losses};
use bridge_core::view::LostApp;
use tokio::sync::{Mutex, OnceCell};

/// Found out once, and what was noticed since.
#[derive(Default)]
pub(crate) struct Connecting {
    pub(super) connector: OnceCell<Arc<Connector>>,
    pub(super) adapter: OnceCell<Option<PathBuf>>,
    /// Held while files are changed or looked at, because one bridge at a time does either.
    pub(super) losses: Mutex<Losses>,
    pub(super) lost: RwLock<Vec<LostApp>>,
}

impl Connecting {
    /// The apps that have lost their connection, as far as has been noticed.
    pub(crate) fn lost(&self) -> Vec<LostApp> {
        self.lost.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
