//! All five revisions on the wire: handshakes, lists, calls, and what each era has of its own
//! (protocol.md 7A, 7B, 10).

use http::Method;
use serde_json::{Value, json};

use super::world::{LEGACY, MODERN, World, call, done, hello, names, refusal, request};
use crate::harness::http::{Answer, Asking};
use crate::harness::mcp::{Session, modern, post, reply};

/// A message as a client of this revision sends it: the version header exists from 2025-06-18 on.
fn say(world: &World, token: &str, session: &str, version: &str, message: &Value) -> Asking {
    let asking = post(&world.bridge.http(), token, message).header("mcp-session-id", session);
    if version >= "2025-06-18" { asking.header("mcp-protocol-version", version) } else { asking }
}

#[tokio::test]
async fn every_legacy_revision_initializes_pings_lists_and_calls() {
    // protocol.md 7A, 7.9, 7.13, 10.3, 10.7, D16
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    for version in LEGACY {
        let greeted = post(&world.bridge.http(), &tokens.access, &hello(version)).send().await;
        let greeted = greeted.assert_status(200);
        let id = greeted.header("mcp-session-id").expect("a session").to_owned();
        let answer = reply(&greeted);
        assert_eq!(answer["id"], 0);
        let result = &answer["result"];
        assert_eq!(result["protocolVersion"], version);
        assert_eq!(result["serverInfo"]["name"], "jean-memory-bridge");
        assert_eq!(result["serverInfo"]["title"], "Jean Memory Bridge");
        assert_eq!(result["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(result["capabilities"], json!({ "tools": {}, "prompts": {}, "resources": {} }));
        assert!(result.get("resultType").is_none(), "{result}");

        let ask = |message: Value| say(&world, &tokens.access, &id, version, &message);
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let accepted = ask(ready).send().await.assert_status(202);
        assert!(accepted.body.is_empty());

        let pinged = reply(&ask(request("ping", &json!({}))).send().await.assert_status(200));
        assert_eq!(pinged, json!({ "jsonrpc": "2.0", "id": 7, "result": {} }));

        let listed = reply(&ask(request("tools/list", &json!({}))).send().await.assert_status(200));
        assert_eq!(names(&listed["result"])[0], "jean_memory");
        assert!(listed["result"].get("nextCursor").is_none());
        assert!(listed["result"].get("resultType").is_none(), "{listed}");

        let text = format!("said in {version}");
        let called = call(1, "add_memories", &json!({ "text": text }));
        let called = reply(&ask(called).send().await.assert_status(200));
        assert!(done(&called["result"]).contains("Memory added successfully"));
        assert!(called["result"].get("resultType").is_none(), "{called}");
        let memories = world.double.memories(crate::double::ALICE.id);
        assert_eq!(memories.last(), Some(&text));
    }
}

#[tokio::test]
async fn the_modern_revision_needs_no_handshake() {
    // protocol.md 7.10, 7.14, D16
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let discovered = world.modern(&tokens, "server/discover", json!({})).send().await.assert_status(200);
    assert!(discovered.header("mcp-session-id").is_none());
    let discovered = reply(&discovered)["result"].clone();
    let versions: Vec<_> = [LEGACY.as_slice(), &[MODERN]].concat();
    let mut supported: Vec<_> =
        discovered["supportedVersions"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    supported.sort_unstable();
    assert_eq!(supported, versions);
    assert_eq!(discovered["capabilities"], json!({ "tools": {}, "prompts": {}, "resources": {} }));
    assert_eq!(discovered["resultType"], "complete");

    let listed = world.modern(&tokens, "tools/list", json!({})).send().await.assert_status(200);
    assert_eq!(listed.header("content-type"), Some("application/json"));
    assert!(listed.header("mcp-session-id").is_none());
    let listed = reply(&listed)["result"].clone();
    assert_eq!(names(&listed)[0], "jean_memory");
    assert_eq!((&listed["resultType"], &listed["cacheScope"]), (&json!("complete"), &json!("private")));
    assert!(listed["ttlMs"].is_u64(), "{listed}");

    let called = world.call(&tokens, "add_memories", &json!({ "text": "tea" })).await;
    assert!(done(&called).contains("Memory added successfully"));
    assert_eq!(called["resultType"], "complete");
}

#[tokio::test]
async fn what_the_bridge_answers_itself_never_goes_up() {
    // upstream-api.md 14.1, D1, protocol.md 10.8
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let before = world.asked();
    let session = Session::open(&world.bridge, &tokens.access, "2025-11-25").await;
    let methods = [
        "ping",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "logging/setLevel",
        "nonsense",
    ];
    for method in methods {
        session.request(method, json!({})).await;
    }
    for method in ["server/discover", "prompts/list", "resources/list", "completion/complete"] {
        world.modern(&tokens, method, json!({})).send().await;
    }
    for note in ["notifications/cancelled", "notifications/progress", "notifications/roots/list_changed"] {
        let note = json!({ "jsonrpc": "2.0", "method": note,
            "params": { "requestId": 99, "progressToken": "x", "progress": 1 } });
        session.post(&note).send().await.assert_status(202);
    }
    assert_eq!(world.asked(), before);
}

#[tokio::test]
async fn an_unknown_version_is_answered_with_the_newest_that_initializes() {
    // protocol.md 7.9, 7.10
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    for version in [MODERN, "2099-12-31", "1.0", ""] {
        let greeted = post(&world.bridge.http(), &tokens.access, &hello(version)).send().await;
        assert_eq!(
            reply(&greeted.assert_status(200))["result"]["protocolVersion"],
            "2025-11-25",
            "{version}"
        );
    }
}

#[tokio::test]
async fn a_version_nobody_has_is_refused_where_it_stands() {
    // protocol.md 7.9, 7.33, D9
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    for version in ["2024-01-01", "nonsense", ""] {
        let asking = say(&world, &tokens.access, &session.id, "", &request("ping", &json!({})));
        let answer = asking.header("mcp-protocol-version", version).send().await;
        assert_eq!(refusal(&answer), (400, -32600), "{version}");
    }
    let mut message = request("tools/list", &json!({}));
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2099-01-01",
        "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let asking = post(&world.bridge.http(), &tokens.access, &message).header("mcp-method", "tools/list");
    let answer = asking.header("mcp-protocol-version", "2099-01-01").send().await;
    assert_eq!(refusal(&answer), (400, -32022));
    let data = &answer.json()["error"]["data"];
    assert_eq!(data["requested"], "2099-01-01");
    assert_eq!(data["supported"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn modern_headers_must_agree_with_the_body() {
    // protocol.md 7.10, 7.11, 7.34
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let http = world.bridge.http();
    let mut message = call(1, "list_memories", &json!({}));
    let bare = |message: &Value| post(&http, &tokens.access, message).header("mcp-protocol-version", MODERN);
    let answer = bare(&message).header("mcp-method", "tools/call").header("mcp-name", "list_memories");
    assert_eq!(refusal(&answer.send().await), (400, -32602), "without _meta");

    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let rows: [&[(&str, &str)]; 5] = [
        &[],
        &[("mcp-method", "tools/call")],
        &[("mcp-name", "list_memories")],
        &[("mcp-method", "tools/list"), ("mcp-name", "list_memories")],
        &[("mcp-method", "tools/call"), ("mcp-name", "ask_memory")],
    ];
    for row in rows {
        let asking = row.iter().fold(bare(&message), |asking, (name, value)| asking.header(name, value));
        assert_eq!(refusal(&asking.send().await), (400, -32020), "{row:?}");
    }
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
    let encoded = bare(&message).header("mcp-method", "tools/call");
    encoded.header("mcp-name", "=?base64?bGlzdF9tZW1vcmllcw==?=").send().await.assert_status(200);
}

#[tokio::test]
async fn what_is_declared_is_answered_and_empty() {
    // protocol.md 7.12, 7.33
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let lists = [
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ];
    for (method, member) in lists {
        assert_eq!(session.request(method, json!({})).await["result"], json!({ member: [] }));
        let answer = world.modern(&tokens, method, json!({})).send().await.assert_status(200);
        assert_eq!(reply(&answer)["result"][member], json!([]));
    }
    let prompt = session.request("prompts/get", json!({ "name": "none" })).await;
    assert_eq!(prompt["error"]["code"], -32602);
    let uri = json!({ "uri": "memory://none" });
    let resource = session.request("resources/read", uri.clone()).await;
    assert_eq!((&resource["error"]["code"], &resource["error"]["data"]), (&json!(-32002), &uri));
    let asking = modern(&world.bridge.http(), &tokens.access, "resources/read", uri.clone());
    let resource = reply(&asking.header("mcp-name", "memory://none").send().await);
    assert_eq!((&resource["error"]["code"], &resource["error"]["data"]), (&json!(-32602), &uri));
}

#[tokio::test]
async fn what_is_not_offered_is_no_method() {
    // protocol.md 7.12, 7A (404 in 26 only), 7.33, 10.9
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-11-25").await;
    for method in ["resources/subscribe", "tasks/list", "skills/list", "no/such/method"] {
        let answer = session.request(method, json!({ "uri": "memory://x" })).await;
        assert_eq!(answer["error"]["code"], -32601, "{method}");
    }
    let level = session.request("logging/setLevel", json!({ "level": "info" })).await;
    assert_eq!(level["error"]["code"], -32601);
    for method in ["ping", "no/such/method", "logging/setLevel"] {
        let answer = world.modern(&tokens, method, json!({ "level": "info" })).send().await;
        assert_eq!(refusal(&answer), (404, -32601), "{method}");
    }
}

#[tokio::test]
async fn the_modern_revision_has_no_streams_sessions_or_responses() {
    // protocol.md 7.1, 7A, 7.15
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    for method in [Method::GET, Method::DELETE] {
        let asking = world.bridge.http().ask(method, "/mcp").bearer(&tokens.access);
        let answer = asking.header("mcp-protocol-version", MODERN).header("accept", "text/event-stream");
        let answer = answer.send().await.assert_status(405);
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    let answer = post(&world.bridge.http(), &tokens.access, &response).header("mcp-protocol-version", MODERN);
    assert_eq!(refusal(&answer.send().await), (400, -32600));
    // A session id is not looked at, whosever it is.
    let asking = world.modern(&tokens, "tools/list", json!({})).header("mcp-session-id", "somebody-elses");
    let answer = asking.send().await.assert_status(200);
    assert!(answer.header("mcp-session-id").is_none());
}

#[tokio::test]
async fn ids_come_back_as_they_were_sent() {
    // protocol.md 7.31
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let same = |answer: Answer, id: &Value| assert_eq!(reply(&answer)["id"], *id);
    for id in [json!(0), json!(-3), json!(i64::MAX), json!(""), json!("0"), json!("jean ☕\n")] {
        same(session.post(&call(id.clone(), "list_memories", &json!({}))).send().await, &id);
        same(session.post(&call(id.clone(), "no_such_tool", &json!({}))).send().await, &id);
    }
}
