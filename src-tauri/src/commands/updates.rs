//! Whether a newer version is out, and where it is to be had.

use bridge_core::view::UpdateView;
use tauri::State;

use super::Answer;
use crate::links;
use crate::shell::Shell;

/// Asks now; what went wrong is in the answer.
#[tauri::command]
pub(crate) async fn updates_check(shell: State<'_, Shell>) -> Answer<UpdateView> {
    Ok(shell.bridge.check_for_update().await)
}

/// Opens the page of releases; the page that asks does not say which.
#[tauri::command]
pub(crate) async fn updates_open_page(shell: State<'_, Shell>) -> Answer<()> {
    links::open_releases(shell.bridge.updates().page.as_deref())
}
