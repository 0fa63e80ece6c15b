//! Sessions: whose they are, how they end.

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;

use super::world::*;

#[tokio::test]
async fn unknown_closed_and_foreign_sessions_are_the_same_404() {
    // D10, protocol.md 7.15, 7.17
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    let closed = world.session(FULL, "2025-11-25").await;
    assert_eq!(closed.ask(Method::DELETE).send().await.status, StatusCode::ACCEPTED);

    let ping = request("ping", &json!({}));
    let mut bodies = Vec::new();
    for (id, token) in [
        (&*session.id, OTHER),
        (&*closed.id, FULL),
        ("00000000-0000-4000-8000-000000000000", FULL),
        ("", FULL),
    ] {
        for ask in [
            world.post(&ping),
            world.ask(Method::GET).header("accept", "text/event-stream"),
            world.ask(Method::DELETE),
        ] {
            let answer = ask.bearer(token).header("mcp-session-id", id).send().await;
            assert_eq!(answer.refusal(), (404, -32600), "{answer:?}");
            bodies.push((answer.headers, answer.body));
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(session.post(&ping).send().await.status, StatusCode::OK, "the owner is not concerned");
}

#[tokio::test]
async fn a_session_survives_a_new_token_of_its_grant() {
    // protocol.md 7.15
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let answer = session.post(&request("ping", &json!({}))).bearer(REFRESHED).send().await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_modern_request_ignores_session_ids() {
    // protocol.md 7.15, 7A
    let world = World::new();
    let answer = world.modern("tools/list", &json!({})).header("mcp-session-id", "anything").send().await;
    assert_eq!(answer.result()["resultType"], "complete");
    assert!(answer.header("mcp-session-id").is_none());
}

#[tokio::test]
async fn a_modern_header_does_not_carry_an_initialize_into_a_foreign_session() {
    // protocol.md 7.10, 7.15: to rmcp an `initialize` is legacy whatever the header says.
    let world = World::new();
    let foreign = world.session(OTHER, "2025-11-25").await;
    let ask = world.post(&initialize(MODERN)).header("mcp-protocol-version", MODERN);
    let answer = ask.header("mcp-session-id", &foreign.id).send().await;
    assert_eq!(answer.result()["protocolVersion"], "2025-11-25");
    assert_ne!(answer.header("mcp-session-id"), Some(&*foreign.id));
    assert_eq!(world.endpoint.sessions_in_rmcp().await, 2);
}

#[tokio::test]
async fn without_a_session_only_initialize_is_answered() {
    // protocol.md 7.9, 7.32
    let world = World::new();
    for method in ["tools/list", "ping"] {
        let answer = world.post(&request(method, &json!({}))).send().await;
        assert_eq!(answer.refusal(), (400, -32600));
        assert_eq!(answer.message()["id"], 7);
    }
}

#[tokio::test]
async fn session_ids_are_uuids_and_differ() {
    // protocol.md 7.17, 9.13
    let world = World::new();
    let (one, other) = (world.session(FULL, "2025-06-18").await, world.session(FULL, "2025-06-18").await);
    assert_ne!(one.id, other.id);
    assert_eq!(one.id.len(), 36);
}

#[tokio::test]
async fn the_session_used_least_recently_makes_room() {
    // protocol.md 7.16
    let world = World::new();
    let mut sessions = Vec::new();
    for _ in 0..64 {
        sessions.push(world.session(FULL, "2025-06-18").await);
    }
    let ping = request("ping", &json!({}));
    assert_eq!(sessions[0].post(&ping).send().await.status, StatusCode::OK);
    world.session(FULL, "2025-06-18").await;
    assert_eq!(sessions[0].post(&ping).send().await.status, StatusCode::OK);
    assert_eq!(sessions[1].post(&ping).send().await.refusal(), (404, -32600));
    assert_eq!(world.endpoint.sessions_in_rmcp().await, 64);
    // Another grant has its own.
    world.session(OTHER, "2025-06-18").await;
    assert_eq!(sessions[2].post(&ping).send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_that_rmcp_closed_is_a_404_not_an_error() {
    // protocol.md 7.15, 7.32
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    world.endpoint.close_in_rmcp(&session.id).await;
    assert_eq!(session.post(&request("ping", &json!({}))).send().await.refusal(), (404, -32600));
}

#[tokio::test]
async fn a_get_opens_a_stream_with_a_priming_event() {
    // protocol.md 7.17
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    let mut stream = session.ask(Method::GET).header("accept", "text/event-stream").open().await;
    assert_eq!(stream.status(), StatusCode::OK);
    let first = stream.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    assert!(first.contains("id: 0") && first.contains("retry: 3000"), "{first}");
}

#[tokio::test]
async fn an_unknown_event_id_gives_an_empty_stream() {
    // protocol.md 7.17
    let world = World::new();
    let session = world.session(FULL, "2025-11-25").await;
    for id in ["77/99", "nonsense"] {
        let answer = session
            .ask(Method::GET)
            .header("accept", "text/event-stream")
            .header("last-event-id", id)
            .send()
            .await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, ""), "{id}");
    }
}

#[tokio::test]
async fn revocation_ends_streams_and_sessions_of_the_grant_only() {
    // protocol.md 7.21, 9.11
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let other = world.session(OTHER, "2025-06-18").await;
    let stream = session.ask(Method::GET).header("accept", "text/event-stream").open().await;
    let open = tokio::spawn(stream.into_body().collect());

    world.grant(FULL).cancelled.cancel();
    open.await.unwrap().unwrap();
    while world.endpoint.sessions_in_rmcp().await > 1 {
        tokio::task::yield_now().await;
    }
    let answer = session.post(&request("ping", &json!({}))).send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.post(&request("ping", &json!({}))).send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn shutdown_ends_open_streams() {
    // protocol.md 7.21
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let stream = session.ask(Method::GET).header("accept", "text/event-stream").open().await;
    let open = tokio::spawn(stream.into_body().collect());
    world.shutdown.cancel();
    open.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_during_initialize_leaves_no_session_of_nobody() {
    // protocol.md 7.16
    let world = World::new();
    let opening = tokio::spawn(world.post(&initialize("2025-06-18")).open());
    while world.endpoint.sessions_in_rmcp().await == 0 {
        tokio::task::yield_now().await;
    }
    opening.abort();
    let _ = opening.await;
    // Whatever was opened is bound, so the end of the grant closes it.
    world.grant(FULL).cancelled.cancel();
    while world.endpoint.sessions_in_rmcp().await > 0 {
        tokio::task::yield_now().await;
    }
}
