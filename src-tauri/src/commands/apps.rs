//! Connected apps.

use bridge_core::control::failed;
use bridge_core::ids::ClientId;
use bridge_core::view::{ClientView, ToolView};
use tauri::State;

use super::Answer;
use crate::shell::Shell;

/// Ends what an app may do.
#[tauri::command]
pub(crate) async fn apps_revoke(shell: State<'_, Shell>, client: ClientId) -> Answer<ClientView> {
    shell.bridge.revoke(client.as_str()).await.map_err(failed)
}

/// Ends what any app may do; tells how many there were.
#[tauri::command]
pub(crate) async fn apps_revoke_all(shell: State<'_, Shell>) -> Answer<usize> {
    shell.bridge.revoke_all().await.map_err(failed)
}

/// The tools that an app could use.
#[tauri::command]
pub(crate) async fn apps_tools(shell: State<'_, Shell>, client: ClientId) -> Answer<Vec<ToolView>> {
    shell.bridge.tools_of(&client).await.map_err(failed)
}

/// Switches a tool of an app on or off.
#[tauri::command]
pub(crate) async fn apps_switch_tool(
    shell: State<'_, Shell>,
    client: ClientId,
    tool: String,
    is_on: bool,
) -> Answer<()> {
    shell.bridge.switch_tool(&client, &tool, is_on).await.map_err(failed)
}
