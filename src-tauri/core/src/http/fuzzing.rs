//! The head of a request, as the door sees it.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use axum::body::Body;
use http::header::{HOST, ORIGIN};

use super::door::Door;
use crate::fuzzing::request_of;

const PORT: u16 = 5326;
/// Every way to name this bridge.
const NAMES: [&str; 3] = ["127.0.0.1:5326", "localhost:5326", "[::1]:5326"];
const LISTED: &str = "https://listed.example";

/// Whoever is let in named this bridge once, and is no page of somebody else.
pub fn door(bytes: &[u8]) {
    let Some(request) = request_of(bytes) else { return };
    let request = request.map(|()| Body::empty());
    let door = Door::new(PORT, vec![LISTED.to_owned()]);
    let Some(origin) = door.admits(&request) else { return };
    let headers = request.headers();
    let hosts: Vec<_> = headers.get_all(HOST).iter().collect();
    let [host] = hosts.as_slice() else { panic!("{hosts:?} was let in") };
    let host = String::from_utf8_lossy(host.as_bytes()).to_ascii_lowercase();
    assert!(NAMES.contains(&host.as_str()) && origin.host() == host, "{host} was let in as {origin}");
    if let Some(authority) = request.uri().authority() {
        assert!(NAMES.contains(&authority.as_str().to_ascii_lowercase().as_str()), "{authority} was let in");
    }
    for origin in headers.get_all(ORIGIN) {
        let own = NAMES.iter().any(|name| *origin == format!("http://{name}"));
        assert!(own || origin == LISTED, "{origin:?} was let in");
    }
}
