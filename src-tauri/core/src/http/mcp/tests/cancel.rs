//! What ends a call: cancellation, disconnect, revocation, shutdown; and what keeps a slow one alive.

use std::fmt::Write as _;

use axum::body::Body;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::world::*;

fn slow() -> Value {
    call("list_memories", &json!({}))
}

fn with_progress(token: &Value) -> Value {
    let mut params = slow();
    params["_meta"] = json!({"progressToken": token});
    params
}

#[tokio::test]
async fn a_modern_disconnect_cancels_the_call() {
    // protocol.md 7.18, for an answer in JSON
    let world = World::new();
    world.jean.next(Reply::Hang);
    let asking = tokio::spawn(world.modern("tools/call", &slow()).open());
    world.jean.until_started(1).await;
    asking.abort();
    world.jean.until_dropped(1).await;
    until_recorded(&world, "cancelled").await;
}

#[tokio::test]
async fn a_modern_disconnect_cancels_a_streamed_call_too() {
    // protocol.md 7.18, for an answer in SSE
    let world = World::new();
    world.jean.next(Reply::Hang);
    let response = modern_with_progress(&world, &json!("t")).open().await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(world.jean.dropped(), 0);
    drop(response);
    world.jean.until_dropped(1).await;
}

#[tokio::test]
async fn a_legacy_disconnect_cancels_nothing_and_the_answer_can_be_fetched() {
    // protocol.md 7.19
    let world = World::new();
    for version in LEGACY {
        let session = world.session(FULL, version).await;
        let go = CancellationToken::new();
        world.jean.next(Reply::After(go.clone(), text("late")));
        let mut response = session.post(&request("tools/call", &slow())).open().await;
        let event = first_event_id(&mut response).await;
        drop(response);
        go.cancel();
        let resumed = session
            .ask(Method::GET)
            .header("accept", "text/event-stream")
            .header("last-event-id", &event)
            .send()
            .await;
        let answers: Vec<_> = resumed.messages();
        assert_eq!(answers[0]["result"]["content"][0]["text"], "late", "{version} {resumed:?}");
    }
    assert_eq!(world.jean.dropped(), 0);
    assert_eq!(world.jean.outcomes(), ["done"; 4]);
}

#[tokio::test]
async fn a_legacy_cancel_ends_the_call_without_an_answer() {
    // protocol.md 7.19, 7.16
    let world = World::new();
    for version in LEGACY {
        let session = world.session(FULL, version).await;
        world.jean.next(Reply::Hang);
        let before = world.jean.calls().len();
        let mut body = request("tools/call", &slow());
        body["id"] = json!("slow");
        let asking = tokio::spawn(session.post(&body).send());
        world.jean.until_started(before + 1).await;
        let cancel =
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}});
        assert_eq!(session.post(&cancel).send().await.status, StatusCode::ACCEPTED);
        world.jean.until_dropped(before + 1).await;
        let answer = asking.await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.messages().is_empty(), "{version} {answer:?}");
    }
}

#[tokio::test]
async fn one_session_cannot_cancel_anothers_call() {
    // protocol.md 7.15: the same request id in another session
    let world = World::new();
    let (own, other) = (world.session(FULL, "2025-06-18").await, world.session(OTHER, "2025-06-18").await);
    let go = CancellationToken::new();
    world.jean.next(Reply::After(go.clone(), text("kept")));
    let asking = tokio::spawn(own.post(&request("tools/call", &slow())).send());
    world.jean.until_started(1).await;
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
    other.post(&cancel).send().await;
    go.cancel();
    assert_eq!(asking.await.unwrap().result()["content"][0]["text"], "kept");
}

#[tokio::test]
async fn revocation_aborts_a_modern_call() {
    // protocol.md 7.20, 7.21
    let world = World::new();
    world.jean.next(Reply::Hang);
    let asking = tokio::spawn(world.modern("tools/call", &slow()).send());
    world.jean.until_started(1).await;
    world.grant(FULL).cancelled.cancel();
    world.jean.until_dropped(1).await;
    let answer = asking.await.unwrap();
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
    assert_eq!(world.jean.outcomes(), ["stopped"]);
}

#[tokio::test]
async fn nothing_more_leaves_on_a_stream_of_a_revoked_grant() {
    // protocol.md 7.21
    let world = World::new();
    world.jean.next(Reply::Hang);
    let response = modern_with_progress(&world, &json!("t")).open().await;
    world.grant(FULL).cancelled.cancel();
    world.jean.until_dropped(1).await;
    let rest = Answer::of(response).await;
    assert!(rest.messages().is_empty(), "{rest:?}");
}

#[tokio::test]
async fn revocation_aborts_a_legacy_call_and_ends_its_stream() {
    // protocol.md 7.20, 7.21
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    world.jean.next(Reply::Hang);
    let asking = tokio::spawn(session.post(&request("tools/call", &slow())).send());
    world.jean.until_started(1).await;
    world.grant(FULL).cancelled.cancel();
    world.jean.until_dropped(1).await;
    assert!(asking.await.unwrap().messages().is_empty());
    assert_eq!(world.jean.outcomes(), ["stopped"]);
}

#[tokio::test]
async fn shutdown_aborts_calls_in_both_eras() {
    // protocol.md 7.20, 7.21
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    world.jean.next(Reply::Hang);
    world.jean.next(Reply::Hang);
    let legacy = tokio::spawn(session.post(&request("tools/call", &slow())).send());
    let modern = tokio::spawn(world.modern("tools/call", &slow()).send());
    world.jean.until_started(2).await;
    world.shutdown.cancel();
    world.jean.until_dropped(2).await;
    legacy.await.unwrap();
    modern.await.unwrap();
}

#[tokio::test]
async fn a_slow_call_reports_progress_to_who_asked_for_it() {
    // protocol.md 7.23, in every revision
    let world = World::new();
    for version in LEGACY {
        let session = world.session(FULL, version).await;
        let go = CancellationToken::new();
        world.jean.next(Reply::After(go.clone(), text("done")));
        let response = session.post(&request("tools/call", &with_progress(&json!(version)))).open().await;
        let messages = progress_then_answer(response, &go).await;
        check_progress(&messages, &json!(version), version != "2024-11-05");
    }
    let go = CancellationToken::new();
    world.jean.next(Reply::After(go.clone(), text("done")));
    let response = modern_with_progress(&world, &json!(5)).open().await;
    let messages = progress_then_answer(response, &go).await;
    check_progress(&messages, &json!(5), true);
    assert_eq!(messages.last().unwrap()["result"]["resultType"], "complete");
}

#[tokio::test]
async fn nobody_else_hears_of_progress() {
    // protocol.md 7.23
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let go = CancellationToken::new();
    let mut asking = Vec::new();
    for ask in [session.post(&request("tools/call", &slow())), world.modern("tools/call", &slow())] {
        world.jean.next(Reply::After(go.clone(), text("done")));
        asking.push(tokio::spawn(ask.send()));
    }
    world.jean.until_started(2).await;
    // As long as it takes another client to hear twice.
    let heard = CancellationToken::new();
    world.jean.next(Reply::After(heard.clone(), text("done")));
    progress_then_answer(modern_with_progress(&world, &json!("t")).open().await, &heard).await;
    go.cancel();
    for asking in asking {
        assert_eq!(asking.await.unwrap().result()["content"][0]["text"], "done");
    }
}

#[tokio::test]
async fn over_a_socket_the_eras_differ_as_in_memory() {
    // protocol.md 7.18, 7.19: what the HTTP server makes of a closed connection
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let app = world.app.clone();
    let server = tokio::spawn(async move {
        axum::serve(listener, app).with_graceful_shutdown(async move { stopped.cancelled().await }).await
    });

    world.jean.next(Reply::Hang);
    let modern = send_raw(address, world.modern("tools/call", &slow())).await;
    world.jean.until_started(1).await;
    drop(modern);
    world.jean.until_dropped(1).await;

    let go = CancellationToken::new();
    world.jean.next(Reply::After(go.clone(), text("late")));
    let mut legacy = send_raw(address, session.post(&request("tools/call", &slow()))).await;
    world.jean.until_started(2).await;
    let mut head = [0; 12];
    legacy.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    drop(legacy);
    // The server has noticed when the grant's place is free again.
    while world.grant(FULL).enter(crate::oauth::access::Lane::Call, 1).is_none() {
        tokio::task::yield_now().await;
    }
    go.cancel();
    until_recorded(&world, "done").await;
    assert_eq!(world.jean.dropped(), 1);

    stop.cancel();
    server.await.unwrap().unwrap();
}

fn modern_with_progress(world: &World, token: &Value) -> Ask {
    let mut body = modern_body("tools/call", slow());
    body["params"]["_meta"]["progressToken"] = token.clone();
    world
        .post(&body)
        .header("mcp-protocol-version", MODERN)
        .header("mcp-method", "tools/call")
        .header("mcp-name", "list_memories")
}

/// Reads two progress notifications, lets the call end, reads the rest.
async fn progress_then_answer(mut response: http::Response<Body>, go: &CancellationToken) -> Vec<Value> {
    let mut messages = Vec::new();
    while let Some(frame) = response.body_mut().frame().await {
        let data = frame.unwrap().into_data().unwrap();
        let text = std::str::from_utf8(&data).unwrap();
        let found = text.lines().filter_map(|line| line.strip_prefix("data:"));
        messages.extend(found.filter_map(|data| serde_json::from_str(data.trim()).ok()));
        if messages.len() >= 2 {
            go.cancel();
        }
    }
    messages
}

#[track_caller]
fn check_progress(messages: &[Value], token: &Value, with_words: bool) {
    let (answer, progress) = messages.split_last().unwrap();
    assert!(progress.len() >= 2, "{messages:?}");
    let mut last = 0.0;
    for message in progress {
        assert_eq!(message["method"], "notifications/progress");
        assert_eq!(&message["params"]["progressToken"], token);
        assert_eq!(message["params"].get("message").is_some(), with_words);
        let waited = message["params"]["progress"].as_f64().unwrap();
        assert!(waited > last, "{messages:?}");
        last = waited;
    }
    assert_eq!(answer["result"]["content"][0]["text"], "done");
}

async fn first_event_id(response: &mut http::Response<Body>) -> String {
    let frame = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    let event = std::str::from_utf8(&frame).unwrap().to_owned();
    event.lines().find_map(|line| line.strip_prefix("id:")).unwrap().trim().to_owned()
}

async fn until_recorded(world: &World, outcome: &str) {
    while world.jean.outcomes().last() != Some(&outcome) {
        tokio::task::yield_now().await;
    }
}

async fn send_raw(address: std::net::SocketAddr, ask: Ask) -> TcpStream {
    let (parts, body) = ask.request().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut text = format!("POST {} HTTP/1.1\r\ncontent-length: {}\r\n", parts.uri, body.len());
    for (name, value) in &parts.headers {
        write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{text}\r\n").as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    stream
}
