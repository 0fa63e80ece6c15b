//! What goes up to Jean Memory and what comes back down: only what the relay rules allow
//! (upstream-api.md 14; protocol.md 7.24 to 7.30).

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::world::{World, call, done, failed, hello, request};
use crate::double::{ALICE, BOB, Double, Elsewhere, Fault, HIDDEN_TOOLS, HOSTILE_HEADERS, rpc, tool};
use crate::harness::bridge::BridgeOptions;
use crate::harness::http::{Answer, Asking};
use crate::harness::mcp::{Session, post, reply};
use crate::harness::waiting::until_answer;

/// Everything a client could try to smuggle up.
fn dressed(asking: Asking) -> Asking {
    asking
        .header("x-user-id", BOB.id)
        .header("x-user-email", "bob@example.org")
        .header("x-client-name", "claude")
        .header("x-api-key", BOB.key)
        .header("cookie", "session=mine")
        .header("x-forwarded-for", "10.0.0.1")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "for=10.0.0.1")
        .header("user-agent", "smuggler/1")
        .header("accept-language", "de")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
}

#[tokio::test]
async fn only_the_key_and_a_fixed_name_go_up_whatever_the_client_sends() {
    // upstream-api.md 14.4, 14.8; protocol.md 6.10, 7.25, 9.9
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let text = json!({ "text": "tea" });
    dressed(session.post(&call(1, "add_memories", &text))).send().await.assert_status(200);
    dressed(session.post(&request("tools/list", &json!({})))).send().await.assert_status(200);
    dressed(world.calling(&tokens, "add_memories", &text)).send().await.assert_status(200);
    dressed(world.modern(&tokens, "tools/list", json!({}))).send().await.assert_status(200);
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    dressed(session.post(&note)).send().await.assert_status(202);

    let requests = world.double.requests();
    for seen in requests.clone().path("/mcp/messages/").iter() {
        let names: BTreeSet<_> = seen.headers.keys().map(http::HeaderName::as_str).collect();
        let expected =
            ["accept", "content-length", "content-type", "host", "user-agent", "x-api-key", "x-client-name"];
        assert_eq!(names, BTreeSet::from(expected), "{}", seen.line());
        assert_eq!(seen.header("x-api-key").as_deref(), Some(ALICE.key));
        assert_eq!(seen.header("x-client-name").as_deref(), Some("jean-memory-bridge"));
        assert!(seen.header("user-agent").unwrap().starts_with("jean-memory-bridge/"));
    }
    for seen in requests.iter() {
        assert!(["/mcp/messages/", "/sdk/validate-developer"].contains(&seen.path()), "{}", seen.line());
        let whole = format!("{} {:?} {}", seen.line(), seen.headers, String::from_utf8_lossy(&seen.body));
        for stranger in [tokens.access.as_str(), tokens.refresh(), BOB.key, BOB.id, "smuggler", "mine"] {
            assert!(!whole.contains(stranger), "{}", seen.line());
        }
    }
    assert!(requests.clone().tool("add_memories").count() == 2);
    assert_eq!(world.double.key_leaks(), Vec::<String>::new());
    assert_eq!(world.double.identity_headers(), Vec::<String>::new());
    assert_eq!(world.double.apps(ALICE.id), ["jean-memory-bridge"]);
    assert!(world.double.apps(BOB.id).is_empty());
}

#[tokio::test]
async fn with_identity_headers_on_only_the_verified_owner_goes_up() {
    // design.md 4 (identity_headers); upstream-api.md 5.2
    let options = BridgeOptions::default().env("JEAN_BRIDGE_IDENTITY_HEADERS", "true");
    let world = World::start_as(options).await;
    let tokens = world.sign_in("App").await;
    dressed(world.calling(&tokens, "add_memories", &json!({ "text": "tea" })))
        .send()
        .await
        .assert_status(200);
    let call = world.double.requests().tool("add_memories").last();
    assert_eq!(call.header("x-user-id").as_deref(), Some(ALICE.id));
    // With the header an unknown key would be let in, so a key is never checked with it.
    for seen in world.double.requests().rpc("initialize").iter() {
        assert!(seen.header("x-user-id").is_none());
    }
    assert!(world.double.memories(BOB.id).is_empty());
}

#[tokio::test]
async fn a_call_goes_up_as_a_request_of_the_bridges_own() {
    // upstream-api.md 14.2; protocol.md 7.25
    let world = World::start().await;
    let session = world.session("App").await;
    let mut message = call("my-own-id", "search_memory_v2", &json!({ "query": "tea" }));
    message["params"]["_meta"] = json!({ "progressToken": "secret-token", "vendor/x": 1 });
    message["params"]["task"] = Value::Null;
    message["x-extra"] = json!("extra");
    session.post(&message).send().await.assert_status(200);
    let mut bare = request("tools/call", &json!({ "name": "list_memories" }));
    bare["id"] = json!(0);
    session.post(&bare).send().await.assert_status(200);

    let requests = world.double.requests();
    let sent = requests.clone().tool("search_memory_v2").last().json().clone();
    assert_eq!(sent["params"], json!({ "name": "search_memory_v2", "arguments": { "query": "tea" } }));
    let members: BTreeSet<_> = sent.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["jsonrpc", "id", "method", "params"]));
    assert!(sent["id"].is_u64(), "{sent}");
    let bare = requests.clone().tool("list_memories").last().json().clone();
    assert_eq!(bare["params"], json!({ "name": "list_memories", "arguments": {} }));
    let list = requests.rpc("tools/list").last().json().clone();
    assert_eq!(list["params"], json!({}));
}

#[tokio::test]
async fn what_is_not_listed_is_unknown_and_never_called() {
    // upstream-api.md 9.2, 14.3; protocol.md 7.26
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-11-25").await;
    world.call(&tokens, "add_memories", &json!({ "text": "precious" })).await;
    let hidden = HIDDEN_TOOLS.into_iter().filter(|name| *name != "get_document_status");
    for name in hidden.chain(["no_such_tool", "Add_Memories", "add_memories ", "", "a\nb", "<script>"]) {
        let legacy = session.request("tools/call", json!({ "name": name, "arguments": {} })).await;
        let modern = world.calling(&tokens, name, &json!({}));
        // A name that fits no header travels encoded.
        let modern = if name.contains('\n') { None } else { Some(reply(&modern.send().await)) };
        for answer in [Some(legacy), modern].into_iter().flatten() {
            // Where name and header cannot agree the header is complained about first.
            let code = answer["error"]["code"].as_i64().unwrap();
            assert!(code == -32602 || (code == -32020 && name.trim() != name) || name.is_empty(), "{answer}");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(!message.contains('<') && !message.contains('\n'), "{message}");
        }
    }
    assert_eq!(world.double.blocked_calls(), Vec::<String>::new());
    assert_eq!(world.double.requests().rpc("tools/call").count(), 1);
    assert_eq!(world.double.memories(ALICE.id), ["precious"]);
}

#[tokio::test]
async fn a_document_can_be_followed_by_its_job() {
    // upstream-api.md 9.2, 14.3: the one unlisted tool that is wanted
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    assert!(world.tools(&tokens).await.contains(&"get_document_status".to_owned()));
    let document = json!({ "title": "Notes", "content": "A text that is long enough." });
    let stored = world.call(&tokens, "store_document", &document).await;
    let job = done(&stored).split('`').nth(1).expect("a job id").to_owned();
    let asked = json!({ "job_id": job });
    assert!(done(&world.call(&tokens, "get_document_status", &asked).await).contains("QUEUED"));
    world.double.advance(crate::double::QUEUED_FOR + crate::double::PROCESSED_IN);
    assert!(done(&world.call(&tokens, "get_document_status", &asked).await).contains("COMPLETED"));
}

#[tokio::test]
async fn arguments_are_checked_here_and_wrong_ones_never_go_up() {
    // upstream-api.md 9.1, 14.9
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let rows = [
        ("add_memories", json!({}), "`text` is required"),
        ("add_memories", json!({ "text": 5 }), "`text` must be a string"),
        ("add_memories", json!({ "text": null }), "`text` must be a string"),
        ("add_memories", json!({ "text": "x", "tags": "tea" }), "`tags` must be a list"),
        ("add_memories", json!({ "text": "x", "tags": ["a", 1] }), "`tags[]` must be a string"),
        ("add_memories", json!({ "text": "x", "priority": true }), "no argument `priority`"),
        ("list_memories", json!({ "limit": "5" }), "`limit` must be a whole number"),
        ("list_memories", json!({ "limit": 1.5 }), "`limit` must be a whole number"),
        ("list_memories", json!({ "bogus": 1 }), "no argument `bogus`"),
        ("store_document", json!({ "title": "t" }), "`content` is required"),
        (
            "store_document",
            json!({ "title": "t", "content": "c", "metadata": [] }),
            "`metadata` must be an object",
        ),
        ("jean_memory", json!({ "user_message": "m", "is_new_conversation": "no" }), "true or false"),
        ("jean_memory", json!({ "user_message": "m", "is_new_conversation": true, "depth": 2 }), "`depth`"),
        (
            "jean_memory",
            json!({ "user_message": "m", "is_new_conversation": true, "speed": "fast" }),
            "`speed`",
        ),
        ("deep_memory_query", json!({ "search_query": "q", "memory_limit": 5 }), "`memory_limit`"),
        ("get_document_status", json!({}), "`job_id` is required"),
    ];
    for (name, arguments, words) in &rows {
        let legacy = session.call(name, arguments.clone()).await;
        let modern = world.call(&tokens, name, arguments).await;
        for result in [legacy, modern] {
            let text = failed(&result);
            assert!(text.starts_with("Wrong arguments: ") && text.contains(words), "{name}: {text}");
        }
    }
    // Not even an object: the protocol's own error.
    for arguments in [json!([]), json!("text"), json!(5)] {
        let answer =
            session.request("tools/call", json!({ "name": "add_memories", "arguments": arguments })).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
}

#[tokio::test]
async fn limit_is_cut_to_what_jean_memory_serves_and_null_is_left_out() {
    // upstream-api.md 10, 14.9
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let rows = [
        ("list_memories", json!({ "limit": 5000 }), json!({ "limit": 200 })),
        ("list_memories", json!({ "limit": 0 }), json!({ "limit": 1 })),
        ("list_memories", json!({ "limit": -7 }), json!({ "limit": 1 })),
        ("list_memories", json!({ "limit": 7.0 }), json!({ "limit": 7 })),
        ("list_memories", json!({ "limit": null }), json!({})),
        (
            "search_memory_v2",
            json!({ "query": "tea", "limit": 101 }),
            json!({ "query": "tea", "limit": 100 }),
        ),
        ("search_memory_v2", json!({ "query": "tea", "tags_filter": null }), json!({ "query": "tea" })),
    ];
    for (name, given, sent) in rows {
        done(&world.call(&tokens, name, &given).await);
        let seen = world.double.requests().tool(name).last();
        assert_eq!(seen.arguments().to_string(), sent.to_string());
    }
}

#[tokio::test]
async fn text_goes_up_and_comes_down_unchanged() {
    // protocol.md 7.28 row 1
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let text = "Grüße, 茶 ☕ \u{1f375} \"quoted\" \\ \u{0001} \u{2028} tab\tnew\nline";
    world.call(&tokens, "add_memories", &json!({ "text": text })).await;
    assert_eq!(world.double.memories(ALICE.id), [text]);
    let listed = world.call(&tokens, "list_memories", &json!({})).await;
    let listed: Value = serde_json::from_str(done(&listed)).unwrap();
    assert_eq!(listed["memories"][0]["content"], text);
    // A whole result, with everything that is not text.
    let whole = json!({
        "content": [
            { "type": "text", "text": "one", "annotations": { "audience": ["user"] } },
            { "type": "image", "data": "aGk=", "mimeType": "image/png" },
            { "type": "resource_link", "uri": "https://example.org/x", "name": "x" },
        ],
        "structuredContent": { "a": [1, null] },
    });
    world.double.fault(Fault::ToolResult(whole.clone()));
    let result = world.call(&tokens, "ask_memory", &json!({ "question": "?" })).await;
    assert_eq!(result["content"], whole["content"]);
    assert_eq!(result["structuredContent"], whole["structuredContent"]);
}

/// The headers of an answer, without those that HTTP itself needs.
fn own_headers(answer: &Answer) -> BTreeSet<String> {
    let of_http = ["content-length", "date", "transfer-encoding", "connection"];
    let names = answer.headers.keys().map(|name| name.as_str().to_owned());
    names.filter(|name| !of_http.contains(&name.as_str())).collect()
}

#[tokio::test]
async fn no_header_of_jean_memory_comes_down() {
    // protocol.md 7.29
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let asks = || {
        [
            world.modern(&tokens, "tools/list", json!({})),
            world.calling(&tokens, "list_memories", &json!({})),
            session.post(&call(1, "list_memories", &json!({}))),
            session.post(&hello("2025-06-18")),
        ]
    };
    let mut usual = Vec::new();
    for asking in asks() {
        usual.push(own_headers(&asking.send().await));
    }
    world.double.fault(Fault::HostileHeaders);
    world.add_key(ALICE.key).await;
    for (asking, usual) in asks().into_iter().zip(usual) {
        let answer = asking.send().await;
        assert_eq!(own_headers(&answer), usual);
        for (name, value) in HOSTILE_HEADERS {
            assert!(!answer.headers.contains_key(name), "{name}");
            assert!(!answer.headers.values().any(|other| other == value), "{value}");
        }
    }
    assert!(world.double.requests().rpc("tools/list").count() >= 2);
}

#[tokio::test]
async fn a_redirect_is_followed_nowhere() {
    // protocol.md 7.28, 7.30; upstream-api.md 3
    let world = World::start().await;
    let thief = Double::start().await;
    let tokens = world.sign_in("App").await;
    world.tools(&tokens).await;
    for elsewhere in [Elsewhere::Https, Elsewhere::Http, Elsewhere::Origin(thief.base_url())] {
        world.double.fault(Fault::Redirect(elsewhere));
        let before = world.asked();
        let result = world.call(&tokens, "list_memories", &json!({})).await;
        assert!(failed(&result).contains("unexpected answer"), "{result}");
        assert_eq!(world.asked(), before + 1);
        let added = world.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
        assert_eq!(added.status.code(), Some(1), "{added:?}");
        world.double.clear();
    }
    assert_eq!(thief.requests().count(), 0);
    assert_eq!(thief.connections(), 0);
}

#[tokio::test]
async fn the_key_comes_down_in_no_answer() {
    // protocol.md 6.10, 9.10
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let rows = [
        Fault::ToolResult(json!({ "content": [{ "type": "text", "text": format!("it is {}", ALICE.key) }],
                                  "structuredContent": { ALICE.key: [ALICE.key] } })),
        Fault::LogicalError(format!(r#"{{"status": "error", "error": "bad key {}"}}"#, ALICE.key)),
        Fault::ToolException(format!("bad key {}", ALICE.key)),
        Fault::RpcError { code: -32000, message: format!("bad key {}", ALICE.key) },
        Fault::Canned {
            status: 422,
            content_type: "application/json",
            body: format!("{{\"input\":\"{}\"}}", ALICE.key),
        },
    ];
    for fault in rows {
        world.double.fault(fault.on(tool("list_memories")).times(1));
        let answer = world.calling(&tokens, "list_memories", &json!({})).send().await.assert_status(200);
        assert!(!answer.text().contains("jean_sk_"), "{}", answer.text());
    }
    // In a description of a tool, too.
    let echo = json!({ "name": "echo", "description": format!("for {}", ALICE.key), "inputSchema": { "type": "object" },
                       "annotations": { "readOnly": true } });
    world.double.fault(Fault::ToolsDrift(crate::double::Drift::Added(echo)).on(rpc("tools/list")));
    world.add_key(ALICE.key).await;
    let listed = until_answer(
        "the new list",
        async || world.modern(&tokens, "tools/list", json!({})).send().await.text(),
        |listed| listed.contains("\"echo\""),
    );
    assert!(!listed.await.contains("jean_sk_"));
    assert!(!world.bridge.stderr().contains(ALICE.key));
}

#[tokio::test]
async fn a_page_of_the_web_gets_no_permission() {
    // protocol.md 9.3, 9.5; upstream-api.md 4 (CORS)
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let preflight = world.bridge.http().ask(Method::OPTIONS, "/mcp").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST");
        let preflight = preflight.header("access-control-request-private-network", "true").send().await;
        let asking = post(&world.bridge.http(), &tokens.access, &hello("2025-06-18"));
        for answer in [preflight, asking.header("origin", origin).send().await] {
            let answer = answer.assert_status(403);
            assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
            assert!(!answer.headers.contains_key("www-authenticate"));
        }
    }
    let own = post(&world.bridge.http(), &tokens.access, &hello("2025-06-18"));
    let own = own.header("origin", world.bridge.url()).send().await.assert_status(200);
    assert!(own.header("access-control-allow-origin").is_none_or(|origin| origin == world.bridge.url()));
}
