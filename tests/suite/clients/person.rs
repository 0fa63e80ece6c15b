//! The person at the computer: their browser shows the waiting page, they answer on the command line.

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use std::time::Duration;

use crate::double::ALICE;
use crate::harness::bridge::Bridge;
use crate::harness::http::{Http, PATIENCE, Redirect};
use crate::harness::oauth::between;
use crate::harness::terminal::Terminal;

const POLL: Duration = Duration::from_millis(20);

/// Someone with Alice's key.
pub(crate) struct Person<'a> {
    bridge: &'a Bridge,
    way: Way<'a>,
    /// How often a client asked.
    pub(crate) asked: usize,
}

/// How they answer.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// `approve`, and the key.
    WithKey,
    /// `approve`, for the only account there is.
    ForTheAccount,
    /// Where `serve` asks.
    At(&'a Terminal),
    /// `deny`.
    Refuses,
}

impl<'a> Person<'a> {
    pub(crate) fn new(bridge: &'a Bridge) -> Self {
        Self { bridge, way: Way::WithKey, asked: 0 }
    }

    /// Someone whose key the bridge has.
    pub(crate) fn with_account(bridge: &'a Bridge) -> Self {
        Self { way: Way::ForTheAccount, ..Self::new(bridge) }
    }

    /// Someone who sits where `serve` runs.
    pub(crate) fn at(terminal: &'a Terminal) -> Self {
        Self { way: Way::At(terminal), ..Self::new(terminal.bridge()) }
    }

    /// From now on, no.
    pub(crate) fn refuse(&mut self) {
        self.way = Way::Refuses;
    }

    /// Opens what a client wants opened, answers the question, and goes back to the client.
    pub(crate) async fn answer(&mut self, url: &str) {
        self.asked += 1;
        let http = self.bridge.http();
        let page = http.get(url).as_browser().send().await.assert_status(200).text();
        let code = between(&page, "class=\"code\">", "<");
        match self.way {
            Way::WithKey => {
                let ended = self.bridge.cli_with_stdin(&["approve", code, "--key-stdin"], ALICE.key).await;
                assert!(ended.status.success(), "{ended:?}");
            }
            Way::ForTheAccount => drop(self.bridge.cli_ok(&["approve", code]).await),
            Way::At(terminal) => {
                terminal.wait_for(&format!("Code            {code}")).await;
                terminal.answer("[y/N, r = read only] ", "y", "Account: ").await;
                terminal.answer("Account: ", "k", "press Enter: ").await;
                terminal.answer("press Enter: ", ALICE.key, "Allowed.").await;
            }
            Way::Refuses => drop(self.bridge.cli_ok(&["deny", code]).await),
        }
        let transaction = between(&page, "name=\"transaction\" value=\"", "\"");
        let form = http.post("/oauth/callback").form(&[("transaction", transaction)]);
        let back = form.send().await.assert_status(303).redirect();
        // protocol.md D3: the issuer has the spelling that the client was given.
        let (issuer, _) = url.split_once("/oauth/authorize?").expect("the advertised endpoint");
        assert_eq!(back.get("iss"), Some(issuer), "{}", back.url);
        deliver(&back).await;
    }
}

/// Follows the redirect to the client's listener. A client may open the browser before it listens, relying on people
/// being slow; its page after that is its own business.
async fn deliver(redirect: &Redirect) {
    let (_, rest) = redirect.url.split_once("://").expect("an URL");
    let authority = rest.split(['/', '?']).next().expect("an authority");
    let limit = Instant::now() + PATIENCE;
    while TcpStream::connect(authority).await.is_err() {
        assert!(Instant::now() < limit, "nobody listens at {authority}");
        sleep(POLL).await;
    }
    Http::new("").get(&redirect.url).as_browser().send().await;
}
