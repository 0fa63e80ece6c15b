//! Who may ask: the resource server's rules on every request (protocol.md 6).

use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::world::{World, call, failed, greet, hello, names, request};
use crate::double::{ALICE, BOB};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::{Answer, Asking};
use crate::harness::mcp::{Session, modern, post, reply};
use crate::harness::oauth::{Client, Tokens};

const SECRET: &str = "known to this test and to the bridge it starts: 32 bytes and more";

/// The challenge as it must stand, byte for byte (protocol.md 6.8).
fn challenge(host: &str, path: &str, error: Option<&str>, scope: &str) -> String {
    let error = error.map(|error| format!("error=\"{error}\", ")).unwrap_or_default();
    let metadata = format!("http://{host}/.well-known/oauth-protected-resource{path}");
    format!("Bearer {error}resource_metadata=\"{metadata}\", scope=\"{scope}\"")
}

/// protocol.md 6.12
#[track_caller]
fn is_refused(answer: Answer, status: u16, error: &str, challenge: Option<&str>) {
    let answer = answer.assert_error(status, error);
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn host(bridge: &Bridge) -> String {
    format!("127.0.0.1:{}", bridge.port())
}

#[tokio::test]
async fn without_a_token_the_challenge_says_where_to_get_one_and_names_no_error() {
    // protocol.md 6.1, 6.3, 6.5, 6.8, 6.12; 6.14: whatever the id
    let bridge = Bridge::start().await;
    let http = bridge.http();
    for path in ["/mcp", "/mcp/oauth/nobody"] {
        let expected = challenge(&host(&bridge), path, None, "read write");
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = http.ask(method, path).json(&hello("2025-06-18")).send().await;
            is_refused(answer, 401, "unauthorized", Some(&expected));
        }
        let metadata = format!("/.well-known/oauth-protected-resource{path}");
        let metadata = http.get(&metadata).send().await.assert_status(200).json();
        assert_eq!(metadata["resource"], format!("{}{path}", bridge.url()));
    }
}

#[tokio::test]
async fn each_spelling_of_the_host_is_challenged_in_its_own_and_takes_the_same_token() {
    // D3, protocol.md 6.3
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    for host in [format!("127.0.0.1:{}", bridge.port()), format!("localhost:{}", bridge.port())] {
        let ask = || bridge.http().post("/mcp").header("host", &host).json(&hello("2025-06-18"));
        let expected = challenge(&host, "/mcp", None, "read write");
        is_refused(ask().send().await, 401, "unauthorized", Some(&expected));
        let expected = challenge(&host, "/mcp", Some("invalid_token"), "read write");
        is_refused(ask().bearer("nonsense").send().await, 401, "invalid_token", Some(&expected));
        ask().bearer(&tokens.access).send().await.assert_status(200);
    }
}

#[tokio::test]
async fn tokens_in_the_query_or_the_body_do_not_exist() {
    // protocol.md 6.2
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let mut message = hello("2025-06-18");
    message["access_token"] = json!(tokens.access);
    let path = format!("/mcp?access_token={}", tokens.access);
    let answer = bridge.http().post(&path).json(&message).send().await;
    let expected = challenge(&host(&bridge), "/mcp", None, "read write");
    is_refused(answer, 401, "unauthorized", Some(&expected));
}

#[tokio::test]
async fn the_scheme_has_no_case_and_another_scheme_is_no_token() {
    // protocol.md 6.2, 6.3
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let ask = |value: &str| {
        let asking = bridge.http().post("/mcp").header("authorization", value);
        asking.header("accept", "application/json, text/event-stream").json(&hello("2025-06-18"))
    };
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        ask(&format!("{scheme} {}", tokens.access)).send().await.assert_status(200);
    }
    let expected = challenge(&host(&bridge), "/mcp", None, "read write");
    for value in ["Basic YWxpY2U6c2VjcmV0", "DPoP abc", tokens.access.as_str()] {
        is_refused(ask(value).send().await, 401, "unauthorized", Some(&expected));
    }
}

#[tokio::test]
async fn garbled_credentials_are_a_bad_request() {
    // protocol.md 6.2, 6.11
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let expected = challenge(&host(&bridge), "/mcp", Some("invalid_request"), "read write");
    let twice = format!("Bearer {0}, Bearer {0}", tokens.access);
    for value in ["", "Bearer", "Bearer ", "Bearer a b", "Bearer \"a\"", "Bearer a,b", twice.as_str()] {
        let asking = bridge.http().post("/mcp").header("authorization", value).json(&hello("2025-06-18"));
        is_refused(asking.send().await, 400, "invalid_request", Some(&expected));
    }
}

#[tokio::test]
async fn forged_foreign_and_stale_tokens_are_invalid_and_nothing_more() {
    // protocol.md 6.4, 6.9
    let options = BridgeOptions::default().env("JWT_SECRET_KEY", SECRET);
    let bridge = options.clone().start().await;
    let other = options.start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    greet(&bridge, &tokens.access).send().await.assert_status(200);

    let header = jsonwebtoken::decode_header(&tokens.access).unwrap();
    let claims: Value = jsonwebtoken::dangerous::insecure_decode::<Value>(&tokens.access).unwrap().claims;
    let sign = |header: &Header, change: &dyn Fn(&mut Value), secret: &str| {
        let mut claims = claims.clone();
        change(&mut claims);
        jsonwebtoken::encode(header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    let same = |_: &mut Value| {};
    // What is refused below is refused for what was changed, not for how it was signed.
    greet(&bridge, &sign(&header, &same, SECRET)).send().await.assert_status(200);

    let plain_type = Header { typ: Some("JWT".into()), ..header.clone() };
    let other_algorithm = Header { alg: Algorithm::HS512, ..header.clone() };
    let unsigned = format!("{}.", tokens.access.rsplit_once('.').unwrap().0);
    let no_algorithm = {
        use base64::Engine as _;
        let head =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
        format!("{head}.{}.", tokens.access.split('.').nth(1).unwrap())
    };
    let bad = [
        sign(&header, &same, "another secret of more than thirty-two bytes"),
        sign(&header, &|claims| claims["exp"] = json!(1), SECRET),
        sign(&header, &|claims| claims["aud"] = json!("https://elsewhere.example/mcp"), SECRET),
        sign(&header, &|claims| claims["iss"] = json!("https://elsewhere.example"), SECRET),
        sign(&header, &|claims| claims["jti"] = json!("never-issued"), SECRET),
        sign(&header, &|claims| claims["sub"] = json!(BOB.id), SECRET),
        sign(&header, &|claims| claims["client_id"] = json!("somebody-else"), SECRET),
        sign(&plain_type, &same, SECRET),
        sign(&other_algorithm, &same, SECRET),
        unsigned,
        no_algorithm,
        "not-a-jwt".to_owned(),
        tokens.refresh().to_owned(),
        ALICE.key.to_owned(),
    ];
    let expected = challenge(&host(&bridge), "/mcp", Some("invalid_token"), "read write");
    for token in &bad {
        is_refused(greet(&bridge, token).send().await, 401, "invalid_token", Some(&expected));
    }
    // A token for another MCP server, although both sign with the same key.
    let expected = challenge(&host(&other), "/mcp", Some("invalid_token"), "read write");
    is_refused(greet(&other, &tokens.access).send().await, 401, "invalid_token", Some(&expected));
}

#[tokio::test]
async fn every_request_needs_its_token_whatever_the_session() {
    // protocol.md 6.1
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    let http = bridge.http();
    let dress = |asking: Asking| {
        asking.header("mcp-session-id", &session.id).header("accept", "application/json, text/event-stream")
    };
    let ping = request("ping", &json!({}));
    let asks = [
        dress(http.post("/mcp")).json(&ping),
        dress(http.post("/mcp")).json(&hello("2025-06-18")),
        dress(http.post("/mcp")).json(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })),
        dress(
            http.post("/mcp")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "server/discover"),
        )
        .json(&request("server/discover", &json!({}))),
        dress(http.get("/mcp")),
        dress(http.ask(Method::DELETE, "/mcp")),
    ];
    for asking in asks {
        asking.send().await.assert_error(401, "unauthorized");
    }
    session.post(&ping).send().await.assert_status(200);
}

#[tokio::test]
async fn the_user_id_in_the_path_must_be_the_tokens() {
    // protocol.md 6.14, D14
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let ask = |id: &str, token: &str| {
        let asking = world.bridge.http().post(&format!("/mcp/oauth/{id}")).bearer(token);
        asking.header("accept", "application/json, text/event-stream").json(&hello("2025-06-18"))
    };
    ask(ALICE.id, &tokens.access).send().await.assert_status(200);
    let upper = ALICE.id.to_uppercase();
    let encoded = ALICE.id.replace('-', "%2D");
    for id in [BOB.id, upper.as_str(), encoded.as_str(), "x"] {
        is_refused(ask(id, &tokens.access).send().await, 403, "wrong_user", None);
        ask(id, "nonsense").send().await.assert_error(401, "invalid_token");
    }
    for path in ["/mcp/oauth/", "/mcp/oauth"] {
        let answer = world.bridge.http().post(path).bearer(&tokens.access).json(&hello("2025-06-18"));
        let answer = answer.send().await;
        assert!(answer.status.is_client_error(), "{path} {}", answer.status);
    }
}

#[tokio::test]
async fn a_tool_beyond_the_scopes_asks_for_more_and_is_not_called() {
    // protocol.md 6.6, 6.8
    let world = World::start().await;
    let client = Client::register(&world.bridge, "App").await;
    let tokens = client.sign_in_as(&world.bridge, &["--scope", "read"], &[]).await;
    let text = json!({ "text": "tea" });
    let expected = challenge(&host(&world.bridge), "/mcp", Some("insufficient_scope"), "read write");
    let session = Session::open(&world.bridge, &tokens.access, "2025-11-25").await;
    let refused = [
        world.calling(&tokens, "add_memories", &text).send().await,
        session.post(&call(1, "add_memories", &text)).send().await,
        // The status of a document goes with storing one.
        session.post(&call(1, "get_document_status", &json!({ "job_id": "doc_1" }))).send().await,
    ];
    for answer in refused {
        is_refused(answer, 403, "insufficient_scope", Some(&expected));
    }
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
    assert!(world.double.memories(ALICE.id).is_empty());

    // The client steps up: the same client asks for both.
    let more = client.sign_in_as(&world.bridge, &[], &[("scope", "read write")]).await;
    world.call(&more, "add_memories", &text).await;
    assert_eq!(world.double.memories(ALICE.id), ["tea"]);
}

#[tokio::test]
async fn scope_is_decided_on_the_body_whatever_the_headers_say() {
    // protocol.md 6.7, 7.34
    let world = World::start().await;
    let tokens = world.reader("App").await;
    let params = json!({ "name": "add_memories", "arguments": { "text": "tea" } });
    let http = world.bridge.http();
    let answer = {
        let whole = modern(&http, &tokens.access, "tools/call", params.clone());
        whole.send().await
    };
    answer.assert_error(403, "insufficient_scope");
    // A harmless name in the header: either complaint is right, but nothing may run.
    let mut message = request("tools/call", &params);
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    for (method, name) in [("tools/call", "list_memories"), ("tools/list", "list_memories")] {
        let asking = post(&http, &tokens.access, &message).header("mcp-protocol-version", "2026-07-28");
        let answer = asking.header("mcp-method", method).header("mcp-name", name).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{}", answer.status);
    }
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
}

#[tokio::test]
async fn a_reading_token_is_offered_only_reading_tools() {
    // design.md 4 (Tokens), protocol.md 7.24
    let world = World::start().await;
    let (reader, writer) = (world.reader("Reader").await, world.sign_in("Writer").await);
    let reads = ["ask_memory", "search_memory_v2", "list_memories", "deep_memory_query"];
    assert_eq!(world.tools(&reader).await, reads);
    let session = Session::open(&world.bridge, &reader.access, "2025-06-18").await;
    assert_eq!(names(&session.request("tools/list", json!({})).await["result"]), reads);
    let all = world.tools(&writer).await;
    assert_eq!(all[..3], ["jean_memory", "ask_memory", "add_memories"]);
    assert_eq!(all.len(), 8, "{all:?}");
    world.call(&reader, "list_memories", &json!({})).await;
}

#[tokio::test]
async fn the_first_thing_wrong_decides_the_answer() {
    // protocol.md 6.1
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let http = world.bridge.http();
    let good = |asking: Asking| asking.bearer(&tokens.access);
    let rows = [
        (
            "Host",
            http.post("/mcp").header("host", "evil.example").header("origin", "http://evil.example"),
            403,
        ),
        ("Origin", http.ask(Method::PUT, "/mcp").header("origin", "http://evil.example"), 403),
        ("duplicates", http.ask(Method::PUT, "/mcp").header("mcp-name", "a").header("mcp-name", "b"), 400),
        ("method", http.ask(Method::PUT, "/mcp"), 405),
        ("bearer", http.post("/mcp/oauth/nobody").header("mcp-session-id", "none"), 401),
        ("user id", good(http.post("/mcp/oauth/nobody")).header("mcp-session-id", "none"), 403),
        ("session", good(http.post("/mcp")).header("mcp-session-id", "none"), 404),
        ("content type", good(http.post("/mcp")).body("nonsense"), 415),
        ("body", good(http.post("/mcp")).header("content-type", "application/json").body("nonsense"), 400),
    ];
    for (what, asking, status) in rows {
        let answer = asking.send().await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
        // protocol.md 6.8: rmcp's client reads a 403 with a challenge as insufficient scope.
        let is_challenged = answer.headers.contains_key("www-authenticate");
        assert_eq!(is_challenged, status == 401, "{what}");
    }
}

#[tokio::test]
async fn a_token_works_before_its_answer_has_left() {
    // protocol.md 6.13
    let world = World::start().await;
    for _ in 0..5 {
        let tokens: Tokens = world.sign_in("App").await;
        greet(&world.bridge, &tokens.access).send().await.assert_status(200);
    }
}

#[tokio::test]
async fn an_account_from_the_environment_serves_its_owner() {
    // design.md 4 (api_key), protocol.md 7.28
    let double = crate::double::Double::start().await;
    let options = BridgeOptions::default().api(&double.base_url()).env("JEAN_BRIDGE_API_KEY", BOB.key);
    let bridge = options.start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in_as(&bridge, &[], &[]).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    session.call("add_memories", json!({ "text": "from a container" })).await;
    assert_eq!(double.memories(BOB.id), ["from a container"]);
    assert!(double.key_leaks().is_empty());

    double.fault(crate::double::Fault::RevokeNow);
    let result = session.call("list_memories", json!({})).await;
    assert!(failed(&result).contains("rejected the key"), "{result}");
    let answer = reply(&session.post(&request("ping", &json!({}))).send().await);
    assert_eq!(answer["result"], json!({}));
}
