//! `tools/list`: what is offered to whom, and where the list comes from.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::eras::names;
use super::world::*;
use crate::mcp::MemoryError;

const READING: [&str; 2] = ["ask_memory", "list_memories"];
const ALL: [&str; 4] = ["jean_memory", "ask_memory", "add_memories", "list_memories"];

#[tokio::test]
async fn annotations_arrive_with_their_standard_names() {
    // protocol.md 7.24, upstream-api.md 14.9
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let list = session.post(&request("tools/list", &json!({}))).send().await.result();
    let tools = list["tools"].as_array().unwrap();
    assert_eq!(tools[0]["annotations"], json!({"readOnlyHint": false, "destructiveHint": false}));
    assert_eq!(tools[1]["annotations"], json!({"readOnlyHint": true}));
    assert_eq!(tools[3]["inputSchema"], profile()[3]["inputSchema"]);
}

#[tokio::test]
async fn scopes_decide_what_is_listed() {
    // design.md 4
    let world = World::new();
    let session = world.session(READER, "2025-06-18").await;
    let list = session.post(&request("tools/list", &json!({}))).send().await.result();
    assert_eq!(names(&list), READING);
    let list = world.modern("tools/list", &json!({})).bearer(READER).send().await.result();
    assert_eq!(names(&list), READING);
}

#[tokio::test]
async fn a_persons_switches_decide_what_is_listed_and_called() {
    // design.md 5
    let world = World::new();
    *world.jean.policy.lock().unwrap() =
        std::sync::Arc::new([("list_memories".to_owned(), false)].into_iter().collect());
    let list = world.modern("tools/list", &json!({})).send().await.result();
    assert_eq!(names(&list), ALL[..3]);
    let answer = world.modern("tools/call", &call("list_memories", &json!({}))).send().await;
    assert_eq!(answer.refusal(), (200, -32602));
    assert!(world.jean.calls().is_empty());
}

#[tokio::test]
async fn the_list_is_fetched_once_for_all_clients_of_an_account() {
    // protocol.md 7.24
    let world = World::new();
    for token in [FULL, OTHER, READER, FULL] {
        world.modern("tools/list", &json!({})).bearer(token).send().await.result();
    }
    world.modern("tools/call", &call("list_memories", &json!({}))).send().await.result();
    assert_eq!(world.jean.lists(), 1);
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_share_one_fetch_or_its_failure() {
    // protocol.md 7.24
    let world = World::new();
    let ask = || join_all((0..10).map(|_| world.modern("tools/list", &json!({})).send()));
    world.jean.fail_lists(MemoryError::TimedOut);
    assert!(ask().await.iter().all(|answer| answer.refusal() == (200, -32603)));
    assert_eq!(world.jean.lists(), 1);
    world.memories.forget(&world.grant(FULL).account);
    world.jean.list(profile());
    assert!(ask().await.iter().all(|answer| names(&answer.result()) == ALL));
    assert_eq!(world.jean.lists(), 2);
}

#[tokio::test]
async fn a_pause_is_over_at_once_and_no_failure_of_jean_memory() {
    let world = World::new();
    world.jean.fail_lists(MemoryError::Paused);
    assert_eq!(world.modern("tools/list", &json!({})).send().await.refusal(), (200, -32603));
    world.jean.list(profile());
    assert_eq!(names(&world.modern("tools/list", &json!({})).send().await.result()), ALL);
    world.jean.replies.lock().unwrap().push_back(Reply::With(Err(MemoryError::Paused)));
    let result = world.modern("tools/call", &call("list_memories", &json!({}))).send().await.result();
    assert_eq!(result["isError"], true);
    assert_eq!(world.jean.outcomes(), ["refused"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_list_is_served_at_once_and_renewed_behind() {
    // protocol.md 7.24
    let world = World::new();
    let list = async || world.modern("tools/list", &json!({})).send().await.result();
    assert_eq!(names(&list().await), ALL);
    world.jean.list(json!([{"name": "ask_memory", "inputSchema": {}}]));
    tokio::time::advance(Duration::from_secs(299)).await;
    assert_eq!(names(&list().await), ALL);
    assert_eq!(world.jean.lists(), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(names(&list().await), ALL, "nobody waits for the new one");
    while world.jean.lists() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(names(&list().await), ["ask_memory"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_good_list_is_served_while_jean_memory_is_down() {
    // protocol.md 7.24, 7.28
    let world = World::new();
    let list = async || world.modern("tools/list", &json!({})).send().await.result();
    list().await;
    world.jean.fail_lists(MemoryError::Unreachable);
    for _ in 0..10 {
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(names(&list().await), ALL);
    }
    // Failing again and again in a row is not asked for.
    let asked = world.jean.lists();
    for _ in 0..10 {
        list().await;
    }
    assert!(world.jean.lists() <= asked + 1);
}

#[tokio::test]
async fn without_any_list_the_failure_is_an_internal_error_in_our_words() {
    // protocol.md 7.28
    let world = World::new();
    world.jean.fail_lists(MemoryError::KeyRejected);
    let session = world.session(FULL, "2025-06-18").await;
    for ask in [session.post(&request("tools/list", &json!({}))), world.modern("tools/list", &json!({}))] {
        let answer = ask.send().await;
        assert_eq!(answer.refusal(), (200, -32603));
        assert!(answer.message()["error"]["message"].as_str().unwrap().contains("Jean Memory Bridge"));
    }
}

#[tokio::test]
async fn a_call_without_any_list_fails_as_a_result_and_asks_once() {
    // D11, protocol.md 7.28; the layer and the server behind it do not wait one after the other
    let world = World::new();
    world.jean.fail_lists(MemoryError::TimedOut);
    let answer = world.modern("tools/call", &call("list_memories", &json!({}))).send().await;
    assert_eq!(answer.result()["isError"], true);
    assert_eq!(world.jean.lists(), 1);
    assert!(world.jean.calls().is_empty());
}

#[tokio::test]
async fn a_new_key_brings_a_new_list() {
    // protocol.md 7.24
    let world = World::new();
    let list = async || world.modern("tools/list", &json!({})).send().await.result();
    list().await;
    world.jean.list(json!([{"name": "ask_memory", "inputSchema": {}}]));
    world.memories.forget(&world.grant(FULL).account);
    assert_eq!(names(&list().await), ["ask_memory"]);
}

#[tokio::test]
async fn a_cursor_is_one_that_nobody_gave_out() {
    let world = World::new();
    let answer = world.modern("tools/list", &json!({"cursor": "2"})).send().await;
    assert_eq!(answer.refusal(), (200, -32602));
}
