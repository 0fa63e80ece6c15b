//! Disks that are full or may not be written: told plainly, and nothing that was answered is lost
//! (protocol.md 4.13, 4.15).

use serde_json::{Value, json};

use super::mounts::{self, Filler};
use super::until;
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::mcp::Session;
use crate::harness::oauth::{Client, REDIRECT_URI, Tokens};

/// From not enough for anything to just not enough, or just enough, for an empty database.
const TINY: [&str; 7] = ["4k", "16k", "32k", "64k", "96k", "128k", "192k"];
/// Enough for the work of a test.
const SMALL: &str = "1m";

fn options() -> BridgeOptions {
    BridgeOptions::default().env("JEAN_BRIDGE_LOG", "off")
}

async fn notices(bridge: &Bridge) -> String {
    bridge.cli_json(&["status"]).await["notices"].to_string()
}

fn metadata() -> Value {
    json!({ "client_name": "Late", "redirect_uris": [REDIRECT_URI] })
}

#[tokio::test]
async fn a_disk_that_is_full_at_the_start_is_told_and_a_later_start_works() {
    if !mounts::are_possible() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("data/bridge.db").display().to_string();
    let mut refused = 0;
    for size in TINY {
        match mounts::with_room(options(), home.path(), size).try_start().await {
            Ok(bridge) => bridge.kill().await,
            Err(ended) => {
                refused += 1;
                assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{size}: {ended:?}");
                let told = ["disk is full", "free some space", &file];
                assert!(told.iter().all(|told| ended.stderr.contains(told)), "{size}: {ended:?}");
            }
        }
    }
    assert!(refused > 1, "there was always room enough");
    let bridge = options().home(home.path()).start().await;
    assert_eq!(notices(&bridge).await, "[]");
}

#[tokio::test]
async fn a_disk_that_fills_up_costs_nobody_a_login() {
    if !mounts::are_possible() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let bridge = mounts::with_room(BridgeOptions::default(), home.path(), SMALL).start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;

    let filler = Filler::in_home_of(&bridge);
    for _ in 0..3 {
        client.refresh(tokens.refresh()).await.assert_error(503, "temporarily_unavailable");
        let late = bridge.http().post("/oauth/register").json(&metadata()).send().await;
        late.assert_error(503, "temporarily_unavailable");
    }
    let told = notices(&bridge).await;
    assert!(told.contains("The disk is full"), "{told}");
    // What needs no room goes on: the memories are elsewhere.
    assert_eq!(session.call("list_memories", json!({})).await["isError"], false);
    // A revocation that cannot be written down is not said to be done (protocol.md 5.4).
    assert_eq!(bridge.cli(&["revoke", &client.id]).await.status.code(), Some(1));
    client.revoke(tokens.refresh()).await.assert_status(503);

    drop(filler);
    // Nothing was spent by what failed.
    let fresh = Tokens::of(&client.id, &client.refresh(tokens.refresh()).await.assert_status(200));
    client.refresh(fresh.refresh()).await.assert_status(200);
    bridge.http().post("/oauth/register").json(&metadata()).send().await.assert_status(201);
    until("there is nothing left to tell", || async { notices(&bridge).await == "[]" }).await;
    bridge.cli_ok(&["revoke", &client.id]).await;
    assert!(bridge.terminate().await.success());
}

#[tokio::test]
async fn a_directory_that_may_not_be_written_is_told_at_the_start() {
    if !mounts::are_possible() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("data/bridge.db");
    for has_database in [false, true] {
        if has_database {
            options().home(home.path()).start().await.terminate().await;
        }
        let Err(ended) = mounts::read_only(options(), home.path()).try_start().await else {
            panic!("it started")
        };
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
        let told = ["cannot be written", "permissions", &file.display().to_string()];
        assert!(told.iter().all(|told| ended.stderr.contains(told)), "{ended:?}");
        assert_eq!(file.exists(), has_database);
    }
    options().home(home.path()).start().await;
}
