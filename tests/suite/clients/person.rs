//! The person at the computer: their browser shows the waiting page, they answer on the command line.

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use std::time::Duration;

use crate::double::ALICE;
use crate::harness::bridge::Bridge;
use crate::harness::http::{Http, PATIENCE, Redirect};
use crate::harness::oauth::between;

const POLL: Duration = Duration::from_millis(20);

/// Someone with Alice's key.
pub(crate) struct Person<'a> {
    bridge: &'a Bridge,
    refuses: bool,
    /// How often a client asked.
    pub(crate) asked: usize,
}

impl<'a> Person<'a> {
    pub(crate) fn new(bridge: &'a Bridge) -> Self {
        Self { bridge, refuses: false, asked: 0 }
    }

    /// From now on, no.
    pub(crate) fn refuse(&mut self) {
        self.refuses = true;
    }

    /// Opens what a client wants opened, answers the question, and goes back to the client.
    pub(crate) async fn answer(&mut self, url: &str) {
        self.asked += 1;
        let http = self.bridge.http();
        let page = http.get(url).as_browser().send().await.assert_status(200).text();
        let code = between(&page, "class=\"code\">", "<");
        if self.refuses {
            self.bridge.cli_ok(&["deny", code]).await;
        } else {
            let ended = self.bridge.cli_with_stdin(&["approve", code, "--key-stdin"], ALICE.key).await;
            assert!(ended.status.success(), "{ended:?}");
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
