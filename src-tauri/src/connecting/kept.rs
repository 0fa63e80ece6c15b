//! What the app keeps about connecting.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use bridge_core::connect::{Connector, Losses, Noticed};
use bridge_core::view::NamedApp;
use tokio::sync::{Mutex, OnceCell};

/// Found out once, and what was noticed since.
#[derive(Default)]
pub(crate) struct Connecting {
    pub(super) connector: OnceCell<Arc<Connector>>,
    pub(super) adapter: OnceCell<Option<PathBuf>>,
    /// Held while files are changed, and from a look until what it has shown is told.
    pub(super) losses: Arc<Mutex<Losses>>,
    pub(super) noticed: RwLock<Noticed>,
}

impl Connecting {
    /// The apps that have lost their connection, as far as has been noticed.
    pub(crate) fn lost(&self) -> Vec<NamedApp> {
        self.noticed().lost.clone()
    }

    /// The apps that lead to where the bridge was before, as far as has been noticed.
    pub(crate) fn outdated(&self) -> Vec<NamedApp> {
        self.noticed().outdated.clone()
    }

    fn noticed(&self) -> RwLockReadGuard<'_, Noticed> {
        self.noticed.read().unwrap_or_else(PoisonError::into_inner)
    }
}
