//! What clients in the field do with a connection.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::bridge::Bridge;
use crate::harness::http::PATIENCE;

/// Long enough for an answer that does not wait for more; a slower one only makes the test see less.
const SOON: Duration = Duration::from_millis(500);

/// The Python clients write headers and body separately and go on with discovery on the connection that brought the
/// 401. A server that answers without the body and closes, but does not say so, breaks one sign-in in twenty.
#[tokio::test]
async fn a_refusal_that_does_not_wait_for_the_body_leaves_the_connection_usable() {
    let bridge = Bridge::start().await;
    let host = bridge.url().strip_prefix("http://").expect("a plain URL");
    for path in ["/mcp", "/nowhere", "/oauth/register", "/oauth/token"] {
        let mut connection = TcpStream::connect(host).await.expect("it listens");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.expect("it reads");
        let early = timeout(SOON, answer(&mut connection)).await.ok();
        if early.as_ref().is_some_and(|refusal| refusal.contains("connection: close")) {
            continue;
        }
        connection.write_all(b"{}").await.unwrap_or_else(|error| panic!("{path}: {error} after {early:?}"));
        if early.is_none() {
            answer(&mut connection).await;
        }
        let next = format!("GET /status HTTP/1.1\r\nhost: {host}\r\n\r\n");
        connection.write_all(next.as_bytes()).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = timeout(PATIENCE, answer(&mut connection)).await.expect("an answer in time");
        assert!(status.starts_with("HTTP/1.1 200 "), "{path}: {status}");
    }
}

/// Nobody reads so much for nothing, and a client that knows can try again.
#[tokio::test]
async fn a_refusal_that_leaves_too_much_unread_says_that_the_connection_ends() {
    let bridge = Bridge::start().await;
    let host = bridge.url().strip_prefix("http://").expect("a plain URL");
    let mut connection = TcpStream::connect(host).await.expect("it listens");
    let head = format!("POST /mcp HTTP/1.1\r\nhost: {host}\r\ncontent-length: 1000000000\r\n\r\n");
    connection.write_all(head.as_bytes()).await.expect("it reads");
    let refusal = timeout(PATIENCE, answer(&mut connection)).await.expect("an answer in time");
    assert!(refusal.starts_with("HTTP/1.1 401 ") && refusal.contains("connection: close"), "{refusal}");
}

/// What arrives next; nothing if the connection ended.
async fn answer(connection: &mut TcpStream) -> String {
    let mut bytes = vec![0; 16 * 1024];
    let length = connection.read(&mut bytes).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
