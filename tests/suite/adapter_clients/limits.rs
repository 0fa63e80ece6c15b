//! What a stranger may send and hold: a name is text, and of everything there is a limit.

use serde_json::json;

use super::world::{World, refused};
use crate::harness::adapter::{Adapter, whole};
use crate::harness::oauth::Client;
use crate::harness::waiting::until_answer;

#[tokio::test]
async fn a_flood_of_names_is_cut_off_and_leaves_room_for_others() {
    let world = World::start().await;
    let mut waiting = Vec::new();
    for number in 0..8 {
        let mut adapter = Adapter::connect(world.bridge.home(), &format!("App {number}")).await;
        waiting.push(tokio::spawn(adapter.call("list_memories", &json!({}))));
    }
    world.questions(8).await;
    let mut ninth = Adapter::connect(world.bridge.home(), "App 8").await;
    let sentence = refused(ninth.call("list_memories", &json!({})).await, "busy");
    assert!(sentence.starts_with("Too many apps wait"), "{sentence}");
    // An app that signs in through a browser is still asked about.
    Client::register(&world.bridge, "Claude Code").await.ask(&[]).await;
    assert_eq!(world.questions(9).await.len(), 9);
    for call in waiting {
        call.abort();
    }
}

#[tokio::test]
async fn one_connection_speaks_for_a_few_names_at_most() {
    let world = World::start().await;
    let mut adapter = world.adapter().await;
    for number in 0..4 {
        adapter.rename(&format!("App {number}"));
        refused(adapter.ask("tools/list", json!({})).await, "not_allowed");
    }
    adapter.rename("App 4");
    refused(adapter.ask("tools/list", json!({})).await, "busy");
    adapter.rename("App 0");
    refused(adapter.ask("tools/list", json!({})).await, "not_allowed");
}

#[tokio::test]
async fn calls_that_wait_for_one_answer_are_limited_in_number() {
    let world = World::start().await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..65 {
        let mut adapter = world.adapter().await;
        waiting.spawn(adapter.call("list_memories", &json!({})));
    }
    // Of all that call, one finds no place; which of them is nobody's business.
    let first = waiting.join_next().await.expect("an answer").expect("no panic");
    refused(first, "busy");
    world.deny().await;
    while let Some(call) = waiting.join_next().await {
        refused(call.unwrap(), "denied");
    }
}

#[tokio::test]
async fn listening_leaves_room_for_everything_else() {
    let world = World::start().await;
    let mut listening = Vec::new();
    for _ in 0..96 {
        let mut adapter = world.adapter().await;
        let mut told = adapter.listen().await;
        assert_eq!(told.digest().await, None);
        listening.push((adapter, told));
    }
    let mut one_more = world.adapter().await;
    refused(whole(one_more.begin_listening().await).await, "busy");
    // The place comes back with the connection, and the command line never waited.
    listening.pop();
    let status = async || one_more_status(&world).await;
    until_answer("a place to listen", status, |status| *status == 200).await;
}

async fn one_more_status(world: &World) -> u16 {
    world.waiting().await;
    world.adapter().await.begin_listening().await.status().as_u16()
}

#[tokio::test]
async fn a_hostile_name_is_one_harmless_line() {
    // protocol.md 2.10, 9.19
    let world = World::start().await;
    let hostile = "  Claude\u{202e}\n\u{1b}[2J\u{0} <b>Desktop</b> ";
    let mut adapter = Adapter::connect(world.bridge.home(), hostile).await;
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    let [question] = world.questions(1).await.try_into().expect("one question");
    assert_eq!(question["client_name"], "Claude [2J <b>Desktop</b>");
    world.deny().await;
    let sentence = refused(call.await.unwrap(), "denied");
    assert!(sentence.starts_with("Claude [2J <b>Desktop</b> may not"), "{sentence}");

    let mut adapter = Adapter::connect(world.bridge.home(), &"x".repeat(10_000)).await;
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    let [question] = world.questions(1).await.try_into().expect("one question");
    assert_eq!(question["client_name"].as_str().unwrap().len(), 80);
    call.abort();
}
