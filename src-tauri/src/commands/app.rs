//! What several windows ask for.

use tauri::AppHandle;

use super::Answer;
use crate::{ending, links};

/// Opens the page where keys are made.
#[tauri::command]
pub(crate) async fn open_key_page() -> Answer<()> {
    links::open_key_page()
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
