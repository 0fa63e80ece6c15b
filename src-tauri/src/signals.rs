//! Logging out, `kill` and Ctrl-C quit the app as its menu does, so that nothing is cut off half-way.

use tauri::AppHandle;

/// Quits the app at the first request of the system or the terminal.
pub(crate) fn quit_when_told(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        if told_to_quit().await.is_ok() {
            app.exit(0);
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
