//! Builds the Tauri app and runs it until somebody quits it.

use std::cell::Cell;
use std::rc::Rc;

use anyhow::Context as _;
use tauri::RunEvent;

use crate::{signals, tray};

/// Runs the app; returns when it has been quit. A second launch ends in `build`, with status 0.
pub(crate) fn run() -> anyhow::Result<()> {
    let app = tauri::Builder::default()
        // First, so that a second launch ends before any other plugin has done anything.
        .plugin(tauri_plugin_single_instance::init(|_app, _arguments, _directory| {}))
        .build(tauri::generate_context!())
        .context("the desktop app cannot start")?;
    signals::quit_when_told(app.handle().clone());

    let failed = Rc::new(Cell::new(None));
    let failing = Rc::clone(&failed);
    app.run_return(move |app, event| {
        if matches!(event, RunEvent::Ready) {
            // Not in Tauri's `setup`, where an error is a panic, and not earlier: macOS wants the loop to turn.
            if let Err(error) = tray::show(app) {
                failing.set(Some(error));
                app.exit(1);
            }
        } else if let RunEvent::ExitRequested { api, code: None, .. } = event {
            // The app lives in the tray: closing the last window does not end it. `exit(n)` has a code and does.
            api.prevent_exit();
        }
    });
    match failed.take() {
        Some(error) => Err(error).context("the tray icon cannot be shown"),
        None => Ok(()),
    }
}
