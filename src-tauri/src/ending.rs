//! How the app ends: quit in a menu, told to by the system, or to start anew; each time in good order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bridge_core::bridge::Bridge;
use tauri::{AppHandle, Manager as _};

/// How long calls and streams may take to end. A desktop that logs out waits little longer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Whether the app starts again when it has ended.
#[derive(Clone, Default)]
pub(crate) struct StartsAgain(Arc<AtomicBool>);

impl StartsAgain {
    /// As far as is known now.
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ends the app.
pub(crate) fn quit(app: &AppHandle) {
    app.exit(0);
}

/// Ends the app and starts it again. The new one finds socket and port free, because [`shut_down`] comes between.
pub(crate) fn restart(app: &AppHandle) {
    app.state::<StartsAgain>().0.store(true, Ordering::Relaxed);
    app.exit(0);
}

/// Logging out, `kill` and Ctrl-C end the app as its menu does, so that nothing is cut off half-way.
pub(crate) fn quit_when_told(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        match told_to_quit().await {
            Ok(()) => quit(&app),
            Err(error) => tracing::error!(%error, "signals cannot be received"),
        }
    });
}

/// Ends the bridge: streams are closed, what is to be remembered is on disk, socket and port are free.
pub(crate) fn shut_down(bridge: &Bridge) {
    tracing::info!("the bridge ends");
    tauri::async_runtime::block_on(async {
        if tokio::time::timeout(PATIENCE, bridge.shutdown()).await.is_err() {
            tracing::warn!("the bridge did not end in time");
        }
    });
}

#[cfg(unix)]
async fn told_to_quit() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn told_to_quit() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
