//! The duty of process 1. In a container without an init, `serve` is that process: whatever loses its parent there becomes
//! its child, and stays in the list of processes until somebody takes notice of its end. `serve` starts no program itself,
//! so every child is such an orphan.

use rustix::process::{WaitOptions, wait};
use tokio::signal::unix::{SignalKind, signal};

/// Takes notice of every end, if that is this process's duty; else does nothing.
pub(super) fn bury() {
    if std::process::id() != 1 {
        return;
    }
    let Ok(mut ended) = signal(SignalKind::child()) else { return };
    tokio::spawn(async move {
        while ended.recv().await.is_some() {
            // Several may have ended, and one signal stands for them all.
            while matches!(wait(WaitOptions::NOHANG), Ok(Some(_))) {}
        }
    });
}
