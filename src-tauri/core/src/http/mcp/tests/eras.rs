//! Every revision, 2024-11-05 to 2026-07-28: handshake, lists, calls, what each puts on the wire.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::*;

#[tokio::test]
async fn every_legacy_revision_initializes_lists_and_calls() {
    let world = World::new();
    for version in LEGACY {
        let answer = world.post(&initialize(version)).send().await;
        let result = answer.result();
        assert_eq!(result["protocolVersion"], version);
        // protocol.md 7.13, D16
        assert_eq!(
            result["serverInfo"],
            json!({"name": "jean-memory-bridge", "title": "Jean Memory Bridge", "version": env!("CARGO_PKG_VERSION")})
        );
        assert_eq!(result["capabilities"], json!({"tools": {}, "prompts": {}, "resources": {}}));
        // protocol.md 7.17: SSE with a priming event.
        assert!(answer.text().contains("id: 0") && answer.text().contains("retry:"), "{answer:?}");

        let session = world.session(FULL, version).await;
        let tools = session.post(&request("tools/list", &json!({}))).send().await.result();
        assert_eq!(names(&tools), ["jean_memory", "ask_memory", "add_memories", "list_memories"]);
        // protocol.md 7.14: what only 2026-07-28 has stays away from the others.
        assert!(tools.get("resultType").is_none() && tools.get("nextCursor").is_none(), "{tools}");
        let called =
            session.post(&request("tools/call", &call("list_memories", &json!({"limit": 3})))).send().await;
        assert_eq!(called.result()["content"], json!([{"type": "text", "text": "{\"limit\":3}"}]));
        assert!(called.result().get("resultType").is_none());
        // protocol.md 10.9
        let pong = session.post(&json!({"jsonrpc": "2.0", "id": "p", "method": "ping"})).send().await;
        assert_eq!(pong.message(), json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
    }
}

#[tokio::test]
async fn the_modern_revision_needs_no_handshake() {
    let world = World::new();
    let answer = world.modern("server/discover", &json!({})).send().await;
    let discovered = answer.result();
    assert_eq!(discovered["resultType"], "complete");
    assert_eq!(
        discovered["supportedVersions"],
        json!(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", MODERN])
    );
    assert_eq!(discovered["capabilities"], json!({"tools": {}, "prompts": {}, "resources": {}}));
    assert_eq!(discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "jean-memory-bridge");
    assert!(answer.header("mcp-session-id").is_none());

    let answer = world.modern("tools/list", &json!({})).send().await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let tools = answer.result();
    assert_eq!(names(&tools), ["jean_memory", "ask_memory", "add_memories", "list_memories"]);
    // protocol.md 7.14
    assert_eq!(tools["resultType"], "complete");
    assert_eq!((&tools["ttlMs"], &tools["cacheScope"]), (&json!(0), &json!("private")));

    let called =
        world.modern("tools/call", &call("list_memories", &json!({"limit": 3}))).send().await.result();
    assert_eq!(called["content"], json!([{"type": "text", "text": "{\"limit\":3}"}]));
    assert_eq!(called["resultType"], "complete");
}

#[tokio::test]
async fn an_unknown_or_modern_version_is_answered_with_the_newest_that_initializes() {
    // protocol.md 7.9, 7.10
    let world = World::new();
    for version in [MODERN, "2099-01-01", "1.0", ""] {
        assert_eq!(world.post(&initialize(version)).send().await.result()["protocolVersion"], "2025-11-25");
    }
}

#[tokio::test]
async fn an_unsupported_version_header_is_a_bad_request() {
    // protocol.md 7.9, 7.32
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    for version in ["2024-01-01", "nonsense", "2025-06-18x"] {
        let answer = session
            .post(&request("tools/list", &json!({})))
            .header("mcp-protocol-version", version)
            .send()
            .await;
        assert_eq!(answer.refusal(), (400, -32600), "{answer:?}");
        assert_eq!(answer.message()["error"]["message"], "Unsupported MCP-Protocol-Version");
        assert!(!answer.text().contains(version));
    }
}

#[tokio::test]
async fn an_unsupported_version_in_meta_names_those_that_are() {
    // protocol.md 7.9: -32022 only as rmcp emits it.
    let world = World::new();
    let mut body = modern_body("tools/list", json!({}));
    body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let answer = world
        .post(&body)
        .header("mcp-protocol-version", "2099-01-01")
        .header("mcp-method", "tools/list")
        .send()
        .await;
    assert_eq!(answer.refusal(), (400, -32022), "{answer:?}");
    let data = &answer.message()["error"]["data"];
    assert_eq!(data["requested"], "2099-01-01");
    assert_eq!(data["supported"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn missing_meta_under_a_modern_header_is_invalid_params() {
    // protocol.md 7.10
    let world = World::new();
    let answer = world
        .post(&request("tools/list", &json!({})))
        .header("mcp-protocol-version", MODERN)
        .header("mcp-method", "tools/list")
        .send()
        .await;
    assert_eq!(answer.refusal(), (400, -32602), "{answer:?}");
    assert_eq!(answer.message()["id"], 7);
}

#[tokio::test]
async fn modern_headers_must_agree_with_the_body() {
    // protocol.md 7.11
    let world = World::new();
    let call = || world.modern("tools/call", &call("list_memories", &json!({})));
    let refused = [
        call().header("mcp-method", "tools/list"),
        call().without("mcp-method"),
        call().header("mcp-name", "ask_memory"),
        call().without("mcp-name"),
        call().header("mcp-protocol-version", "2025-11-25"),
    ];
    for ask in refused {
        let answer = ask.send().await;
        assert_eq!(answer.refusal(), (400, -32020), "{answer:?}");
    }
    assert!(world.jean.calls().is_empty());
    // decoded from its base64 form
    let answer = call().header("mcp-name", "=?base64?bGlzdF9tZW1vcmllcw==?=").send().await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn parameter_headers_are_compared_with_the_first_call_already() {
    // protocol.md 7.11: rmcp needs the schema, so it is fetched before rmcp looks.
    let world = World::new();
    world
        .jean
        .list(json!([{"name": "test_custom_header", "annotations": {"readOnly": true}, "inputSchema": {
        "type": "object", "properties": {"value": {"type": "string", "x-mcp-header": "Value"}}}}]));
    let ask = || world.modern("tools/call", &call("test_custom_header", &json!({"value": "a"})));
    let answer = ask().header("mcp-param-value", "b").send().await;
    assert_eq!(answer.refusal(), (400, -32020), "{answer:?}");
    let answer = ask().header("mcp-param-value", "a").send().await;
    assert_eq!(answer.result()["isError"], false);
}

#[tokio::test]
async fn what_is_declared_is_answered_and_empty() {
    // protocol.md 7.12, D16
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    for (method, member) in [
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        let legacy = session.post(&request(method, &json!({}))).send().await.result();
        assert_eq!(legacy, json!({member: []}));
        let modern = world.modern(method, &json!({})).send().await.result();
        assert_eq!(modern[member], json!([]));
        assert_eq!((&modern["resultType"], &modern["ttlMs"]), (&json!("complete"), &json!(0)));
        let cursor = session.post(&request(method, &json!({"cursor": "x"}))).send().await;
        assert_eq!(cursor.refusal(), (200, -32602));
    }
    let prompt = session.post(&request("prompts/get", &json!({"name": "x"}))).send().await;
    assert_eq!(prompt.refusal(), (200, -32602));
    assert_eq!(world.modern("prompts/get", &json!({"name": "x"})).send().await.refusal(), (200, -32602));
}

#[tokio::test]
async fn a_resource_is_not_found_with_its_uri() {
    // protocol.md 7.12, 7.33: -32002 never reaches 2026-07-28.
    let world = World::new();
    let uri = json!({"uri": "memory://nothing"});
    let session = world.session(FULL, "2025-06-18").await;
    let legacy = session.post(&request("resources/read", &uri)).send().await;
    assert_eq!(legacy.refusal(), (200, -32002));
    assert_eq!(legacy.message()["error"]["data"], uri);
    let modern = world.modern("resources/read", &uri).send().await;
    assert_eq!(modern.refusal(), (200, -32602));
    assert_eq!(modern.message()["error"]["data"], uri);
}

#[tokio::test]
async fn what_is_not_offered_is_no_method() {
    // protocol.md 7.12, 7A: in 2026-07-28 with HTTP 404
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    for (method, params) in [
        ("logging/setLevel", json!({"level": "info"})),
        ("resources/subscribe", json!({"uri": "memory://x"})),
        ("resources/unsubscribe", json!({"uri": "memory://x"})),
        ("tasks/get", json!({"taskId": "x"})),
        ("skills/list", json!({})),
        ("no/such/method", json!({})),
    ] {
        let legacy = session.post(&request(method, &params)).send().await;
        assert_eq!(legacy.refusal(), (200, -32601), "{method}");
        let mut ask = world.modern(method, &params);
        if let Some(id) = params.get("taskId").and_then(Value::as_str) {
            ask = ask.header("mcp-name", id);
        }
        let modern = ask.send().await;
        assert_eq!(modern.refusal(), (404, -32601), "{method} {modern:?}");
    }
    let listen = world.modern("subscriptions/listen", &json!({"notifications": {}})).send().await;
    assert_eq!(listen.refusal(), (404, -32601), "{listen:?}");
    // protocol.md 10.9
    assert_eq!(world.modern("ping", &json!({})).send().await.refusal(), (404, -32601));
}

#[tokio::test]
async fn params_that_do_not_fit_are_invalid_params_not_an_unknown_method() {
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({"name": 5})),
        ("tools/call", json!({"name": "list_memories", "arguments": []})),
        ("resources/read", json!({"uri": 1})),
        ("prompts/get", json!({})),
    ] {
        let legacy = session.post(&request(method, &params)).send().await;
        assert_eq!(legacy.refusal(), (200, -32602), "{method} {params}");
    }
    assert!(world.jean.calls().is_empty());
}

#[tokio::test]
async fn get_and_delete_do_not_exist_in_the_modern_revision() {
    // protocol.md 7.1, 7A
    let world = World::new();
    for method in [Method::GET, Method::DELETE] {
        let answer = world
            .ask(method)
            .header("mcp-protocol-version", MODERN)
            .header("accept", "text/event-stream")
            .send()
            .await;
        assert_eq!(answer.refusal(), (405, -32600), "{answer:?}");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
}

#[tokio::test]
async fn a_modern_server_takes_no_responses_and_accepts_notifications() {
    // protocol.md 7A
    let world = World::new();
    let modern = |body: Value| world.post(&body).header("mcp-protocol-version", MODERN);
    let answer = modern(json!({"jsonrpc": "2.0", "id": 1, "result": {}})).send().await;
    assert_eq!(answer.refusal(), (400, -32600), "{answer:?}");
    let answer = modern(json!({"jsonrpc": "2.0", "method": "notifications/x"}))
        .header("mcp-method", "notifications/x")
        .send()
        .await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::ACCEPTED, 0));
}

#[tokio::test]
async fn ids_keep_their_type_and_value() {
    // protocol.md 7.31
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    for id in [json!(0), json!(-5), json!(9_007_199_254_740_993_i64), json!(""), json!("0"), json!("é\n")] {
        let mut body = request("tools/list", &json!({}));
        body["id"] = id.clone();
        assert_eq!(session.post(&body).send().await.message()["id"], id);
        let mut body = modern_body("tools/list", json!({}));
        body["id"] = id.clone();
        let answer = world
            .post(&body)
            .header("mcp-protocol-version", MODERN)
            .header("mcp-method", "tools/list")
            .send()
            .await;
        assert_eq!(answer.message()["id"], id);
    }
}

pub(super) fn names(list: &Value) -> Vec<&str> {
    list["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}
