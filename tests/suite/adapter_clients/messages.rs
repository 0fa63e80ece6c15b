//! One request of MCP 2026-07-28 at a time, exactly as over HTTP; whatever else comes is refused.

use serde_json::{Value, json};

use super::world::{CLAUDE, World, refused, result};
use crate::harness::adapter::{Adapter, whole};
use crate::harness::mcp::{Events, reply};

const META: [(&str, &str); 3] =
    [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list"), ("mcp-name", "list_memories")];

async fn post(adapter: &mut Adapter, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let answer = whole(adapter.post(headers, body.to_string()).await).await;
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default())
}

fn message(method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": {
        "name": "list_memories", "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        } } })
}

#[tokio::test]
async fn another_revision_a_batch_and_what_is_no_message_are_refused() {
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    let asked = world.asked();
    for headers in [&[][..], &[("mcp-protocol-version", "2025-11-25"), ("mcp-method", "initialize")]] {
        let (status, body) = post(&mut adapter, headers, &message("tools/list")).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!("not_understood")), "{body}");
    }
    for body in [json!([message("tools/call")]), json!("tools/call"), json!({})] {
        let (status, body) = post(&mut adapter, &META, &body).await;
        assert_eq!(status, 400, "{body}");
    }
    let twice = [META[0], META[1], META[1]];
    assert_eq!(post(&mut adapter, &twice, &message("tools/list")).await.0, 400);
    let (status, _) = post(&mut adapter, &META[..2], &message("resources/unheard-of")).await;
    assert!((400..500).contains(&status), "{status}");
    assert_eq!(world.asked(), asked);
}

#[tokio::test]
async fn a_header_that_says_another_method_than_the_body_gets_nothing() {
    // protocol.md 7.10
    let world = World::start().await;
    let call = message("tools/call");
    let lists = [META[0], META[1], META[2]];
    let mut nobody = Adapter::connect(world.bridge.home(), "Cursor").await;
    let (status, body) = post(&mut nobody, &lists, &call).await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("not_allowed")));
    assert!(world.waiting().await.is_empty());

    let mut adapter = world.allowed().await;
    let calls = world.double.requests().tool("list_memories").count();
    let (status, body) = post(&mut adapter, &lists, &call).await;
    assert_eq!(status, 400, "{body}");
    assert_eq!(world.double.requests().tool("list_memories").count(), calls);
}

#[tokio::test]
async fn a_message_may_be_as_large_as_over_http() {
    // protocol.md 7.8
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    let text = "tea ".repeat(50_000);
    let stored = json!({ "title": "long", "content": text });
    assert_ne!(result(adapter.call("store_document", &stored).await)["isError"], true);
    let answer = adapter.call("add_memories", &json!({ "text": "x".repeat(5 * 1024 * 1024) })).await;
    answer.assert_status(413);
    assert_eq!(world.double.requests().tool("add_memories").count(), 0);
}

#[tokio::test]
async fn whoever_does_not_say_for_whom_is_not_understood() {
    let world = World::start().await;
    let adapter = world.adapter().await;
    drop(adapter);
    let socket = bridge_core::paths::Paths::under(world.bridge.home()).socket();
    for (method, path) in
        [("POST", "/v1/adapter/mcp"), ("GET", "/v1/adapter/events"), ("GET", "/v1/adapter/events?x=y")]
    {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::UnixStream::connect(&socket).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nmcp-protocol-version: 2026-07-28\r\n\
             mcp-method: tools/call\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("not_understood"), "{answer}");
    }
}

#[tokio::test]
async fn a_slow_call_reports_progress_and_credentials_go_nowhere() {
    // protocol.md 6.10, 7.23
    let world = World::start().await;
    let mut adapter = world.allowed().await;
    let slow = "deep_memory_query";
    world.double.fault(crate::double::Fault::Hang.on(crate::double::tool(slow)));
    let asked =
        json!({ "name": slow, "arguments": { "search_query": "tea" }, "_meta": { "progressToken": "p" } });
    let mut events = Events::of(adapter.begin("tools/call", asked).await);
    let progress = events.message().await.expect("progress");
    assert_eq!(progress["params"]["progressToken"], "p");
    world.double.release();
    let answers = events.rest().await;
    assert!(answers.last().expect("an answer")["result"]["content"][0]["text"].is_string(), "{answers:?}");

    let mut adapter = Adapter::connect(world.bridge.home(), CLAUDE).await;
    let strange = [
        META[0],
        META[1],
        ("authorization", "Bearer jean_sk_EXAMPLE_of_somebody"),
        ("x-user-id", "somebody"),
        ("origin", "https://example.com"),
        ("mcp-session-id", "somebodys"),
    ];
    let answer = whole(adapter.post(&strange, message("tools/list").to_string()).await).await;
    assert!(reply(&answer.assert_status(200))["result"]["tools"].is_array());
    assert!(world.double.key_leaks().is_empty() && world.double.identity_headers().is_empty());
}

#[tokio::test]
async fn a_refusal_is_of_one_request_and_the_connection_goes_on() {
    let world = World::start().await;
    let mut adapter = world.adapter().await;
    for _ in 0..3 {
        refused(adapter.ask("tools/list", json!({})).await, "not_allowed");
    }
}
