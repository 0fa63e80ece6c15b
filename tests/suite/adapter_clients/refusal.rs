//! A refusal is remembered for the program that asked, and for no other.

use serde_json::json;

use super::world::{World, refused, result};

#[tokio::test]
async fn who_is_refused_is_not_asked_again_in_a_loop_and_another_program_asks_anew() {
    let world = World::start().await;
    let mut adapter = world.adapter().await;
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    world.deny().await;
    let sentence = refused(call.await.unwrap(), "denied");
    assert!(sentence.contains("refused") && sentence.ends_with("Restart Claude Desktop to be asked again."));

    // The same program, whichever of its adapters, and whatever it wants.
    let mut second = world.adapter().await;
    for adapter in [&mut adapter, &mut second] {
        refused(adapter.call("list_memories", &json!({})).await, "denied");
        refused(adapter.ask("tools/list", json!({})).await, "denied");
    }
    assert!(world.waiting().await.is_empty());

    // The client was started again.
    let mut anew = world.elsewhere().await;
    let call = tokio::spawn(anew.call("list_memories", &json!({})));
    world.approve(&[]).await;
    result(call.await.unwrap());
    // What was allowed since is allowed.
    result(adapter.call("list_memories", &json!({})).await);
}

#[tokio::test]
async fn a_program_that_is_refused_under_many_names_is_not_asked_under_another() {
    let world = World::start().await;
    for name in ["One", "Two", "Three", "Four", "Five"] {
        let mut adapter = world.adapter().await;
        adapter.rename(name);
        let call = tokio::spawn(adapter.call("list_memories", &json!({})));
        world.deny().await;
        refused(call.await.unwrap(), "denied");
    }
    let mut adapter = world.adapter().await;
    adapter.rename("Six");
    refused(adapter.call("list_memories", &json!({})).await, "denied");
    assert!(world.waiting().await.is_empty());
}
