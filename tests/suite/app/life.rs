//! The app as a program: it starts the bridge, is there once, quits, goes on without what it can do without, and
//! says why when it cannot start.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use serde_json::json;

use super::consent::Consent;
use super::looks::Light;
use super::world::World;
use crate::double::ALICE;
use crate::harness::app::{APP, AppOptions};
use crate::harness::bridge::{BridgeOptions, JWT_SECRET};
use crate::harness::desktop::Desktop;
use crate::harness::http::{Http, PATIENCE};
use crate::harness::keychain::Start;
use crate::harness::oauth::Client;
use crate::harness::panel::Panel;
use crate::harness::programs::program;
use crate::harness::waiting::until;

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_in_the_tray_without_a_window_and_its_bridge_answers() {
    let world = World::start().await;
    let icon = world.icon();
    icon.until("the state", |menu| (menu[0].label == "Ready").then_some(()));
    let status = world.app.http().get("/status").send().await.assert_status(200).json();
    assert_eq!(status["status"], "ready");
    assert_eq!(world.desktop.screen().windows(), []);
    assert_eq!(world.app.cli_json(&["status"]).await["pid"], world.app.pid());
    icon.click(&["Quit"]);
    assert_eq!(world.app.ended().code(), Some(0));
    assert_eq!(world.app.output(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_window_it_does_not_load_the_driver_of_the_graphics_card() {
    // No other program of this desktop is made with GTK, which would ask the driver in its place.
    let world = World::start().await;
    world.icon().until("the state", |menu| (menu[0].label == "Ready").then_some(()));
    let loaded = std::fs::read_to_string(format!("/proc/{}/maps", world.app.pid())).unwrap();
    assert!(loaded.contains("libgtk-3"), "{loaded}");
    let driver = loaded.lines().find(|line| line.contains("libGLX_") || line.contains("/dri/"));
    assert_eq!(driver, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_says_what_this_is_and_the_second_does_not() {
    let desktop = Desktop::with_keychain();
    let panel = Panel::start(&desktop.bus());
    let options = AppOptions::default().arguments(&[]);
    let app = options.clone().start(&desktop).await;
    let page = app.page("main.html#welcome").await;
    page.until_shown("Your memories, for the apps on this computer").await;
    page.until_shown("The bridge goes on in the tray").await;
    let screen = desktop.screen();
    screen.close(&screen.window("Jean Memory Bridge"));
    page.until_closed().await;
    // Closing the window is not quitting.
    app.cli_ok(&["status"]).await;
    assert_eq!(app.terminate().code(), Some(0));
    drop(panel);

    let panel = Panel::start(&desktop.bus());
    let app = options.start(&desktop).await;
    panel.icon().entry(&["Ready"]);
    assert_eq!(screen.windows(), []);
    assert_eq!(app.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_launch_shows_the_window_of_the_first() {
    let world = World::start().await;
    let by_a_person = AppOptions::default().arguments(&[]);
    let second = by_a_person.clone().launch(&world.desktop);
    assert_eq!(second.ended().code(), Some(0));
    world.app.page("main.html").await.until_shown("No app has access yet").await;
    assert_eq!(world.desktop.screen().windows().len(), 1);
    // And a third brings the same one to the front.
    let third = by_a_person.launch(&world.desktop);
    assert_eq!(third.ended().code(), Some(0));
    assert_eq!(world.desktop.screen().windows().len(), 1);
    assert!(world.app.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_launch_in_the_background_shows_nothing() {
    // As two apps do whose adapters find no bridge in the same moment.
    let world = World::start().await;
    let second = AppOptions::default().launch(&world.desktop);
    assert_eq!(second.ended().code(), Some(0));
    let log = world.app.cli_ok(&["logs"]).await.stdout;
    assert!(!log.contains("another launch asks for the window"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_the_app_as_quit_does() {
    let world = World::start().await;
    // As soon as there is a bridge, whether or not there is a desktop yet.
    assert_eq!(world.app.terminate().code(), Some(0));
    assert_eq!(world.app.output(), "");
    assert_eq!(world.app.cli(&["status"]).await.status.code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told_with_its_holder_and_another_is_one_click_away() {
    let desktop = Desktop::with_keychain();
    let panel = Panel::start(&desktop.bus());
    // Above those that other tests are told, below those that the system gives away: the next one stays free too.
    let taken =
        (32_100..32_700).step_by(50).find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
    let taken = taken.expect("a port");
    let port = taken.local_addr().unwrap().port();
    // In the file, where the window can change it.
    let config = desktop.bridge_home().join("config.toml");
    std::fs::create_dir_all(desktop.bridge_home()).unwrap();
    std::fs::write(&config, format!("# mine\nport = {port}\n")).unwrap();
    let app = AppOptions::default().without_env("JEAN_BRIDGE_PORT").launch(&desktop);
    let page = app.page("cannot_start.html").await;
    page.until_shown(&format!("Another program uses port {port}: suite")).await;
    assert!(app.output().contains(&port.to_string()), "{}", app.output());

    let button = page.find("#use-port").await;
    let label = button.text().await;
    let other = label.split_whitespace().find_map(|word| word.parse::<u16>().ok()).expect("a port");
    assert_ne!(other, port);
    button.click().await;
    let app = app.until_started_again().await;
    assert_eq!(app.port(), other);
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(written.contains("# mine") && written.contains(&other.to_string()), "{written}");
    panel.icon().entry(&["Ready"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_without_windows_that_runs_already_is_told() {
    let desktop = Desktop::with_keychain();
    let home = desktop.bridge_home();
    std::fs::create_dir_all(&home).unwrap();
    let bridge = BridgeOptions::default().home(&home).start().await;
    let app = AppOptions::default().arguments(&[]).launch(&desktop);
    let page = app.page("cannot_start.html").await;
    page.until_shown("Jean Memory Bridge already runs without a window").await;
    page.until_shown("Apps reach your memories through it").await;
    page.find_called("Quit").await.click().await;
    assert_eq!(app.ended().code(), Some(1));
    bridge.cli_ok(&["status"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_setting_is_told_and_its_cure_works() {
    let desktop = Desktop::with_keychain();
    let home = desktop.bridge_home();
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("config.toml"), "colour = \"red\"\n").unwrap();
    let app = AppOptions::default().launch(&desktop);
    let page = app.page("cannot_start.html").await;
    page.until_shown("A setting is not understood").await;
    page.until_shown("colour").await;
    std::fs::write(home.join("config.toml"), "").unwrap();
    page.find_called("Try again").await.click().await;
    app.until_started_again().await.cli_ok(&["status"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keychain_it_works_and_says_so() {
    let world = World::start_on(Desktop::start(), AppOptions::default()).await;
    let icon = world.icon();
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.until_shown("This computer has no keychain running").await;
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;
    let tokens = super::world::signed_in(&asked).await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    icon.until("the problem", |menu| {
        menu.iter().any(|entry| entry.label.starts_with("Look at ")).then_some(())
    });
    let page = world.open(&icon).await;
    page.find_called("Diagnostics").await.click().await;
    page.until_shown("would be lost when the bridge quits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_tray_the_window_opens_and_says_so() {
    let desktop = Desktop::with_keychain();
    let app = AppOptions::default().arguments(&[]).env("JWT_SECRET_KEY", JWT_SECRET).start(&desktop).await;
    let page = app.page("main.html").await;
    page.until_shown("This desktop shows no tray icons").await;
    assert_eq!(app.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_tray_the_window_does_not_come_before_a_question() {
    let desktop = Desktop::with_keychain();
    let app = AppOptions::default().arguments(&[]).env("JWT_SECRET_KEY", JWT_SECRET).start(&desktop).await;
    let page = app.page("main.html").await;
    let asked = Client::register(&app, "Claude Code").await.ask(&[]).await;
    let window = Consent::about(&app, &asked.code).await;
    let screen = desktop.screen();
    let shown = until("the consent window above", async || {
        screen.windows().into_iter().find(|shown| screen.is_above(shown))
    })
    .await;
    screen.until_focused(&shown);
    until("that it is noticed", async || {
        app.cli_ok(&["logs"]).await.stdout.contains("shows no tray icons").then_some(())
    })
    .await;
    page.until_shown("This desktop shows no tray icons").await;
    screen.until_focused(&shown);
    window.deny().await;
    window.until_closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_is_replaced_is_found_again() {
    let mut world = World::with_account().await;
    let (_, tokens) = world.sign_in("Claude Code").await;
    world.desktop.keychain_mut().kill_daemon();
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    world.desktop.keychain_mut().start_daemon(Start::Unlocked);
    world.add_key(crate::double::BOB.key).await;
    let service = bridge_core::paths::Paths::under(world.app.home()).keychain_service;
    until("all of it is kept", async || (world.desktop.keychain().count(&service) == 3).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_bus_that_is_restarted_ends_nothing() {
    let mut world = World::with_account().await;
    let (_, tokens) = world.sign_in("Claude Code").await;
    world.desktop.keychain_mut().stop_bus();
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    // Before there is another, because the icon does not come back with it.
    let lost = "The connection to this desktop is gone, and with it the tray icon and notifications.";
    let page = world.window().await;
    page.until_shown(lost).await;
    Light::Light.look(&world.desktop.screen(), &page, "main-lost-desktop").await;
    drop(page);
    world.desktop.keychain_mut().start_bus();
    world.desktop.keychain_mut().start_daemon(Start::Unlocked);
    // Windows need no bus.
    let asked = world.ask("Cursor").await;
    let window = world.consent(&asked).await;
    window.allow().await;
    window.until_closed().await;
    super::world::signed_in(&asked).await;
    assert!(world.app.is_running());
    let page = world.app.page("main.html").await;
    page.find_called("Diagnostics").await.click().await;
    page.until("document.querySelector('#panel-diagnostics .findings li')").await;
    let text = page.text().await;
    assert!(text.contains(lost) && !text.contains("shows no tray icons"), "{text}");
    // Tray and notifications are tied to the bus that was, and come back with a restart.
    page.find_called("Restart the bridge").await.click().await;
    drop(page);
    let world = world.started_again().await;
    world.icon().entry(&["Ready"]);
    let page = world.window().await;
    page.until_shown("Claude Code").await;
    assert!(!page.text().await.contains(lost), "{}", page.text().await);
    drop(page);
    assert_eq!(world.app.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_is_free_as_soon_as_the_app_has_ended() {
    let world = World::start().await;
    let (port, url) = (world.app.port(), world.app.url().to_owned());
    assert_eq!(world.app.terminate().code(), Some(0));
    assert!(Http::new(&url).get("/status").try_send().await.is_none());
    let again = AppOptions::default().port(port).start(&world.desktop).await;
    again.http().get("/status").send().await.assert_status(200);
    assert_eq!(again.cli_json(&["clients"]).await, json!([]));
}

#[test]
fn without_a_display_the_app_says_so() {
    let said = refusal(|_| {});
    assert!(said.contains("there is no display here"), "{said}");
    assert!(said.contains("jean-bridge serve"), "{said}");
}

#[test]
fn a_display_that_does_not_answer_is_told_from_none() {
    // No X server counts this far.
    let said = refusal(|app| {
        app.env("DISPLAY", ":65000");
    });
    assert!(said.contains("does not answer"), "{said}");
    assert!(said.contains("jean-bridge serve"), "{said}");
}

/// What the app says when it cannot start: one line, status 1, no panic.
#[track_caller]
fn refusal(prepare: impl Fn(&mut Command)) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut app = Command::new(program(APP));
    app.env_clear().env("HOME", home.path()).env("JEAN_BRIDGE_HOME", home.path().join("bridge"));
    app.env("JEAN_BRIDGE_PORT", "0");
    prepare(&mut app);
    let output = app.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_quits_the_app_and_returns_when_it_is_gone() {
    // As an installer does, which replaces the files of both next.
    let world = World::start().await;
    assert_eq!(world.app.cli_ok(&["quit"]).await.stdout, "Ended.\n");
    // Its first thread is gone; those that the system still takes down may be a moment behind.
    assert_eq!(world.app.ends_within(PATIENCE).and_then(|status| status.code()), Some(0));
    assert_eq!(world.app.cli(&["quit"]).await.status.code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_passes_is_not_started_at_login() {
    let desktop = Desktop::with_keychain();
    let _panel = Panel::start(&desktop.bus());
    let image = desktop.keychain().home().join("Volumes/Jean Memory Bridge");
    let app = AppOptions::default().arguments(&[]).alone_in(&image).start(&desktop).await;
    let page = app.page("main.html#welcome").await;
    let refused = page.invoke("settings_start_at_login", json!({ "on": true })).await.unwrap_err();
    assert_eq!(refused["code"], "no_lasting_place");
    assert!(!desktop.keychain().home().join("config/autostart").exists());
    page.invoke("settings_start_at_login", json!({ "on": false })).await.unwrap();
    assert_eq!(app.terminate().code(), Some(0));
}
