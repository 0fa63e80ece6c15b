//! A question that nobody answers ends by itself after ten minutes (design.md 4), which a clock of the test's own
//! makes short: libfaketime, loaded into the app and its pages.

use super::world::{World, assert_denied, assert_waits};
use crate::harness::app::AppOptions;
use crate::harness::clock::Clock;
use crate::harness::desktop::Desktop;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_answers_is_refused_and_its_window_closes() {
    let desktop = Desktop::with_keychain();
    let clock = Clock::start(desktop.keychain().home());
    let options = clock
        .env()
        .into_iter()
        .fold(AppOptions::default(), |options, (name, value)| options.env(name, value));
    let world = World::start_on(desktop, options).await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    assert!(!window.page.has("#time-left").await);
    clock.advance_to(9 * 60 + 15);
    assert_waits(&asked).await;
    clock.advance_to(10 * 60 + 5);
    // Whatever happens next wakes those who wait for a time.
    world.app.cli_ok(&["status"]).await;
    window.until_closed().await;
    assert_denied(&asked).await;
    assert_eq!(world.waiting().await, 0);
}
