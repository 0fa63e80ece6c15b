//! A person allows an app: with a new key, an account that is there, or the sandbox; all of it or a part.

use serde_json::json;

use super::world::{World, assert_waits, signed_in};
use crate::double::{ALICE, BOB, Fault, REVOKED_KEY, path};
use crate::harness::http::Answer;
use crate::harness::mcp::reply;
use crate::harness::waiting::until;

const CHECK: &str = "/sdk/validate-developer";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_checked_kept_in_the_keychain_and_gone_from_the_page() {
    // design.md 5, J4
    let world = World::start().await;
    world.double.fault(Fault::Hang.on(path(CHECK)));
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.until_shown("Claude Code wants to use your memories").await;
    window.paste(&format!("  {}\n", ALICE.key)).await;
    assert_eq!(window.key().await, ALICE.key);
    window.allow().await;

    // Sent, and not answered yet: the page has forgotten it all the same.
    world.double.wait_for("the check", |seen| seen.path() == CHECK).await;
    assert!(!window.holds(&ALICE.key[..ALICE.key.len() - 4]).await);
    assert_eq!(window.key().await, "");
    window.until_shown("Jean Memory checks the key").await;
    assert_waits(&asked).await;
    world.double.clear();
    world.double.release();

    window.until_closed().await;
    let tokens = signed_in(&asked).await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    assert_eq!(world.double.requests().tool("list_memories").last().key().as_deref(), Some(ALICE.key));
    let accounts = world.accounts().await;
    assert_eq!((&accounts[0]["user_id"], &accounts[0]["state"]), (&json!(ALICE.id), &json!("ok")));
    let item = format!("account:{}", accounts[0]["id"].as_str().unwrap());
    let service = bridge_core::paths::Paths::under(world.app.home()).keychain_service;
    // Last of all, because the keychain may show a prompt.
    let stored = || world.desktop.keychain().stored(&service, &item);
    until("the key", async || (stored().as_deref() == Some(ALICE.key)).then_some(())).await;
    assert_eq!(world.double.key_leaks(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_told_from_one_that_could_not_be_checked() {
    // design.md 5; look.md "Words"
    let world = World::start().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;

    window.paste(REVOKED_KEY).await;
    window.allow().await;
    window.until_shown("Jean Memory does not accept this key. Copy it again").await;
    assert_eq!(window.key().await, "");
    assert_waits(&asked).await;
    assert!(!window.page.has("#save-unchecked").await);

    world.double.fault(Fault::Html(502).on(path(CHECK)));
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_shown("Jean Memory could not be reached, so the key is not checked yet").await;
    assert_eq!(window.key().await, "");
    assert_waits(&asked).await;
    assert_eq!(world.accounts().await, Vec::<serde_json::Value>::new());

    window.paste(ALICE.key).await;
    window.page.find("#save-unchecked").await.click().await;
    window.allow().await;
    window.until_closed().await;
    let tokens = signed_in(&asked).await;
    assert_eq!(world.accounts().await[0]["key_hint"], "…aLiC");
    // Only the check does not work: the first call is as good as one.
    world.double.clear();
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_does_no_harm_to_the_right_one_after_it() {
    let world = World::start().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.paste(REVOKED_KEY).await;
    window.allow().await;
    window.until_shown("does not accept this key").await;
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;
    signed_in(&asked).await;
    let accounts = world.accounts().await;
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0]["key_hint"], "…aLiC");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_not_granted() {
    // design.md 4 "Tokens"; protocol.md 3.15
    let world = World::with_account().await;
    let asked = world.ask("Reader").await;
    let window = world.consent(&asked).await;
    window.switch("read").await;
    window.switch("write").await;
    window.allow().await;
    window.until_shown("Nothing would be allowed like this").await;
    assert_waits(&asked).await;
    window.switch("read").await;
    window.allow().await;
    window.until_closed().await;

    let tokens = signed_in(&asked).await;
    let tools = world.tools(&tokens).await;
    assert!(tools.contains(&"list_memories".to_owned()), "{tools:?}");
    assert!(!tools.contains(&"add_memories".to_owned()), "{tools:?}");
    let refused = world.call(&tokens, "add_memories", json!({ "text": "no" })).await;
    assert!(is_refused(&refused), "{}", refused.text());
    assert_eq!(world.double.requests().tool("add_memories").count(), 0);
    assert_eq!(world.app.cli_json(&["clients"]).await[0]["scopes"], json!(["read"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_that_is_chosen_is_the_one_that_is_used() {
    let world = World::with_account().await;
    world.add_key(BOB.key).await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.choose("bOb_").await;
    window.allow().await;
    window.until_closed().await;
    let tokens = signed_in(&asked).await;
    world.list_memories(&tokens).await;
    assert_eq!(world.double.requests().tool("list_memories").last().key().as_deref(), Some(BOB.key));

    // And a third, while there are others.
    let asked = world.ask("Cursor").await;
    let window = world.consent(&asked).await;
    window.choose("Another key").await;
    world.double.issue_key(
        "jean_sk_EXAMPLE_carol_00000000000000000000000cAr0",
        "ca401000-0000-4000-8000-000000000003",
    );
    window.paste("jean_sk_EXAMPLE_carol_00000000000000000000000cAr0").await;
    window.allow().await;
    window.until_closed().await;
    signed_in(&asked).await;
    assert_eq!(world.accounts().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_needs_no_key_and_no_network() {
    // design.md J2
    let world = World::start().await;
    world.double.go_away().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.page.find_called("Try the sandbox").await.click().await;
    window.until_shown("Its memories stay on this computer").await;
    window.allow().await;
    window.until_closed().await;
    let tokens = signed_in(&asked).await;
    let text = "My cat is called Schrödinger.";
    let added = world.call(&tokens, "add_memories", json!({ "text": text })).await.assert_status(200);
    assert_eq!(reply(&added)["result"]["isError"], false, "{}", added.text());
    let listed = world.list_memories(&tokens).await;
    assert!(listed.to_string().contains("My cat is called"), "{listed}");
    assert_eq!(world.accounts().await[0]["kind"], "sandbox");
    assert_eq!(world.double.requests().count(), 0);
}

fn is_refused(answer: &Answer) -> bool {
    answer.status == 403 || !reply(answer)["error"].is_null() || reply(answer)["result"]["isError"] == true
}
