//! Whose request it is, and what upstream believes without proof (upstream-api.md 5, 6.2, 8.4).

use serde_json::{Value, json};

use super::caller::{Caller, MESSAGES, NO_KEY, VALIDATE, call, request};
use crate::double::{ALICE, BOB, Double, Fault, REVOKED_KEY, key, path};

const SEVEN: [&str; 7] = [
    "jean_memory",
    "ask_memory",
    "add_memories",
    "store_document",
    "search_memory_v2",
    "list_memories",
    "deep_memory_query",
];

#[tokio::test]
async fn the_seeded_keys_have_the_form_of_real_ones() {
    // upstream-api.md 6.1: jean_sk_ and 43 characters of the URL-safe alphabet.
    for key in [ALICE.key, BOB.key, REVOKED_KEY] {
        let secret = key.strip_prefix("jean_sk_").unwrap();
        assert_eq!(secret.len(), 43);
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}

#[tokio::test]
async fn a_key_counts_only_in_x_api_key_and_only_exactly() {
    // upstream-api.md 4, 5.1; 13.1 row 2.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for name in ["X-API-Key", "x-api-key", "X-Api-KEY"] {
        assert_eq!(caller.list_tools(&[(name, ALICE.key)]).await.tool_names(), SEVEN);
    }
    let bearer = format!("Bearer {}", ALICE.key);
    let lower = ALICE.key.to_lowercase();
    for headers in [
        vec![],
        vec![("X-API-Key", "")],
        vec![("X-API-Key", REVOKED_KEY)],
        vec![("X-API-Key", "jean_sk_EXAMPLE_nobody_ever_had_this_one")],
        vec![("X-API-Key", "nonsense")],
        vec![("X-API-Key", bearer.as_str())],
        vec![("X-API-Key", lower.as_str())],
        vec![("Authorization", bearer.as_str())],
        vec![("x-user-id", BOB.id)],
        vec![("x-client-name", "cursor")],
        vec![("x-user-id", ""), ("x-client-name", "cursor")],
    ] {
        caller.list_tools(&headers).await.is(400, NO_KEY);
    }
}

#[tokio::test]
async fn without_a_key_two_headers_are_believed() {
    // upstream-api.md 5.2, the fail-open trap; 13.1 row 3.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.seed_memories(BOB.id, ["Bob likes tea".to_owned()]);
    let list = call("list_memories", &json!({})).to_string();
    for stray in [vec![], vec![("X-API-Key", REVOKED_KEY)], vec![("X-API-Key", "wrong")]] {
        let mut headers = vec![("x-user-id", BOB.id), ("x-client-name", "cursor")];
        headers.extend(stray);
        assert_eq!(caller.list_tools(&headers).await.tool_names(), ["jean_memory", "store_document"]);
        let reply = caller.post(MESSAGES, &headers, &list).await;
        assert!(Caller::text_of(&reply).contains("Bob likes tea"), "runs as Bob");
    }
    assert_eq!(double.identity_headers().len(), 6);
}

#[tokio::test]
async fn with_a_key_the_user_header_has_no_effect() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.seed_memories(BOB.id, ["Bob likes tea".to_owned()]);
    double.seed_memories(ALICE.id, ["Alice likes coffee".to_owned()]);
    let headers = [("X-API-Key", ALICE.key), ("x-user-id", BOB.id), ("x-client-name", "claude")];
    assert_eq!(caller.list_tools(&headers).await.tool_names(), SEVEN);
    let list = call("list_memories", &json!({})).to_string();
    let text = Caller::text_of(&caller.post(MESSAGES, &headers, &list).await);
    assert!(text.contains("Alice likes coffee") && !text.contains("Bob"));
}

#[tokio::test]
async fn without_a_key_the_client_name_decides_which_tools_there_are() {
    // upstream-api.md 8.4.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let claude = [("x-user-id", BOB.id), ("x-client-name", "claude")];
    let list = caller.list_tools(&claude).await;
    assert_eq!(list.tool_names(), ["jean_memory", "store_document", "setup_multi_agent_coordination"]);
    assert!(list.text.contains(r#""depth":{"type":"integer""#));
    let deep = json!({ "user_message": "Hi", "is_new_conversation": true, "depth": 2 });
    let deep = call("jean_memory", &deep).to_string();
    assert_eq!(caller.post(MESSAGES, &claude, &deep).await.status, 200);
    // With a key the same argument is unknown.
    let with_key = caller.post(MESSAGES, &[("X-API-Key", BOB.key)], &deep).await;
    assert_eq!(with_key.status, 500);
    let message = "jean_memory() got an unexpected keyword argument 'depth'";
    assert_eq!(with_key.json()["error"], json!({ "code": -32603, "message": message }));
}

#[tokio::test]
async fn v2_trusts_the_path_and_lets_headers_win_over_it() {
    // upstream-api.md 5.2; 13.1 row 3.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for person in [ALICE, BOB] {
        double.seed_memories(person.id, [format!("I am {}", person.id)]);
    }
    let list = call("list_memories", &json!({})).to_string();
    let to_bob = format!("/mcp/v2/chatgpt/{}", BOB.id);
    let runs_as = async |headers: &[(&str, &str)]| {
        let text = Caller::text_of(&caller.post(&to_bob, headers, &list).await);
        [ALICE, BOB].into_iter().find(|person| text.contains(person.id)).map(|person| person.id)
    };
    assert_eq!(runs_as(&[]).await, Some(BOB.id), "no key at all");
    assert_eq!(runs_as(&[("X-API-Key", REVOKED_KEY)]).await, Some(BOB.id));
    assert_eq!(runs_as(&[("X-API-Key", ALICE.key)]).await, Some(ALICE.id), "the key's owner");
    assert_eq!(runs_as(&[("x-user-id", ALICE.id)]).await, Some(ALICE.id), "the header wins");
    let tools = request("tools/list", &json!({})).to_string();
    let with_key = caller.post(&to_bob, &[("X-API-Key", ALICE.key)], &tools).await;
    assert_eq!(with_key.tool_names(), SEVEN);
    let claude = caller.post(&to_bob, &[("x-client-name", "claude")], &tools).await;
    assert_eq!(claude.tool_names().len(), 3, "the client header wins over the path, too");
}

#[tokio::test]
async fn the_legacy_route_takes_no_identity_from_its_path() {
    // upstream-api.md 3.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let to_bob = format!("/mcp/claude/messages/{}", BOB.id);
    let tools = request("tools/list", &json!({})).to_string();
    caller.post(&to_bob, &[], &tools).await.is(400, NO_KEY);
    let with_key = caller.post(&to_bob, &[("X-API-Key", ALICE.key)], &tools).await;
    assert_eq!(with_key.tool_names(), SEVEN);
    // With an SSE stream open for the pair the answer goes there, and this one is empty.
    double.open_stream("claude", BOB.id);
    let streamed = caller.post(&to_bob, &[("X-API-Key", ALICE.key)], &tools).await;
    streamed.is(204, "");
    caller.post(&to_bob, &[], &tools).await.is(400, NO_KEY);
}

#[tokio::test]
async fn validation_tells_whose_key_it_is() {
    // upstream-api.md 6.2; 13.1 row 9.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let valid = caller.validate(ALICE.key).await;
    valid.is(
        200,
        &format!(
            r#"{{"status":"valid","developer_id":"{}","client_name":"jean-memory-bridge","message":"Developer authenticated for client: jean-memory-bridge"}}"#,
            ALICE.id
        ),
    );
    for unknown in [REVOKED_KEY, "jean_sk_EXAMPLE_nobody_ever_had_this_one"] {
        caller.validate(unknown).await.is(401, r#"{"detail":"Invalid or inactive API key"}"#);
    }
    caller.validate("sk-something").await.is(401, r#"{"detail":"Invalid API key format"}"#);
    double.issue_key("jean_sk_EXAMPLE_second_key_of_bob", BOB.id);
    assert_eq!(caller.validate("jean_sk_EXAMPLE_second_key_of_bob").await.json()["developer_id"], BOB.id);
}

#[tokio::test]
async fn a_malformed_validation_echoes_the_key() {
    // upstream-api.md 6.2: never log or show a 422 body.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let json_type = [("Content-Type", "application/json")];
    let sent = json!({ "api_key": ALICE.key }).to_string();
    caller.post(VALIDATE, &json_type, &sent).await.is(
        422,
        &format!(
            r#"{{"detail":[{{"type":"missing","loc":["body","client_name"],"msg":"Field required","input":{sent}}}]}}"#
        ),
    );
    let problem = async |headers: &[(&str, &str)], body: &str| -> (Value, Value) {
        let reply = caller.post(VALIDATE, headers, body).await;
        assert_eq!(reply.status, 422);
        let detail = &reply.json()["detail"];
        (detail[0]["type"].clone(), detail[0]["input"].clone())
    };
    let wrong_type = json!({ "api_key": [ALICE.key], "client_name": "x" }).to_string();
    assert_eq!(problem(&json_type, &wrong_type).await, (json!("string_type"), json!([ALICE.key])));
    assert_eq!(problem(&json_type, "{").await.0, "json_invalid");
    assert_eq!(problem(&json_type, "[]").await, (json!("model_attributes_type"), json!([])));
    assert_eq!(problem(&json_type, "").await, (json!("missing"), Value::Null));
    let as_text = problem(&[("Content-Type", "text/plain")], ALICE.key).await;
    assert_eq!(as_text, (json!("model_attributes_type"), json!(ALICE.key)));
}

#[tokio::test]
async fn bearer_guarded_routes_want_the_key_elsewhere() {
    // upstream-api.md 5.3; 13.1 row 10, 13.2 `missing-auth`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let health = "/api/jean-chat/health";
    let bearer = format!("Bearer {}", ALICE.key);
    caller.get(health, &[("Authorization", &bearer)]).await.is(
        200,
        r#"{"status":"healthy","service":"Jean Memory SDK MCP","integration":"Native MCP with jean_memory tool"}"#,
    );
    caller.get(health, &[("X-API-Key", ALICE.key)]).await.is(403, r#"{"detail":"Not authenticated"}"#);
    let revoked = format!("Bearer {REVOKED_KEY}");
    let refused = caller.get(health, &[("Authorization", &revoked)]).await;
    refused.is(401, r#"{"detail":"Could not validate credentials"}"#);
    let basic = caller.get(health, &[("Authorization", "Basic eDp5")]).await;
    basic.is(401, r#"{"detail":"Invalid Authorization header format"}"#);
    double.fault(Fault::MissingAuth401.on(path(health)).times(1));
    let newer = caller.get(health, &[]).await;
    newer.is(401, r#"{"detail":"Not authenticated"}"#);
    assert_eq!(newer.header("www-authenticate"), Some("APIKey"));
    assert_eq!(caller.get(health, &[]).await.status, 403, "only once");
}

#[tokio::test]
async fn the_agent_route_wants_the_key_twice() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let agent = "/agent/v1/mcp/messages/";
    let bearer = format!("Bearer {}", ALICE.key);
    let tools = request("tools/list", &json!({})).to_string();
    caller.post(agent, &[("Authorization", &bearer)], &tools).await.is(400, NO_KEY);
    assert_eq!(caller.post(agent, &[("X-API-Key", ALICE.key)], &tools).await.status, 403);
    let both = [("Authorization", bearer.as_str()), ("X-API-Key", ALICE.key)];
    assert_eq!(caller.post(agent, &both, &tools).await.tool_names(), SEVEN);
}

#[tokio::test]
async fn mcp_refuses_every_api_key() {
    // upstream-api.md 5.3; 13.1 row 10.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let bearer = format!("Bearer {}", ALICE.key);
    for method in ["POST", "GET", "OPTIONS"] {
        let missing = caller.send(method, "/mcp", &[("X-API-Key", ALICE.key)], "").await;
        missing.is(
            401,
            r#"{"detail":"MCP OAuth 2.1 authentication required. Missing Authorization: Bearer <access-token> header."}"#,
        );
        assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
        let refused = caller.send(method, "/mcp", &[("Authorization", &bearer)], "").await;
        refused.is(401, r#"{"detail":"Could not validate credentials"}"#);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    assert_eq!(caller.send("HEAD", "/mcp", &[], "").await.status, 401);
    assert_eq!(caller.send("DELETE", "/mcp", &[], "").await.status, 405);
}

#[tokio::test]
async fn a_key_can_be_revoked_at_any_moment() {
    // 13.2 `revoke-now`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    assert_eq!(caller.validate(ALICE.key).await.status, 200);
    double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    caller.list_tools(&[("X-API-Key", ALICE.key)]).await.is(400, NO_KEY);
    caller.validate(ALICE.key).await.is(401, r#"{"detail":"Invalid or inactive API key"}"#);
    let bearer = format!("Bearer {}", ALICE.key);
    assert_eq!(caller.get("/api/jean-chat/health", &[("Authorization", &bearer)]).await.status, 401);
    assert_eq!(caller.validate(BOB.key).await.status, 200, "only this key");
    double.clear();
    assert_eq!(caller.validate(ALICE.key).await.status, 200);
}

#[tokio::test]
async fn a_key_can_change_hands() {
    // 13.2 `switch-owner`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.seed_memories(BOB.id, ["Bob likes tea".to_owned()]);
    double.fault(Fault::SwitchOwner(BOB.id).on(key(ALICE.key)));
    assert_eq!(caller.validate(ALICE.key).await.json()["developer_id"], BOB.id);
    assert!(caller.text(ALICE.key, "list_memories", &json!({})).await.contains("Bob likes tea"));
}

#[tokio::test]
async fn an_outage_does_not_look_like_a_bad_key() {
    // upstream-api.md 5.1, 6.2.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::DatabaseDown);
    let crash = caller.list_tools(&[("X-API-Key", ALICE.key)]).await;
    crash.is(500, "Internal Server Error");
    assert_eq!(crash.header("content-type"), Some("text/plain; charset=utf-8"));
    caller.validate(ALICE.key).await.is(500, r#"{"detail":"Developer validation failed"}"#);
}
