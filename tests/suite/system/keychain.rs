//! The bridge with a real gnome-keyring, in every state that tauri.md 7 lists (protocol.md 9.8).

use bridge_core::paths::Paths;
use serde_json::{Value, json};

use super::until;
use crate::double::{ALICE, BOB, Double, Fault, path};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::Answer;
use crate::harness::keychain::{Keychain, SECRETS, Start};
use crate::harness::mcp::{Session, post, text};
use crate::harness::oauth::{Client, Tokens};

const SIGNING_KEY: &str = "signing-key";

/// A home, the API and a keychain, which all outlive the bridge.
struct World {
    home: tempfile::TempDir,
    double: Double,
    keychain: Keychain,
}

impl World {
    async fn with(keychain: Keychain) -> Self {
        Self { home: tempfile::tempdir().expect("a directory"), double: Double::start().await, keychain }
    }

    fn options(&self) -> BridgeOptions {
        BridgeOptions::default().api(&self.double.base_url()).keychain(&self.keychain).home(self.home.path())
    }

    async fn start(&self) -> Bridge {
        self.options().start().await
    }

    fn service(&self) -> String {
        Paths::under(self.home.path()).keychain_service
    }

    fn stored(&self, item: &str) -> Option<String> {
        self.keychain.stored(&self.service(), item)
    }

    fn count(&self) -> usize {
        self.keychain.count(&self.service())
    }
}

/// Signs in with Alice's key, pasted by the person.
async fn sign_in(bridge: &Bridge) -> (Client, Tokens) {
    let client = Client::register(bridge, "App").await;
    let asked = client.ask(&[]).await;
    let approved = bridge.cli_with_stdin(&["approve", &asked.code, "--key-stdin"], ALICE.key).await;
    assert!(approved.status.success(), "{approved:?}");
    let redirect = asked.finish().await;
    let tokens = asked.exchange(redirect.get("code").expect("a code")).await;
    (client, tokens)
}

/// The same client with a bridge that was started again.
fn at(bridge: &Bridge, client: &Client) -> Client {
    Client { http: bridge.http(), ..client.clone() }
}

async fn ping(bridge: &Bridge, token: &str) -> Answer {
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "suite", "version": "1" } } });
    post(&bridge.http(), token, &hello).send().await
}

async fn call(bridge: &Bridge, token: &str) -> Value {
    Session::open(bridge, token, "2025-06-18").await.call("list_memories", json!({})).await
}

async fn refreshed(client: &Client, tokens: &Tokens) -> Tokens {
    Tokens::of(&client.id, &client.refresh(tokens.refresh()).await.assert_status(200))
}

async fn notices(bridge: &Bridge) -> String {
    bridge.cli_json(&["status"]).await["notices"].to_string()
}

async fn account_item(bridge: &Bridge) -> String {
    let accounts = bridge.cli_json(&["accounts"]).await;
    format!("account:{}", accounts[0]["id"].as_str().expect("one account"))
}

/// On a port of its own, which the tokens name: they are good at this bridge only.
fn same_port(world: &World, bridge: &Bridge) -> BridgeOptions {
    world.options().port(bridge.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_in_the_keychain_and_nowhere_else_and_survive_a_restart() {
    // protocol.md 4.20, 9.8
    let world = World::with(Keychain::start()).await;
    let bridge = world.start().await;
    let (client, tokens) = sign_in(&bridge).await;
    assert_eq!(world.stored(&account_item(&bridge).await).as_deref(), Some(ALICE.key));
    let signing_key = world.stored(SIGNING_KEY).expect("made at the first start");
    assert_eq!(world.count(), 2);
    assert_eq!(notices(&bridge).await, "[]");

    let again = same_port(&world, &bridge);
    assert!(bridge.terminate().await.success());
    for directory in ["data", "logs", "sandbox", "run"] {
        for file in std::fs::read_dir(world.home.path().join(directory)).unwrap() {
            let text = String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned();
            assert!(!text.contains(ALICE.key) && !text.contains(&signing_key));
        }
    }
    let bridge = again.start().await;
    ping(&bridge, &tokens.access).await.assert_status(200);
    assert_eq!(call(&bridge, &tokens.access).await["isError"], false);
    refreshed(&at(&bridge, &client), &tokens).await;
    assert_eq!(world.stored(SIGNING_KEY), Some(signing_key));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keychain_it_works_and_says_so_and_clients_refresh_after_a_restart() {
    let world = World::with(Keychain::absent()).await;
    let bridge = world.start().await;
    let (client, tokens) = sign_in(&bridge).await;
    assert_eq!(call(&bridge, &tokens.access).await["isError"], false);
    let told = notices(&bridge).await;
    assert!(told.contains("There is no keychain"), "{told}");
    assert!(told.contains("would be lost when the bridge ends"), "{told}");

    let again = same_port(&world, &bridge);
    assert!(bridge.terminate().await.success());
    let bridge = again.start().await;
    // Signed with a key that is gone; the refresh token is in the store.
    let challenge = ping(&bridge, &tokens.access).await.assert_status(401);
    assert!(challenge.header("www-authenticate").unwrap().contains("invalid_token"));
    let client = at(&bridge, &client);
    let tokens = refreshed(&client, &tokens).await;
    // The account's key is gone too; the client is told, and its login is not lost (protocol.md D11).
    let called = call(&bridge, &tokens.access).await;
    assert_eq!(called["isError"], true);
    assert!(text(&called).contains("keychain"), "{called}");
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
    assert!(added.status.success(), "{added:?}");
    assert_eq!(call(&bridge, &tokens.access).await["isError"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_is_locked_at_the_start_is_used_once_it_is_unlocked() {
    let mut world = World::with(Keychain::start()).await;
    let bridge = world.start().await;
    let (client, tokens) = sign_in(&bridge).await;
    let again = same_port(&world, &bridge);
    assert!(bridge.terminate().await.success());

    world.keychain.kill_daemon();
    world.keychain.start_daemon(Start::Locked);
    let bridge = again.start().await;
    let client = at(&bridge, &client);
    ping(&bridge, &tokens.access).await.assert_status(401);
    let fresh = refreshed(&client, &tokens).await;
    let called = call(&bridge, &fresh.access).await;
    assert!(text(&called).contains("keychain"), "{called}");
    let told = notices(&bridge).await;
    assert!(told.contains("The keychain is locked"), "{told}");

    world.keychain.unlock();
    // A call finds it open, as soon as the last failure is a moment ago, and the signing key is found, too.
    until("a call finds the key", || async { call(&bridge, &fresh.access).await["isError"] == false }).await;
    until("tokens of before are good again", || async { ping(&bridge, &tokens.access).await.status == 200 })
        .await;
    ping(&bridge, &fresh.access).await.assert_status(200);
    assert_eq!(notices(&bridge).await, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_keychain_does_not_take_is_saved_when_it_does() {
    let world = World::with(Keychain::start()).await;
    let bridge = world.start().await;
    until("the signing key is made", || async { world.count() == 1 }).await;
    world.keychain.lock();
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
    assert!(added.status.success(), "{added:?}");
    assert_eq!(world.count(), 1);
    let told = notices(&bridge).await;
    assert!(told.contains("locked") && told.contains("would be lost when the bridge ends"), "{told}");

    world.keychain.unlock();
    // Whatever finds out that it is open: here, a second key.
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
    assert!(added.status.success(), "{added:?}");
    until("both are saved", || async { world.count() == 3 }).await;
    assert_eq!(world.stored(&account_item(&bridge).await).as_deref(), Some(ALICE.key));
    until("nothing is left to say", || async { notices(&bridge).await == "[]" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_is_replaced_in_mid_use_is_not_noticed() {
    let mut world = World::with(Keychain::start()).await;
    let bridge = world.start().await;
    let (_, tokens) = sign_in(&bridge).await;
    world.keychain.kill_daemon();
    // What was read once is known; what must be written is not lost.
    assert_eq!(call(&bridge, &tokens.access).await["isError"], false);
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
    assert!(added.status.success(), "{added:?}");
    let told = notices(&bridge).await;
    assert!(told.contains("There is no keychain"), "{told}");

    world.keychain.start_daemon(Start::Unlocked);
    let removed = bridge.cli_json(&["accounts"]).await[1]["id"].as_str().expect("two accounts").to_owned();
    bridge.cli_ok(&["accounts", "remove", &removed]).await;
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], BOB.key).await;
    assert!(added.status.success(), "{added:?}");
    assert_eq!(world.count(), 3);
    assert_eq!(notices(&bridge).await, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_needs_a_keychain_that_does_not_answer_waits_and_nobody_else() {
    let mut world = World::with(Keychain::with_bus()).await;
    let silence = world.keychain.silence(SECRETS);
    let bridge = world.start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let redirect = asked.finish().await;
    let code = redirect.get("code").expect("a code").to_owned();
    // The token is signed, so it waits for the key.
    let exchange = tokio::spawn(async move { asked.redeem(&code).await });
    for _ in 0..20 {
        bridge.http().get("/status").send().await.assert_status(200);
    }
    bridge.cli_ok(&["status"]).await;
    assert!(!exchange.is_finished(), "signed by which key?");

    drop(silence);
    let tokens = Tokens::of(&client.id, &exchange.await.unwrap().assert_status(200));
    ping(&bridge, &tokens.access).await.assert_status(200);
    world.keychain.start_daemon(Start::Unlocked);
    let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
    assert!(added.status.success(), "{added:?}");
    // Made in memory meanwhile, and kept from now on.
    until("the signing key is kept", || async { world.stored(SIGNING_KEY).is_some() }).await;
    ping(&bridge, &tokens.access).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_saved_unchecked_is_checked_later() {
    let world = World::with(Keychain::start()).await;
    let bridge = world.start().await;
    world.double.fault(Fault::Html(502).on(path("/sdk/validate-developer")));
    let refused = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.stderr.contains("--save-unchecked"), "{refused:?}");
    let saved = ["accounts", "add", "--key-stdin", "--save-unchecked"];
    assert!(bridge.cli_with_stdin(&saved, ALICE.key).await.status.success());
    assert_eq!(bridge.cli_json(&["accounts"]).await[0]["state"], "unchecked");
    assert!(bridge.terminate().await.success());

    world.double.clear();
    let bridge = world.start().await;
    until("it is checked", || async { bridge.cli_json(&["accounts"]).await[0]["state"] == "ok" }).await;
    assert_eq!(bridge.cli_json(&["accounts"]).await[0]["user_id"], ALICE.id);
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in_as(&bridge, &[], &[]).await;
    assert_eq!(call(&bridge, &tokens.access).await["isError"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bridges_of_one_person_keep_their_keys_apart() {
    let world = World::with(Keychain::start()).await;
    let other = tempfile::tempdir().unwrap();
    let (one, two) = (world.start().await, world.options().home(other.path()).start().await);
    let (_, first) = sign_in(&one).await;
    let (_, second) = sign_in(&two).await;
    let service = Paths::under(other.path()).keychain_service;
    assert_ne!(service, world.service());
    assert_eq!((world.count(), world.keychain.count(&service)), (2, 2));
    assert_ne!(world.stored(SIGNING_KEY), world.keychain.stored(&service, SIGNING_KEY));
    // Not even their tokens work at the other (protocol.md 2.26).
    ping(&two, &first.access).await.assert_status(401);
    ping(&one, &second.access).await.assert_status(401);
    one.cli_ok(&["accounts", "remove", account_item(&one).await.strip_prefix("account:").unwrap()]).await;
    assert_eq!((world.count(), world.keychain.count(&service)), (1, 2));
    assert_eq!(call(&two, &second.access).await["isError"], false);
}
