//! What a person allowed lasts: it is on disk before it counts, and what the client does meanwhile does not matter.

use serde_json::json;

use super::world::{CLAUDE, World, refused, result};
use crate::double::ALICE;
use crate::harness::adapter::Adapter;
use crate::harness::bridge::BridgeOptions;
use crate::harness::waiting::until_answer;

#[tokio::test]
async fn a_grant_is_there_after_power_was_lost_right_after_the_first_answer() {
    // design.md J10
    let home = tempfile::tempdir().unwrap();
    let options = BridgeOptions::default().home(home.path());
    let world = World::start_as(options.clone()).await;
    world.allowed_as(&["--scope", "read"]).await;
    let World { bridge, double } = world;
    bridge.kill().await;

    let bridge = options.api(&double.base_url()).start().await;
    // Without a keychain the key was gone with the first life.
    let ended = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
    assert!(ended.status.success(), "{ended:?}");
    let world = World { bridge, double };
    let mut adapter = world.elsewhere().await;
    result(adapter.call("list_memories", &json!({})).await);
    assert_eq!(world.clients().await[0]["scopes"], json!(["read"]));
}

#[tokio::test]
async fn an_answer_counts_although_whoever_asked_is_gone() {
    let world = World::start().await;
    let mut adapter = world.elsewhere().await;
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    let code = world.code().await;
    // The client was quit.
    call.abort();
    drop(adapter);
    let mut told = world.adapter().await.listen().await;
    assert_eq!(told.digest().await, None);
    world.bridge.cli_ok(&["approve", &code]).await;
    assert!(told.digest().await.is_some());
    let mut adapter = world.elsewhere().await;
    result(adapter.call("list_memories", &json!({})).await);
}

#[tokio::test]
async fn a_client_that_may_only_read_is_offered_what_reads() {
    let world = World::start().await;
    let names = async |adapter: &mut Adapter| -> Vec<String> {
        let listed = result(adapter.ask("tools/list", json!({})).await);
        let tools = listed["tools"].as_array().expect("a list").iter();
        tools.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    };
    let mut reader = world.allowed_as(&["--scope", "read"]).await;
    let mut all = world.adapter().await;
    all.rename("Cursor");
    let call = tokio::spawn(all.call("list_memories", &json!({})));
    world.approve(&[]).await;
    result(call.await.unwrap());
    let (of_reader, of_all) = (names(&mut reader).await, names(&mut all).await);
    assert!(
        of_reader.contains(&"list_memories".to_owned()) && !of_reader.contains(&"add_memories".to_owned())
    );
    assert!(of_all.contains(&"add_memories".to_owned()) && of_all.len() > of_reader.len(), "{of_all:?}");

    // The answer is one that an adapter can hand on.
    let answer = reader.call("add_memories", &json!({ "text": "no" })).await;
    assert_eq!(crate::harness::mcp::reply(&answer)["error"]["code"], -32602, "{}", answer.text());
    assert!(world.double.memories(ALICE.id).is_empty());
}

#[tokio::test]
async fn whoever_hangs_up_cancels_the_call_upstream() {
    // protocol.md 7.18
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    let slow = "deep_memory_query";
    world.double.fault(crate::double::Fault::Hang.on(crate::double::tool(slow)));
    let call = tokio::spawn(adapter.call(slow, &json!({ "search_query": "tea" })));
    world.double.wait_for_call(slow).await;
    call.abort();
    world.double.call_aborted(slow).await;
}

#[tokio::test]
async fn an_account_that_is_removed_takes_its_clients_along_and_they_ask_anew() {
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    let account = world.clients().await[0]["account"].as_str().unwrap().to_owned();
    world.bridge.cli_ok(&["accounts", "remove", &account]).await;
    refused(adapter.ask("tools/list", json!({})).await, "not_allowed");
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    world.approve(&["--sandbox"]).await;
    result(call.await.unwrap());
    let clients = until_answer("one client", async || world.clients().await, |all| all.len() == 1).await;
    assert_eq!(clients[0]["name"], CLAUDE);
    assert_ne!(clients[0]["account"], account);
}
