//! What apps did: counted for charts, and one by one.

use bridge_core::control::failed;
use bridge_core::view::{ActivityView, CallFilter, CallView};
use tauri::State;

use super::Answer;
use crate::failure::Failure;
use crate::shell::Shell;

/// Calls in the stretches between the edges, which are times in RFC 3339.
#[tauri::command]
pub(crate) async fn activity(shell: State<'_, Shell>, edges: Vec<String>) -> Answer<ActivityView> {
    let edges = edges.iter().map(|edge| humantime::parse_rfc3339(edge)).collect::<Result<Vec<_>, _>>();
    let edges = edges.map_err(|_| Failure::NotUnderstood)?;
    shell.bridge.activity(edges).await.map_err(failed)
}

/// Single calls, newest first.
#[tauri::command]
pub(crate) async fn activity_calls(shell: State<'_, Shell>, filter: CallFilter) -> Answer<Vec<CallView>> {
    shell.bridge.calls(filter).await.map_err(failed)
}
