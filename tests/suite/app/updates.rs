//! A newer version as a person meets it: one notification, an entry in the tray, and Settings, where they can ask at once
//! and switch it off.

use bridge_core::control::Client as Socket;
use bridge_core::paths::Paths;
use bridge_core::view::SettingChange;
use serde_json::json;

use super::connect_world::{Empty, Home};
use super::looks::Light;
use crate::harness::app::AppOptions;
use crate::harness::clock::Clock;
use crate::harness::notifications::Notifications;
use crate::harness::releases::{Releases, answer};
use crate::harness::waiting::until;
use crate::harness::webdriver::Page;

const SWITCH: &str = "[aria-labelledby=setting-update_check]";
const IN_THE_TRAY: &str = "Version 9.0.0 is out…";
/// After this many seconds the start is long enough ago, at whichever moment it falls.
const SETTLED: u32 = 15 * 60 + 1;
const OWN: &str = env!("CARGO_PKG_VERSION");

fn options(releases: &Releases) -> AppOptions {
    AppOptions::default().env("JEAN_BRIDGE_RELEASES_URL", releases.url())
}

async fn settings(home: &Home) -> Page<'_> {
    let page = home.world.open(&home.world.icon()).await;
    page.find("#tab-settings").await.click().await;
    page.find(SWITCH).await;
    page
}

fn clicked_links(home: &Home) -> Vec<String> {
    let opened = std::fs::read_to_string(home.path("opened")).unwrap_or_default();
    opened.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_asks_now_and_is_led_to_the_page_of_releases() {
    let releases = Releases::start(OWN).await;
    let empty = Empty::new();
    let notifications = Notifications::start(&empty.desktop().bus());
    let home = empty.start_as(options(&releases)).await;
    let page = settings(&home).await;
    page.until_shown("No check for a newer version was made yet.").await;
    page.until_shown("Nothing is sent but the request").await;
    assert_eq!(releases.connections(), 0);

    page.find_called("Check now").await.click().await;
    page.until_shown("This is the newest version (asked").await;
    releases.answer(&answer("503 Service Unavailable", "", ""));
    page.find_called("Check now").await.click().await;
    page.until_shown("answers with a fault (HTTP 503)").await;
    releases.publish("9.0.0");
    page.find_called("Check now").await.click().await;
    page.until_shown(&format!("Version 9.0.0 is out; this is {OWN}.")).await;

    let opened = async |count: usize| {
        until("the page of releases", async || (clicked_links(&home).len() == count).then_some(())).await;
        assert_eq!(clicked_links(&home)[count - 1], releases.url());
    };
    page.find_called("Open the page of releases").await.click().await;
    opened(1).await;
    home.world.icon().click(&[IN_THE_TRAY]);
    opened(2).await;
    // No page can name another address.
    page.invoke("updates_open_page", json!({ "page": "https://example.com", "url": "file:///" }))
        .await
        .unwrap();
    opened(3).await;

    // Whoever asked has seen it: they are not told once more.
    assert!(notifications.all().is_empty(), "{:?}", notifications.all());
    assert_eq!(home.world.app.cli_json(&["status"]).await["update"]["version"], "9.0.0");
    page.find("#tab-diagnostics").await.click().await;
    page.until_shown(&format!("Version 9.0.0 is out; this is {OWN}.")).await;
    page.until_shown("install it as you installed this one").await;
    assert_eq!(releases.connections(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_told_once_and_a_click_leads_to_settings() {
    let releases = Releases::start("9.0.0").await;
    let empty = Empty::new();
    let notifications = Notifications::start(&empty.desktop().bus());
    let clock = Clock::start(empty.desktop().keychain().home());
    let options =
        clock.env().into_iter().fold(options(&releases), |options, (name, value)| options.env(name, value));
    let options = options.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let home = empty.start_as(options.clone()).await;
    later(&home, &clock, SETTLED).await;
    let told = notifications.wait_for("of the version", |one| one.summary.contains("Version 9.0.0"));
    assert!(told.body.contains("Nothing was installed"), "{told:?}");
    home.world.icon().entry(&[IN_THE_TRAY]);
    notifications.click(&told);
    let page = home.world.app.page("main.html").await;
    page.until_shown("Open the page of releases").await;

    // After a restart it is still known, and told to nobody again.
    let home = home.restart_as(options).await;
    home.world.icon().entry(&[IN_THE_TRAY]);
    later(&home, &clock, 2 * SETTLED).await;
    assert_eq!(releases.connections(), 1);
    releases.publish("9.1.0");
    later(&home, &clock, 2 * SETTLED + 30 * 3600).await;
    notifications.wait_for("of the next one", |one| one.summary.contains("Version 9.1.0"));
    assert_eq!(notifications.all().iter().filter(|one| one.summary.contains("9.0.0")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_switches_it_off_sees_nothing_of_it_any_more() {
    let releases = Releases::start("9.0.0").await;
    let home = Empty::new().start_as(options(&releases)).await;
    let page = settings(&home).await;
    page.find_called("Check now").await.click().await;
    page.until_shown("Version 9.0.0 is out").await;
    home.world.icon().entry(&[IN_THE_TRAY]);
    page.find(SWITCH).await.click().await;
    home.world.icon().until_gone(&[IN_THE_TRAY]);
    assert!(home.world.app.cli_json(&["status"]).await.get("update").is_none());
    // Their own press is their own wish.
    page.find_called("Check now").await.click().await;
    releases.received(2).await;
    page.find(SWITCH).await.click().await;
    home.world.icon().entry(&[IN_THE_TRAY]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_forbids_stays_forbidden() {
    let releases = Releases::start("9.0.0").await;
    let home = Empty::new().start_as(options(&releases).env("JEAN_BRIDGE_UPDATE_CHECK", "false")).await;
    let page = settings(&home).await;
    page.until_shown("The configuration of this computer does not allow it").await;
    let toggle = page.find(SWITCH).await;
    assert_eq!(
        (toggle.property("disabled").await, toggle.property("checked").await),
        (json!(true), json!(false))
    );
    assert!(!page.text().await.contains("Check now"));
    // Whatever the page asks for.
    let view = page.invoke("updates_check", json!({})).await.unwrap();
    assert_eq!((&view["mode"], &view["page"]), (&json!("forbidden"), &json!(null)));
    let refused = page.invoke("updates_open_page", json!({})).await.unwrap_err();
    assert_eq!(refused["code"], "cannot_open");
    assert_eq!(releases.connections(), 0);
    assert!(clicked_links(&home).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_states_of_a_new_version_are_accessible_in_the_light() {
    states(Light::Light).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_states_of_a_new_version_are_accessible_in_the_dark() {
    states(Light::Dark).await;
}

async fn states(light: Light) {
    let releases = Releases::start(OWN).await;
    let of_light = |options: AppOptions| match light {
        Light::Light => options,
        Light::Dark => options.dark(),
    };
    let home = Empty::new().start_as(of_light(options(&releases))).await;
    let screen = home.world.desktop.screen();
    let page = settings(&home).await;
    page.until_shown("No check for a newer version was made yet.").await;
    light.look(&screen, &page, "updates-not-asked").await;
    for (published, words, name) in [
        (Some(OWN), "This is the newest version (asked", "updates-none"),
        (None, "HTTP 503", "updates-trouble"),
        (Some("9.0.0"), "Version 9.0.0 is out", "updates-out"),
    ] {
        match published {
            Some(version) => releases.publish(version),
            None => releases.answer(&answer("503 Service Unavailable", "", "")),
        }
        page.find_called("Check now").await.click().await;
        page.until_shown(words).await;
        // What was said once has gone.
        page.until("!document.querySelector('#toast').innerText").await;
        light.look(&screen, &page, name).await;
    }
    releases.answer(&[]);
    page.find_called("Check now").await.click().await;
    page.until_shown("The page of releases is asked").await;
    light.look(&screen, &page, "updates-asking").await;
}

/// Lets so many seconds go by in all, and has the bridge look at its clock: a setting that changes wakes what waits.
async fn later(home: &Home, clock: &Clock, seconds: u32) {
    clock.advance_to(seconds);
    let socket = Socket::new(Paths::under(home.world.app.home()));
    for on in [false, true] {
        socket.change_setting(&SettingChange::Welcomed(on)).await.unwrap();
    }
}
