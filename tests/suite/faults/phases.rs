//! Jean Memory fails in every phase of an exchange, from the name to the last byte: for the list of tools, for a call and
//! for a key that is checked. The client and the person hear it in our words, and the next exchange is whole
//! (protocol.md 7.27, 7.28; upstream-api.md 6.3).

use futures_util::future::join_all;
use serde_json::json;

use super::wire::{Phase, Wire};
use super::world::{READS, WRITES, World, call};
use crate::double::{ALICE, BOB};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::{Client, Tokens};
use crate::harness::ports::free_port;
use crate::harness::stdio::{done, failed};
use crate::harness::waiting::until_answer;

struct Broken {
    world: World,
    wire: Wire,
    bridge: Bridge,
    tokens: Tokens,
}

impl Broken {
    async fn start() -> Self {
        let world = World::start().await;
        let wire = Wire::to(&world.double.base_url()).await;
        let bridge = world.bridge_with(world.options().api(wire.url())).await;
        let tokens = Client::register(&bridge, "App").await.sign_in_as(&bridge, &[], &[]).await;
        Self { world, wire, bridge, tokens }
    }

    async fn list(&self) -> serde_json::Value {
        self.wire.ends_are_noticed().await;
        list(&self.bridge, &self.tokens).await
    }

    async fn call(&self, tool: &str, arguments: serde_json::Value) -> serde_json::Value {
        self.wire.ends_are_noticed().await;
        call(&self.bridge, &self.tokens, tool, arguments).await
    }

    /// How many calls that write arrived whole.
    fn written(&self) -> usize {
        self.world.double.requests().tool(WRITES).count()
    }
}

async fn list(bridge: &Bridge, tokens: &Tokens) -> serde_json::Value {
    reply(&modern(&bridge.http(), &tokens.access, "tools/list", json!({})).send().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_breaks_in_any_phase_is_told_and_the_next_one_is_whole() {
    // Beside each other: most of the time goes by between a failure and the next try.
    join_all(Phase::ALL.map(breaks_in)).await;
}

async fn breaks_in(phase: Phase) {
    let broken = Broken::start().await;
    broken.wire.breaks(Some(phase));
    // The list.
    let listed = broken.list().await;
    if phase.is_harmless() {
        assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(8), "{phase:?}: {listed}");
    } else {
        assert_eq!(listed["error"]["code"], -32603, "{phase:?}: {listed}");
        assert!(listed["error"]["message"].as_str().unwrap().contains("Jean Memory"), "{phase:?}: {listed}");
    }
    broken.wire.breaks(None);
    // A failure answers those who ask right after.
    until_answer("the tools", async || broken.list().await, |answer| answer.get("result").is_some()).await;

    // A call: what went wrong is told, and nobody sends it again.
    broken.wire.breaks(Some(phase));
    for at in 0..2 {
        let before = broken.written();
        let result = broken.call(WRITES, json!({ "text": format!("{phase:?} {at}") })).await;
        let arrived = broken.written() - before;
        if phase.is_harmless() {
            done(&result);
            assert_eq!(arrived, 1, "{phase:?}");
        } else {
            let words = failed(&result);
            assert!(arrived <= 1, "{phase:?}: sent {arrived} times");
            assert!(words.contains("is unknown") || words.contains("Nothing was sent"), "{phase:?}: {words}");
            assert!(arrived == 0 || words.contains("is unknown"), "{phase:?}: {words}");
        }
    }

    // A key: not refused because of it, and the account that was there is as it was.
    let added = broken.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
    if phase.is_harmless() {
        assert!(added.status.success(), "{phase:?}: {added:?}");
    } else {
        assert_eq!(added.status.code(), Some(1), "{phase:?}: {added:?}");
        assert!(added.stderr.contains("--save-unchecked"), "{phase:?}: {added:?}");
    }
    assert_eq!(broken.bridge.cli_json(&["accounts"]).await[0]["state"], "ok", "{phase:?}");

    broken.wire.breaks(None);
    done(&broken.call(READS, json!({})).await);
    done(&broken.call(WRITES, json!({ "text": "at last" })).await);
    let again = broken.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
    assert!(again.status.success(), "{phase:?}: {again:?}");
    assert_eq!(broken.bridge.cli_json(&["status"]).await["state"], "ready", "{phase:?}");
    let memories = broken.world.double.memories(ALICE.id);
    assert_eq!(memories.iter().filter(|memory| *memory == "at last").count(), 1, "{phase:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_a_connection_or_a_secure_one_nothing_is_sent_and_that_is_told() {
    let world = World::start().await;
    let first = world.bridge().await;
    let tokens = Client::register(&first, "App").await.sign_in_as(&first, &[], &[]).await;
    let port = first.port();
    assert!(first.terminate().await.success());
    let hangs_up = Wire::to(&world.double.base_url()).await;
    hangs_up.breaks(Some(Phase::Accepted));
    let secure = |url: &str| url.replace("http:", "https:");
    let ways: [(&str, BridgeOptions); 4] = [
        // Resolved nowhere (RFC 6761 §6.4), and not even asked about.
        ("no name", world.options().api("https://jean-memory.invalid").offline()),
        ("nobody there", world.options().api(&format!("http://127.0.0.1:{}", free_port()))),
        ("no TLS", world.options().api(&secure(&world.double.base_url()))),
        ("an end during the handshake", world.options().api(&secure(hangs_up.url()))),
    ];
    let asked = world.double.requests().count();
    for (what, options) in ways {
        let bridge = options.port(port).start().await;
        let listed = list(&bridge, &tokens).await;
        assert_eq!(listed["error"]["code"], -32603, "{what}: {listed}");
        let result = call(&bridge, &tokens, WRITES, json!({ "text": what })).await;
        assert!(failed(&result).contains("Nothing was sent"), "{what}: {result}");
        let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
        assert_eq!(added.status.code(), Some(1), "{what}: {added:?}");
        assert!(added.stderr.contains("--save-unchecked"), "{what}: {added:?}");
        assert_eq!(bridge.cli_json(&["status"]).await["state"], "offline", "{what}");
        assert!(bridge.terminate().await.success());
    }
    assert_eq!(world.double.requests().count(), asked);
    let bridge = world.bridge_with(world.options().port(port)).await;
    done(&call(&bridge, &tokens, WRITES, json!({ "text": "back" })).await);
}
