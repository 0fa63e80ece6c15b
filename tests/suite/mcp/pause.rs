//! A person pauses the bridge: nothing goes to Jean Memory until they resume it, over restarts too, and the
//! clients are told so (design.md 5, Tray).

use serde_json::{Value, json};

use super::world::{World, call, done, failed};
use crate::double::{ALICE, Double, Fault, Outcome, tool};
use crate::harness::bridge::BridgeOptions;
use crate::harness::mcp::{Events, Session, reply};
use crate::harness::oauth::Client;
use crate::harness::waiting::until_answer;

const SLOW: &str = "deep_memory_query";
const NEW_KEY: &str = "jean_sk_EXAMPLE_alice_second_00000000000000000nEw2";

/// A call that was refused because of the pause, with what to do about it.
#[track_caller]
fn is_paused(result: &Value) {
    let text = failed(result);
    let told = ["is paused", "nothing was sent", "jean-bridge resume"];
    assert!(told.iter().all(|told| text.contains(told)), "{text}");
}

#[tokio::test]
async fn while_paused_calls_are_refused_and_the_list_stays() {
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let tools = world.tools(&tokens).await;

    let said = world.bridge.cli_ok(&["pause"]).await.stdout;
    assert!(said.contains("Paused") && said.contains("jean-bridge resume"), "{said}");
    assert_eq!(world.state().await, "paused");
    let status = world.bridge.cli_ok(&["status"]).await.stdout;
    assert!(status.contains("paused; to go on: jean-bridge resume"), "{status}");
    let before = world.asked();
    is_paused(&world.call(&tokens, "add_memories", &json!({ "text": "tea" })).await);
    is_paused(&session.call("list_memories", json!({})).await);
    assert_eq!(world.tools(&tokens).await, tools);
    // A client that comes now can sign in, and whoever waits for an answer comes first.
    let asked = Client::register(&world.bridge, "Newcomer").await.ask(&[]).await;
    assert_eq!(world.state().await, "asking");
    world.bridge.cli_ok(&["approve", &asked.code]).await;
    let newcomer = asked.exchange(asked.finish().await.get("code").unwrap()).await;
    assert_eq!(world.tools(&newcomer).await, tools);
    assert_eq!(world.state().await, "paused");
    // Twice is as good as once.
    world.bridge.cli_ok(&["pause"]).await;
    assert_eq!(world.asked(), before);

    world.bridge.cli_ok(&["resume"]).await;
    assert_eq!(world.state().await, "ready");
    done(&session.call("add_memories", json!({ "text": "tea" })).await);
    assert_eq!(world.double.memories(ALICE.id), ["tea"]);
    // A pause is nobody's failure to reach Jean Memory.
    let rows = async || {
        let db = rusqlite::Connection::open(world.bridge.home().join("data/bridge.db")).unwrap();
        let mut read = db.prepare("SELECT outcome FROM activity ORDER BY id").unwrap();
        read.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect::<Vec<String>>()
    };
    let rows = until_answer("the calls to be written down", rows, |rows| rows.len() == 3).await;
    assert_eq!(rows, ["refused", "refused", "ok"]);
}

#[tokio::test]
async fn a_pause_survives_a_restart_and_what_waited_is_done_when_it_ends() {
    let (home, double) = (tempfile::tempdir().unwrap(), Double::start().await);
    let options = BridgeOptions::default().home(home.path()).api(&double.base_url());
    let bridge = options.clone().env("JEAN_BRIDGE_API_KEY", ALICE.key).start().await;
    let world = World { double, bridge };
    until_answer("the key to be checked", async || world.account().await, |account| account["state"] == "ok")
        .await;
    let tokens = world.sign_in("App").await;
    world.bridge.cli_ok(&["pause"]).await;
    let port = world.bridge.port();
    let World { double, bridge } = world;
    bridge.kill().await;

    // Another key of the same person, which is to be checked.
    double.issue_key(NEW_KEY, ALICE.id);
    let before = double.requests().count();
    let bridge = options.env("JEAN_BRIDGE_API_KEY", NEW_KEY).port(port).start().await;
    let world = World { double, bridge };
    assert_eq!(world.state().await, "paused");
    is_paused(&world.call(&tokens, "list_memories", &json!({})).await);
    // Which tools there are is not known any more.
    let answer = reply(&world.modern(&tokens, "tools/list", json!({})).send().await);
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("is paused"), "{answer}");
    assert_eq!(world.account().await["state"], "unchecked");
    assert_eq!(world.asked(), before, "nothing goes to Jean Memory");

    world.bridge.cli_ok(&["resume"]).await;
    until_answer("the key to be checked", async || world.account().await, |account| account["state"] == "ok")
        .await;
    done(&world.call(&tokens, "list_memories", &json!({})).await);
    assert_eq!(world.state().await, "ready");
}

#[tokio::test]
async fn a_call_that_is_under_way_ends_well() {
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let session = world.session("App").await;
    let slow = call(7, SLOW, &json!({ "search_query": "tea" }));
    let events = Events::of(session.post(&slow).begin().await);
    world.double.wait_for_call(SLOW).await;
    world.bridge.cli_ok(&["pause"]).await;
    world.double.release();
    let answers = events.rest().await;
    assert!(done(&answers[0]["result"]).contains("Deep Analysis"), "{answers:?}");
    assert_eq!(world.double.requests().tool(SLOW).last().outcome(), Outcome::Answered(200));
}
