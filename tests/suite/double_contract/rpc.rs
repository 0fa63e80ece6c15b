//! JSON-RPC as upstream understands it (upstream-api.md 8; 13.1 rows 4 and 5).

use serde_json::{Value, json};

use super::caller::{Caller, MESSAGES, NO_KEY, request};
use crate::double::{ALICE, BOB, Double};

const KEY: [(&str, &str); 1] = [("X-API-Key", ALICE.key)];

#[tokio::test]
async fn initialize_downgrades_what_it_does_not_know() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let full = r#"{"tools":{"listChanged":true},"logging":{},"sampling":{}}"#;
    let older = r#"{"tools":{"listChanged":false},"logging":{},"sampling":{}}"#;
    let oldest = r#"{"tools":{}}"#;
    for (asked, answered, capabilities) in [
        (json!("2025-06-18"), "2025-06-18", full),
        (json!("2025-03-26"), "2025-03-26", older),
        (json!("2024-11-05"), "2024-11-05", oldest),
        (json!("2025-11-25"), "2024-11-05", oldest),
        (json!("2026-07-28"), "2024-11-05", oldest),
        (json!("yesterday"), "2024-11-05", oldest),
        (Value::Null, "2024-11-05", oldest),
    ] {
        let mut params = json!({ "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        if !asked.is_null() {
            params["protocolVersion"] = asked;
        }
        caller.message(ALICE.key, &request("initialize", &params)).await.is(
            200,
            &format!(
                r#"{{"jsonrpc":"2.0","result":{{"protocolVersion":"{answered}","capabilities":{capabilities},"serverInfo":{{"name":"Jean Memory","version":"1.0.0"}}}},"id":1}}"#
            ),
        );
    }
}

#[tokio::test]
async fn only_two_notifications_are_known() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for method in ["notifications/initialized", "notifications/cancelled"] {
        let notification = json!({ "jsonrpc": "2.0", "method": method });
        caller.message(ALICE.key, &notification).await.is(200, r#"{"status":"acknowledged"}"#);
    }
    for method in ["notifications/progress", "notifications/roots/list_changed"] {
        let notification = json!({ "jsonrpc": "2.0", "method": method });
        let expected = format!(r#"{{"error":"Method '{method}' not found"}}"#);
        caller.message(ALICE.key, &notification).await.is(404, &expected);
    }
}

#[tokio::test]
async fn unknown_methods_are_404_without_json_rpc() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for method in [
        "ping",
        "logging/setLevel",
        "completion/complete",
        "prompts/get",
        "resources/read",
        "server/discover",
    ] {
        let expected = format!(r#"{{"error":"Method '{method}' not found"}}"#);
        caller.message(ALICE.key, &request(method, &json!({}))).await.is(404, &expected);
    }
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    caller.message(ALICE.key, &response).await.is(404, r#"{"error":"Method 'None' not found"}"#);
    let null = json!({ "method": null });
    caller.message(ALICE.key, &null).await.is(404, r#"{"error":"Method 'None' not found"}"#);
}

#[tokio::test]
async fn empty_lists_have_a_key_of_their_own() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for (method, member) in [
        ("resources/list", "resources"),
        ("prompts/list", "prompts"),
        ("resources/templates/list", "templates"),
    ] {
        let expected = format!(r#"{{"jsonrpc":"2.0","result":{{"{member}":[]}},"id":1}}"#);
        caller.message(ALICE.key, &request(method, &json!({}))).await.is(200, &expected);
    }
}

#[tokio::test]
async fn params_may_be_absent_but_not_null() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let absent = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    assert_eq!(caller.message(ALICE.key, &absent).await.tool_names().len(), 7);
    for method in ["initialize", "tools/list", "tools/call"] {
        let null = caller.message(ALICE.key, &request(method, &Value::Null)).await;
        null.is(500, r#"{"error":"'NoneType' object has no attribute 'get'"}"#);
    }
    for (arguments, kind) in [(Value::Null, "NoneType"), (json!([1]), "list")] {
        let params = json!({ "name": "list_memories", "arguments": arguments });
        let reply = caller.message(ALICE.key, &request("tools/call", &params)).await;
        assert_eq!(reply.status, 500);
        let message = format!("list_memories() argument after ** must be a mapping, not {kind}");
        assert_eq!(reply.json()["error"], json!({ "code": -32603, "message": message }));
    }
    let no_arguments = request("tools/call", &json!({ "name": "list_memories" }));
    assert_eq!(caller.message(ALICE.key, &no_arguments).await.status, 200);
}

#[tokio::test]
async fn unknown_tools_are_exceptions() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for (params, name) in [(json!({ "name": "nope" }), "nope"), (json!({}), "None")] {
        let expected = format!(
            r#"{{"jsonrpc":"2.0","error":{{"code":-32603,"message":"Tool '{name}' not found"}},"id":1}}"#
        );
        caller.message(ALICE.key, &request("tools/call", &params)).await.is(500, &expected);
    }
}

#[tokio::test]
async fn ids_come_back_as_they_were() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for id in [json!(0), json!(7), json!(-1), json!("seven"), json!(""), Value::Null, json!(1.5)] {
        for method in ["prompts/list", "tools/call"] {
            let message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
            let reply = caller.message(ALICE.key, &message).await;
            assert_eq!(reply.json()["id"], id);
            assert!(reply.json().as_object().unwrap().contains_key("id"));
        }
    }
    let without = json!({ "jsonrpc": "2.0", "method": "prompts/list" });
    let reply = caller.message(ALICE.key, &without).await;
    reply.is(200, r#"{"jsonrpc":"2.0","result":{"prompts":[]},"id":null}"#);
    let no_version = json!({ "id": 3, "method": "prompts/list" });
    assert_eq!(caller.message(ALICE.key, &no_version).await.status, 200);
}

#[tokio::test]
async fn what_is_no_object_crashes_and_is_parsed_before_the_key_is_checked() {
    // upstream-api.md 5.1, 8.2.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let v2 = format!("/mcp/v2/cursor/{}", BOB.id);
    for body in ["[]", r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "5", "null", "{", ""] {
        let crash = caller.post(MESSAGES, &KEY, body).await;
        crash.is(500, "Internal Server Error");
        assert_eq!(crash.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(crash.header("x-memory-usage-mb"), None);
        let reply = caller.post(&v2, &KEY, body).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (500, &json!(-32603)));
        assert_eq!(reply.json()["id"], Value::Null);
    }
    for malformed in ["{", ""] {
        caller.post(MESSAGES, &[], malformed).await.is(500, "Internal Server Error");
    }
    caller.post(MESSAGES, &[], "[]").await.is(400, NO_KEY);
}

#[tokio::test]
async fn a_large_body_is_accepted() {
    // upstream-api.md 8.2.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let padded = json!({ "id": 1, "method": "prompts/list", "padding": "x".repeat(20_000_000) });
    assert_eq!(caller.message(ALICE.key, &padded).await.status, 200);
}

#[tokio::test]
async fn other_headers_change_nothing() {
    // upstream-api.md 4.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let headers = [
        ("X-API-Key", ALICE.key),
        ("Accept", "text/event-stream"),
        ("Content-Type", "text/plain"),
        ("Mcp-Session-Id", "none"),
        ("MCP-Protocol-Version", "1999-01-01"),
        ("Last-Event-ID", "7"),
    ];
    let reply = caller.list_tools(&headers).await;
    assert_eq!(reply.tool_names().len(), 7);
    assert_eq!(reply.header("content-type"), Some("application/json"));
}
