//! A person takes access back: what runs ends, and whoever is connected is not asked about again.

use bridge_core::control::adapter_wire::AdapterEvent;
use serde_json::json;

use super::world::{CLAUDE, World, refused, result};
use crate::double::{Fault, tool};
use crate::harness::adapter::whole;
use crate::harness::mcp::Events;
use crate::harness::waiting::until_answer;

const SLOW: &str = "deep_memory_query";

#[tokio::test]
async fn a_revocation_ends_running_calls_and_is_remembered_by_the_programs_that_are_connected() {
    // design.md J5
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    // This one has never called: it is connected, and that is enough.
    let mut elsewhere = world.elsewhere().await;
    let mut told = elsewhere.listen().await;
    told.digest().await.expect("it is allowed");
    let call = tokio::spawn(adapter.call(SLOW, &json!({ "search_query": "tea" })));
    let mut streaming = world.adapter().await;
    let asked =
        json!({ "name": SLOW, "arguments": { "search_query": "tea" }, "_meta": { "progressToken": 7 } });
    let mut stream = Events::of(streaming.begin("tools/call", asked).await);
    stream.message().await.expect("progress");
    world.double.wait_for_calls(SLOW, 2).await;

    world.bridge.cli_ok(&["revoke", CLAUDE]).await;
    let sentence = refused(call.await.unwrap(), "denied");
    assert!(sentence.starts_with("Access was taken back from Claude Desktop"), "{sentence}");
    assert!(stream.rest().await.is_empty());
    let aborted = async || {
        let calls = world.double.requests().tool(SLOW);
        calls.iter().filter(|seen| seen.outcome() == crate::double::Outcome::Aborted).count()
    };
    until_answer("the calls to be given up", aborted, |count| *count == 2).await;
    assert_eq!(told.digest().await, None);
    assert!(world.clients().await.is_empty());

    refused(adapter.call("list_memories", &json!({})).await, "denied");
    // The listening connection was of another program.
    let mut its_own = world.elsewhere().await;
    let call = tokio::spawn(its_own.call("list_memories", &json!({})));
    assert_eq!(world.questions(1).await[0]["client_name"], CLAUDE);
    world.approve(&[]).await;
    result(call.await.unwrap());
    assert!(told.digest().await.is_some());
}

#[tokio::test]
async fn a_program_that_only_listens_is_not_asked_about_after_a_revocation() {
    let world = World::start().await;
    world.allowed().await;
    let mut elsewhere = world.elsewhere().await;
    // A keep-alive connection that did something and is idle now.
    result(elsewhere.ask("tools/list", json!({})).await);
    let id = world.clients().await[0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("stdio:"), "{id}");
    world.bridge.cli_ok(&["revoke", &id]).await;
    refused(elsewhere.call("list_memories", &json!({})).await, "denied");
    assert!(world.waiting().await.is_empty());
}

#[tokio::test]
async fn a_client_that_waits_can_be_revoked_and_is_refused() {
    let world = World::start().await;
    let mut adapter = world.adapter().await;
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    world.code().await;
    world.bridge.cli_ok(&["revoke", CLAUDE]).await;
    refused(call.await.unwrap(), "denied");
    refused(adapter.call("list_memories", &json!({})).await, "denied");
    assert!(world.waiting().await.is_empty() && world.clients().await.is_empty());
    assert_eq!(world.bridge.cli(&["revoke", CLAUDE]).await.status.code(), Some(1));
}

#[tokio::test]
async fn an_end_that_a_person_wants_is_told_to_those_who_wait_and_those_who_call() {
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let call = tokio::spawn(adapter.call(SLOW, &json!({ "search_query": "tea" })));
    world.double.wait_for_call(SLOW).await;
    let mut waits = world.adapter().await;
    waits.rename("Cursor");
    let waiting =
        tokio::spawn(waits.begin("tools/call", json!({ "name": "list_memories", "arguments": {} })));
    world.code().await;
    let mut told = world.adapter().await.listen().await;
    told.digest().await.expect("it is allowed");

    let World { bridge, double } = world;
    assert!(bridge.terminate().await.success());
    for answer in [call.await.unwrap(), whole(waiting.await.unwrap()).await] {
        let answer = answer.assert_status(503);
        assert_eq!(answer.json()["error"]["code"], "ending", "{}", answer.text());
    }
    assert_eq!(told.next().await, Some(AdapterEvent::Ending));
    assert_eq!(told.next().await, None);
    double.call_aborted(SLOW).await;
}
