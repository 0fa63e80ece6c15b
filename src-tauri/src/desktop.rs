//! Builds the Tauri app around the bridge and runs it until somebody quits it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context as _;
use tauri::{App, AppHandle, Manager as _, RunEvent};

use crate::ending::{Signals, StartsAgain};
use crate::launch::{CannotStart, Started};
use crate::resetting::{self, Resetting};
use crate::shell::Shell;
use crate::windows::cannot_start;
use crate::{asking, commands, display, ending, looking, notify, opening, tray};

/// Runs the app; returns when it has been quit and the bridge has ended.
pub(crate) fn run(started: Started, signals: Signals) -> anyhow::Result<()> {
    let bridge = started.bridge.clone();
    let paths = started.paths.clone();
    let starts_again = StartsAgain::default();
    let resetting = Arc::new(Resetting::default());
    let ended = show(started, signals, &starts_again, &resetting);
    if ended.is_ok() {
        notify::finish();
    }
    ending::shut_down(&bridge);
    resetting.finish(&paths);
    if starts_again.get() {
        // Takes no way back: the next start finds socket and port free.
        tauri::process::restart(&tauri::Env::default());
    }
    ended
}

fn show(
    started: Started,
    signals: Signals,
    starts_again: &StartsAgain,
    resetting: &Arc<Resetting>,
) -> anyhow::Result<()> {
    display::connect()?;
    let is_background = started.is_background;
    let bridge = started.bridge.clone();
    let app = tauri::Builder::default()
        .manage(Shell::new(&started))
        .manage(starts_again.clone())
        .manage(resetting.clone())
        .invoke_handler(commands::handler())
        .build(context())
        .context("the desktop app cannot start")?;
    ending::quit_when_told(app.handle().clone(), signals);
    resetting::quit_when_asked(app.handle().clone(), bridge);
    until_quit(app, move |app| {
        // Without the icon, say because its picture cannot be written, the windows still work.
        let drawn =
            tray::start(app).inspect_err(|error| tracing::error!(%error, "the tray icon cannot be shown"));
        tray::host::watch(app, drawn.is_ok());
        notify::start(app, started.happenings);
        asking::start(app.clone());
        looking::start(app.clone());
        opening::start(app, is_background);
    });
    Ok(())
}

/// Runs an app without a bridge, which only says why there is none.
pub(crate) fn say_why(reason: CannotStart, signals: Signals) -> anyhow::Result<()> {
    display::connect()?;
    let starts_again = StartsAgain::default();
    let app = tauri::Builder::default()
        .manage(reason)
        .manage(starts_again.clone())
        .invoke_handler(commands::handler())
        .build(context())
        .context("the desktop app cannot start")?;
    ending::quit_when_told(app.handle().clone(), signals);
    cannot_start::open(app.handle())?;
    app.run_return(|_, _| {});
    if starts_again.get() {
        tauri::process::restart(&tauri::Env::default());
    }
    Ok(())
}

fn context() -> tauri::Context {
    tauri::generate_context!()
}

fn until_quit(app: App, ready: impl FnOnce(&AppHandle) + 'static) {
    let mut ready = Some(ready);
    app.run_return(move |app, event| {
        if matches!(event, RunEvent::Ready) {
            // Not in Tauri's `setup`, and not earlier: macOS wants the loop to turn.
            if let Some(ready) = ready.take() {
                ready(app);
            }
        } else if let RunEvent::ExitRequested { api, code: None, .. } = event {
            // The app lives in the tray: closing the last window does not end it. `exit(n)` has a code and does.
            if app.state::<Arc<Resetting>>().has_ended_bridge() {
                app.state::<Shell>().is_ending.store(true, Ordering::SeqCst);
            } else {
                api.prevent_exit();
            }
        }
    });
}
