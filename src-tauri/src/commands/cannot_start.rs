//! The commands of the window that says why there is no bridge.

use bridge_core::config;
use tauri::{AppHandle, State};

use super::settings::{PORT_VARIABLE, unless_set_by, unwritten};
use super::{Answer, no_directory};
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
    let paths = reason.paths.as_ref().ok_or_else(no_directory)?;
    config::write_port(paths, port).map_err(|error| unwritten(&error))?;
    ending::restart(&app);
    Ok(())
}
