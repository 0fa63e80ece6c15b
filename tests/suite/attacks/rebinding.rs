//! DNS rebinding, with a real browser: a page whose name led to its own server a moment ago and leads to the bridge now. To
//! the browser both are one origin, so nothing but the bridge keeps the page out.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::targets::ONLY_THESE_NAMES;
use super::world::questions;
use crate::harness::bridge::Bridge;
use crate::harness::desktop::Desktop;
use crate::harness::oauth::{Client, Pkce};
use crate::harness::waiting::until;
use crate::harness::webdriver::Driver;
use crate::system::mounts;

/// Everything a page could want to read or to do, as method, path and kind of body.
const WANTED: &[(&str, &str, &str)] = &[
    ("GET", "/status", ""),
    ("GET", "/", ""),
    ("GET", "/.well-known/oauth-authorization-server", ""),
    ("GET", "/.well-known/oauth-protected-resource/mcp", ""),
    ("POST", "/oauth/register", "application/json"),
    ("POST", "/register", "text/plain"),
    ("POST", "/oauth/token", "application/x-www-form-urlencoded"),
    ("POST", "/oauth/revoke", "application/x-www-form-urlencoded"),
    ("POST", "/oauth/callback", "application/x-www-form-urlencoded"),
    ("POST", "/mcp", "application/json"),
    ("GET", "/mcp", ""),
    ("DELETE", "/mcp", ""),
    ("POST", "/mcp/v2/cursor/someone", "application/json"),
];

/// What an attempt came to: a status with the text that the page may read, or the browser's refusal.
pub(super) const ATTEMPT: &str = "
    fetch(argument.base + argument.path, {
        method: argument.method,
        mode: argument.mode,
        credentials: 'include',
        headers: argument.kind ? { 'content-type': argument.kind, ...argument.headers } : argument.headers,
        body: argument.method === 'POST' ? argument.body : undefined,
    }).then(async (answer) => ({ status: answer.status, type: answer.type, text: await answer.text(),
                                 headers: [...answer.headers.keys()] }))";

/// Serves a page at every path until the listener is dropped, each on a connection of its own.
pub(super) async fn serve(listener: TcpListener, page: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncache-control: no-store\r\n\
             content-length: {}\r\n\r\n{page}",
            page.len()
        );
        tokio::spawn(async move {
            let mut request = vec![0; 8192];
            // Whatever was asked.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        });
    }
}

/// A browser that knows the names in this file and no others.
pub(super) fn browser(desktop: &Desktop, hosts: &Path) -> Driver {
    let switch = hosts.with_file_name("nsswitch.conf");
    let resolver = hosts.with_file_name("resolv.conf");
    std::fs::write(&switch, "hosts: files\n").expect("a file");
    std::fs::write(&resolver, "").expect("a file");
    let words = [hosts.into(), switch, resolver].map(OsString::from);
    let wrapper = mounts::in_namespace(ONLY_THESE_NAMES, words);
    Driver::of_browser_within(desktop, wrapper)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_name_leads_to_the_bridge_all_of_a_sudden_reads_and_does_nothing() {
    if !mounts::are_possible() {
        return;
    }
    let bridge = Bridge::start().await;
    let port = bridge.port();
    let client = Client::register(&bridge, "Known to the page").await;
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.2 evil.test\n127.0.0.1 localhost\n").unwrap();
    // The attacker's own server, at another address and, as the attack needs it, the same port.
    let own = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let serving = tokio::spawn(serve(own, "<!doctype html><title>Evil</title>Evil"));
    let desktop = Desktop::start();
    let driver = browser(&desktop, &hosts);
    let page = driver.open(&format!("http://evil.test:{port}/")).await;
    page.until_shown("Evil").await;

    // The name is bound anew. The file is written in place: it is mounted.
    std::fs::write(&hosts, "127.0.0.1 evil.test\n127.0.0.1 localhost\n").unwrap();
    serving.abort();
    // The browser looks names up anew when the network changes, which it takes from the time of this file.
    let resolver = std::fs::File::options().write(true).open(folder.path().join("resolv.conf")).unwrap();
    resolver.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000)).unwrap();
    let status = json!({ "base": "", "path": "/status", "method": "GET", "mode": "same-origin", "kind": "",
        "headers": {}, "body": "" });
    until("the browser to come to the bridge", async || {
        page.wait_for(ATTEMPT, status.clone()).await.ok().filter(|answer| answer["status"] == 403)
    })
    .await;
    let refused_before = bridge.stderr().matches("refused at the door").count();
    for (method, path, kind) in WANTED {
        let attempt = json!({ "base": "", "path": path, "method": method, "mode": "same-origin", "kind": kind,
            "headers": { "accept": "application/json, text/event-stream", "x-api-key": "jean_sk_EXAMPLE_x" },
            "body": "{\"redirect_uris\":[\"http://evil.test/\"]}" });
        let answer = page.wait_for(ATTEMPT, attempt).await.expect("one origin, says the browser");
        assert_eq!(answer["status"], 403, "{method} {path}: {answer}");
        let text = answer["text"].as_str().unwrap_or_default();
        assert!(text.contains("127.0.0.1 or localhost only") && text.len() < 200, "{text}");
        let headers = answer["headers"].to_string();
        assert!(!headers.contains("access-control") && !headers.contains("www-authenticate"), "{headers}");
    }
    let refused = bridge.stderr().matches("refused at the door").count() - refused_before;
    assert!(refused >= WANTED.len(), "the page did reach the bridge: {refused}");

    // Nor by other ways than fetch.
    let socket = "new Promise((done) => {
        const socket = new WebSocket(`ws://evil.test:${argument}/mcp`);
        socket.onopen = () => done('open');
        socket.onerror = () => done('refused');
    })";
    assert_eq!(page.wait_for(socket, json!(port)).await, Ok(json!("refused")));
    let frame = "new Promise((done) => {
        const frame = document.createElement('iframe');
        frame.onload = () => done(frame.contentDocument?.body?.innerText ?? 'hidden');
        frame.src = argument;
        document.body.append(frame);
    })";
    let path = format!("/oauth/authorize?{}", client.query(&Pkce::new(), &[]));
    let framed = page.wait_for(frame, json!(path)).await.expect("a frame");
    assert!(!framed.to_string().contains("wants to use"), "{framed}");
    // A whole page under that name is none of the bridge's either, and asks nobody.
    page.run("location = arguments[0]", Value::from(path)).await;
    page.until_shown("localhost only").await;
    assert!(questions(&bridge).await.is_empty());
    assert_eq!(bridge.cli_json(&["clients"]).await, json!([]));
}
