//! `tools/call`: what reaches Jean Memory, and what its answers become.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::*;
use crate::mcp::{MemoryError, ToolReply};

#[tokio::test]
async fn an_unlisted_tool_is_unknown_and_never_called() {
    // protocol.md 7.26
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    for tool in ["delete_all_memories", "search_memory", "no_such_tool", "get_document_status", "", "a b"] {
        let params = call(tool, &json!({}));
        let legacy = session.post(&request("tools/call", &params)).send().await;
        let modern = world.modern("tools/call", &params).send().await;
        for answer in [legacy, modern] {
            assert_eq!(answer.refusal(), (200, -32602), "{tool} {answer:?}");
            let message = answer.message();
            assert!(message["error"]["message"].as_str().unwrap().starts_with("Unknown tool"), "{message}");
            assert_eq!(message["id"], 7);
        }
    }
    assert!(world.jean.calls().is_empty());
}

#[tokio::test]
async fn wrong_arguments_are_an_honest_result_and_never_sent() {
    // upstream-api.md 14.9, protocol.md 7.28
    let world = World::new();
    for (tool, arguments, words) in [
        ("add_memories", json!({}), "Wrong arguments: `text` is required."),
        ("list_memories", json!({"limit": "5"}), "Wrong arguments: `limit` must be a whole number."),
        (
            "list_memories",
            json!({"depth": 1}),
            "Wrong arguments: there is no argument `depth`; this tool takes `limit`.",
        ),
    ] {
        let result = world.modern("tools/call", &call(tool, &arguments)).send().await.result();
        assert_eq!(result["isError"], true);
        assert_eq!(result["content"], json!([{"type": "text", "text": words}]));
    }
    assert!(world.jean.calls().is_empty());
    assert_eq!(world.jean.outcomes(), ["refused"; 3]);
}

#[tokio::test]
async fn only_name_and_arguments_are_sent_and_limit_is_cut() {
    // protocol.md 7.25, upstream-api.md 14.9
    let world = World::new();
    world.modern("tools/call", &call("list_memories", &json!({"limit": 5000}))).send().await.result();
    world.modern("tools/call", &json!({"name": "list_memories"})).send().await.result();
    assert_eq!(
        world.jean.calls(),
        [("list_memories".to_owned(), json!({"limit": 200})), ("list_memories".to_owned(), json!({}))]
    );
}

#[tokio::test]
async fn content_of_every_kind_survives() {
    // protocol.md 7.28 row 1, 11.5
    let world = World::new();
    let content = json!([
        {"type": "text", "text": "é \"quoted\"\n"},
        {"type": "image", "data": "aGk=", "mimeType": "image/png"},
        {"type": "audio", "data": "aGk=", "mimeType": "audio/wav"},
        {"type": "resource", "resource": {"uri": "test://x", "mimeType": "text/plain", "text": "t"}},
        {"type": "resource_link", "uri": "test://y", "name": "y"},
    ]);
    let reply = ToolReply {
        content: content.as_array().unwrap().clone(),
        structured_content: Some(json!({"a": [1, null]})),
        is_error: false,
    };
    let session = world.session(FULL, "2025-06-18").await;
    let params = call("list_memories", &json!({}));
    for ask in [session.post(&request("tools/call", &params)), world.modern("tools/call", &params)] {
        world.jean.next(Reply::With(Ok(reply.clone())));
        let result = ask.send().await.result();
        assert_eq!(result["content"], content);
        assert_eq!(result["structuredContent"], json!({"a": [1, null]}));
        assert_eq!(result["isError"], false);
    }
}

#[tokio::test]
async fn a_failure_of_the_tool_keeps_its_words() {
    // protocol.md 7.28 row 2
    let world = World::new();
    world.jean.next(Reply::With(Ok(ToolReply { is_error: true, ..text("{\"status\":\"error\"}") })));
    let result = world.modern("tools/call", &call("list_memories", &json!({}))).send().await.result();
    assert_eq!((&result["isError"], &result["resultType"]), (&json!(true), &json!("complete")));
    assert_eq!(result["content"][0]["text"], "{\"status\":\"error\"}");
    assert_eq!(world.jean.outcomes(), ["tool_error"]);
}

#[tokio::test]
async fn every_failure_is_a_result_in_our_words() {
    // D11, protocol.md 7.28, 7.29
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let refused = |message: &str| MemoryError::Refused { message: message.to_owned() };
    let busy = |seconds: Option<u64>| MemoryError::Busy { retry_after: seconds.map(Duration::from_secs) };
    for (error, words) in [
        (MemoryError::NoKey, "or in a terminal: `jean-bridge accounts add --key-stdin`."),
        (MemoryError::Keychain, "keychain"),
        (MemoryError::UnknownAccount, "was removed"),
        (MemoryError::KeyRejected, "rejected the key. Open Jean Memory Bridge"),
        (MemoryError::Unreachable, "cannot be reached. Nothing was sent"),
        (MemoryError::StateUnknown, "is unknown"),
        (MemoryError::TimedOut, "is unknown"),
        (busy(Some(17)), "in 17 seconds"),
        (busy(None), "in a moment"),
        (MemoryError::Unexpected, "unexpected answer"),
        (refused("no such thing"), "reported an error: no such thing"),
        (refused(""), "reported an error."),
    ] {
        let params = call("list_memories", &json!({}));
        for ask in [session.post(&request("tools/call", &params)), world.modern("tools/call", &params)] {
            world.jean.next(Reply::With(Err(error.clone())));
            let answer = ask.send().await;
            let result = answer.result();
            assert_eq!(result["isError"], true, "{error}");
            let said = result["content"][0]["text"].as_str().unwrap();
            assert!(said.contains(words), "{said}");
            assert!(answer.header("www-authenticate").is_none());
        }
    }
}

#[tokio::test]
async fn content_that_is_none_is_an_unexpected_answer() {
    // protocol.md 7.28
    let world = World::new();
    for item in [json!({"type": "hologram"}), json!({"text": "x"}), json!("x"), json!({"type": "text"})] {
        world.jean.next(Reply::With(Ok(ToolReply { content: vec![item], ..ToolReply::default() })));
        let result = world.modern("tools/call", &call("list_memories", &json!({}))).send().await.result();
        assert_eq!(result["isError"], true);
        assert_eq!(result["content"][0]["text"], "Jean Memory gave an unexpected answer.");
    }
}

#[tokio::test]
async fn the_status_of_a_document_goes_with_storing_it() {
    // upstream-api.md 9.2
    let world = World::new();
    world.jean.list(json!([{"name": "store_document", "inputSchema": {}}]));
    let params = call("get_document_status", &json!({"job_id": "doc_1_abc"}));
    world.modern("tools/call", &params).send().await.result();
    assert_eq!(world.jean.calls(), [("get_document_status".to_owned(), json!({"job_id": "doc_1_abc"}))]);
    let answer = world.modern("tools/call", &params).bearer(READER).send().await;
    assert_eq!(answer.status, http::StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_was_called_is_noted_without_what_was_said() {
    // protocol.md 7.35
    let world = World::new();
    world.jean.next(Reply::With(Ok(text("0123456789"))));
    world.modern("tools/call", &call("add_memories", &json!({"text": "private"}))).send().await.result();
    let records = world.jean.records.lock().unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!((&*records[0].tool, records[0].asked, records[0].size), ("add_memories", 18, 10));
    assert_eq!(records[0].grant.client_name, "full");
    assert!(!format!("{records:?}").contains("private"));
}

#[tokio::test]
async fn calls_of_one_session_run_side_by_side() {
    // protocol.md 11.5: server-sse-multiple-streams
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    let go = tokio_util::sync::CancellationToken::new();
    let mut asking = Vec::new();
    for id in 0..3 {
        world.jean.next(Reply::After(go.clone(), text("done")));
        let mut body = request("tools/call", &call("list_memories", &json!({})));
        body["id"] = json!(id);
        asking.push(tokio::spawn(session.post(&body).send()));
    }
    world.jean.until_started(3).await;
    go.cancel();
    let mut ids: Vec<Value> = Vec::new();
    for answer in asking {
        ids.push(answer.await.unwrap().message()["id"].clone());
    }
    assert_eq!(ids, [json!(0), json!(1), json!(2)]);
}
