//! A computer that sleeps: the bridge stands still in the middle of everything, and hours later it goes on, with
//! connections that are long gone (design.md J10).

use rustix::process::Signal;
use serde_json::json;

use super::apps::{App, Speaks};
use super::world::{DAY, HOUR, READS, WRITES, World, requests, signal};
use crate::double::{ALICE, Fault, tool};
use crate::harness::mcp::Events;
use crate::harness::stdio::{done, failed};
use crate::journeys::survival::until_stopped;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sleep_adapters_sessions_and_streams_go_on_and_what_hung_is_told() {
    let world = World::start().await;
    let bridge = world.bridge().await;
    let mut app = App::start(&bridge, "App", Speaks::Sessions("2025-06-18")).await;
    let mut adapter = world.adapter(&bridge).await;
    let stream = Events::of(app.session().listen().begin().await);
    world.double.fault(Fault::Hang.on(tool(WRITES)).times(1));
    let hanging = adapter.begin_call(WRITES, json!({ "text": "before the sleep" })).await;
    world.double.wait_for_call(WRITES).await;

    signal(&bridge, Signal::STOP);
    until_stopped(bridge.pid()).await;
    world.clock.set(8 * HOUR);
    // Nobody at the other end has waited.
    world.double.go_away().await;
    world.double.come_back();
    signal(&bridge, Signal::CONT);

    let answer = adapter.answer(hanging).await;
    assert!(failed(&answer["result"]).contains("is unknown"), "{answer}");
    done(&adapter.call(WRITES, json!({ "text": "after the sleep" })).await);
    done(&app.call(&bridge, WRITES, &json!({ "text": "the app, too" })).await);
    assert_eq!(app.refreshes, 1);
    assert!(requests(&bridge).await.is_empty());
    // Its session is the one of before, and so is its stream, which ends with it.
    let session = app.session();
    let ask = bridge.http().ask(http::Method::DELETE, "/mcp").bearer(&session.token);
    let ask = ask.header("mcp-session-id", &session.id).header("mcp-protocol-version", &session.version);
    assert!(ask.send().await.status.is_success());
    stream.rest().await;
    assert_eq!(world.double.memories(ALICE.id).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_call_after_a_sleep_is_not_sent_on_a_connection_from_before_it() {
    let world = World::start().await;
    let bridge = world.bridge().await;
    let mut app = App::start(&bridge, "App", Speaks::Modern).await;
    done(&app.call(&bridge, READS, &json!({})).await);
    for night in 1..=3 {
        // Gone at the other end, which nobody could tell while the computer slept.
        world.double.fault(Fault::Stale.on(tool(READS)).times(1));
        done(&app.call(&bridge, READS, &json!({})).await);
        signal(&bridge, Signal::STOP);
        until_stopped(bridge.pid()).await;
        world.clock.set(night * DAY);
        signal(&bridge, Signal::CONT);
        done(&app.call(&bridge, WRITES, &json!({ "text": format!("night {night}") })).await);
    }
    assert_eq!(world.double.memories(ALICE.id).len(), 3);
}
