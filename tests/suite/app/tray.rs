//! The tray over D-Bus: what it shows, and what clients get of what a person does there.

use std::collections::HashSet;

use serde_json::json;

use super::world::{World, assert_denied};
use crate::double::Fault;
use crate::harness::app::AppOptions;
use crate::harness::mcp::{Events, Session, reply};
use crate::harness::waiting::until;

/// The first line of the menu.
const STATE: usize = 0;

#[tokio::test(flavor = "multi_thread")]
async fn revoking_in_the_tray_ends_the_apps_access_at_once() {
    // design.md J5
    let world = World::with_account().await;
    let icon = world.icon();
    icon.entry(&["No app has access yet"]);
    let (client, tokens) = world.sign_in("Claude Code").await;
    let (_, other) = world.sign_in("Cursor").await;
    let session = Session::open(&world.app, &tokens.access, "2025-06-18").await;
    let stream = Events::of(session.listen().begin().await);
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    icon.entry(&["Connected apps", "Claude Code", "Used just now"]);
    icon.entry(&["Connected apps", "Claude Code", "May read and write"]);
    assert!(!icon.entry(&["Connected apps", "Claude Code", "Used just now"]).is_enabled);

    icon.click(&["Connected apps", "Claude Code", "Revoke…", "Revoke Claude Code now"]);
    let refused = until("the next call is refused", async || {
        let answer = world.call(&tokens, "list_memories", json!({})).await;
        (answer.status == 401).then_some(answer)
    })
    .await;
    assert!(refused.header("www-authenticate").is_some_and(|challenge| challenge.contains("invalid_token")));
    stream.rest().await;
    client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    icon.until_gone(&["Connected apps", "Claude Code"]);
    // Nobody else is concerned.
    assert_eq!(world.list_memories(&other).await["isError"], false);
    icon.entry(&["Connected apps", "Cursor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_in_the_tray_holds_everything_back_until_it_is_resumed() {
    let world = World::with_account().await;
    let icon = world.icon();
    let (_, tokens) = world.sign_in("Claude Code").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    assert_eq!(icon.entry(&["Pause"]).is_on, Some(false));

    icon.click(&["Pause"]);
    icon.until("the check mark", |menu| {
        menu.iter().find(|e| e.label == "Pause" && e.is_on == Some(true)).cloned()
    });
    icon.until("the state", |menu| menu[STATE].label.starts_with("Paused").then_some(()));
    assert_eq!(world.app.cli_json(&["status"]).await["state"], "paused");
    let asked = world.double.requests().count();
    let held = world.list_memories(&tokens).await;
    assert_eq!(held["isError"], true);
    assert!(held.to_string().contains("paused"), "{held}");
    assert_eq!(world.double.requests().count(), asked);

    icon.click(&["Pause"]);
    icon.until("the state", |menu| (menu[STATE].label == "Ready").then_some(()));
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn start_at_login_writes_what_the_desktop_reads_and_removes_it() {
    let world = World::start().await;
    let icon = world.icon();
    let file = world.login_entry();
    assert_eq!(icon.entry(&["Start at login"]).is_on, Some(false));
    icon.click(&["Start at login"]);
    icon.until("the check mark", |menu| {
        menu.iter().find(|e| e.label == "Start at login" && e.is_on == Some(true)).cloned()
    });
    // The mark is the click's own; the file follows.
    until("the entry", async || file.exists().then_some(())).await;
    let text = std::fs::read_to_string(&file).unwrap();
    let program = crate::harness::programs::program(crate::harness::app::APP);
    assert!(text.starts_with("[Desktop Entry]"), "{text}");
    assert!(text.contains(program.to_str().unwrap()) && text.contains("--background"), "{text}");

    icon.click(&["Start at login"]);
    icon.until("no check mark", |menu| {
        menu.iter().find(|e| e.label == "Start at login" && e.is_on == Some(false)).cloned()
    });
    until("no entry", async || (!file.exists()).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_is_clicked_again_at_once_is_as_it_shows() {
    let world = World::start().await;
    let icon = world.icon();
    // As soon as a click was carried out the menu is drawn anew, which the next click must not get lost in.
    for state in ["paused", "ready"].into_iter().cycle().take(20) {
        icon.click(&["Pause"]);
        until(state, async || (world.app.cli_json(&["status"]).await["state"] == state).then_some(())).await;
    }
    icon.click(&["Pause"]);
    icon.click(&["Pause"]);
    icon.click(&["Start at login"]);
    // Clicks are carried out one after the other, so all of the others were.
    until("the last click", async || world.login_entry().exists().then_some(())).await;
    assert_eq!(world.app.cli_json(&["status"]).await["state"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_in_the_first_line_and_in_the_icon() {
    // design.md 5 "Tray"
    let world = World::with_account().await;
    let icon = world.icon();
    let said = |words: &str| icon.until(words, |menu| (menu[STATE].label == words).then_some(()));
    let look = || std::fs::read(icon.picture()).expect("a picture");
    let other_than =
        |last: Vec<u8>| until("another picture", async move || Some(look()).filter(|now| *now != last));
    said("Ready");
    let ready = look();
    let is_ready_again = async || {
        said("Ready");
        until("the first picture", async || (look() == ready).then_some(())).await;
    };

    let asked = world.ask("Claude Code").await;
    said("1 app waits for your answer");
    let asking = other_than(ready.clone()).await;
    let window = world.consent(&asked).await;
    window.deny().await;
    assert_denied(&asked).await;
    is_ready_again().await;

    let (_, tokens) = world.sign_in("Claude Code").await;
    is_ready_again().await;
    world.double.go_away().await;
    assert_eq!(world.list_memories(&tokens).await["isError"], true);
    said("Jean Memory cannot be reached");
    let offline = other_than(ready.clone()).await;
    world.double.come_back();
    until("a call that works", async || {
        (world.list_memories(&tokens).await["isError"] == false).then_some(())
    })
    .await;
    is_ready_again().await;

    world.double.fault(Fault::RevokeNow);
    world.list_memories(&tokens).await;
    said("An account needs a new key");
    let needs_key = other_than(ready.clone()).await;
    assert!(icon.read().iter().any(|entry| entry.label.starts_with("Give ")), "{:#?}", icon.read());

    icon.click(&["Pause"]);
    said("Paused: apps get no memories");
    let paused = other_than(needs_key.clone()).await;
    let all = HashSet::from([ready, asking, offline, needs_key, paused]);
    assert_eq!(all.len(), 5, "a picture for each state");
}

#[tokio::test(flavor = "multi_thread")]
async fn quitting_ends_streams_and_closes_windows() {
    let world = World::with_account().await;
    let icon = world.icon();
    let (_, tokens) = world.sign_in("Claude Code").await;
    let session = Session::open(&world.app, &tokens.access, "2025-06-18").await;
    let stream = Events::of(session.listen().begin().await);
    let asked = world.ask("Cursor").await;
    let _window = world.consent(&asked).await;
    icon.click(&["Quit"]);
    stream.rest().await;
    assert_eq!(world.app.ended().code(), Some(0));
    world.desktop.screen().until_gone("Jean Memory Bridge");
    assert_eq!(world.app.cli(&["status"]).await.status.code(), Some(3));
    assert_eq!(world.app.output(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_stay_one_harmless_line_each() {
    let world = World::start_as(AppOptions::default()).await;
    world.add_key(crate::double::ALICE.key).await;
    let icon = world.icon();
    let (_, tokens) = world.sign_in("_Quit\u{202e}\n&amp;<b>__x").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    let apps = icon.entry(&["Connected apps"]).entries;
    assert_eq!(apps.len(), 1);
    let name = &apps[0].label;
    assert!(!name.contains(['\n', '\u{202e}']), "{name:?}");
    assert!(reply(&world.call(&tokens, "list_memories", json!({})).await)["result"]["isError"] == false);
}
