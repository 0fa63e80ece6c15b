//! OAuth as a client, a person and an attacker see it, against the real `jean-bridge serve`
//! (protocol.md 1 to 5, 9).

mod authorize;
mod authorize_errors;
mod browserless;
mod callback;
mod client_auth;
mod codes;
mod consent;
mod consent_keys;
mod cors;
mod discovery;
mod documents;
mod door;
mod forgery;
mod limits;
mod pages;
mod queue;
mod redirects;
mod refresh;
mod registration;
mod registration_abuse;
mod restart;
mod revocation;
mod token;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::harness::bridge::Bridge;
use crate::harness::mcp;

/// Whether the MCP endpoint takes this bearer now.
async fn is_accepted(bridge: &Bridge, token: &str) -> bool {
    let answer = mcp::modern(&bridge.http(), token, "server/discover", json!({})).send().await;
    match answer.status.as_u16() {
        200 => true,
        401 => {
            let challenge = answer.header("www-authenticate").expect("a challenge");
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            false
        }
        _ => panic!("{answer:?}"),
    }
}

/// How many rows a table of the bridge's database has.
fn stored(bridge: &Bridge, table: &str) -> u32 {
    let file = bridge.home().join("data").join("bridge.db");
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("its database");
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a table")
}
