//! Every page that a person sees in the browser, light and dark: axe-core finds nothing wrong, and a picture is kept
//! for people.

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::harness::accessibility::{assert_accessible, assert_high_contrast};
use crate::harness::app::AppOptions;
use crate::harness::bridge::Bridge;
use crate::harness::desktop::Desktop;
use crate::harness::oauth::{Client, Pkce};
use crate::harness::pictures;
use crate::harness::preferences::Preference;
use crate::harness::serving::Serving;
use crate::harness::webdriver::{Driver, Page};

/// As long as a name may be, and without a place to break it.
const LONG: &str = "Anfrageweiterleitungsverwaltungsprogrammsammlung &<b>AT&T</b>";

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_browser_are_accessible_in_the_light() {
    the_pages(Preference::Light).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_browser_are_accessible_in_the_dark() {
    the_pages(Preference::Dark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_browser_are_accessible_in_high_contrast() {
    for preference in [Preference::Contrast, Preference::DarkContrast] {
        the_pages(preference).await;
    }
}

async fn the_pages(preference: Preference) {
    let desktop = Desktop::start().preferring(preference);
    let bridge = Bridge::start().await;
    let driver = Driver::of_browser(&desktop);
    let browser = Browser { driver: &driver, preference };
    browser.look("/", &bridge, "Jean Memory Bridge is running", "home").await;

    let client = Client::register(&bridge, "Claude Code").await;
    let asks = |client: &Client, changes: &[(&str, &str)]| {
        format!("/oauth/authorize?{}", client.query(&Pkce::new(), changes))
    };
    browser.look(&asks(&client, &[]), &bridge, "Answer in the terminal", "waiting").await;
    let named = Client::register(&bridge, LONG).await;
    browser.look(&asks(&named, &[]), &bridge, LONG, "waiting-long-name").await;
    browser.look(&asks(&named, &[("scope", "admin")]), &bridge, "go back (127.0.0.1)", "error").await;
    browser.look(&asks(&client, &[("client_id", "x")]), &bridge, "This cannot go on", "refused").await;
    let asked = client.ask(&[]).await;
    for at in 0..5 {
        client.ask(&[("state", &at.to_string())]).await;
    }
    let displaced = format!("/oauth/wait/{}", asked.transaction);
    browser.look(&displaced, &bridge, "has asked again", "asked-again").await;

    let (client, mut visits) = of_an_app_that_stays(&bridge).await;
    let asked = client.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let answered = format!("{}/oauth/wait/{}", bridge.url(), asked.transaction);
    let page = browser.driver.open(&answered).await;
    visits.recv().await.expect("the page goes on by itself");
    browser.keep(&page, "You have answered", "answered").await;
    browser.look(&format!("/oauth/wait/{}", asked.transaction), &bridge, "Done", "done").await;
}

/// The tray app's bridge says that its window asks.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_sends_the_person_to_a_window_is_accessible() {
    for preference in [Preference::Light, Preference::Dark] {
        let desktop = Desktop::with_keychain().preferring(preference);
        let app = AppOptions::default().start(&desktop).await;
        let client = Client::register(&app, "Claude Code").await;
        let driver = Driver::of_browser(&desktop);
        let browser = Browser { driver: &driver, preference };
        let path = format!("/oauth/authorize?{}", client.query(&Pkce::new(), &[]));
        browser.look(&path, &app, "asks you in its own window", "waiting-for-window").await;
    }
}

/// A browser on a desktop as somebody likes it.
struct Browser<'a> {
    driver: &'a Driver,
    preference: Preference,
}

impl Browser<'_> {
    async fn look(&self, path: &str, bridge: &Serving, words: &str, state: &str) {
        let page = self.driver.open(&format!("{}{path}", bridge.url())).await;
        self.keep(&page, words, state).await;
    }

    async fn keep(&self, page: &Page<'_>, words: &str, state: &str) {
        let name = format!("browser-{state}-{}", self.preference.name());
        page.until_shown(words).await;
        page.until_resting().await;
        self.preference.assert_known(page).await;
        pictures::keep(&name, &page.picture().await);
        let scrolls =
            page.run("return document.documentElement.scrollWidth > innerWidth;", Value::Null).await;
        assert_eq!(scrolls, json!(false), "{name} is wider than its window");
        let whole = "return [...document.querySelectorAll('.quiet code')]
            .every((code) => code.offsetHeight < 1.5 * parseFloat(getComputedStyle(code).lineHeight));";
        assert_eq!(page.run(whole, Value::Null).await, json!(true), "{name}: a command is broken in two");
        assert_accessible(page, &name).await;
        if self.preference.is_for_contrast() {
            assert_high_contrast(page, &name).await;
        }
    }
}

/// A client whose own page never comes, so that the browser stays where it is; and word of each visit.
async fn of_an_app_that_stays(bridge: &Serving) -> (Client, UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let redirect = format!("http://{}/callback", listener.local_addr().expect("an address"));
    let (sender, visits) = unbounded_channel();
    let nothing = move || {
        let _ = sender.send(());
        std::future::ready(StatusCode::NO_CONTENT)
    };
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(nothing)).await });
    let metadata = json!({ "client_name": "Claude Code", "redirect_uris": [redirect],
                           "token_endpoint_auth_method": "none" });
    (Client::register_as(bridge, &metadata).await, visits)
}
