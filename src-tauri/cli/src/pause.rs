//! `pause` and `resume`: whether anything goes to Jean Memory.

use bridge_core::control::Client;
use bridge_core::view::SettingChange;

use crate::failure::Failure;
use crate::output::print;

pub(crate) async fn pause(client: &Client) -> Result<(), Failure> {
    client.change_setting(&SettingChange::Paused(true)).await?;
    print("Paused: apps get no memories and add none. To go on: jean-bridge resume\n")
}

pub(crate) async fn resume(client: &Client) -> Result<(), Failure> {
    client.change_setting(&SettingChange::Paused(false)).await?;
    print("Resumed: apps use your memories again.\n")
}
