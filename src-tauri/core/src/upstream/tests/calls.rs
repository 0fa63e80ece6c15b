//! What leaves, what comes back, how many at once, and what a departing caller does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tokio::sync::Semaphore;

use super::*;
use crate::ids::UserId;
use crate::test_server::{Answer, Seen, Server, response};

#[tokio::test]
async fn a_call_is_built_from_scratch() {
    // protocol.md 7.25, upstream-api.md 14.4
    let server = Server::start(|seen, _| seen.text("Blue.")).await;
    let reply = ask(&client(&server, limits())).await.unwrap();
    assert_eq!(reply.content, [json!({ "type": "text", "text": "Blue." })]);
    assert!(!reply.is_error);

    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /mcp/messages/ HTTP/1.1");
    let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "content-length", "content-type", "host", "user-agent", "x-api-key", "x-client-name"]
    );
    assert_eq!(seen.header("x-api-key"), Some(KEY));
    assert_eq!(seen.header("x-client-name"), Some("jean-memory-bridge"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert!(seen.header("user-agent").unwrap().starts_with("jean-memory-bridge/"));
    let body = seen.json();
    assert_eq!(body["jsonrpc"], "2.0");
    assert_eq!(body["method"], "tools/call");
    assert_eq!(body["params"], json!({ "name": "ask_memory", "arguments": { "question": "?" } }));
    assert!(body["id"].is_u64());
}

#[tokio::test]
async fn params_and_arguments_are_objects_even_when_there_are_none() {
    // protocol.md 7.25; the upstream answers null with a 500 (upstream-api.md 8.2)
    let server = Server::start(|seen, _| match seen.json()["method"].as_str() {
        Some("tools/list") => seen.result(&json!({ "tools": [] })),
        _ => seen.text("[]"),
    })
    .await;
    let upstream = client(&server, limits());
    upstream.call_tool(&credential(), "list_memories", Map::new(), &|| true).await.unwrap();
    upstream.list_tools(&credential()).await.unwrap();
    assert_eq!(server.seen()[0].json()["params"], json!({ "name": "list_memories", "arguments": {} }));
    assert_eq!(server.seen()[1].json()["params"], json!({}));
}

#[tokio::test]
async fn an_identity_is_sent_only_when_the_credential_has_one() {
    let server = Server::start(|seen, _| seen.text("ok")).await;
    let upstream = client(&server, limits());
    ask(&upstream).await.unwrap();
    let verified = Credential { key: key(), identity: Some(UserId::new("user-1")) };
    upstream.call_tool(&verified, "ask_memory", Map::new(), &|| true).await.unwrap();
    assert_eq!(server.seen()[0].header("x-user-id"), None);
    assert_eq!(server.seen()[1].header("x-user-id"), Some("user-1"));
}

#[tokio::test]
async fn the_list_keeps_the_schemas_and_drops_what_has_no_name() {
    let tool = json!({ "name": "ask_memory", "inputSchema": { "type": "object" },
        "annotations": { "readOnly": true }, "description": format!("uses {KEY}") });
    let sent = tool.clone();
    let server = Server::start(move |seen, _| seen.result(&json!({ "tools": [sent, { "x": 1 }] }))).await;
    let tools = client(&server, limits()).list_tools(&credential()).await.unwrap();
    assert_eq!(tools.len(), 1);
    assert_eq!(tools[0]["inputSchema"], tool["inputSchema"]);
    assert_eq!(tools[0]["annotations"], tool["annotations"]);
    assert_eq!(tools[0]["description"], "uses [redacted]");
}

#[tokio::test]
async fn one_connection_serves_one_call_after_another() {
    let server = Server::start(|seen, _| seen.text("ok")).await;
    let upstream = client(&server, limits());
    for _ in 0..5 {
        ask(&upstream).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    let ids: std::collections::HashSet<_> =
        server.seen().iter().map(|seen| seen.json()["id"].as_u64()).collect();
    assert_eq!(ids.len(), 5, "each request has its own id");
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced_in_silence() {
    let server = Server::start(|seen, _| Answer::WriteAndClose(seen.text("ok").bytes())).await;
    let upstream = client(&server, limits());
    for _ in 0..20 {
        ask(&upstream).await.unwrap();
    }
    assert_eq!(server.seen().len(), 20, "no call was sent twice");
}

#[tokio::test]
async fn no_more_than_four_calls_are_under_way() {
    // upstream-api.md 14.6
    let gate = Arc::new(Semaphore::new(0));
    let at_gate = gate.clone();
    let server = Server::start(move |seen, _| Answer::After(at_gate.clone(), seen.text("ok").bytes())).await;
    let upstream = client(&server, limits());
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let upstream = upstream.clone();
            tokio::spawn(async move { ask(&upstream).await })
        })
        .collect();
    server.wait_for_requests(4).await;
    for released in 1..=10 {
        assert!(server.seen().len() < 4 + released, "{released} were released");
        gate.add_permits(1);
        server.wait_for_requests((4 + released).min(10)).await;
    }
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
    assert!(server.connections() <= 4);
}

#[tokio::test]
async fn waiting_for_a_free_place_ends_with_busy() {
    let server = Server::start(|seen, _| seen.text("ok")).await;
    let upstream =
        client(&server, UpstreamLimits { parallel: 0, call: Duration::from_millis(50), ..limits() });
    assert_eq!(ask(&upstream).await.unwrap_err(), UpstreamError::Busy { retry_after: None });
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn a_call_that_may_not_leave_any_more_when_its_turn_comes_stays_here() {
    let server = Server::start(|_: &Seen, _| Answer::Hang).await;
    let upstream = client(&server, UpstreamLimits { parallel: 1, ..limits() });
    let caller = upstream.clone();
    let holding = tokio::spawn(async move { ask(&caller).await });
    server.wait_for_requests(1).await;
    let paused = AtomicBool::new(false);
    let may_leave = || !paused.load(Ordering::SeqCst);
    let credential = credential();
    let mut waiting = Box::pin(upstream.call_tool(&credential, "ask_memory", Map::new(), &may_leave));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    paused.store(true, Ordering::SeqCst);
    holding.abort();
    assert_eq!(waiting.await.unwrap_err(), UpstreamError::Held);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_list_or_a_key_check_does_not_wait_behind_slow_calls() {
    let server = Server::start(|seen: &Seen, _| match seen.json()["method"].as_str() {
        Some("tools/call") => Answer::Hang,
        _ => seen.result(&json!({ "tools": [] })),
    })
    .await;
    let upstream = client(&server, UpstreamLimits { parallel: 1, ..limits() });
    let caller = upstream.clone();
    let holding = tokio::spawn(async move { ask(&caller).await });
    server.wait_for_requests(1).await;
    assert!(upstream.list_tools(&credential()).await.is_ok());
    holding.abort();
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection_and_frees_its_line() {
    // protocol.md 7.20
    let server =
        Server::start(|seen: &Seen, before| if before == 0 { Answer::Hang } else { seen.text("ok") }).await;
    let upstream = client(&server, UpstreamLimits { parallel: 1, ..limits() });
    let caller = upstream.clone();
    let call = tokio::spawn(async move { ask(&caller).await });
    server.wait_for_requests(1).await;
    call.abort();
    server.wait_for_departures(1).await;
    assert!(ask(&upstream).await.is_ok());
}

#[tokio::test]
async fn a_request_over_the_limit_stays_here() {
    // upstream-api.md 10
    let server = Server::start(|seen, _| seen.text("ok")).await;
    let upstream = client(&server, limits());
    let call = |size| {
        let arguments = arguments(json!({ "question": "x".repeat(size) }));
        let upstream = upstream.clone();
        async move { upstream.call_tool(&credential(), "ask_memory", arguments, &|| true).await }
    };
    assert_eq!(call(super::limits::MAX_REQUEST).await, Err(UpstreamError::RequestTooLarge));
    assert_eq!(server.connections(), 0);
    assert!(call(super::limits::MAX_REQUEST - 1_000).await.is_ok());
}

#[tokio::test]
async fn a_large_reply_arrives_whole_and_byte_for_byte() {
    let text = "é😀\"\\\n".repeat(1_000_000);
    let sent = text.clone();
    let server = Server::start(move |seen, _| seen.text(&sent)).await;
    let reply = ask(&client(&server, limits())).await.unwrap();
    assert!(reply.content[0]["text"] == text);
}

#[tokio::test]
async fn health_asks_without_a_key() {
    let server = Server::start(|seen, before| match before {
        0 => Answer::json(200, &json!({ "status": "healthy", "timestamp": "t" })),
        1 => Answer::json(200, &json!({ "status": "ill" })),
        2 => Answer::html(200),
        _ => seen.text("not a health answer"),
    })
    .await;
    let upstream = client(&server, limits());
    upstream.health().await.unwrap();
    for odd in [Unexpected::Malformed, Unexpected::Html] {
        assert_eq!(upstream.health().await, Err(UpstreamError::Unexpected(odd)));
    }
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "GET /health HTTP/1.1");
    assert!(seen.header("x-api-key").is_none() && seen.body.is_empty());
}

#[tokio::test]
async fn chunked_replies_are_read_too() {
    let server = Server::start(|seen, _| {
        let whole = seen.text("ok").bytes();
        let body = whole.split(|byte| *byte == b'\n').next_back().unwrap();
        let mut bytes =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                .to_vec();
        for chunk in body.chunks(7) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes().chain(chunk.iter().copied()));
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        Answer::Write(bytes)
    })
    .await;
    assert!(ask(&client(&server, limits())).await.is_ok());
}

#[tokio::test]
async fn headers_of_the_upstream_set_nothing_here() {
    // protocol.md 7.29, 7.30: no cookie store
    let server = Server::start(|seen, _| {
        let body = json!({ "jsonrpc": "2.0", "id": seen.json()["id"],
            "result": { "content": [{ "type": "text", "text": "ok" }] } });
        let headers = "Content-Type: application/json\r\nSet-Cookie: a=b; Path=/\r\nAlt-Svc: h2=\":1\"\r\n";
        Answer::Write(response(200, headers, body.to_string().as_bytes()))
    })
    .await;
    let upstream = client(&server, limits());
    ask(&upstream).await.unwrap();
    ask(&upstream).await.unwrap();
    assert_eq!(server.seen()[1].header("cookie"), None);
    assert_eq!(server.seen()[1].header("x-api-key"), Some(KEY));
}
