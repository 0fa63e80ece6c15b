//! The commands of the window that says why there is no bridge.

use bridge_core::config;
use bridge_core::control::Failed;
use tauri::{AppHandle, State};

use super::Answer;
use super::settings::{PORT_VARIABLE, unless_set_by, unwritten};
use crate::ending;
use crate::launch::CannotStart;

/// Why.
#[tauri::command]
pub(crate) fn cannot_start(reason: State<'_, CannotStart>) -> CannotStart {
    CannotStart::clone(&reason)
}

/// Writes another port and starts again.
#[tauri::command]
pub(crate) async fn cannot_start_use_port(
    app: AppHandle,
    reason: State<'_, CannotStart>,
    port: u16,
) -> Answer<()> {
    unless_set_by(PORT_VARIABLE)?;
    let paths = reason.paths.as_ref().ok_or_else(nowhere)?;
    config::write_port(paths, port).map_err(|error| unwritten(&error))?;
    ending::restart(&app);
    Ok(())
}

fn nowhere() -> Failed {
    Failed { code: "no_directory".into(), message: "No folder of the app is known.".into() }
}
