//! Keys that are tried out at `/mcp/v2`, where no person is asked.

use serde_json::json;

use super::world::World;
use crate::double::ALICE;
use crate::harness::http::{Answer, Http};

/// Keys of strangers that are checked at once (`api_key_clients`).
const AT_ONCE: usize = 10;

async fn greet(http: &Http, user: &str, key: &str) -> Answer {
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } } });
    let asking = http.post(&format!("/mcp/v2/cursor/{user}")).header("x-api-key", key);
    asking.header("accept", "application/json, text/event-stream").json(&hello).send().await
}

fn checks(world: &World) -> usize {
    world.double.requests().iter().filter(|seen| seen.path() == "/sdk/validate-developer").count()
}

#[tokio::test]
async fn keys_that_are_guessed_by_the_thousand_are_not_asked_about_by_the_thousand() {
    let world = World::start().await;
    let http = world.bridge.http();
    // Somebody who was let in before the flood.
    greet(&http, ALICE.id, ALICE.key).await.assert_status(200);
    let before = checks(&world);
    let mut slowed = 0;
    for n in 0..200 {
        let guess = format!("jean_sk_EXAMPLE_guess_{n:034}");
        let answer = greet(&http, ALICE.id, &guess).await;
        match answer.status.as_u16() {
            401 => {}
            429 => {
                assert_eq!(answer.header("retry-after"), Some("60"));
                slowed += 1;
            }
            _ => panic!("{answer:?}"),
        }
        assert!(!answer.text().contains(&guess));
    }
    let asked = checks(&world) - before;
    assert!(asked <= AT_ONCE + 5, "Jean Memory was asked {asked} times");
    assert!(slowed >= 200 - AT_ONCE - 5, "{slowed}");
    // Who was let in before is let in all the while.
    greet(&http, ALICE.id, ALICE.key).await.assert_status(200);
}

#[tokio::test]
async fn the_same_wrong_key_again_and_again_is_asked_about_once() {
    let world = World::start().await;
    let http = world.bridge.http();
    let before = checks(&world);
    for _ in 0..50 {
        let wrong = "jean_sk_EXAMPLE_nobody_0000000000000000000000000000";
        greet(&http, ALICE.id, wrong).await.assert_error(401, "invalid_key");
    }
    assert_eq!(checks(&world) - before, 1);
}
