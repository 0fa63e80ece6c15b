//! A question that nobody answers ends by itself after ten minutes (design.md 4), which a clock of the test's own
//! makes short: libfaketime, loaded into the app and its pages.

use std::path::PathBuf;

use super::world::{World, assert_denied, assert_waits};
use crate::harness::app::AppOptions;
use crate::harness::desktop::Desktop;
use crate::harness::faketime;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_nobody_answers_is_refused_and_its_window_closes() {
    let desktop = Desktop::with_keychain();
    let clock = Clock::start(&desktop);
    let options = AppOptions::default()
        .env("LD_PRELOAD", faketime::library())
        .env("FAKETIME_TIMESTAMP_FILE", &clock.0)
        .env("FAKETIME_NO_CACHE", "1");
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

/// A file that says how much later it is.
struct Clock(PathBuf);

impl Clock {
    fn start(desktop: &Desktop) -> Self {
        let clock = Self(desktop.keychain().home().join("clock"));
        clock.advance_to(0);
        clock
    }

    fn advance_to(&self, seconds: u32) {
        // In one piece: it is read at any moment.
        let aside = self.0.with_extension("new");
        std::fs::write(&aside, format!("+{seconds}\n")).unwrap();
        std::fs::rename(aside, &self.0).unwrap();
    }
}
