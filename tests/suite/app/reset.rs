//! J11 in the window: what goes is shown, then it goes, and the app begins anew or ends.

use bridge_core::paths::Paths;
use serde_json::json;

use super::looks::Light;
use super::world::World;
use crate::double::ALICE;
use crate::harness::http::Http;
use crate::harness::waiting::until;
use crate::harness::webdriver::Page;

const CURSORS: &str = "{\n  \"mcpServers\": {}\n}\n";

async fn lived_in() -> World {
    lived_in_as(Light::Light).await
}

async fn lived_in_as(light: Light) -> World {
    let world = World::start_as(light.options()).await;
    world.add_key(ALICE.key).await;
    let cursor = world.desktop.keychain().home().join(".cursor/mcp.json");
    std::fs::create_dir_all(cursor.parent().unwrap()).unwrap();
    std::fs::write(&cursor, CURSORS).unwrap();
    world.app.cli_ok(&["connect", "cursor"]).await;
    world.sign_in("Claude Code").await;
    world
}

/// Settings, down to where what goes is shown.
async fn plan_shown(world: &World) -> Page<'_> {
    let page = world.window().await;
    page.find_called("Settings").await.click().await;
    page.find_called("See what goes …").await.click().await;
    page.until_shown("Remove all of this? It cannot be undone.").await;
    page
}

fn entries(world: &World) -> usize {
    world.desktop.keychain().count(&Paths::under(&world.desktop.bridge_home()).keychain_service)
}

fn cursors(world: &World) -> String {
    std::fs::read_to_string(world.desktop.keychain().home().join(".cursor/mcp.json")).unwrap()
}

fn left(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.desktop.bridge_home()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_removed_in_two_steps_and_the_app_ends() {
    let world = lived_in().await;
    let page = plan_shown(&world).await;
    for expected in [
        "Cursor is disconnected, and what was in its settings before comes back",
        "2 entries of the keychain go",
        "Accounts, what apps may do, activity",
        "Your memories at Jean Memory stay",
    ] {
        page.until_shown(expected).await;
    }
    let screen = world.desktop.screen();
    Light::Light.look(&screen, &page, "main-reset").await;
    // Looking removes nothing, and neither does going back.
    page.find_called("Cancel").await.click().await;
    assert!(cursors(&world).contains("jean-memory"));
    assert_eq!((entries(&world), world.accounts().await.len()), (2, 1));

    page.find_called("See what goes …").await.click().await;
    page.find(".confirm button.stop").await.click().await;
    page.until_shown("Everything is removed").await;
    page.until_shown("2 entries of the keychain are gone").await;
    Light::Light.look(&screen, &page, "main-reset-done").await;
    assert_eq!((cursors(&world).as_str(), entries(&world)), (CURSORS, 0));
    assert!(Http::new(world.app.url()).get("/status").try_send().await.is_none(), "the bridge has ended");
    page.find_called("Quit the bridge").await.click().await;
    assert_eq!(world.app.ended().code(), Some(0));
    assert_eq!(left(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn afterwards_the_app_begins_as_at_first() {
    let world = lived_in_as(Light::Dark).await;
    let screen = world.desktop.screen();
    let page = plan_shown(&world).await;
    Light::Dark.look(&screen, &page, "main-reset").await;
    page.find(".confirm button.stop").await.click().await;
    page.until_shown("Everything is removed").await;
    Light::Dark.look(&screen, &page, "main-reset-done").await;
    page.find_called("Start anew").await.click().await;
    let World { app, double: _double, panel, desktop } = world;
    let app = app.until_started_again().await;
    assert_eq!(app.cli_json(&["accounts"]).await, json!([]));
    assert_eq!(app.cli_json(&["clients"]).await, json!([]));
    drop((app, panel, desktop));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_cannot_be_freed_is_named_and_the_bridge_goes_on() {
    let world = lived_in().await;
    let page = plan_shown(&world).await;
    let cursor = world.desktop.keychain().home().join(".cursor/mcp.json");
    let damaged = format!("{}damaged", cursors(&world));
    std::fs::write(&cursor, &damaged).unwrap();
    page.find(".confirm button.stop").await.click().await;
    page.until_shown("An app could not be disconnected, so nothing else was removed").await;
    world.app.cli_ok(&["status"]).await;
    assert_eq!(entries(&world), 2);
    page.find("#reset-keep").await.click().await;
    page.until("!document.querySelector('.confirm').innerText.includes('Cursor')").await;
    page.find(".confirm button.stop").await.click().await;
    page.until_shown("Everything is removed").await;
    assert_eq!((cursors(&world), entries(&world)), (damaged, 0));
    // There is nothing left for the app to do: it goes with its window.
    let screen = world.desktop.screen();
    screen.close(&screen.window("Jean Memory Bridge"));
    assert_eq!(world.app.ended().code(), Some(0));
    assert_eq!(left(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_removes_it_under_the_open_window() {
    let world = lived_in().await;
    let page = world.window().await;
    page.until_shown("Claude Code").await;
    let said = world.app.cli_ok(&["reset", "--yes"]).await.stdout;
    assert!(said.contains("Removed 2 entries"), "{said}");
    assert_eq!(world.app.ended().code(), Some(0));
    assert_eq!((cursors(&world).as_str(), entries(&world)), (CURSORS, 0));
    until("nothing is left, whatever the window wrote last", async || left(&world).is_empty().then_some(()))
        .await;
}
