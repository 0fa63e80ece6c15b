//! How much one client may have open (protocol.md 7.8, 7.16).

use serde_json::json;

use super::world::{World, call, done};
use crate::double::{Fault, tool};
use crate::harness::mcp::{Events, Session};
use crate::harness::waiting::until_answer;

/// Requests of one client at once, and streams on which it listens; see the core.
const MOST_CALLS: usize = 64;
const MOST_STREAMS: usize = 128;
const STREAMS_PER_SESSION: usize = 16;

#[tokio::test]
async fn one_client_cannot_open_requests_without_end_and_others_do_not_notice() {
    // protocol.md 7.8
    let world = World::start().await;
    let greedy = world.sign_in("Greedy").await;
    let other = world.sign_in("Other").await;
    let session = Session::open(&world.bridge, &greedy.access, "2025-06-18").await;
    let slow = json!({ "search_query": "tea" });
    world.tools(&greedy).await;
    world.double.fault(Fault::Hang.on(tool("deep_memory_query")));
    let call = || tokio::spawn(world.calling(&greedy, "deep_memory_query", &slow).send());
    let mut calls: Vec<_> = (0..MOST_CALLS).map(|_| call()).collect();
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let busy = loop {
        let answer = session.post(&ping).send().await;
        if answer.status.as_u16() == 429 {
            break answer;
        }
        // A ping may have had the place that was meant for a call.
        calls.push(call());
        assert!(calls.len() < 10 * MOST_CALLS, "there is no limit");
    };
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(busy.json()["error"]["code"], -32600);
    assert!(busy.header("www-authenticate").is_none());
    // Of the four that may be upstream at once (upstream-api.md 14.6), one is left for others.
    world.double.wait_for_calls("deep_memory_query", 3).await;
    assert_eq!(world.double.requests().tool("deep_memory_query").count(), 3);
    assert!(world.double.open_connections() <= 8, "{}", world.double.open_connections());
    assert_eq!(world.tools(&other).await.len(), 8);

    for call in &calls {
        call.abort();
    }
    // Places come back with those who leave.
    until_answer(
        "a place",
        async || session.post(&ping).send().await.status.as_u16(),
        |status| *status == 200,
    )
    .await;
    world.double.clear();
    done(&world.call(&greedy, "list_memories", &json!({})).await);
}

#[tokio::test]
async fn one_client_cannot_listen_without_end() {
    // protocol.md 7.8
    let world = World::start().await;
    let tokens = world.sign_in("Greedy").await;
    let mut streams = Vec::new();
    let mut session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let refused = loop {
        // In one session rmcp closes the oldest of too many itself.
        if streams.len() % STREAMS_PER_SESSION == 0 {
            session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
        }
        let response = session.listen().begin().await;
        if !response.status().is_success() {
            break response.status();
        }
        let mut events = Events::of(response);
        events.next().await;
        streams.push(events);
        assert!(streams.len() <= MOST_STREAMS, "there is no limit");
    };
    assert_eq!(refused.as_u16(), 429);
    assert_eq!(streams.len(), MOST_STREAMS);
    // Calls have places of their own.
    let answer = session.post(&call(1, "list_memories", &json!({}))).send().await;
    answer.assert_status(200);
}
