//! Sessions of the legacy era: each bound to one grant, gone when closed (protocol.md 7C).

use http::Method;
use serde_json::json;

use super::world::{World, greet, refusal, request};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::mcp::{Events, Session, post, reply};
use crate::harness::oauth::Client;

/// Sessions that one client may hold; see the core.
const MOST: usize = 64;

#[tokio::test]
async fn foreign_closed_and_unknown_sessions_are_the_same_404() {
    // D10, protocol.md 7.15, 7.17, 9.13
    let bridge = Bridge::start().await;
    let own = Client::register(&bridge, "Own").await.sign_in(&bridge).await;
    let other = Client::register(&bridge, "Other").await.sign_in(&bridge).await;
    let session = Session::open(&bridge, &own.access, "2025-11-25").await;
    let closed = Session::open(&bridge, &other.access, "2025-11-25").await;
    let ask = |method: Method, id: &str, token: &str| {
        let asking = bridge.http().ask(method, "/mcp").bearer(token).header("mcp-session-id", id);
        let asking = asking.header("accept", "application/json, text/event-stream");
        asking.header("mcp-protocol-version", "2025-11-25").json(&request("ping", &json!({})))
    };
    let ended = ask(Method::DELETE, &closed.id, &other.access).send().await;
    assert!(ended.status.is_success(), "{}", ended.status);

    let mut bodies = Vec::new();
    for id in [session.id.as_str(), closed.id.as_str(), "00000000-0000-4000-8000-000000000000", "\"", "x y"] {
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let answer = ask(method, id, &other.access).send().await;
            assert_eq!(refusal(&answer), (404, -32600));
            assert!(answer.json().get("id").is_none());
            bodies.push(answer.text());
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "they tell apart what nobody may know: {bodies:?}");
    // Nothing of that touched the session.
    assert_eq!(session.request("ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn an_initialize_in_a_foreign_session_opens_nothing() {
    // protocol.md 7.15: the check comes before rmcp, whatever the message.
    let bridge = Bridge::start().await;
    let own = Client::register(&bridge, "Own").await.sign_in(&bridge).await;
    let other = Client::register(&bridge, "Other").await.sign_in(&bridge).await;
    let session = Session::open(&bridge, &own.access, "2025-06-18").await;
    let answer = greet(&bridge, &other.access).header("mcp-session-id", &session.id).send().await;
    assert_eq!(refusal(&answer), (404, -32600));
    assert_eq!(session.request("ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_session_goes_on_with_the_next_token_of_its_grant() {
    // protocol.md 7.15: the binding follows the grant, not the token.
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let mut session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    let renewed = client.refresh(tokens.refresh()).await.assert_status(200).json();
    session.token = renewed["access_token"].as_str().expect("a token").to_owned();
    assert_ne!(session.token, tokens.access);
    assert_eq!(session.request("ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_new_sign_in_of_the_same_client_is_another_grant() {
    // protocol.md 7.15
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let first = client.sign_in(&bridge).await;
    let session = Session::open(&bridge, &first.access, "2025-06-18").await;
    let second = client.sign_in(&bridge).await;
    let message = request("ping", &json!({}));
    let answer = post(&bridge.http(), &second.access, &message).header("mcp-session-id", &session.id);
    assert_eq!(refusal(&answer.send().await), (404, -32600));
}

#[tokio::test]
async fn without_a_session_only_initialize_is_answered() {
    // protocol.md 7.16, 7.32
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    for method in ["ping", "tools/list", "tools/call", "notifications/initialized"] {
        let message = request(method, &json!({ "name": "list_memories" }));
        let answer = post(&bridge.http(), &tokens.access, &message).send().await;
        assert!(answer.status.is_client_error(), "{method} {}", answer.status);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{method}");
        assert!(answer.json()["error"]["code"].is_i64(), "{method}");
    }
    let asking = bridge.http().get("/mcp").bearer(&tokens.access).header("accept", "text/event-stream");
    let answer = asking.send().await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(answer.json()["error"]["code"].is_i64());
}

#[tokio::test]
async fn sessions_die_with_the_process_and_the_client_opens_another() {
    // protocol.md 7.16; design.md J10: the token itself goes on.
    let home = tempfile::tempdir().unwrap();
    let bridge = BridgeOptions::default().home(home.path()).start().await;
    let port = bridge.port();
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    bridge.kill().await;

    let bridge = BridgeOptions::default().home(home.path()).port(port).start().await;
    let answer = session.post(&request("ping", &json!({}))).send().await;
    assert_eq!(refusal(&answer), (404, -32600));
    Session::open(&bridge, &tokens.access, "2025-06-18").await;
}

#[tokio::test]
async fn the_session_used_least_recently_makes_room_for_the_same_client_only() {
    // protocol.md 7.16
    let bridge = Bridge::start().await;
    let own = Client::register(&bridge, "Own").await.sign_in(&bridge).await;
    let other = Client::register(&bridge, "Other").await.sign_in(&bridge).await;
    let others = Session::open(&bridge, &other.access, "2025-06-18").await;
    let mut sessions = Vec::new();
    for _ in 0..MOST {
        sessions.push(Session::open(&bridge, &own.access, "2025-06-18").await);
    }
    // The oldest is used again, so the second is now the one to go.
    let ping = request("ping", &json!({}));
    sessions[0].post(&ping).send().await.assert_status(200);
    sessions.push(Session::open(&bridge, &own.access, "2025-06-18").await);
    for (at, session) in sessions.iter().enumerate() {
        let status = if at == 1 { 404 } else { 200 };
        session.post(&ping).send().await.assert_status(status);
    }
    others.post(&ping).send().await.assert_status(200);
}

#[tokio::test]
async fn a_listen_stream_opens_at_once_and_knows_no_foreign_events() {
    // protocol.md 7.17, 10.2: never an `endpoint` event
    let world = World::start().await;
    let session = world.session("App").await;
    let mut events = Events::of(session.listen().begin().await);
    let first = events.next().await.expect("a priming event");
    assert!(first.message.is_none() && first.id.is_some(), "{first:?}");
    let resumed = session.listen().header("last-event-id", "999/999").send().await.assert_status(200);
    assert!(!resumed.text().contains("jsonrpc"), "{}", resumed.text());
    assert!(!resumed.text().contains("event: endpoint"));
}

#[tokio::test]
async fn a_closed_session_ends_its_listen_stream() {
    // protocol.md 7.17
    let world = World::start().await;
    let session = world.session("App").await;
    let mut events = Events::of(session.listen().begin().await);
    events.next().await.expect("a priming event");
    let asking = world.bridge.http().ask(Method::DELETE, "/mcp").bearer(&session.token);
    asking.header("mcp-session-id", &session.id).send().await;
    assert!(events.rest().await.is_empty());
}

#[tokio::test]
async fn ids_of_sessions_are_random_and_spelled_as_one_likes() {
    // protocol.md 9.13, 10.10
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let (one, other) = (
        Session::open(&bridge, &tokens.access, "2025-11-25").await,
        Session::open(&bridge, &tokens.access, "2025-11-25").await,
    );
    assert_ne!(one.id, other.id);
    assert!(one.id.len() >= 32, "{}", one.id);
    let ping = request("ping", &json!({}));
    let raw = format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nMCP-SESSION-ID: {}\r\n\
         Content-Type: application/json; charset=utf-8\r\nAccept: */*\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{ping}",
        bridge.port(),
        tokens.access,
        one.id,
        ping.to_string().len(),
    );
    let answer = bridge.http().raw(raw.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let same = post(&bridge.http(), &tokens.access, &ping).header("mcp-session-id", &other.id).send().await;
    assert_eq!(reply(&same.assert_status(200))["result"], json!({}));
}
