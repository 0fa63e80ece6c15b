//! Work that waits for disks and other programs, off the threads that everything else needs.

use bridge_core::control::Failed;
use tauri::async_runtime::spawn_blocking;

use crate::failure::Failure;

/// Does it where waiting hurts nobody.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failed> {
    spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a part of the app broke down");
        Failure::Unexpected.into()
    })
}
