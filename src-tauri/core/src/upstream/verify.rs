//! Whether a pasted key is good: three verdicts, because "rejected" and "could not check" are two
//! different messages to a person (upstream-api.md 6.2, 6.3).

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::{Unexpected, UpstreamError};
use super::exchange::{self, Kind, Line};
use super::message::Endpoint;
use super::{CLIENT_NAME, Credential, rpc};
use crate::api_key::ApiKey;
use crate::ids::UserId;

/// More than any user id; a longer one is none.
const MAX_USER_ID: usize = 128;
/// What the key check asks for; the upstream answers to this one (upstream-api.md 8.3).
const PROTOCOL_VERSION: &str = "2025-06-18";

/// What is known of a key after asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It works where it will be used.
    Accepted {
        /// Whose it is; unknown when the upstream no longer has the route that tells.
        user_id: Option<UserId>,
    },
    /// The upstream knows no such key.
    Rejected,
    /// Anything else: says nothing about the key.
    CouldNotCheck(UpstreamError),
}

/// The one body that carries a key.
#[derive(Serialize)]
struct Validation<'a> {
    api_key: &'a str,
    client_name: &'static str,
}

#[derive(Deserialize)]
struct Validated {
    status: String,
    developer_id: String,
}

pub(super) async fn verify_key(line: &Line, key: &ApiKey) -> Verdict {
    match check(line, key).await {
        Ok(user_id) => Verdict::Accepted { user_id },
        Err(UpstreamError::KeyRejected) => Verdict::Rejected,
        Err(error) => Verdict::CouldNotCheck(error),
    }
}

async fn check(line: &Line, key: &ApiKey) -> Result<Option<UserId>, UpstreamError> {
    let owner = validate(line, key).await?;
    initialize(line, key).await?;
    Ok(owner)
}

/// Step 2 of upstream-api.md 6.3. `None` when the route is gone: then step 3 alone decides.
async fn validate(line: &Line, key: &ApiKey) -> Result<Option<UserId>, UpstreamError> {
    let body = validation_body(key);
    let incoming =
        line.exchange(Endpoint::Validate, exchange::json_headers(), body, Kind::Repeatable).await?;
    match incoming.status {
        StatusCode::UNAUTHORIZED => Err(UpstreamError::KeyRejected),
        StatusCode::NOT_FOUND => Ok(None),
        // A 422 echoes the key: its body is never looked at (upstream-api.md 6.2).
        _ => {
            let validated: Validated = rpc::json(&incoming)?;
            let is_valid = validated.status == "valid" && is_user_id(&validated.developer_id);
            let owner = is_valid.then(|| UserId::new(validated.developer_id));
            owner.map(Some).ok_or(UpstreamError::Unexpected(Unexpected::Malformed))
        }
    }
}

/// Step 3: the key works where it will be used.
async fn initialize(line: &Line, key: &ApiKey) -> Result<(), UpstreamError> {
    let params = json!({
        "protocolVersion": PROTOCOL_VERSION,
        "capabilities": {},
        "clientInfo": { "name": CLIENT_NAME, "version": env!("CARGO_PKG_VERSION") },
    });
    let (id, body) = rpc::request("initialize", &params);
    // Without an identity header: with one, today's upstream accepts any key (upstream-api.md 5.2).
    let headers = exchange::rpc_headers(&Credential { key: key.clone(), identity: None });
    let incoming = line.exchange(Endpoint::Messages, headers, body, Kind::Repeatable).await?;
    if incoming.status == StatusCode::FORBIDDEN {
        // A 403 may come from anything on the way; a key is not judged by it (6.3).
        return Err(rpc::unexpected_status(&incoming));
    }
    rpc::result::<rpc::Initialized>(&incoming, id).map(drop)
}

#[expect(clippy::expect_used, reason = "two strings always serialise into memory")]
fn validation_body(key: &ApiKey) -> Vec<u8> {
    // Room from the start: a growing buffer would leave copies of the key behind.
    let mut body = Vec::with_capacity(1024);
    let validation = Validation { api_key: key.expose(), client_name: CLIENT_NAME };
    serde_json::to_writer(&mut body, &validation).expect("a request serialises");
    body
}

/// An id that can stand in a URL path and a token, as the UUIDs of today do.
fn is_user_id(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'|');
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.len() <= MAX_USER_ID
        && text.bytes().all(is_plain)
}
