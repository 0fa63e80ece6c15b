//! Removing everything.

use std::sync::Arc;

use bridge_core::view::{ResetOutcome, ResetPlan};
use tauri::State;

use super::Answer;
use crate::resetting::{self, Resetting};
use crate::shell::Shell;

/// What there is to remove; changes nothing.
#[tauri::command]
pub(crate) async fn reset_plan(shell: State<'_, Shell>, keeps_apps: bool) -> Answer<ResetPlan> {
    resetting::plan(&shell, keeps_apps).await
}

/// Removes it, and ends the bridge for that.
#[tauri::command]
pub(crate) async fn reset_remove(
    shell: State<'_, Shell>,
    state: State<'_, Arc<Resetting>>,
    keeps_apps: bool,
) -> Answer<ResetOutcome> {
    resetting::remove(&shell, &state, keeps_apps).await
}
