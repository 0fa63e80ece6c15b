//! What breaks: the bridge in the middle of a call, the key, the network.

use rustix::process::Signal;
use serde_json::json;

use super::world::{READS, World, approve, waiting};
use crate::double::{Fault, tool};
use crate::harness::bridge::BridgeOptions;
use crate::harness::keychain::{Keychain, Start};
use crate::harness::ports::free_port;
use crate::harness::stdio::{LIST_CHANGED, StdioClient, done, failed};

const WRITES: &str = "add_memories";

#[tokio::test]
async fn a_bridge_that_is_killed_in_the_middle_of_a_call_costs_that_call_and_nothing_else() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    world.double.fault(Fault::Hang.on(tool(WRITES)));
    let call = client.begin_call(WRITES, json!({ "text": "tea" })).await;
    world.double.wait_for_call(WRITES).await;
    bridge.kill().await;
    let answer = client.answer(call).await;
    let words = failed(&answer["result"]);
    assert!(words.contains("ended before it answered"), "{words}");
    assert!(words.contains("Whether the request was carried out is unknown"), "{words}");
    assert!(failed(&client.call(READS, json!({})).await).contains("not running"));
    assert!(!client.tools().await.is_empty());

    world.double.clear();
    let bridge = world.bridge().await;
    // No question, no sign-in, not even a new adapter.
    done(&client.call(READS, json!({})).await);
    done(&client.call(WRITES, json!({ "text": "tea" })).await);
    assert!(waiting(&bridge).await.is_empty());
}

#[tokio::test]
async fn a_bridge_that_goes_and_comes_back_is_told_however_it_went() {
    let (world, mut bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    // Of being allowed.
    client.told(LIST_CHANGED).await;
    for signal in [Signal::TERM, Signal::KILL] {
        assert!(!client.tools().await.is_empty());
        bridge.end_by(signal).await;
        client.told(LIST_CHANGED).await;
        bridge = world.bridge().await;
        client.told(LIST_CHANGED).await;
        done(&client.call(READS, json!({})).await);
    }
}

#[tokio::test]
async fn without_the_network_a_call_says_so_and_the_app_keeps_its_tools() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    let tools = client.tools().await;
    bridge.kill().await;
    // Nobody listens there.
    let bridge = world.options().api(&format!("http://127.0.0.1:{}", free_port())).start().await;
    let result = client.call(READS, json!({})).await;
    assert!(failed(&result).contains("Jean Memory cannot be reached"), "{result}");
    assert_eq!(client.tools().await, tools);
    // An app that is started now has tools, too.
    assert_eq!(world.client().await.tools().await, tools);
    drop(bridge);
}

#[tokio::test]
async fn without_the_key_a_call_says_so_and_goes_on_when_it_is_back() {
    let world = World::start().await;
    let mut keychain = Keychain::start();
    let options: BridgeOptions = world
        .options()
        .without_env("JEAN_BRIDGE_API_KEY")
        .keychain(&keychain)
        .env("JWT_SECRET_KEY", crate::harness::bridge::JWT_SECRET);
    let bridge = options.clone().start().await;
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], crate::double::ALICE.key).await;
    assert!(added.status.success(), "{added:?}");
    let mut client = world.client().await;
    let call = client.begin_call(READS, json!({})).await;
    approve(&bridge).await;
    done(&client.answer(call).await["result"]);
    bridge.kill().await;

    keychain.kill_daemon();
    let bridge = options.start().await;
    let result = client.call(READS, json!({})).await;
    assert!(failed(&result).contains("keychain"), "{result}");
    assert!(!client.tools().await.is_empty());
    keychain.start_daemon(Start::Unlocked);
    let limit = tokio::time::Instant::now() + crate::harness::http::PATIENCE;
    while client.call(READS, json!({})).await["isError"] == true {
        assert!(tokio::time::Instant::now() < limit, "the key is back, and nobody noticed");
    }
    drop(bridge);
}

#[tokio::test]
async fn a_key_that_is_rejected_is_told_in_the_app() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    world.double.fault(Fault::Refused { status: 401, challenge: true });
    let result = client.call(READS, json!({})).await;
    assert!(failed(&result).contains("rejected the key"), "{result}");
}

#[tokio::test]
async fn a_bridge_that_hangs_does_not_hold_up_the_list() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    let pid = rustix::process::Pid::from_raw(bridge.pid().cast_signed()).expect("a process id");
    rustix::process::kill_process(pid, Signal::STOP).expect("it can be stopped");
    let tools = client.tools().await;
    let mut fresh = StdioClient::open(&world.bridge_home()).await;
    assert_eq!(fresh.tools().await.len(), tools.len());
    rustix::process::kill_process(pid, Signal::CONT).expect("it can go on");
    done(&client.call(READS, json!({})).await);
}
