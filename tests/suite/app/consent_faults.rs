//! Things go wrong while a person is asked: nothing is granted, nothing hangs, and the person is told.

use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use super::world::{World, assert_denied, assert_waits, signed_in};
use crate::double::{ALICE, Fault, path};
use crate::harness::notifications::Notifications;
use crate::harness::processes::kill_pages;

const CHECK: &str = "/sdk/validate-developer";

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_closed_while_the_key_is_checked_grants_nothing() {
    let world = World::start().await;
    let screen = world.desktop.screen();
    world.double.fault(Fault::Hang.on(path(CHECK)));
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.paste(ALICE.key).await;
    window.allow().await;
    world.double.wait_for("the check", |seen| seen.path() == CHECK).await;
    screen.close(&screen.window("Jean Memory Bridge"));
    window.until_closed().await;
    assert_denied(&asked).await;
    world.double.clear();
    world.double.release();

    // Nothing is left of it: not even after the check has come to its end.
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    assert!(window.page.has("#key input").await, "there is no account");
    assert_eq!(world.accounts().await, Vec::<serde_json::Value>::new());
    assert_eq!(world.app.cli_json(&["clients"]).await, json!([]));
    window.deny().await;
    assert_denied(&asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_dies_refuses_and_the_person_is_told() {
    let world = World::with_account().await;
    let notifications = Notifications::start(&world.desktop.bus());
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    kill_pages(&world.app);
    let told = notifications.wait_for("of it", |one| one.summary.contains("broke down"));
    assert!(told.body.contains("Claude Code was not allowed"), "{told:?}");
    assert_denied(&asked).await;
    drop(window);
    world.desktop.screen().until_gone("Jean Memory Bridge");
    // The next question has a page of its own.
    let asked = world.ask("Cursor").await;
    let window = world.consent(&asked).await;
    window.allow().await;
    window.until_closed().await;
    signed_in(&asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_is_told_and_nothing_is_granted() {
    let world = World::start().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let hidden = Hidden::hide(world.app.home(), "accounts");
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_shown("The bridge could not save this, so nothing was changed").await;
    assert_waits(&asked).await;
    hidden.show();
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;
    let tokens = signed_in(&asked).await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    assert_eq!(world.accounts().await.len(), 1);
}

/// Hides a table from the bridge, as a damaged page would.
struct Hidden(Connection, &'static str);

impl Hidden {
    fn hide(home: &Path, table: &'static str) -> Self {
        let db = Connection::open(home.join("data/bridge.db")).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        db.execute_batch(&format!("ALTER TABLE {table} RENAME TO away")).unwrap();
        Self(db, table)
    }

    fn show(self) {
        self.0.execute_batch(&format!("ALTER TABLE away RENAME TO {}", self.1)).unwrap();
    }
}
