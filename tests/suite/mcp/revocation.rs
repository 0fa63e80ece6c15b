//! A person takes access back: at once, everywhere, and from nobody else (design.md J5; protocol.md 5.4,
//! 7.21, 9.11).

use serde_json::{Value, json};

use super::world::{LEGACY, World, call, done, greet, request};
use crate::double::{ALICE, BOB, Fault, tool};
use crate::harness::mcp::{Events, Session, post, reply};
use crate::harness::oauth::Client;
use crate::harness::waiting::until_answer;

const SLOW: &str = "deep_memory_query";

fn slow() -> Value {
    json!({ "search_query": "tea" })
}

#[tokio::test]
async fn the_next_request_of_a_revoked_client_is_401_and_its_refresh_token_is_dead() {
    // design.md J5; protocol.md 6.4, 7.15
    let world = World::start().await;
    let client = Client::register(&world.bridge, "Claude").await;
    let tokens = client.sign_in_as(&world.bridge, &[], &[]).await;
    let other = world.session("Other").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    world.bridge.cli_ok(&["revoke", "Claude"]).await;

    let before = world.asked();
    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", world.bridge.url());
    let expected =
        format!("Bearer error=\"invalid_token\", resource_metadata=\"{metadata}\", scope=\"read write\"");
    let refused = [
        greet(&world.bridge, &tokens.access).send().await,
        session.post(&request("ping", &json!({}))).send().await,
        session.post(&call(1, "list_memories", &json!({}))).send().await,
        session.listen().send().await,
        world.modern(&tokens, "tools/list", json!({})).send().await,
        world.calling(&tokens, "list_memories", &json!({})).send().await,
    ];
    for answer in refused {
        let answer = answer.assert_error(401, "invalid_token");
        assert_eq!(answer.header("www-authenticate"), Some(expected.as_str()));
    }
    client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    assert_eq!(world.asked(), before);
    assert!(done(&other.call("list_memories", json!({})).await).contains("success"));

    // Signing in again is a new grant; the old session does not come back with it.
    let again = client.sign_in_as(&world.bridge, &[], &[]).await;
    let message = request("ping", &json!({}));
    let answer = post(&world.bridge.http(), &again.access, &message).header("mcp-session-id", &session.id);
    answer.send().await.assert_status(404);
}

#[tokio::test]
async fn a_call_under_way_is_aborted_upstream_and_its_stream_ends() {
    // protocol.md 7.20, 7.21, in every legacy revision at once
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let tokens = world.sign_in("Claude").await;
    let other = world.session("Other").await;
    let others = Events::of(other.post(&call(7, SLOW, &slow())).begin().await);
    world.double.wait_for_call(SLOW).await;
    let (mut streams, mut listening) = (Vec::new(), Vec::new());
    // One place upstream is the other client's.
    for version in LEGACY.into_iter().skip(1) {
        let session = Session::open(&world.bridge, &tokens.access, version).await;
        streams.push(Events::of(session.post(&call(7, SLOW, &slow())).begin().await));
        let mut events = Events::of(session.listen().begin().await);
        events.next().await.expect("a priming event");
        listening.push(events);
    }
    world.double.wait_for_calls(SLOW, LEGACY.len()).await;

    world.bridge.cli_ok(&["revoke", "Claude"]).await;
    for events in streams.into_iter().chain(listening) {
        // Not even a word of farewell: nothing more leaves for this grant.
        assert!(events.rest().await.is_empty());
    }
    let aborted = async || {
        let calls = world.double.requests().tool(SLOW);
        calls.iter().filter(|seen| seen.outcome() == crate::double::Outcome::Aborted).count()
    };
    until_answer("the calls to be given up", aborted, |count| *count == 3).await;
    // The other client's call goes on.
    world.double.release();
    let answers = others.rest().await;
    assert!(done(&answers[0]["result"]).contains("Deep Analysis"), "{answers:?}");
}

#[tokio::test]
async fn a_modern_call_under_way_is_aborted_and_answered_with_401() {
    // protocol.md 7.21, 6.4
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let tokens = world.sign_in("Claude").await;
    let plain = tokio::spawn(world.calling(&tokens, SLOW, &slow()).send());
    let mut streamed = Events::of(super::progress::asking(&world, &tokens, "p").begin().await);
    streamed.message().await.expect("progress");
    world.double.wait_for_calls(SLOW, 2).await;
    world.bridge.cli_ok(&["revoke", "Claude"]).await;
    plain.await.unwrap().assert_error(401, "invalid_token");
    assert!(streamed.rest().await.is_empty());
    let aborted = async || {
        let calls = world.double.requests().tool(SLOW);
        calls.iter().filter(|seen| seen.outcome() == crate::double::Outcome::Aborted).count()
    };
    until_answer("the calls to be given up", aborted, |count| *count == 2).await;
}

#[tokio::test]
async fn a_client_that_revokes_its_token_itself_ends_its_streams_too() {
    // protocol.md 5.4, 7.21
    let world = World::start().await;
    let client = Client::register(&world.bridge, "Claude").await;
    let tokens = client.sign_in_as(&world.bridge, &[], &[]).await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let mut events = Events::of(session.listen().begin().await);
    events.next().await.expect("a priming event");
    client.revoke(tokens.refresh()).await.assert_status(200);
    assert!(events.rest().await.is_empty());
    greet(&world.bridge, &tokens.access).send().await.assert_error(401, "invalid_token");
}

#[tokio::test]
async fn removing_an_account_ends_what_its_clients_do_and_nobody_elses() {
    // protocol.md 7.21
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let alices = world.sign_in("Alice's").await;
    let account = world.account().await["id"].as_str().unwrap().to_owned();
    world.add_key(BOB.key).await;
    let accounts = world.bridge.cli_json(&["accounts"]).await;
    let bobs = accounts.as_array().unwrap().iter().find(|one| one["user_id"] == BOB.id).unwrap();
    let client = Client::register(&world.bridge, "Bob's").await;
    let bobs = client.sign_in_as(&world.bridge, &["--account", bobs["id"].as_str().unwrap()], &[]).await;

    let session = Session::open(&world.bridge, &alices.access, "2025-06-18").await;
    let stream = Events::of(session.post(&call(7, SLOW, &slow())).begin().await);
    world.double.wait_for_call(SLOW).await;
    world.bridge.cli_ok(&["accounts", "remove", &account]).await;
    assert!(stream.rest().await.is_empty());
    world.double.call_aborted(SLOW).await;
    greet(&world.bridge, &alices.access).send().await.assert_error(401, "invalid_token");

    world.call(&bobs, "add_memories", &json!({ "text": "still here" })).await;
    assert_eq!(world.double.memories(BOB.id), ["still here"]);
    assert!(world.double.memories(ALICE.id).is_empty());
    assert_eq!(world.double.requests().key(ALICE.key).tool("add_memories").count(), 0);
}

#[tokio::test]
async fn a_client_is_revoked_by_its_id_when_two_bear_the_same_name() {
    // design.md 4 (Command line)
    let world = World::start().await;
    let (one, other) = (world.sign_in("Twin").await, world.sign_in("Twin").await);
    let ambiguous = world.bridge.cli(&["revoke", "Twin"]).await;
    assert_eq!(ambiguous.status.code(), Some(1), "{ambiguous:?}");
    for tokens in [&one, &other] {
        greet(&world.bridge, &tokens.access).send().await.assert_status(200);
    }
    world.bridge.cli_ok(&["revoke", &one.client_id]).await;
    greet(&world.bridge, &one.access).send().await.assert_error(401, "invalid_token");
    let answer = greet(&world.bridge, &other.access).send().await.assert_status(200);
    assert_eq!(reply(&answer)["id"], 0);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn shutting_down_aborts_calls_and_ends_streams() {
    // protocol.md 7.21
    let World { double, bridge } = World::start().await;
    double.fault(Fault::Hang.on(tool(SLOW)));
    let client = Client::register(&bridge, "Claude").await;
    let tokens = client.sign_in_as(&bridge, &[], &[]).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    let call = Events::of(session.post(&call(7, SLOW, &slow())).begin().await);
    let mut listening = Events::of(session.listen().begin().await);
    listening.next().await.expect("a priming event");
    double.wait_for_call(SLOW).await;
    let status = bridge.terminate().await;
    assert!(status.success(), "{status}");
    double.call_aborted(SLOW).await;
    call.rest().await;
    assert!(listening.rest().await.is_empty());
}
