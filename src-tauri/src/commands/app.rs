//! What several windows ask for.

use bridge_core::ids::QuestionId;
use tauri::{AppHandle, Manager as _};

use super::{Answer, no_directory, unknown_question};
use crate::launch::CannotStart;
use crate::shell::Shell;
use crate::windows::consent;
use crate::{ending, links};

/// Opens the page where keys are made.
#[tauri::command]
pub(crate) async fn open_key_page() -> Answer<()> {
    links::open_key_page()
}

/// Opens the folder of the log, whether the bridge runs or could not be started.
#[tauri::command]
pub(crate) async fn open_log_folder(app: AppHandle) -> Answer<()> {
    let of_bridge = app.try_state::<Shell>().map(|shell| shell.paths.log_dir.clone());
    let of_reason = || app.try_state::<CannotStart>()?.paths.as_ref().map(|paths| paths.log_dir.clone());
    let folder = of_bridge.or_else(of_reason).ok_or_else(no_directory)?;
    links::open_folder(&folder)
}

/// Brings the window of a question to the front.
#[tauri::command]
pub(crate) async fn show_request(app: AppHandle, id: QuestionId) -> Answer<()> {
    if consent::show(&app, &id) { Ok(()) } else { Err(unknown_question()) }
}

/// The main window's page is painted.
#[tauri::command]
pub(crate) fn main_shown() {
    tracing::debug!("the main window is painted");
}

/// Ends the app and starts it again.
#[tauri::command]
pub(crate) fn app_restart(app: AppHandle) {
    ending::restart(&app);
}

/// Ends the app.
#[tauri::command]
pub(crate) fn app_quit(app: AppHandle) {
    ending::quit(&app);
}
