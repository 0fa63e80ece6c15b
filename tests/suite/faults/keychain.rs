//! The keychain goes away in the middle: of a call, of a question, of both. Whoever has a key known to the bridge does not
//! notice, and nothing that was entered meanwhile is lost (protocol.md 9.8).

use bridge_core::paths::Paths;
use serde_json::json;

use super::world::{READS, WRITES, World, call, requests};
use crate::double::{ALICE, BOB, Fault, tool};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::keychain::{Keychain, Start};
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::{Client, Tokens};
use crate::harness::stdio::done;
use crate::system::until;

/// Signs in with a pasted key; meanwhile `happens`.
async fn sign_in(bridge: &Bridge, name: &str, key: &str, happens: impl AsyncFnOnce()) -> Tokens {
    let client = Client::register(bridge, name).await;
    let asked = client.ask(&[("state", name)]).await;
    happens().await;
    let approved = bridge.cli_with_stdin(&["approve", &asked.code, "--key-stdin"], key).await;
    assert!(approved.status.success(), "{approved:?}");
    let redirect = asked.finish().await;
    asked.exchange(redirect.get("code").expect("a code")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_goes_and_comes_back_costs_neither_a_call_nor_an_answer_nor_a_key() {
    let world = World::start().await;
    let mut keychain = Keychain::start();
    let options: BridgeOptions = world.options().without_env("JEAN_BRIDGE_API_KEY").keychain(&keychain);
    let bridge = options.clone().start().await;
    let alice = sign_in(&bridge, "Alice's app", ALICE.key, async || {}).await;

    // In the middle of a call.
    world.double.fault(Fault::Hang.on(tool(WRITES)).times(1));
    let params = json!({ "name": WRITES, "arguments": { "text": "tea" } });
    let hanging = tokio::spawn(modern(&bridge.http(), &alice.access, "tools/call", params).send());
    world.double.wait_for_call(WRITES).await;
    keychain.kill_daemon();
    world.double.release();
    done(&reply(&hanging.await.unwrap().assert_status(200))["result"]);
    done(&call(&bridge, &alice, READS, json!({})).await);

    // In the middle of a question, with a key that nobody knows yet.
    keychain.start_daemon(Start::Unlocked);
    let bob = sign_in(&bridge, "Bob's app", BOB.key, async || keychain.kill_daemon()).await;
    done(&call(&bridge, &bob, WRITES, json!({ "text": "coffee" })).await);
    let notices = async || bridge.cli_json(&["status"]).await["notices"].to_string();
    assert!(notices().await.contains("would be lost when the bridge ends"), "{}", notices().await);

    // Back, and locked in the middle of the next one.
    keychain.start_daemon(Start::Unlocked);
    let again = sign_in(&bridge, "Another app", BOB.key, async || keychain.lock()).await;
    done(&call(&bridge, &again, READS, json!({})).await);
    keychain.unlock();
    let service = Paths::under(&world.bridge_home()).keychain_service;
    // Whatever finds out that it is open: here, a key that is given once more.
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
    assert!(added.status.success(), "{added:?}");
    until("both keys and the signing key are kept", || async { keychain.count(&service) == 3 }).await;
    until("nothing is left to tell", || async { notices().await == "[]" }).await;

    let options = options.port(bridge.port());
    assert!(bridge.terminate().await.success());
    let bridge = options.start().await;
    for tokens in [&alice, &bob, &again] {
        done(&call(&bridge, tokens, READS, json!({})).await);
    }
    assert!(requests(&bridge).await.is_empty());
}
