//! Approving with a new key: what is wrong with it is said in three different ways, and it is seen nowhere
//! (design.md 5; upstream-api.md 6; protocol.md 9.10).

use serde_json::json;

use crate::double::{ALICE, BOB, Double, Fault, REVOKED_KEY, path};
use crate::harness::bridge::{Bridge, BridgeOptions, Ended};
use crate::harness::oauth::{Client, SignIn};

struct World {
    double: Double,
    bridge: Bridge,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let double = Double::start().await;
        let bridge = BridgeOptions::default().api(&double.base_url()).start().await;
        let client = Client::register(&bridge, "App").await;
        Self { double, bridge, client }
    }

    async fn approve(&self, asked: &SignIn, key: &str, more: &[&str]) -> Ended {
        let args = [&["approve", &asked.code, "--key-stdin"], more].concat();
        let ended = self.bridge.cli_with_stdin(&args, key).await;
        let key = key.trim();
        let shown = ended.stdout.contains(key) || ended.stderr.contains(key);
        assert!(!shown || "jean_sk_".contains(key), "{ended:?}");
        ended
    }

    /// The approval failed with these words, and the question waits on.
    async fn assert_refused(&self, asked: &SignIn, key: &str, words: &str) {
        let ended = self.approve(asked, key, &[]).await;
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains(words), "{ended:?}");
        let requests = self.bridge.cli_json(&["requests"]).await;
        assert_eq!(requests[0]["code"], json!(asked.code), "it still waits");
        assert_eq!(self.bridge.cli_json(&["accounts"]).await, json!([]), "nothing is kept");
    }
}

#[tokio::test]
async fn a_good_key_becomes_the_account_of_its_person() {
    // design.md 4, J3
    let world = World::new().await;
    let asked = world.client.ask(&[]).await;
    let ended = world.approve(&asked, &format!("  {}\n\n", ALICE.key), &[]).await;
    assert!(ended.status.success(), "{ended:?}");
    let accounts = world.bridge.cli_json(&["accounts"]).await;
    assert_eq!(accounts[0]["user_id"], ALICE.id);
    assert_eq!(accounts[0]["state"], "ok");
    assert!(!accounts.to_string().contains(ALICE.key) && accounts[0]["key_hint"] == "…aLiC", "{accounts}");
    let back = asked.finish().await;
    asked.exchange(back.get("code").expect("a code")).await;
    assert_eq!(world.double.key_leaks(), Vec::<String>::new());
    assert!(!world.bridge.stderr().contains(ALICE.key));
}

#[tokio::test]
async fn a_wrong_form_a_rejection_and_no_answer_are_three_different_messages() {
    // design.md 5; upstream-api.md 6.1, 14.5
    let world = World::new().await;
    let asked = world.client.ask(&[]).await;
    for wrong in [
        "",
        "\n",
        "hello",
        "jean_sk_",
        "jean_sk_short",
        "JEAN_SK_0123456789abcdef0123",
        "sk-0123456789abcdef0123",
        "jean_sk_0123456789 abcdef0123",
        "jean_sk_0123456789abcdef\r\nX-Evil: 1",
        &"x".repeat(10_000),
    ] {
        world.assert_refused(&asked, wrong, "does not look like a Jean Memory key").await;
    }
    assert_eq!(world.double.requests().count(), 0, "what cannot be a key is not sent anywhere");
    world.assert_refused(&asked, REVOKED_KEY, "does not accept this key").await;
    world.double.fault(Fault::Html(502).on(path("/sdk/validate-developer")));
    world.double.fault(Fault::Html(502).on(path("/mcp/messages/")));
    world.assert_refused(&asked, ALICE.key, "could not be reached").await;
    world.double.clear();
    world.double.go_away().await;
    world.assert_refused(&asked, ALICE.key, "could not be reached").await;
    world.double.come_back();
    let ended = world.approve(&asked, ALICE.key, &[]).await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(asked.finish().await.get("code").is_some());
    assert_eq!(world.double.key_leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn a_key_that_could_not_be_checked_may_be_kept_and_is_checked_later() {
    // design.md 4; J7
    let world = World::new().await;
    world.double.go_away().await;
    let asked = world.client.ask(&[]).await;
    let ended = world.approve(&asked, ALICE.key, &["--save-unchecked"]).await;
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(world.bridge.cli_json(&["accounts"]).await[0]["state"], "unchecked");
    let back = asked.finish().await;
    let tokens = asked.exchange(back.get("code").expect("a code")).await;
    assert!(super::is_accepted(&world.bridge, &tokens.access).await);
}

#[tokio::test]
async fn a_rejected_key_is_not_kept_even_when_asked_to() {
    // upstream-api.md 14.5
    let world = World::new().await;
    let asked = world.client.ask(&[]).await;
    let ended = world.approve(&asked, REVOKED_KEY, &["--save-unchecked"]).await;
    assert!(ended.stderr.contains("does not accept this key"), "{ended:?}");
    assert_eq!(world.bridge.cli_json(&["accounts"]).await, json!([]));
}

#[tokio::test]
async fn a_second_key_of_one_person_is_no_second_account_and_another_persons_is() {
    // upstream-api.md 7
    let world = World::new().await;
    let newer = "jean_sk_EXAMPLE_alice_00000000000000000000000000nEw";
    world.double.issue_key(newer, ALICE.id);
    for (key, count) in [(ALICE.key, 1), (newer, 1), (BOB.key, 2)] {
        let asked = world.client.ask(&[("state", key)]).await;
        let ended = world.approve(&asked, key, &[]).await;
        assert!(ended.status.success(), "{ended:?}");
        let accounts = world.bridge.cli_json(&["accounts"]).await;
        assert_eq!(accounts.as_array().map(Vec::len), Some(count), "{accounts}");
    }
}

#[tokio::test]
async fn an_answer_in_the_meantime_beats_a_key_that_is_still_being_checked() {
    // design.md 5: at most one answer
    let world = World::new().await;
    world.double.fault(Fault::Hang.on(path("/sdk/validate-developer")));
    let asked = world.client.ask(&[]).await;
    let checking = async {
        let ended = world.approve(&asked, ALICE.key, &[]).await;
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains("No app is waiting with this code"), "{ended:?}");
    };
    let meanwhile = async {
        world.double.wait_for("the check", |seen| seen.path() == "/sdk/validate-developer").await;
        world.bridge.cli_ok(&["deny", &asked.code]).await;
        world.double.release();
    };
    futures_util::future::join(checking, meanwhile).await;
    assert_eq!(asked.finish().await.get("error"), Some("access_denied"));
    assert_eq!(world.bridge.cli_json(&["accounts"]).await, json!([]), "nothing is kept");
}

#[tokio::test]
async fn a_check_ends_with_its_question_although_jean_memory_never_answers() {
    // design.md 5: a window that was closed refuses, at once
    let world = World::new().await;
    world.double.fault(Fault::Hang.on(path("/sdk/validate-developer")));
    let asked = world.client.ask(&[]).await;
    let checking = world.approve(&asked, ALICE.key, &[]);
    let meanwhile = async {
        world.double.wait_for("the check", |seen| seen.path() == "/sdk/validate-developer").await;
        world.bridge.cli_ok(&["deny", &asked.code]).await;
    };
    // Nothing releases the check before the command has ended.
    let (ended, ()) = futures_util::future::join(checking, meanwhile).await;
    assert!(ended.stderr.contains("No app is waiting with this code"), "{ended:?}");
    world.double.release();
    assert_eq!(world.bridge.cli_json(&["accounts"]).await, json!([]), "nothing is kept");
    assert_eq!(asked.finish().await.get("error"), Some("access_denied"));
}

#[tokio::test]
async fn two_yeses_with_one_key_at_once_are_one_account_and_one_answer() {
    // design.md 5: at most one answer
    let world = World::new().await;
    world.double.fault(Fault::Hang.on(path("/sdk/validate-developer")));
    let asked = world.client.ask(&[]).await;
    let twice = futures_util::future::join(
        world.approve(&asked, ALICE.key, &[]),
        world.approve(&asked, ALICE.key, &[]),
    );
    let both_are_checked = async {
        world.double.wait_for("the second check", |seen| seen.number == 2).await;
        world.double.release();
    };
    let ((one, two), ()) = futures_util::future::join(twice, both_are_checked).await;
    assert_ne!(one.status.success(), two.status.success(), "{one:?} {two:?}");
    let accounts = world.bridge.cli_json(&["accounts"]).await;
    assert_eq!(accounts.as_array().map(Vec::len), Some(1), "{accounts}");
    assert!(asked.finish().await.get("code").is_some());
}
