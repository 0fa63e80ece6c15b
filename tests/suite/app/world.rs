//! A desktop with the app on it, a Jean Memory that does as it is told, and clients that ask.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::consent::Consent;
use crate::double::{ALICE, Double};
use crate::harness::app::{App, AppOptions};
use crate::harness::desktop::Desktop;
use crate::harness::http::{Answer, Redirect};
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::{Client, SignIn, Tokens};
use crate::harness::panel::{Icon, Panel};
use crate::harness::waiting::until;
use crate::harness::webdriver::Page;

/// Whoever goes first is named first: the app ends before what it stands on.
pub(super) struct World {
    pub(super) app: App,
    pub(super) double: Double,
    pub(super) panel: Panel,
    pub(super) desktop: Desktop,
}

impl World {
    /// No account yet.
    pub(super) async fn start() -> Self {
        Self::start_as(AppOptions::default()).await
    }

    pub(super) async fn start_as(options: AppOptions) -> Self {
        Self::start_on(Desktop::with_keychain(), options).await
    }

    pub(super) async fn start_on(desktop: Desktop, options: AppOptions) -> Self {
        let double = Double::start().await;
        let panel = Panel::start(&desktop.bus());
        let app = options.api(&double.base_url()).start(&desktop).await;
        Self { app, double, panel, desktop }
    }

    /// The app has ended to start again by itself.
    pub(super) async fn started_again(self) -> Self {
        let Self { app, double, panel, desktop } = self;
        let app = app.until_started_again().await;
        // Which knows the icon of the old one.
        drop(panel);
        let panel = Panel::start(&desktop.bus());
        Self { app, double, panel, desktop }
    }

    /// With Alice's account.
    pub(super) async fn with_account() -> Self {
        let world = Self::start().await;
        world.add_key(ALICE.key).await;
        world
    }

    /// `accounts add`, as a person does it at a terminal.
    pub(super) async fn add_key(&self, key: &str) {
        let ended = self.app.cli_with_stdin(&["accounts", "add", "--key-stdin"], key).await;
        assert!(ended.status.success(), "{ended:?}");
    }

    /// What the desktop starts at login, if the person wants it.
    pub(super) fn login_entry(&self) -> PathBuf {
        self.desktop.keychain().home().join("config/autostart/com.jeanmemory.bridge.desktop")
    }

    pub(super) fn icon(&self) -> Icon<'_> {
        self.panel.icon()
    }

    /// A client of this name asks for access, in a browser.
    pub(super) async fn ask(&self, name: &str) -> SignIn {
        Client::register(&self.app, name).await.ask(&[]).await
    }

    /// The window that asks about it.
    pub(super) async fn consent(&self, asked: &SignIn) -> Consent<'_> {
        Consent::about(&self.app, &asked.code).await
    }

    /// The main window, opened from the tray.
    pub(super) async fn open(&self, icon: &Icon<'_>) -> Page<'_> {
        icon.click(&["Open"]);
        self.app.page("main.html").await
    }

    /// The main window, as a second launch shows it: the menu may be drawn anew at any moment.
    pub(super) async fn window(&self) -> Page<'_> {
        let second = AppOptions::default().arguments(&[]).launch(&self.desktop);
        assert_eq!(second.ended().code(), Some(0));
        self.app.page("main.html").await
    }

    /// A client that was allowed everything, on the command line.
    pub(super) async fn sign_in(&self, name: &str) -> (Client, Tokens) {
        let client = Client::register(&self.app, name).await;
        let tokens = client.sign_in_as(&self.app, &[], &[]).await;
        (client, tokens)
    }

    /// A tool call, and whatever comes back.
    pub(super) async fn call(&self, tokens: &Tokens, tool: &str, arguments: Value) -> Answer {
        let params = json!({ "name": tool, "arguments": arguments });
        modern(&self.app.http(), &tokens.access, "tools/call", params).send().await
    }

    /// The result of a call that anyone may make.
    pub(super) async fn list_memories(&self, tokens: &Tokens) -> Value {
        let answer = self.call(tokens, "list_memories", json!({})).await.assert_status(200);
        reply(&answer)["result"].clone()
    }

    /// The names of the tools that a client is offered.
    pub(super) async fn tools(&self, tokens: &Tokens) -> Vec<String> {
        let answer = modern(&self.app.http(), &tokens.access, "tools/list", json!({})).send().await;
        let listed = reply(&answer.assert_status(200));
        let tools = listed["result"]["tools"].as_array().expect("a list").clone();
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The questions that wait.
    pub(super) async fn waiting(&self) -> usize {
        self.app.cli_json(&["requests"]).await.as_array().expect("a list").len()
    }

    pub(super) async fn accounts(&self) -> Vec<Value> {
        self.app.cli_json(&["accounts"]).await.as_array().expect("a list").clone()
    }
}

/// The client comes back from its browser with tokens.
pub(super) async fn signed_in(asked: &SignIn) -> Tokens {
    let back = answered(asked).await;
    asked.exchange(back.get("code").unwrap_or_else(|| panic!("no code in {}", back.url))).await
}

/// The client is told that it was refused.
pub(super) async fn assert_denied(asked: &SignIn) {
    let back = answered(asked).await;
    assert_eq!((back.get("error"), back.get("code")), (Some("access_denied"), None), "{}", back.url);
}

/// What the client gets in the end: a window may be gone a moment before its answer is given.
async fn answered(asked: &SignIn) -> Redirect {
    until("an answer for the client", async || {
        let back = asked.hand_in().await.assert_status(303).redirect();
        back.url.starts_with(&asked.client.redirect_uri).then_some(back)
    })
    .await
}

/// The client waits on: its page is told to come again.
pub(super) async fn assert_waits(asked: &SignIn) {
    let back = asked.hand_in().await.assert_status(303).redirect();
    assert!(!back.url.starts_with(&asked.client.redirect_uri), "{}", back.url);
}
