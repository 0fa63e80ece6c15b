//! While a slow tool runs, a client that asked for it hears that it does (protocol.md 7.23).

use serde_json::{Value, json};

use super::world::{World, call, done};
use crate::double::{Fault, tool};
use crate::harness::http::Asking;
use crate::harness::mcp::{Events, Session, post};
use crate::harness::oauth::Tokens;

const SLOW: &str = "deep_memory_query";

/// A slow call of the modern era with a progress token.
pub(super) fn asking(world: &World, tokens: &Tokens, token: &str) -> Asking {
    let mut message = call(7, SLOW, &json!({ "search_query": "tea" }));
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": token,
    });
    let asking = post(&world.bridge.http(), &tokens.access, &message);
    let asking = asking.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/call");
    asking.header("mcp-name", SLOW)
}

#[track_caller]
fn is_progress(message: &Value, token: &Value) {
    assert_eq!(message["method"], "notifications/progress", "{message}");
    assert_eq!(message["params"]["progressToken"], *token);
    assert!(message["params"]["progress"].as_f64().unwrap() > 0.0, "{message}");
    assert!(message["params"].get("total").is_none(), "nobody knows how long it takes: {message}");
    assert!(message.get("id").is_none());
}

#[tokio::test]
async fn a_slow_call_reports_progress_to_who_asked_and_to_nobody_else() {
    // protocol.md 7.23, 7.25: the token stays here.
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let tokens = world.sign_in("App").await;
    let legacy = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let oldest = Session::open(&world.bridge, &tokens.access, "2024-11-05").await;
    let slow = json!({ "search_query": "tea" });

    // Another client: three are with Jean Memory at once of one.
    let other = world.sign_in("Other").await;
    let silent = tokio::spawn(world.calling(&other, SLOW, &slow).send());
    let with_token = |token: Value| {
        let mut message = call(7, SLOW, &slow);
        message["params"]["_meta"] = json!({ "progressToken": token });
        message
    };
    let mut modern = Events::of(asking(&world, &tokens, "p-1").begin().await);
    let mut legacy = Events::of(legacy.post(&with_token(json!(0))).begin().await);
    let mut oldest = Events::of(oldest.post(&with_token(json!("old"))).begin().await);

    let progress = modern.message().await.expect("progress");
    is_progress(&progress, &json!("p-1"));
    assert!(progress["params"]["message"].as_str().unwrap().contains("Jean Memory"), "{progress}");
    is_progress(&legacy.message().await.expect("progress"), &json!(0));
    let progress = oldest.message().await.expect("progress");
    is_progress(&progress, &json!("old"));
    assert!(progress["params"].get("message").is_none(), "24 knows no message: {progress}");

    world.double.wait_for_calls(SLOW, 4).await;
    world.double.release();
    for events in [modern, legacy, oldest] {
        let rest = events.rest().await;
        let answer = rest.last().expect("an answer");
        assert_eq!(answer["id"], 7);
        assert!(done(&answer["result"]).contains("Deep Analysis"), "{answer}");
    }
    let silent = silent.await.unwrap().assert_status(200);
    assert_eq!(silent.header("content-type"), Some("application/json"));
    assert!(!silent.text().contains("notifications/"), "{}", silent.text());
    for seen in world.double.requests().tool(SLOW).iter() {
        assert!(!seen.json().to_string().contains("progressToken"), "{}", seen.json());
    }
}

#[tokio::test]
async fn a_quick_call_has_no_progress_to_report() {
    // protocol.md 7.23
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    // What is asked for the first time may take longer.
    world.tools(&tokens).await;
    let answer = asking(&world, &tokens, "p").send().await.assert_status(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(!answer.text().contains("notifications/"), "{}", answer.text());
}
