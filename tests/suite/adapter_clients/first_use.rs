//! The first tool call asks a person, once, and goes on when it is allowed.

use serde_json::{Value, json};

use super::world::{CLAUDE, World, refused, result};
use crate::harness::adapter::Adapter;
use crate::harness::node::CLIENTS;

#[tokio::test]
async fn an_adapter_that_connects_lists_or_listens_asks_nobody() {
    let world = World::start().await;
    let (mut lists, mut listens) = (world.adapter().await, world.adapter().await);
    let mut told = listens.listen().await;
    assert_eq!(told.digest().await, None);
    let sentence = refused(lists.ask("tools/list", json!({})).await, "not_allowed");
    assert!(sentence.starts_with("Claude Desktop may not use your memories yet."), "{sentence}");
    assert!(world.waiting().await.is_empty() && world.clients().await.is_empty());
}

#[tokio::test]
async fn a_call_waits_for_a_person_and_goes_on_when_it_is_allowed() {
    let world = World::start().await;
    let mut adapter = world.elsewhere().await;
    let call = tokio::spawn(adapter.call("add_memories", &json!({ "text": "tea" })));
    let [question] = world.questions(1).await.try_into().expect("one question");
    assert_eq!(question["client_name"], CLAUDE);
    assert_eq!(question["redirect_uri"], Value::Null);
    assert_eq!(question["registered"], "by_adapter");
    let program = CLIENTS.node().canonicalize().unwrap();
    assert_eq!(question["program"], format!("{} ({})", program.display(), adapter.program()));
    assert_eq!(world.double.requests().tool("add_memories").count(), 0);

    world.approve(&[]).await;
    assert_ne!(result(call.await.unwrap())["isError"], true);
    assert_eq!(world.double.memories(crate::double::ALICE.id), ["tea"]);
    let [client] = world.clients().await.try_into().expect("one client");
    assert_eq!((&client["via"], &client["name"]), (&json!("stdio"), &json!(CLAUDE)));
    assert_eq!(client["scopes"], json!(["read", "write"]));
    assert_eq!(client["calls"], 1);
    // And not asked again, by whichever adapter.
    let mut another = world.adapter().await;
    result(another.call("list_memories", &json!({})).await);
}

#[tokio::test]
async fn however_many_adapters_ask_a_person_is_asked_once() {
    let world = World::start().await;
    let mut adapters = vec![world.elsewhere().await];
    for _ in 0..5 {
        adapters.push(world.adapter().await);
    }
    let ask = |adapter: &mut Adapter| tokio::spawn(adapter.call("list_memories", &json!({})));
    let calls: Vec<_> = adapters.iter_mut().map(ask).collect();
    let code = world.code().await;
    for call in &calls {
        assert!(!call.is_finished());
    }
    world.bridge.cli_ok(&["approve", &code]).await;
    for call in calls {
        result(call.await.unwrap());
    }
    assert!(world.waiting().await.is_empty());
    assert_eq!(world.clients().await.len(), 1);
}
