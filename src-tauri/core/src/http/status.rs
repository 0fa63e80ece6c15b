//! `GET /status`: that this is the bridge and that it is ready; nothing private.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::App;
use super::oauth_reply::json_reply;

/// MCP revisions, oldest first (protocol.md 7.9).
const PROTOCOL_VERSIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

#[derive(Serialize)]
struct Status<'a> {
    #[serde(rename = "status")]
    state: &'static str,
    name: &'static str,
    version: &'static str,
    instance: &'a str,
    protocol_versions: &'static [&'static str],
    fastmcp_available: bool,
}

pub(super) async fn get(State(app): State<App>) -> Response {
    let status = Status {
        state: "ready",
        name: "Jean Memory Bridge",
        version: env!("CARGO_PKG_VERSION"),
        instance: &app.instance,
        protocol_versions: &PROTOCOL_VERSIONS,
        fastmcp_available: true,
    };
    json_reply(StatusCode::OK, &status)
}
