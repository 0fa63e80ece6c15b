//! How the app ends: quit in a menu, told to by the system, or to start anew; each time in good order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bridge_core::bridge::Bridge;
#[cfg(unix)]
use bridge_core::hang_up;
use tauri::{AppHandle, Manager as _};

use crate::shell::Shell;

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
    // An app without a bridge has none.
    if let Some(shell) = app.try_state::<Shell>() {
        shell.is_ending.store(true, Ordering::SeqCst);
    }
    app.exit(0);
}

/// Ends the app and starts it again. The new one finds socket and port free, because [`shut_down`] comes between.
pub(crate) fn restart(app: &AppHandle) {
    app.state::<StartsAgain>().0.store(true, Ordering::Relaxed);
    quit(app);
}

/// Logging out, `kill` and Ctrl-C end the app as its menu does, so that nothing is cut off half-way.
pub(crate) fn quit_when_told(app: AppHandle, mut signals: Signals) {
    tauri::async_runtime::spawn(async move {
        signals.told_to_quit().await;
        quit(&app);
    });
}

/// Ends the bridge: streams are closed, what is to be remembered is on disk, socket and port are free.
pub(crate) fn shut_down(bridge: &Bridge) {
    tauri::async_runtime::block_on(end_bridge(bridge));
}

/// The same, while the app goes on.
pub(crate) async fn end_bridge(bridge: &Bridge) {
    tracing::info!("the bridge ends");
    if tokio::time::timeout(PATIENCE, bridge.shutdown()).await.is_err() {
        tracing::warn!("the bridge did not end in time");
    }
}

/// What the system and the terminal say to a program that is to end. What comes before anybody waits for it is kept.
#[cfg(unix)]
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    /// None where whoever started the app wants it to outlive the terminal.
    hang_up: Option<tokio::signal::unix::Signal>,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// From now on none of them ends the program by itself.
    pub(crate) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        tauri::async_runtime::block_on(async {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: (!hang_up::is_ignored()).then(|| signal(SignalKind::hangup())).transpose()?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        })
    }

    async fn told_to_quit(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => drop(hang_up.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            () = hang_up => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What the terminal says to a program that is to end. What comes before anybody waits for it is kept.
#[cfg(windows)]
pub(crate) struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// From now on it does not end the program by itself.
    pub(crate) fn listen() -> std::io::Result<Self> {
        tauri::async_runtime::block_on(async { tokio::signal::windows::ctrl_c().map(Self) })
    }

    async fn told_to_quit(&mut self) {
        self.0.recv().await;
    }
}
