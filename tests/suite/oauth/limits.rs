//! How much a stranger may send before anything is known of them, and for how long (protocol.md 2.11, 7.8).

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::bridge::Bridge;
use crate::harness::http::PATIENCE;

async fn ask(bridge: &Bridge, head: &str) -> String {
    let host = format!("127.0.0.1:{}", bridge.port());
    let request = format!("{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    bridge.http().raw(request.as_bytes()).await
}

#[track_caller]
fn assert_refused(answer: &str, statuses: &[&str]) {
    let status = answer.get(9..12).unwrap_or_default();
    assert!(statuses.contains(&status), "{}", answer.get(..200).unwrap_or(answer));
}

#[tokio::test]
async fn a_long_address_is_refused_and_the_bridge_goes_on() {
    // protocol.md 7.8
    let bridge = Bridge::start().await;
    let long = "x".repeat(200_000);
    for path in [format!("/{long}"), format!("/oauth/authorize?state={long}"), format!("/oauth/wait/{long}")]
    {
        assert_refused(&ask(&bridge, &format!("GET {path} HTTP/1.1")).await, &["414", "431"]);
    }
    // As long as it may be, it is read.
    let state = "x".repeat(50_000);
    let path = format!("/oauth/authorize?client_id=unknown&state={state}");
    assert_refused(&ask(&bridge, &format!("GET {path} HTTP/1.1")).await, &["400"]);
    bridge.http().get("/status").send().await.assert_status(200);
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused_and_the_bridge_goes_on() {
    // protocol.md 7.8
    let bridge = Bridge::start().await;
    let many = (0..500).map(|n| format!("\r\nX-{n}: y")).collect::<Vec<_>>().concat();
    let long = format!("\r\nX-Long: {}", "x".repeat(200_000));
    let bearer = format!("\r\nAuthorization: Bearer {}", "x".repeat(200_000));
    for headers in [many, long, bearer] {
        for request in ["GET /status HTTP/1.1", "POST /mcp HTTP/1.1"] {
            assert_refused(&ask(&bridge, &format!("{request}{headers}")).await, &["431"]);
        }
    }
    bridge.http().get("/status").send().await.assert_status(200);
}

#[tokio::test]
async fn what_is_no_http_is_closed() {
    // protocol.md 7.8
    let bridge = Bridge::start().await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n".as_slice(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /status\r\n\r\n",
        b"GET /status HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"{\"jsonrpc\":\"2.0\"}\r\n\r\n",
    ] {
        let answer = bridge.http().raw(bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    bridge.http().get("/status").send().await.assert_status(200);
}

#[tokio::test]
async fn whoever_does_not_finish_the_headers_is_sent_away() {
    // Slow connections must not fill the places of honest ones.
    let bridge = Bridge::start().await;
    let address = bridge.url().strip_prefix("http://").expect("a plain URL").to_owned();
    let mut slow = TcpStream::connect(&address).await.expect("a connection");
    slow.write_all(b"GET /status HTTP/1.1\r\nHost: ").await.expect("the first bytes");
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, slow.read_to_end(&mut rest)).await;
    closed.expect("the bridge closes it").ok();
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
}

#[tokio::test]
async fn a_crowd_of_connections_leaves_room_for_the_next() {
    // Places are limited, and free again when their connections end.
    let bridge = Bridge::start().await;
    let address = bridge.url().strip_prefix("http://").expect("a plain URL").to_owned();
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(&address).await.expect("a connection"));
    }
    bridge.http().get("/status").send().await.assert_status(200);
    drop(idle);
    bridge.http().get("/status").send().await.assert_status(200);
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    // protocol.md 9.6: whoever is slower holds a connection that others need
    let bridge = Bridge::start().await;
    let request = format!(
        "POST /oauth/token HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-length: 10\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n",
        bridge.port()
    );
    let answer = bridge.http().raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}
