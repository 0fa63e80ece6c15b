//! Requests as they come in: bodies that are no messages, batches, headers that came twice, types
//! (protocol.md 7.1, 7.4 to 7.8, 7.32).

use http::Method;
use serde_json::{Value, json};

use super::world::{LEGACY, MODERN, World, call, refusal, request};
use crate::double::ALICE;
use crate::harness::bridge::Bridge;
use crate::harness::http::Asking;
use crate::harness::mcp::{Session, post, reply};
use crate::harness::oauth::Client;

/// protocol.md 7.8
const MAX_BODY: usize = 4 * 1024 * 1024;

#[tokio::test]
async fn what_is_no_message_is_refused_in_json_rpc_in_every_era() {
    // protocol.md 7.5, D9: without an `id`, since none is known
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let mut sessions = Vec::new();
    for version in LEGACY {
        sessions.push(Session::open(&world.bridge, &tokens.access, version).await);
    }
    let http = world.bridge.http();
    let ask = |era: usize, body: &[u8]| -> Asking {
        let asking = http.post("/mcp").bearer(&tokens.access).header("content-type", "application/json");
        let asking = asking.header("accept", "application/json, text/event-stream");
        let asking = match sessions.get(era) {
            Some(session) => {
                let asking = asking.header("mcp-session-id", &session.id);
                asking.header("mcp-protocol-version", &session.version)
            }
            None => asking.header("mcp-protocol-version", MODERN).header("mcp-method", "ping"),
        };
        asking.body(body.to_vec())
    };
    let bodies: [(&[u8], i64); 22] = [
        (b"", -32700),
        (b"   ", -32700),
        (b"{", -32700),
        (b"nonsense", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}}", -32700),
        (b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}", -32700),
        (b"null", -32600),
        (b"5", -32600),
        (b"\"ping\"", -32600),
        (b"{}", -32600),
        (b"{\"id\":1,\"method\":\"ping\"}", -32600),
        (b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":92233720368547758080,\"method\":\"ping\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"tools/list\"}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1}", -32600),
    ];
    for era in 0..=LEGACY.len() {
        for (body, code) in bodies {
            let answer = ask(era, body).send().await;
            let shown = String::from_utf8_lossy(body);
            assert_eq!(refusal(&answer), (400, code), "{shown} in era {era}");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{shown}");
            assert!(answer.json().get("id").is_none(), "{shown}");
        }
    }
    // What only rmcp cannot read (7.32).
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"ask_memory\",\
         \"arguments\":{{\"question\":{deep}}}}}}}"
    );
    let answer = ask(2, deep.as_bytes()).send().await;
    assert_eq!(refusal(&answer), (400, -32600));
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
}

#[tokio::test]
async fn a_batch_of_2025_03_26_is_answered_in_one_array() {
    // protocol.md 7.6, 10.4
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-03-26").await;
    let batch = json!([
        request("ping", &json!({})),
        { "jsonrpc": "2.0", "method": "notifications/progress", "params": { "progressToken": 1, "progress": 1 } },
        call("add", "add_memories", &json!({ "text": "in a batch" })),
        call(2, "no_such_tool", &json!({})),
        { "jsonrpc": "2.0", "id": 3, "method": "initialize", "params": { "protocolVersion": "2025-03-26",
          "capabilities": {}, "clientInfo": { "name": "suite", "version": "1" } } },
        { "jsonrpc": "2.0", "id": null, "method": "ping" },
    ]);
    let answer = session.post(&batch).send().await.assert_status(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let answers = answer.json();
    let answers = answers.as_array().expect("an array");
    assert_eq!(answers.len(), 5, "{answers:?}");
    let of = |id: Value| answers.iter().find(|one| one.get("id") == Some(&id)).expect("an answer");
    assert_eq!(of(json!(7))["result"], json!({}));
    assert!(of(json!("add"))["result"]["content"][0]["text"].as_str().unwrap().contains("success"));
    assert_eq!(of(json!(2))["error"]["code"], -32602);
    assert_eq!(of(json!(3))["error"]["code"], -32600);
    let nameless = answers.iter().find(|one| one.get("id").is_none()).expect("an answer without an id");
    assert_eq!(nameless["error"]["code"], -32600);
    assert_eq!(world.double.memories(ALICE.id), ["in a batch"]);

    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let accepted = session.post(&json!([note, note])).send().await.assert_status(202);
    assert!(accepted.body.is_empty());
    for wrong in [json!([]), json!(vec![note; 51])] {
        assert_eq!(refusal(&session.post(&wrong).send().await), (400, -32600));
    }
}

#[tokio::test]
async fn batches_exist_nowhere_else() {
    // protocol.md 7.6
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let batch = json!([call(1, "add_memories", &json!({ "text": "in a batch" }))]);
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let session = Session::open(&world.bridge, &tokens.access, version).await;
        assert_eq!(refusal(&session.post(&batch).send().await), (400, -32600), "{version}");
    }
    let http = world.bridge.http();
    assert_eq!(refusal(&post(&http, &tokens.access, &batch).send().await), (400, -32600));
    let asking = post(&http, &tokens.access, &batch).header("mcp-protocol-version", MODERN);
    assert_eq!(refusal(&asking.send().await), (400, -32600));
    assert!(world.double.memories(ALICE.id).is_empty());
}

#[tokio::test]
async fn a_batch_with_one_tool_beyond_the_scopes_does_not_begin() {
    // protocol.md 6.6, 6.7, 7.6
    let world = World::start().await;
    let tokens = world.reader("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-03-26").await;
    let batch = json!([
        call(1, "list_memories", &json!({})),
        call(2, "add_memories", &json!({ "text": "in a batch" })),
    ]);
    session.post(&batch).send().await.assert_error(403, "insufficient_scope");
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
}

/// A request by hand, for what no client library sends.
fn raw(bridge: &Bridge, token: &str, headers: &str, body: &str) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {token}\r\n\
         Accept: application/json, text/event-stream\r\nConnection: close\r\n{headers}\r\n{body}",
        bridge.port()
    )
}

#[tokio::test]
async fn no_deciding_header_may_come_twice() {
    // protocol.md 7.7; 6.2 for Authorization
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    let body = request("ping", &json!({})).to_string();
    let usual = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\nMcp-Session-Id: {}\r\n\
         MCP-Protocol-Version: 2025-06-18\r\n",
        body.len(),
        session.id
    );
    let answer = bridge.http().raw(raw(&bridge, &tokens.access, &usual, &body).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let twice = [
        format!("Authorization: Bearer {}\r\n", tokens.access),
        "authorization: Basic YTpi\r\n".to_owned(),
        format!("Host: 127.0.0.1:{}\r\n", bridge.port()),
        "Host: evil.example\r\n".to_owned(),
        "Content-Type: application/json\r\n".to_owned(),
        "Content-Type: text/plain\r\n".to_owned(),
        "Content-Length: 5\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\n".to_owned(),
        "MCP-Protocol-Version: 2025-06-18\r\n".to_owned(),
        "MCP-Protocol-Version: 2026-07-28\r\n".to_owned(),
        format!("Mcp-Session-Id: {}\r\n", session.id),
        "MCP-Session-Id: other\r\n".to_owned(),
        "Mcp-Method: ping\r\nMcp-Method: ping\r\n".to_owned(),
        "Mcp-Name: a\r\nMcp-Name: b\r\n".to_owned(),
        "Last-Event-ID: 1\r\nLast-Event-ID: 2\r\n".to_owned(),
        format!("Origin: {0}\r\nOrigin: {0}\r\n", bridge.url()),
    ];
    for more in twice {
        let request = raw(&bridge, &tokens.access, &format!("{usual}{more}"), &body);
        let answer = bridge.http().raw(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{more}: {answer}");
        assert!(!answer.to_lowercase().contains("www-authenticate"), "{answer}");
    }
}

#[tokio::test]
async fn only_json_is_taken_and_accept_names_what_it_takes() {
    // protocol.md 7.4, 7.32
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    let ask = |kind: Option<&str>, accept: Option<&str>| {
        let asking = bridge.http().post("/mcp").bearer(&tokens.access).header("mcp-session-id", &session.id);
        let asking = kind.into_iter().fold(asking, |asking, kind| asking.header("content-type", kind));
        let asking = accept.into_iter().fold(asking, |asking, accept| asking.header("accept", accept));
        asking.body(request("ping", &json!({})).to_string())
    };
    let both = Some("application/json, text/event-stream");
    for kind in
        ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;a=b"]
    {
        ask(Some(kind), both).send().await.assert_status(200);
    }
    let simple =
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""];
    for kind in simple {
        assert_eq!(refusal(&ask(Some(kind), both).send().await), (415, -32600), "{kind}");
    }
    assert_eq!(refusal(&ask(None, both).send().await), (415, -32600));
    for accept in [None, Some("*/*"), Some("text/event-stream, application/json;q=0.5")] {
        ask(Some("application/json"), accept).send().await.assert_status(200);
    }
    for accept in ["application/json", "text/event-stream", "text/html"] {
        let answer = ask(Some("application/json"), Some(accept)).send().await;
        assert_eq!(refusal(&answer), (406, -32600), "{accept}");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    // protocol.md 7.1
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    for method in [Method::PUT, Method::PATCH, Method::HEAD, Method::OPTIONS] {
        let answer = bridge.http().ask(method.clone(), "/mcp").bearer(&tokens.access).send().await;
        let answer = answer.assert_status(405);
        let allow = answer.header("allow").unwrap_or_default();
        for allowed in ["GET", "POST", "DELETE"] {
            assert!(allow.contains(allowed), "{method}: {allow}");
        }
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
    }
}

/// A call whose message is exactly so long.
fn of_length(length: usize) -> String {
    let frame = call(1, "add_memories", &json!({ "text": "" })).to_string();
    call(1, "add_memories", &json!({ "text": "x".repeat(length - frame.len()) })).to_string()
}

#[tokio::test]
async fn a_message_may_have_four_mebibytes_and_not_a_byte_more() {
    // protocol.md 7.8
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let ask = |body: String| {
        let asking = world.bridge.http().post("/mcp").bearer(&tokens.access);
        let asking = asking.header("mcp-session-id", &session.id).header("content-type", "application/json");
        asking.header("accept", "application/json, text/event-stream").body(body)
    };
    let result = reply(&ask(of_length(MAX_BODY)).send().await.assert_status(200));
    assert!(result["result"]["content"][0]["text"].as_str().unwrap().contains("success"), "{result}");
    // A client that sends the whole of it first still finds the answer.
    for length in [MAX_BODY + 1, 3 * MAX_BODY] {
        assert_eq!(refusal(&ask(of_length(length)).send().await), (413, -32600));
    }

    // Announced but not sent, because it is very large or because the client asks first: refused at once.
    let announce = |length: usize, more: &str| {
        let headers = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n{more}");
        raw(&world.bridge, &tokens.access, &headers, "")
    };
    for request in [announce(100 * MAX_BODY, ""), announce(MAX_BODY + 1, "Expect: 100-continue\r\n")] {
        let answer = world.bridge.http().raw(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    // Not announced.
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let chunks = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20)).repeat(5) + "0\r\n\r\n";
    let request = raw(&world.bridge, &tokens.access, chunked, &chunks);
    let answer = world.bridge.http().raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(world.double.requests().tool("add_memories").count(), 1);
}

#[tokio::test]
async fn a_chunked_message_is_a_message() {
    // RFC 9112 §7.1
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let body = super::world::hello("2025-06-18").to_string();
    let (head, tail) = body.split_at(10);
    let chunks = format!("{:x}\r\n{head}\r\n{:x}\r\n{tail}\r\n0\r\n\r\n", head.len(), tail.len());
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let answer = bridge.http().raw(raw(&bridge, &tokens.access, chunked, &chunks).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"protocolVersion\":\"2025-06-18\""), "{answer}");
}

#[tokio::test]
async fn answers_are_neither_compressed_nor_kept_by_anybody() {
    // protocol.md 7.22; 6.12 for refusals
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    for asking in [
        session.post(&call(1, "list_memories", &json!({}))),
        world.calling(&tokens, "list_memories", &json!({})),
        world.modern(&tokens, "tools/list", json!({})),
    ] {
        let answer = asking.header("accept-encoding", "gzip, deflate, br, zstd").send().await;
        let answer = answer.assert_status(200);
        assert!(answer.header("content-encoding").is_none());
        assert!(reply(&answer).get("result").is_some());
        assert!(answer.header("etag").is_none());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}
