//! What a person hears of while they look elsewhere: three things, never with private content, and a click leads on.

use serde_json::json;

use super::world::{World, assert_denied};
use crate::double::{ALICE, Fault, key};
use crate::harness::app::AppOptions;
use crate::harness::desktop::Desktop;
use crate::harness::notifications::{Notification, Notifications};

async fn start() -> (Notifications, World) {
    let desktop = Desktop::with_keychain();
    let notifications = Notifications::start(&desktop.bus());
    let world = World::start_on(desktop, AppOptions::default()).await;
    world.add_key(ALICE.key).await;
    (notifications, world)
}

fn says(words: &str) -> impl Fn(&Notification) -> bool {
    move |one| one.summary.contains(words)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_key_is_told_and_a_click_leads_to_a_new_one() {
    // design.md J6
    let (notifications, world) = start().await;
    let (_, tokens) = world.sign_in("Claude Code").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    let failed = world.list_memories(&tokens).await;
    assert_eq!(failed["isError"], true);
    let told = notifications.wait_for("of the key", says("An account needs a new key"));
    let private = format!("{} {}", told.summary, told.body);
    assert!(!private.contains("aLiC") && !private.contains(ALICE.id), "{private}");
    assert_eq!(world.accounts().await[0]["state"], "rejected");

    notifications.click(&told);
    let page = world.app.page("main.html").await;
    page.until_shown("A new key for").await;
    let fresh = "jean_sk_EXAMPLE_alice_2_000000000000000000000000aNeW";
    world.double.issue_key(fresh, ALICE.id);
    page.find(".key-field input").await.paste(fresh).await;
    page.find_called("Use this key").await.click().await;
    page.until_shown("…aNeW").await;
    // The app goes on without signing in again.
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    // Once is enough.
    assert_eq!(notifications.all().iter().filter(|one| says("An account needs")(one)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_signed_out_for_safety_is_told() {
    let (notifications, world) = start().await;
    let asked = world.ask("Claude Code").await;
    world.app.cli_ok(&["approve", &asked.code]).await;
    let back = asked.finish().await;
    let code = back.get("code").expect("a code").to_owned();
    let tokens = asked.exchange(&code).await;
    // The same code again, as a thief would.
    asked.redeem(&code).await.assert_error(400, "invalid_grant");
    let told = notifications.wait_for("of the safety", says("Claude Code was signed out for safety"));
    world.call(&tokens, "list_memories", json!({})).await.assert_status(401);
    notifications.click(&told);
    world.app.page("main.html").await.until_shown("No app has access yet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waits_unseen_is_told_and_a_click_leads_to_it() {
    let (notifications, world) = start().await;
    let screen = world.desktop.screen();
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let shown = screen.window("Jean Memory Bridge");
    screen.until_focused(&shown);
    // The person looks elsewhere.
    screen.open_another("A film");
    let told = notifications.wait_for("of the question", says("Claude Code waits for your answer"));
    notifications.click(&told);
    screen.until_focused(&shown);
    window.deny().await;
    window.until_closed().await;
    assert_denied(&asked).await;

    // Once the question is answered, nothing is left to click on.
    let asked = world.ask("Cursor").await;
    let window = world.consent(&asked).await;
    screen.until_focused(&screen.window("Jean Memory Bridge"));
    screen.open_another("Another film");
    let told = notifications.wait_for("of the question", says("Cursor waits for your answer"));
    window.deny().await;
    assert_denied(&asked).await;
    notifications.wait_for("that is taken back", |one| one.id == told.id && one.is_withdrawn);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_question_leaves_nothing_although_the_service_was_slow_to_show_it() {
    let (notifications, world) = start().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let screen = world.desktop.screen();
    screen.until_focused(&screen.window("Jean Memory Bridge"));
    notifications.be_slow(true);
    screen.open_another("A film");
    notifications.until_asked(1);
    window.deny().await;
    window.until_closed().await;
    notifications.be_slow(false);
    notifications
        .wait_for("that is taken back", |one| says("waits for your answer")(one) && one.is_withdrawn);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_no_notifications_gets_none() {
    let (notifications, world) = start().await;
    let icon = world.icon();
    let page = world.open(&icon).await;
    page.invoke("settings_change", json!({ "change": { "notifications": false } })).await.unwrap();
    let (_, tokens) = world.sign_in("Claude Code").await;
    world.double.fault(Fault::RevokeNow.on(key(ALICE.key)));
    assert_eq!(world.list_memories(&tokens).await["isError"], true);
    // The window tells it all the same.
    page.until_shown("Jean Memory does not accept the key").await;
    assert_eq!(notifications.all().len(), 0);
}
