//! A person does not allow an app: the client is told so, whichever way was taken.

use super::world::{World, assert_denied};
use crate::harness::screen::key;

/// One app for all the ways, so that each also shows that the one before left nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_say_no_is_a_no() {
    // design.md 5 "Consent window"
    let world = World::with_account().await;
    let screen = world.desktop.screen();

    let asked = world.ask("Button").await;
    let window = world.consent(&asked).await;
    window.deny().await;
    window.until_closed().await;
    assert_denied(&asked).await;

    let asked = world.ask("Escape").await;
    let window = world.consent(&asked).await;
    screen.until_focused(&screen.window("Jean Memory Bridge"));
    screen.press(&[key::ESCAPE]);
    window.until_closed().await;
    assert_denied(&asked).await;

    let asked = world.ask("Letter").await;
    let window = world.consent(&asked).await;
    screen.until_focused(&screen.window("Jean Memory Bridge"));
    screen.press(&[key::ALT, u32::from('d')]);
    window.until_closed().await;
    assert_denied(&asked).await;

    let asked = world.ask("Title bar").await;
    let window = world.consent(&asked).await;
    screen.close(&screen.window("Jean Memory Bridge"));
    window.until_closed().await;
    assert_denied(&asked).await;

    let asked = world.ask("Keyboard").await;
    let window = world.consent(&asked).await;
    screen.until_focused(&screen.window("Jean Memory Bridge"));
    screen.press(&[key::ALT, key::F4]);
    window.until_closed().await;
    assert_denied(&asked).await;

    assert_eq!(world.waiting().await, 0);
    assert_eq!(world.app.cli_json(&["clients"]).await, serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_elsewhere_closes_the_window() {
    let world = World::with_account().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    world.app.cli_ok(&["deny", &asked.code]).await;
    window.until_closed().await;
    assert_denied(&asked).await;

    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    world.app.cli_ok(&["approve", &asked.code]).await;
    window.until_closed().await;
    super::world::signed_in(&asked).await;
}
