//! The door in front of every route: names, origins and marks of browsers (protocol.md 9.2 to 9.6, 7.3, 7.7).

use http::Method;
use serde_json::json;

use crate::harness::bridge::Bridge;
use crate::harness::http::Answer;
use crate::harness::oauth::{Client, Pkce};

/// Every kind of route, and one that does not exist.
const ROUTES: [(&str, &str); 21] = [
    ("GET", "/"),
    ("GET", "/status"),
    ("GET", "/fastmcp/status"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/oauth-protected-resource/mcp"),
    ("GET", "/.well-known/unknown"),
    ("POST", "/oauth/register"),
    ("POST", "/register"),
    ("GET", "/oauth/authorize"),
    ("POST", "/oauth/authorize"),
    ("GET", "/oauth/wait/x"),
    ("GET", "/oauth/wait/x/state"),
    ("POST", "/oauth/callback"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/revoke"),
    ("GET", "/assets/page.css"),
    ("POST", "/mcp"),
    ("GET", "/mcp"),
    ("POST", "/mcp/oauth/u-1"),
    ("POST", "/mcp/v2/app/u-1"),
    ("DELETE", "/unknown"),
];

#[track_caller]
fn assert_shut(answer: Answer, status: u16) {
    let answer = answer.assert_status(status);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    // protocol.md 6.8: clients would take it for a question of scope.
    assert_eq!(answer.header("www-authenticate"), None);
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{answer:?}");
    assert!(!answer.text().contains("evil"), "nothing of the request comes back");
}

async fn send(bridge: &Bridge, (method, path): (&str, &str), headers: &[(&str, &str)]) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let asking = bridge.http().ask(method, path);
    headers.iter().fold(asking, |asking, (name, value)| asking.header(name, value)).send().await
}

fn status_of(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).unwrap_or("0");
    status.parse().unwrap_or(0)
}

#[tokio::test]
async fn no_route_answers_under_a_foreign_name() {
    // protocol.md 9.2: DNS rebinding
    let bridge = Bridge::start().await;
    let port = bridge.port();
    for route in ROUTES {
        assert_shut(send(&bridge, route, &[("host", "evil.example")]).await, 403);
    }
    for host in [
        format!("evil.example:{port}"),
        "127.0.0.1".into(),
        "localhost".into(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.1:0{port}"),
        format!("127.0.0.1:{port}.evil.example"),
        format!("evil.example@127.0.0.1:{port}"),
        format!("127.0.0.1:{port}@evil.example"),
        format!("localhost.:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.2:{port}"),
        format!("127.1:{port}"),
        format!("0.0.0.0:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.1:{port}"),
        format!("[::]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("[::1%25lo]:{port}"),
        format!("::1:{port}"),
        format!("127.0.0.1:{port}, evil.example"),
    ] {
        assert_shut(send(&bridge, ("GET", "/status"), &[("host", &host)]).await, 403);
    }
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"] {
        let host = format!("{host}:{port}");
        send(&bridge, ("GET", "/status"), &[("host", &host)]).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_missing_repeated_or_garbled_name_is_a_bad_request() {
    // protocol.md 9.2, 7.7; RFC 9112 §3.2
    let bridge = Bridge::start().await;
    let host = format!("127.0.0.1:{}", bridge.port());
    for head in [
        "GET /status HTTP/1.1\r\n".to_owned(),
        "GET /status HTTP/1.0\r\n".into(),
        format!("GET /status HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n"),
        format!("GET /status HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n"),
        format!("GET /status HTTP/1.1\r\nHost: evil.example\r\nhost: {host}\r\n"),
        "GET /status HTTP/1.1\r\nHost: \u{e9}\r\n".into(),
        format!("GET /status HTTP/1.1\r\nHost : {host}\r\n"),
        format!("GET /status HTTP/1.1\r\n Host: {host}\r\n"),
        format!("GET /status HTTP/1.1\r\nX-Forwarded-Host: {host}\r\n"),
    ] {
        let answer = bridge.http().raw(format!("{head}Connection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(status_of(&answer), 400, "{head:?}: {answer}");
        assert!(!answer.contains("\"ready\""), "{answer}");
    }
    let empty = bridge.http().raw(b"GET /status HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n").await;
    assert!(matches!(status_of(&empty), 400 | 403), "{empty}");
    let forwarded = format!(
        "GET /status HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {host}\r\nForwarded: host={host}\r\n"
    );
    let answer = bridge.http().raw(format!("{forwarded}Connection: close\r\n\r\n").as_bytes()).await;
    assert_eq!(status_of(&answer), 403, "{answer}");
}

#[tokio::test]
async fn an_absolute_target_must_name_the_bridge_as_well() {
    // protocol.md 9.2; RFC 9112 §3.2.2
    let bridge = Bridge::start().await;
    let host = format!("127.0.0.1:{}", bridge.port());
    for (target, name, status) in [
        (format!("http://{host}/status"), host.as_str(), 200),
        (format!("http://localhost:{}/status", bridge.port()), &host, 200),
        ("http://evil.example/status".into(), &host, 403),
        (format!("http://{host}@evil.example/status"), &host, 403),
        (format!("http://evil.example@{host}/status"), &host, 403),
        (format!("http://{host}.evil.example/status"), &host, 403),
        (format!("http://{host}/status"), "evil.example", 403),
        ("http:///status".into(), &host, 400),
        ("evil.example:80".into(), &host, 400),
        ("status".into(), &host, 400),
        ("//evil.example/status".into(), &host, 404),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        let answer = bridge.http().raw(request.as_bytes()).await;
        let got = status_of(&answer);
        assert!(got == status || (status == 400 && got == 403), "{target} as {name}: {answer}");
    }
    for request in ["CONNECT evil.example:443 HTTP/1.1", "OPTIONS * HTTP/1.1", "TRACE /status HTTP/1.1"] {
        let request = format!("{request}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let status = status_of(&bridge.http().raw(request.as_bytes()).await);
        assert!((400..500).contains(&status), "{request}: {status}");
    }
}

#[tokio::test]
async fn no_route_answers_a_page_of_somebody_else() {
    // protocol.md 9.3
    let bridge = Bridge::start().await;
    let port = bridge.port();
    for route in ROUTES {
        for origin in ["null", "https://evil.example"] {
            assert_shut(send(&bridge, route, &[("origin", origin)]).await, 403);
        }
    }
    for origin in [
        "http://127.0.0.1".to_owned(),
        "http://localhost".into(),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("http://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://localhost:{port}@evil.example"),
        format!("http://sub.localhost:{port}"),
        format!("HTTP://127.0.0.1:{port}"),
        format!("127.0.0.1:{port}"),
        "file://".into(),
        "chrome-extension://abcdef".into(),
        "http://localhost:6274".into(),
        String::new(),
        "*".into(),
    ] {
        assert_shut(send(&bridge, ("GET", "/status"), &[("origin", &origin)]).await, 403);
    }
    let own = format!("http://127.0.0.1:{port}");
    assert_shut(send(&bridge, ("GET", "/status"), &[("origin", &own), ("origin", &own)]).await, 400);
    for own in [own, format!("http://localhost:{port}"), format!("http://[::1]:{port}")] {
        let answer = send(&bridge, ("GET", "/status"), &[("origin", &own)]).await.assert_status(200);
        // protocol.md 1.20: not even for ourselves
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn what_a_browser_marks_as_cross_site_may_only_come_where_browsers_come_from_elsewhere() {
    // protocol.md 9.4
    let bridge = Bridge::start().await;
    for site in ["cross-site", "same-site"] {
        for route in ROUTES {
            let (method, path) = route;
            // An image, a frame, a script: nothing that a person sees.
            assert_shut(send(&bridge, route, &[("sec-fetch-site", site)]).await, 403);
            let frame =
                [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
            assert_shut(send(&bridge, route, &frame).await, 403);
            let page =
                [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
            let answer = send(&bridge, route, &page).await;
            if method == "GET" && path != "/mcp" {
                assert_ne!(answer.status.as_u16(), 403, "{path}");
            } else {
                assert_shut(answer, 403);
            }
        }
    }
    for (name, value) in [
        ("sec-fetch-site", "none"),
        ("sec-fetch-site", "same-origin"),
        // What Node's fetch always sends.
        ("sec-fetch-mode", "cors"),
    ] {
        send(&bridge, ("POST", "/oauth/token"), &[(name, value)]).await.assert_error(400, "invalid_request");
        send(&bridge, ("POST", "/mcp"), &[(name, value)]).await.assert_status(401);
    }
    // The website of a client sends the person here: that is what the endpoint is for.
    let client = Client::register(&bridge, "App").await;
    let path = format!("/oauth/authorize?{}", client.query(&Pkce::new(), &[]));
    let marks = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("accept", "text/html"),
    ];
    send(&bridge, ("GET", &path), &marks).await.assert_status(200);
    // An image of a foreign page asks nobody anything (9.21).
    let path = format!("/oauth/authorize?{}", client.query(&Pkce::new(), &[("state", "image")]));
    let marks =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    assert_shut(send(&bridge, ("GET", &path), &marks).await, 403);
    assert_eq!(bridge.cli_json(&["requests"]).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_preflight_is_granted_nothing() {
    // protocol.md 1.20, 9.5: CORS is off
    let bridge = Bridge::start().await;
    let own = bridge.url().to_owned();
    for (_, path) in ROUTES {
        let foreign = [
            ("origin", "https://evil.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization"),
            ("access-control-request-private-network", "true"),
        ];
        assert_shut(send(&bridge, ("OPTIONS", path), &foreign).await, 403);
        let mut from_us = foreign;
        from_us[0].1 = own.as_str();
        let answer = send(&bridge, ("OPTIONS", path), &from_us).await;
        assert!(matches!(answer.status.as_u16(), 404 | 405), "{path}: {}", answer.status);
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
    }
}

#[tokio::test]
async fn a_simple_request_of_a_page_registers_and_calls_nothing() {
    // protocol.md 2.1, 7.4, 9.3: even of a browser that sends no Origin, the body is not what we read
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let asking =
            bridge.http().post("/mcp").bearer(&tokens.access).header("content-type", kind).body(body.clone());
        asking.send().await.assert_status(415);
    }
}

#[tokio::test]
async fn two_lengths_of_one_body_are_refused() {
    // protocol.md 7.7; RFC 9112 §6.1: request smuggling
    let bridge = Bridge::start().await;
    let host = format!("127.0.0.1:{}", bridge.port());
    let next = format!("GET /status HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let chunked = format!("0\r\n\r\n{next}");
    for lengths in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
    ] {
        let head =
            format!("POST /oauth/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lengths}\r\n\r\n");
        let answer = bridge.http().raw(format!("{head}{chunked}").as_bytes()).await;
        assert_eq!(status_of(&answer), 400, "{lengths:?}: {answer}");
        assert!(!answer.contains("\"ready\""), "the second request was not answered: {answer}");
    }
}
