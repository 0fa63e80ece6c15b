//! Giving a call up: what reaches Jean Memory, and what must not (protocol.md 7.18 to 7.20).

use serde_json::{Value, json};

use super::world::{LEGACY, World, call, done};
use crate::double::{Fault, Outcome, tool};
use crate::harness::mcp::{Events, Session, reply};
use crate::harness::waiting::until_answer;

const SLOW: &str = "deep_memory_query";

fn slow() -> Value {
    json!({ "search_query": "tea" })
}

fn cancel(id: impl Into<Value>) -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": id.into(), "reason": "the person changed their mind" } })
}

#[tokio::test]
async fn a_legacy_cancel_aborts_the_call_upstream_and_is_not_answered() {
    // protocol.md 7.19, 7.20
    for version in LEGACY {
        let world = World::start().await;
        world.double.fault(Fault::Hang.on(tool(SLOW)));
        let tokens = world.sign_in("App").await;
        let session = Session::open(&world.bridge, &tokens.access, version).await;
        let events = Events::of(session.post(&call("slow", SLOW, &slow())).begin().await);
        world.double.wait_for_call(SLOW).await;
        session.post(&cancel("slow")).send().await.assert_status(202);
        world.double.call_aborted(SLOW).await;
        assert_eq!(events.rest().await, Vec::<Value>::new(), "{version}");
        // The session goes on.
        assert!(done(&session.call("list_memories", json!({})).await).contains("success"));
    }
}

#[tokio::test]
async fn a_cancel_names_one_request_of_its_own_session() {
    // protocol.md 7.15, 7.19
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let (own, other) = (world.session("Own").await, world.session("Other").await);
    let events = Events::of(own.post(&call(7, SLOW, &slow())).begin().await);
    world.double.wait_for_call(SLOW).await;
    // Another client's session, another request, another type of id, nothing at all.
    other.post(&cancel(7)).send().await.assert_status(202);
    for wrong in [cancel(8), cancel("7"), cancel(Value::Null)] {
        let status = own.post(&wrong).send().await.status.as_u16();
        assert!(status == 202 || status == 400, "{status}");
    }
    world.double.release();
    let answers = events.rest().await;
    assert!(done(&answers[0]["result"]).contains("Deep Analysis"), "{answers:?}");
    assert_eq!(world.double.requests().tool(SLOW).last().outcome(), Outcome::Answered(200));
}

#[tokio::test]
async fn a_legacy_disconnect_cancels_nothing_and_the_stream_can_be_taken_up_again() {
    // protocol.md 7.17, 7.19
    for version in LEGACY {
        let world = World::start().await;
        world.double.fault(Fault::Hang.on(tool(SLOW)));
        let tokens = world.sign_in("App").await;
        let session = Session::open(&world.bridge, &tokens.access, version).await;
        let mut events = Events::of(session.post(&call("slow", SLOW, &slow())).begin().await);
        let event = events.next().await.expect("a priming event").id.expect("an id to resume from");
        world.double.wait_for_call(SLOW).await;
        drop(events);
        let mut resumed = Events::of(session.listen().header("last-event-id", &event).begin().await);
        assert_eq!(world.double.requests().tool(SLOW).last().outcome(), Outcome::Pending);
        world.double.release();
        let answer = resumed.message().await.expect("the answer");
        assert_eq!(answer["id"], "slow");
        assert!(done(&answer["result"]).contains("Deep Analysis"), "{version} {answer}");
        assert_eq!(world.double.requests().tool(SLOW).last().outcome(), Outcome::Answered(200));
    }
}

#[tokio::test]
async fn a_modern_disconnect_is_the_cancel() {
    // protocol.md 7.18, 7.20
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let tokens = world.sign_in("App").await;
    // Before there is anything to read.
    let asking = tokio::spawn(world.calling(&tokens, SLOW, &slow()).begin());
    world.double.wait_for_call(SLOW).await;
    asking.abort();
    world.double.call_aborted(SLOW).await;
}

#[tokio::test]
async fn a_modern_disconnect_from_a_stream_is_the_cancel_too() {
    // protocol.md 7.18, 7.23
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let tokens = world.sign_in("App").await;
    let mut events = Events::of(super::progress::asking(&world, &tokens, "p").begin().await);
    events.message().await.expect("progress");
    assert_eq!(world.double.requests().tool(SLOW).last().outcome(), Outcome::Pending);
    drop(events);
    world.double.call_aborted(SLOW).await;
}

#[tokio::test]
async fn a_cancel_while_the_answer_comes_in_aborts_it() {
    // protocol.md 7.20: half of the body is there, the rest never comes.
    let world = World::start().await;
    world.double.fault(Fault::Stall.on(tool(SLOW)));
    let session = world.session("App").await;
    let events = Events::of(session.post(&call(7, SLOW, &slow())).begin().await);
    world.double.wait_for_call(SLOW).await;
    session.post(&cancel(7)).send().await.assert_status(202);
    world.double.call_aborted(SLOW).await;
    assert!(events.rest().await.is_empty());
}

#[tokio::test]
async fn a_cancel_during_the_cold_start_of_the_list_ends_the_call() {
    // protocol.md 7.20, 7.24: the tools are not known yet, and Jean Memory does not answer.
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(crate::double::rpc("tools/list")));
    let session = world.session("App").await;
    let events = Events::of(session.post(&call(7, SLOW, &slow())).begin().await);
    world.double.wait_for("the list to be asked for", |seen| seen.rpc_method() == Some("tools/list")).await;
    session.post(&cancel(7)).send().await.assert_status(202);
    assert!(events.rest().await.is_empty());
    assert_eq!(world.double.requests().tool(SLOW).count(), 0);
}

#[tokio::test]
async fn a_cancelled_write_is_not_said_to_be_undone() {
    // protocol.md 7.20: Jean Memory goes on working, and the person finds the memory later.
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool("add_memories")));
    let session = world.session("App").await;
    let events =
        Events::of(session.post(&call("write", "add_memories", &json!({ "text": "tea" }))).begin().await);
    world.double.wait_for_call("add_memories").await;
    session.post(&cancel("write")).send().await.assert_status(202);
    world.double.call_aborted("add_memories").await;
    assert!(events.rest().await.is_empty());
    world.double.release();
    let listed = until_answer(
        "the memory",
        async || session.call("list_memories", json!({})).await,
        |listed| done(listed).contains("tea"),
    );
    listed.await;
    assert_eq!(world.double.requests().tool("add_memories").count(), 1);
}

#[tokio::test]
async fn a_late_cancel_changes_nothing() {
    // protocol.md 7.19
    let world = World::start().await;
    let session = world.session("App").await;
    let answer = session.post(&call("quick", "list_memories", &json!({}))).send().await;
    assert!(done(&reply(&answer)["result"]).contains("success"));
    session.post(&cancel("quick")).send().await.assert_status(202);
    assert!(done(&session.call("list_memories", json!({})).await).contains("success"));
}
