//! An ordinary page of an ordinary website, in a real browser, that tries what it likes on the bridge's own address.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::rebinding::{ATTEMPT, browser, serve};
use super::world::questions;
use crate::harness::bridge::Bridge;
use crate::harness::desktop::Desktop;
use crate::harness::oauth::{Client, Pkce};
use crate::harness::waiting::until;
use crate::harness::webdriver::Driver;
use crate::system::mounts;

const EVIL: &str =
    "<!doctype html><title>Evil</title>Evil<form method=post id=form><input name=transaction></form>";

struct Site {
    bridge: Bridge,
    client: Client,
    driver: Driver,
    url: String,
    _desktop: Desktop,
    _folder: tempfile::TempDir,
}

impl Site {
    /// A bridge, and a browser that knows evil.test; none where names cannot be arranged.
    async fn start() -> Option<Self> {
        if !mounts::are_possible() {
            return None;
        }
        let bridge = Bridge::start().await;
        let client = Client::register(&bridge, "Known to the page").await;
        let folder = tempfile::tempdir().unwrap();
        let hosts = folder.path().join("hosts");
        std::fs::write(&hosts, "127.0.0.1 evil.test localhost\n").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://evil.test:{}/", listener.local_addr().unwrap().port());
        tokio::spawn(serve(listener, EVIL));
        let desktop = Desktop::start();
        let driver = browser(&desktop, &hosts);
        Some(Self { bridge, client, driver, url, _desktop: desktop, _folder: folder })
    }

    fn authorize(&self, state: &str) -> String {
        format!(
            "{}/oauth/authorize?{}",
            self.bridge.url(),
            self.client.query(&Pkce::new(), &[("state", state)])
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_nothing_registers_nothing_and_calls_nothing() {
    let Some(site) = Site::start().await else { return };
    let bridge = &site.bridge;
    let tokens = site.client.sign_in(bridge).await;
    let page = site.driver.open(&site.url).await;
    page.until_shown("Evil").await;
    for mode in ["cors", "no-cors"] {
        for (method, path, kind) in [
            ("GET", "/status", ""),
            ("GET", "/.well-known/oauth-authorization-server", ""),
            ("POST", "/oauth/register", "text/plain"),
            ("POST", "/oauth/token", "application/x-www-form-urlencoded"),
            ("POST", "/oauth/callback", "application/x-www-form-urlencoded"),
            ("POST", "/mcp", "text/plain"),
        ] {
            let attempt = json!({ "base": bridge.url(), "path": path, "method": method, "mode": mode, "kind": kind,
                "headers": {}, "body": "{\"redirect_uris\":[\"http://evil.test/\"]}" });
            match page.wait_for(ATTEMPT, attempt).await {
                // The browser lets it out and shows nothing of the answer.
                Ok(answer) => {
                    assert_eq!((&answer["type"], &answer["text"]), (&json!("opaque"), &json!("")), "{path}");
                }
                Err(why) => assert!(why.to_string().contains("TypeError"), "{mode} {path}: {why}"),
            }
        }
    }
    // Even one that has got hold of a token somehow.
    let stolen = json!({ "base": bridge.url(), "path": "/mcp", "method": "POST", "mode": "cors",
        "kind": "application/json", "headers": { "authorization": format!("Bearer {}", tokens.access) }, "body": "{}" });
    assert!(page.wait_for(ATTEMPT, stolen).await.is_err());
    for script in [
        "new Promise((done) => { const image = new Image(); image.onload = () => done('loaded');
           image.onerror = () => done('refused'); image.src = argument + '/status'; })",
        "new Promise((done) => { const script = document.createElement('script'); script.onload = () => done('loaded');
           script.onerror = () => done('refused'); script.src = argument + '/status'; document.body.append(script); })",
        "new Promise((done) => { const socket = new WebSocket(argument.replace('http', 'ws') + '/mcp');
           socket.onopen = () => done('loaded'); socket.onerror = () => done('refused'); })",
        "new Promise((done) => { const events = new EventSource(argument + '/mcp');
           events.onopen = () => done('loaded'); events.onerror = () => { events.close(); done('refused'); }; })",
    ] {
        assert_eq!(page.wait_for(script, json!(bridge.url())).await, Ok(json!("refused")), "{script}");
    }
    // A form is posted wherever a page wants; what it leads to is a refusal.
    let asked = site.client.ask(&[("state", "of the person")]).await;
    let post = "const form = document.getElementById('form'); form.action = arguments[0].url;
                form.transaction.value = arguments[0].transaction; form.submit();";
    let callback = format!("{}/oauth/callback", bridge.url());
    page.run(post, json!({ "url": callback, "transaction": asked.transaction })).await;
    page.until_shown("not allowed").await;
    assert_eq!(questions(bridge).await.len(), 1, "the person's own question waits on");
    assert_eq!(bridge.cli_json(&["clients"]).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_sends_the_person_here_can_neither_answer_nor_frame_nor_read_what_is_asked() {
    let Some(site) = Site::start().await else { return };
    let bridge = &site.bridge;
    let page = site.driver.open(&site.url).await;
    page.until_shown("Evil").await;
    // A frame over which a click could be stolen: nothing is in it, and nobody is asked.
    let frame = "new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = () => done('over');
        frame.src = argument; document.body.append(frame); })";
    page.wait_for(frame, json!(site.authorize("framed"))).await.expect("a frame");
    assert!(questions(bridge).await.is_empty(), "a frame asks nobody");

    // Top-level windows do ask; that is what the address is for. Over and over they ask no more than a few.
    for n in 0..8 {
        let page = site.driver.open(&site.url).await;
        page.until_shown("Evil").await;
        page.run("location = arguments[0]", Value::from(site.authorize(&format!("drive-by {n}")))).await;
        page.until_shown("wants to use your memories").await;
        // On the page there is nothing to allow with.
        let buttons = "return [...document.querySelectorAll('button, input[type=submit], a')].map((e) => e.innerText || e.value);";
        let shown = page.run(buttons, Value::Null).await.to_string().to_lowercase();
        assert!(!shown.contains("allow"), "{shown}");
    }
    let waiting = questions(bridge).await;
    assert_eq!(waiting.len(), 5, "what pages bring about has few places: {waiting:?}");
    // The one the person meant has its place beside them.
    let own = site.client.ask(&[("state", "of the person")]).await;
    let has_own = async || {
        let waiting = questions(bridge).await;
        waiting.iter().any(|question| question["code"] == own.code.as_str()).then_some(())
    };
    until("the person's own question", has_own).await;
    assert_eq!(bridge.cli_json(&["clients"]).await, json!([]));
}
