//! The stream that says when a client may be offered other tools.

use bridge_core::control::adapter_wire::AdapterEvent;
use serde_json::json;

use super::world::{CLAUDE, World, result};
use crate::double::{ALICE, Fault, key};
use crate::harness::mcp::reply;

#[tokio::test]
async fn a_digest_stands_for_what_is_offered_and_for_nothing_else() {
    let world = World::start().await;
    let mut told = world.adapter().await.listen().await;
    assert_eq!(told.digest().await, None);
    let mut adapter = world.allowed().await;
    // The first call has fetched the list, which may be told in two steps: allowed, and then known.
    let mut digest = told.digest().await.expect("allowed");
    let mut fresh = world.adapter().await.listen().await;
    let known = fresh.digest().await.expect("allowed");
    while digest != known {
        digest = told.digest().await.expect("allowed");
    }

    // Nobody asks Jean Memory because somebody connects, and calls change no list.
    let asked = world.asked();
    let mut other = world.adapter().await.listen().await;
    assert_eq!(other.digest().await.as_ref(), Some(&known));
    assert_eq!(world.asked(), asked);
    result(adapter.call("list_memories", &json!({})).await);
    result(adapter.ask("tools/list", json!({})).await);

    world.bridge.cli_ok(&["pause"]).await;
    let paused = told.digest().await.expect("allowed");
    assert_ne!(paused, known);
    let call = adapter.call("list_memories", &json!({})).await;
    assert!(reply(&call)["result"]["content"][0]["text"].as_str().unwrap().contains("paused"));
    world.bridge.cli_ok(&["resume"]).await;
    assert_eq!(told.digest().await.as_ref(), Some(&known));
    world.bridge.cli_ok(&["revoke", CLAUDE]).await;
    assert_eq!(told.digest().await, None);
    // All listeners hear all of it.
    assert_eq!(fresh.digest().await, Some(paused));
    assert_eq!(fresh.digest().await.as_ref(), Some(&known));
    assert_eq!(fresh.digest().await, None);
}

#[tokio::test]
async fn what_another_client_is_allowed_is_not_told() {
    let world = World::start().await;
    let mut adapter = world.adapter().await;
    adapter.rename("Cursor");
    let mut told = adapter.listen().await;
    assert_eq!(told.digest().await, None);
    world.allowed().await;
    world.bridge.cli_ok(&["revoke", CLAUDE]).await;
    // The next thing that it hears is about itself.
    let mut own = world.elsewhere().await;
    own.rename("Cursor");
    let call = tokio::spawn(own.call("list_memories", &json!({})));
    world.approve(&[]).await;
    result(call.await.unwrap());
    assert!(told.digest().await.is_some());
}

#[tokio::test]
async fn a_key_that_jean_memory_refuses_is_a_change() {
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    let mut told = world.adapter().await.listen().await;
    let before = told.digest().await.expect("allowed");
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    adapter.call("list_memories", &json!({})).await;
    assert_ne!(told.digest().await.expect("allowed"), before);
}

#[tokio::test]
async fn a_bridge_that_ends_says_so_and_one_that_crashes_does_not() {
    let world = World::start().await;
    let mut told = world.adapter().await.listen().await;
    assert_eq!(told.digest().await, None);
    assert!(world.bridge.terminate().await.success());
    assert_eq!(told.next().await, Some(AdapterEvent::Ending));
    assert_eq!(told.next().await, None);

    let world = World::start().await;
    let mut told = world.adapter().await.listen().await;
    assert_eq!(told.digest().await, None);
    world.bridge.kill().await;
    assert_eq!(told.next().await, None);
}
