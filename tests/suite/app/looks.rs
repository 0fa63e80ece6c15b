//! Every window in every state, light and dark: axe-core finds nothing wrong, and a picture is kept for people.

use serde_json::{Value, json};

use super::world::World;
use crate::double::{ALICE, BOB, Fault, REVOKED_KEY, path};
use crate::harness::accessibility::assert_accessible;
use crate::harness::app::AppOptions;
use crate::harness::desktop::Desktop;
use crate::harness::oauth::Client;
use crate::harness::panel::Panel;
use crate::harness::pictures;
use crate::harness::screen::Screen;
use crate::harness::screen::key;
use crate::harness::waiting::until;
use crate::harness::webdriver::Page;

const CHECK: &str = "/sdk/validate-developer";

#[derive(Clone, Copy)]
pub(super) enum Light {
    Light,
    Dark,
}

impl Light {
    pub(super) fn options(self) -> AppOptions {
        match self {
            Self::Light => AppOptions::default(),
            Self::Dark => AppOptions::default().dark(),
        }
    }

    /// Looks at the page as it is now.
    pub(super) async fn look(self, screen: &Screen, page: &Page<'_>, state: &str) {
        let name = match self {
            Self::Light => format!("{state}-light"),
            Self::Dark => format!("{state}-dark"),
        };
        let is_dark =
            page.run("return matchMedia('(prefers-color-scheme: dark)').matches;", Value::Null).await;
        assert_eq!(is_dark, json!(matches!(self, Self::Dark)));
        keep(screen, page, &name).await;
    }
}

/// Keeps a picture of the one window there is, and fails with what is wrong with its page.
pub(super) async fn keep(screen: &Screen, page: &Page<'_>, name: &str) {
    page.until_resting().await;
    // One that was closed before may still be there.
    let window = until("one window", async || <[_; 1]>::try_from(screen.windows()).ok()).await;
    pictures::keep(name, &screen.picture_of(&window[0]));
    let scrolls = page.run("return document.documentElement.scrollWidth > innerWidth;", Value::Null).await;
    assert_eq!(scrolls, json!(false), "{name} is wider than its window");
    assert_accessible(page, name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consent_window_is_accessible_in_the_light() {
    the_consent_window(Light::Light).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consent_window_is_accessible_in_the_dark() {
    the_consent_window(Light::Dark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_window_is_accessible_in_the_light() {
    the_main_window(Light::Light).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_window_is_accessible_in_the_dark() {
    the_main_window(Light::Dark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_of_an_app_that_cannot_start_is_accessible() {
    for light in [Light::Light, Light::Dark] {
        let desktop = Desktop::with_keychain();
        let screen = desktop.screen();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let app = light.options().port(taken.local_addr().unwrap().port()).launch(&desktop);
        let page = app.page("cannot_start.html").await;
        page.until_shown("Another program uses port").await;
        light.look(&screen, &page, "cannot-start-port").await;
        assert_eq!(app.terminate().code(), Some(1));

        std::fs::write(desktop.bridge_home().join("config.toml"), "colour = \"red\"\n").unwrap();
        let app = light.options().launch(&desktop);
        let page = app.page("cannot_start.html").await;
        page.until_shown("A setting is not understood").await;
        light.look(&screen, &page, "cannot-start-setting").await;
    }
}

async fn the_consent_window(light: Light) {
    let world = World::start_as(light.options()).await;
    let screen = world.desktop.screen();
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    light.look(&screen, &window.page, "consent-asleep").await;
    window.allow_button().await;
    light.look(&screen, &window.page, "consent-first-time").await;
    pictures::keep(
        if matches!(light, Light::Dark) { "desktop-dark" } else { "desktop-light" },
        &screen.picture(),
    );
    window.paste("this is no key").await;
    light.look(&screen, &window.page, "consent-no-key").await;
    window.paste(ALICE.key).await;
    window.page.find_called("Show the key").await.click().await;
    light.look(&screen, &window.page, "consent-key").await;
    window.page.find("#details-button").await.click().await;
    light.look(&screen, &window.page, "consent-details").await;
    window.page.find("#details-button").await.click().await;
    window.paste(REVOKED_KEY).await;
    window.allow().await;
    window.until_shown("does not accept this key").await;
    light.look(&screen, &window.page, "consent-rejected").await;
    world.double.fault(Fault::Html(502).on(path(CHECK)));
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_shown("could not be reached").await;
    light.look(&screen, &window.page, "consent-not-checked").await;
    world.double.clear();
    world.double.fault(Fault::Hang.on(path(CHECK)));
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_shown("Jean Memory checks the key").await;
    light.look(&screen, &window.page, "consent-checking").await;
    world.double.clear();
    world.double.release();
    window.until_closed().await;

    world.add_key(BOB.key).await;
    let metadata = json!({ "client_name": "Claude", "redirect_uris": ["https://claude.example.com/callback"],
                           "token_endpoint_auth_method": "none" });
    let asked = Client::register_as(&world.app, &metadata).await.ask(&[]).await;
    for name in ["Cursor", "VS Code"] {
        world.ask(name).await;
    }
    let window = world.consent(&asked).await;
    window.until_shown("1 of 3").await;
    light.look(&screen, &window.page, "consent-foreign-website").await;
    window.switch("read").await;
    window.switch("write").await;
    window.allow().await;
    window.until_shown("Nothing would be allowed").await;
    light.look(&screen, &window.page, "consent-nothing-allowed").await;
    window.deny().await;
    window.until_closed().await;
}

async fn the_main_window(light: Light) {
    let desktop = Desktop::with_keychain();
    let screen = desktop.screen();
    let double = crate::double::Double::start().await;
    let panel = Panel::start(&desktop.bus());
    let app = light.options().arguments(&[]).api(&double.base_url()).start(&desktop).await;
    let world = World { app, double, panel, desktop };
    let page = world.app.page("main.html").await;
    page.until_shown("Your memories, for the apps on this computer").await;
    light.look(&screen, &page, "main-welcome").await;
    page.find_called("Open the bridge").await.click().await;
    for tab in ["Apps", "Accounts", "Activity", "Connect", "Settings", "Diagnostics"] {
        open_tab(&page, tab).await;
        light.look(&screen, &page, &format!("main-empty-{}", tab.to_lowercase())).await;
    }

    world.add_key(ALICE.key).await;
    world.add_key(BOB.key).await;
    open_tab(&page, "Apps").await;
    fill_with_activity(&world).await;
    page.until_shown("6 calls").await;
    page.until_shown("Ready").await;
    for tab in ["Apps", "Accounts", "Activity", "Connect", "Settings", "Diagnostics"] {
        open_tab(&page, tab).await;
        light.look(&screen, &page, &format!("main-{}", tab.to_lowercase())).await;
    }
    open_tab(&page, "Apps").await;
    page.find(".opener").await.click().await;
    page.until("document.querySelector('.tool')").await;
    light.look(&screen, &page, "main-app-tools").await;
    page.find_called("Revoke Claude Code").await.click().await;
    page.until_shown("Revoke Claude Code?").await;
    light.look(&screen, &page, "main-app-revoke").await;
    page.find(".confirm button").await.click().await;
    open_tab(&page, "Accounts").await;
    page.find_called("Add an account").await.click().await;
    light.look(&screen, &page, "main-account-add").await;

    world.double.fault(Fault::RevokeNow);
    let (_, tokens) = signed_in_on_the_command_line(&world, "Another app").await;
    world.list_memories(&tokens).await;
    open_tab(&page, "Apps").await;
    page.until_shown("Jean Memory does not accept the key").await;
    light.look(&screen, &page, "main-rejected-key").await;

    std::fs::write(world.desktop.bridge_home().join("config.toml"), "colour = \"red\"\n").unwrap();
    world.double.fault(Fault::Hang.on(path("/health")));
    page.find_called("Diagnostics").await.click().await;
    page.until_shown("Jean Memory: still looking").await;
    light.look(&screen, &page, "main-diagnostics-looking").await;
    world.double.clear();
    world.double.fault(Fault::RevokeNow);
    world.double.release();
    open_tab(&page, "Apps").await;
    open_tab(&page, "Diagnostics").await;
    page.until_shown("faults.").await;
    light.look(&screen, &page, "main-diagnostics-faults").await;
    page.find_called("Open Accounts").await.click().await;
    page.invoke("settings_change", json!({ "change": { "paused": true } })).await.unwrap();
    page.until_shown("The bridge is paused").await;
    light.look(&screen, &page, "main-paused").await;
}

/// As somebody has it who needs letters twice as large.
#[tokio::test(flavor = "multi_thread")]
async fn the_windows_are_accessible_with_letters_twice_as_large() {
    let desktop = Desktop::with_keychain();
    let screen = desktop.screen();
    screen.enlarge_text(2);
    let world = World::start_on(desktop, AppOptions::default()).await;
    let asked = world.ask("A client with a rather long name, as some clients have").await;
    let window = world.consent(&asked).await;
    window.allow_button().await;
    let shown = screen.window("Jean Memory");
    assert_eq!(screen.size(&shown).0, 2 * 440, "the window grows with its text");
    Light::Light.look(&screen, &window.page, "consent-large-letters").await;
    // Not with the pointer: WebDriver does not count the enlargement.
    screen.press(&[key::ESCAPE]);
    window.until_closed().await;
    let page = world.open(&world.icon()).await;
    page.until_shown("No app has access yet").await;
    Light::Light.look(&screen, &page, "main-large-letters").await;
}

pub(super) async fn open_tab(page: &Page<'_>, tab: &str) {
    page.find_called(tab).await.click().await;
    page.until(&format!(
        "document.querySelector('[role=tab][aria-selected=true]').innerText.includes('{tab}')"
    ))
    .await;
    // What a tab asks for has arrived.
    page.until("!document.querySelector('.panels [aria-busy=true]')").await;
}

/// Three apps that called this and that, one of them in vain at first.
pub(super) async fn fill_with_activity(world: &World) {
    let mut all = Vec::new();
    for name in ["Claude Code", "Cursor", "VS Code"] {
        all.push(signed_in_on_the_command_line(world, name).await.1);
    }
    world.double.fault(Fault::Html(502).on(crate::double::tool("add_memories")));
    world.call(&all[0], "add_memories", json!({ "text": "another" })).await;
    world.double.clear();
    for (at, tokens) in all.iter().enumerate() {
        for _ in 0..=at {
            world.call(tokens, "add_memories", json!({ "text": "a memory" })).await;
            world.list_memories(tokens).await;
        }
    }
}

async fn signed_in_on_the_command_line(world: &World, name: &str) -> (Client, crate::harness::oauth::Tokens) {
    let account = world.accounts().await[0]["id"].as_str().expect("an id").to_owned();
    let client = Client::register(&world.app, name).await;
    let tokens = client.sign_in_as(&world.app, &["--account", &account], &[]).await;
    (client, tokens)
}
