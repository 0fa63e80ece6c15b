//! What a request must look like: methods, headers, types, sizes, bodies, batches.

use axum::body::Body;
use http::{Method, StatusCode};
use http_body_util::StreamBody;
use serde_json::{Value, json};

use super::world::*;

#[tokio::test]
async fn other_methods_are_not_allowed_even_without_a_token() {
    // protocol.md 7.1, 6.1 (the method comes before the bearer), 1.20 (preflights)
    let world = World::new();
    for method in [Method::PUT, Method::PATCH, Method::OPTIONS, Method::HEAD] {
        let answer = world.ask(method.clone()).without("authorization").send().await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, POST, DELETE"));
        assert!(answer.header("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn no_deciding_header_may_come_twice() {
    // protocol.md 7.7; before the bearer (6.1)
    let world = World::new();
    for (name, value) in [
        ("authorization", "Bearer token-full"),
        ("host", HOST),
        ("origin", "http://127.0.0.1:5326"),
        ("content-type", "application/json"),
        ("content-length", "2"),
        ("mcp-protocol-version", "2025-06-18"),
        ("mcp-session-id", "x"),
        ("mcp-method", "tools/list"),
        ("mcp-name", "x"),
        ("last-event-id", "0"),
    ] {
        let answer = world.post(&initialize("2025-06-18")).without(name).twice(name, value).send().await;
        assert_eq!(answer.refusal(), (400, -32600), "{name}");
    }
    let ask = world.post(&json!({})).header("content-length", "2").header("transfer-encoding", "chunked");
    assert_eq!(ask.send().await.refusal(), (400, -32600));
}

#[tokio::test]
async fn only_json_is_taken() {
    // protocol.md 7.4
    let world = World::new();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let answer = world.post(&initialize("2025-06-18")).header("content-type", kind).send().await;
        assert_eq!(answer.refusal(), (415, -32600), "{kind}");
    }
    let answer = world.post(&initialize("2025-06-18")).without("content-type").send().await;
    assert_eq!(answer.refusal(), (415, -32600));
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let answer = world.post(&initialize("2025-06-18")).header("content-type", kind).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn accept_must_name_both_types_or_anything() {
    // protocol.md 7.4
    let world = World::new();
    for accept in ["*/*", "text/html, */*;q=0.1", "application/json, text/event-stream"] {
        let answer = world.post(&initialize("2025-06-18")).header("accept", accept).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{accept}");
    }
    assert_eq!(world.post(&initialize("2025-06-18")).without("accept").send().await.status, StatusCode::OK);
    for accept in ["application/json", "text/event-stream", "text/html", "*/*;q=0"] {
        let answer = world.post(&initialize("2025-06-18")).header("accept", accept).send().await;
        assert_eq!(answer.refusal(), (406, -32600), "{accept}");
    }
}

#[tokio::test]
async fn a_get_must_accept_a_stream_and_name_a_session() {
    // protocol.md 7.1, 10.1: an HTTP+SSE client's first GET ends here.
    let world = World::new();
    let answer = world.ask(Method::GET).header("accept", "application/json").send().await;
    assert_eq!(answer.refusal(), (406, -32600));
    let answer = world.ask(Method::GET).header("accept", "text/event-stream").send().await;
    assert_eq!(answer.refusal(), (400, -32600));
    assert_eq!(answer.message()["error"]["message"], "Mcp-Session-Id is missing; initialize first");
}

#[tokio::test]
async fn what_is_no_message_is_refused_in_json_rpc_in_every_era() {
    // protocol.md 7.5, D9: no `id` while none is known
    let world = World::new();
    let mut sessions = Vec::new();
    for version in LEGACY {
        sessions.push(world.session(FULL, version).await);
    }
    let mut asks: Vec<Box<dyn Fn() -> Ask>> = vec![
        Box::new(|| world.post(&Value::Null)),
        Box::new(|| {
            world.post(&Value::Null).header("mcp-protocol-version", MODERN).header("mcp-method", "ping")
        }),
    ];
    for session in &sessions {
        asks.push(Box::new(|| session.post(&Value::Null)));
    }
    let bodies = [
        ("", -32700),
        ("{", -32700),
        ("nonsense", -32700),
        ("5", -32600),
        ("{}", -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":92233720368547758080,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}"#, -32600),
        (r#"{"id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600),
    ];
    for ask in &asks {
        for (body, code) in bodies {
            let mut ask = ask();
            ask.body = Body::from(body);
            let answer = ask.send().await;
            assert_eq!(answer.refusal(), (400, code), "{body} {answer:?}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert!(answer.message().get("id").is_none());
        }
    }
}

#[tokio::test]
async fn what_only_rmcp_cannot_read_is_reworded_too() {
    // protocol.md 7.5, 7.32: rmcp answers 415 in plain text.
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let mut ask = session.post(&Value::Null);
    ask.body = Body::from(format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"x","arguments":{{"a":{deep}}}}}}}"#
    ));
    let answer = ask.send().await;
    assert_eq!(answer.refusal(), (400, -32600), "{answer:?}");
}

#[tokio::test]
async fn a_message_over_the_limit_is_too_large_announced_or_not() {
    // protocol.md 7.8
    let world = World::new();
    let announced = world.post(&json!({})).header("content-length", &(4 * 1024 * 1024 + 1).to_string());
    assert_eq!(announced.send().await.refusal(), (413, -32600));
    let mut ask = world.post(&json!({}));
    let chunks = (0..70)
        .map(|_| Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::from(vec![b' '; 65536]))));
    ask.body = Body::new(StreamBody::new(futures_util::stream::iter(chunks)));
    assert_eq!(ask.send().await.refusal(), (413, -32600));
    let mut ask = world.post(&json!({}));
    let broken = [Err::<http_body::Frame<bytes::Bytes>, _>(std::io::Error::other("gone"))];
    ask.body = Body::new(StreamBody::new(futures_util::stream::iter(broken)));
    assert_eq!(ask.send().await.refusal(), (400, -32600));
}

#[tokio::test]
async fn a_large_message_within_the_limit_arrives_whole() {
    // protocol.md 7.8
    let world = World::new();
    let text = "é".repeat(1024 * 1024);
    let answer = world.modern("tools/call", &call("add_memories", &json!({"text": text}))).send().await;
    assert_eq!(answer.result()["isError"], false);
    assert_eq!(world.jean.calls()[0].1["text"].as_str().unwrap().len(), text.len());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_not_awaited_for_ever() {
    let world = World::new();
    let mut ask = world.post(&json!({}));
    ask.body = Body::new(StreamBody::new(futures_util::stream::pending::<
        Result<http_body::Frame<bytes::Bytes>, std::io::Error>,
    >()));
    assert_eq!(ask.send().await.refusal(), (408, -32600));
}

#[tokio::test]
async fn a_batch_of_2025_03_26_is_answered_as_one_array() {
    // protocol.md 7.6
    let world = World::new();
    let session = world.session(FULL, "2025-03-26").await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}},
        {"jsonrpc": "2.0", "id": "two", "method": "tools/call", "params": call("list_memories", &json!({"limit": 2}))},
        {"jsonrpc": "2.0", "id": 3, "method": "no/such/method"},
        {"jsonrpc": "2.0", "id": 4, "method": "initialize", "params": {}},
        {"jsonrpc": "2.0", "id": null, "method": "ping"},
    ]);
    let answer = session.post(&batch).send().await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let answers = answer.message();
    let of =
        |id: Value| answers.as_array().unwrap().iter().find(|answer| answer.get("id") == Some(&id)).unwrap();
    assert_eq!(answers.as_array().unwrap().len(), 5, "{answers}");
    assert_eq!(of(json!(1))["result"], json!({}));
    assert_eq!(of(json!("two"))["result"]["content"][0]["text"], "{\"limit\":2}");
    assert_eq!(of(json!(3))["error"]["code"], -32601);
    assert_eq!(of(json!(4))["error"]["code"], -32600);
    let nameless = answers.as_array().unwrap().iter().find(|answer| answer.get("id").is_none()).unwrap();
    assert_eq!(nameless["error"]["code"], -32600);
}

#[tokio::test]
async fn a_batch_without_requests_is_accepted_and_an_empty_one_is_not() {
    // protocol.md 7.6
    let world = World::new();
    let session = world.session(FULL, "2025-03-26").await;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = session.post(&json!([note, note])).send().await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::ACCEPTED, 0));
    assert_eq!(session.post(&json!([])).send().await.refusal(), (400, -32600));
    assert_eq!(session.post(&json!(vec![note; 51])).send().await.refusal(), (400, -32600));
}

#[tokio::test]
async fn a_batch_in_any_other_era_is_an_invalid_request() {
    // protocol.md 7.6
    let world = World::new();
    let batch = json!([{"jsonrpc": "2.0", "id": 1, "method": "ping"}]);
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let session = world.session(FULL, version).await;
        assert_eq!(session.post(&batch).send().await.refusal(), (400, -32600), "{version}");
    }
    assert_eq!(world.post(&batch).send().await.refusal(), (400, -32600));
    let modern = world.post(&batch).header("mcp-protocol-version", MODERN).send().await;
    assert_eq!(modern.refusal(), (400, -32600));
}

#[tokio::test]
async fn a_batch_with_one_tool_beyond_the_scopes_does_not_begin() {
    // protocol.md 6.6, 7.6
    let world = World::new();
    let session = world.session(READER, "2025-03-26").await;
    let batch = json!([
        request("tools/call", &call("list_memories", &json!({}))),
        request("tools/call", &call("add_memories", &json!({"text": "x"}))),
    ]);
    assert_eq!(session.post(&batch).send().await.status, StatusCode::FORBIDDEN);
    assert!(world.jean.calls().is_empty());
}

#[tokio::test]
async fn one_grant_cannot_open_requests_without_end() {
    // protocol.md 7.8
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let mut open = Vec::new();
    for id in 0..64 {
        world.jean.next(Reply::Hang);
        let mut body = request("tools/call", &call("list_memories", &json!({})));
        body["id"] = json!(id);
        open.push(session.post(&body).open().await);
    }
    let answer = session.post(&request("ping", &json!({}))).send().await;
    assert_eq!(answer.refusal(), (429, -32600));
    assert_eq!(answer.header("retry-after"), Some("1"));
    // Others are not concerned, and a place that is given back is free.
    assert_eq!(world.modern("tools/list", &json!({})).bearer(OTHER).send().await.status, StatusCode::OK);
    open.pop();
    assert_eq!(session.post(&request("ping", &json!({}))).send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn rmcp_checks_host_and_origin_once_more() {
    // protocol.md 7.3, 7.32: behind the door; in our words, without a challenge (6.8)
    let world = World::new();
    for (name, value) in
        [("host", "evil.example:5326"), ("origin", "http://evil.example"), ("origin", "null")]
    {
        let answer = world.post(&initialize("2025-06-18")).header(name, value).send().await;
        assert_eq!(answer.refusal(), (403, -32600), "{value}");
        assert!(answer.header("www-authenticate").is_none());
    }
    let answer = world.post(&initialize("2025-06-18")).header("origin", "http://127.0.0.1:5326").send().await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(world.post(&initialize("2025-06-18")).without("host").send().await.refusal(), (400, -32600));
}
