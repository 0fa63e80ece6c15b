//! JSON-RPC as this API speaks it: what is sent, and how a reply is taken apart, status and content
//! type first, then shape (upstream-api.md 8, 11).

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::error::{Unexpected, UpstreamError};
use super::message::Incoming;
use super::sanitise;
use crate::api_key::ApiKey;

/// The one answer to an absent, wrong or revoked key (upstream-api.md 5.1).
const NO_KEY: &str = "Missing user authentication details";

/// Ids of our own: the client's ids never travel (protocol.md 7.25).
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[derive(Serialize)]
struct Call<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: &'a P,
}

/// `params` of `tools/call`: always an object, with both members, without `_meta`.
#[derive(Serialize)]
pub(super) struct ToolCall<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a Map<String, Value>,
}

/// The id and the bytes of a request.
#[expect(clippy::expect_used, reason = "strings and JSON values always serialise into memory")]
pub(super) fn request<P: Serialize>(method: &str, params: &P) -> (u64, Vec<u8>) {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let call = Call { jsonrpc: "2.0", id, method, params };
    (id, serde_json::to_vec(&call).expect("a request serialises"))
}

#[derive(Deserialize)]
struct Reply<R> {
    id: Option<Value>,
    result: Option<R>,
    error: Option<RpcError>,
}

#[derive(Deserialize)]
struct RpcError {
    message: Option<Value>,
}

/// `result` of `tools/list`.
#[derive(Deserialize)]
pub(super) struct ToolList {
    tools: Vec<Map<String, Value>>,
}

/// `result` of `tools/call`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult {
    pub(super) content: Option<Vec<Value>>,
    pub(super) structured_content: Option<Value>,
    pub(super) is_error: Option<bool>,
    pub(super) result_type: Option<String>,
}

/// `result` of `initialize`, as far as it proves anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Initialized {
    #[expect(dead_code, reason = "that it is there is what counts")]
    protocol_version: String,
}

/// The body of the health check.
#[derive(Deserialize)]
pub(super) struct Health {
    pub(super) status: Option<String>,
}

impl ToolList {
    /// The named tools; what has no name cannot be called.
    pub(super) fn read(self, key: &ApiKey) -> Vec<Map<String, Value>> {
        let mut tools = self.tools;
        tools.retain(|tool| tool.get("name").is_some_and(Value::is_string));
        for tool in &mut tools {
            sanitise::hide_key_in(tool, key);
        }
        tools
    }
}

/// The result of the request `id`, read out of its reply (protocol.md 7.28).
pub(super) fn result<R: DeserializeOwned>(incoming: &Incoming, id: u64) -> Result<R, UpstreamError> {
    match incoming.status {
        StatusCode::OK | StatusCode::INTERNAL_SERVER_ERROR => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(UpstreamError::KeyRejected),
        StatusCode::BAD_REQUEST if is_no_key(incoming) => return Err(UpstreamError::KeyRejected),
        _ => return Err(unexpected_status(incoming)),
    }
    let reply: Reply<R> = parse(incoming)?;
    // An error about a request that could not be read has the id null (JSON-RPC 2.0 §5).
    let is_ours = match &reply.id {
        Some(value) => *value == id,
        None => reply.error.is_some(),
    };
    match (reply.error, reply.result) {
        (None, None) => Err(UpstreamError::Unexpected(Unexpected::Malformed)),
        _ if !is_ours => Err(UpstreamError::Unexpected(Unexpected::WrongId)),
        (Some(error), _) => {
            let message = error.message.as_ref().and_then(Value::as_str).unwrap_or_default();
            Err(UpstreamError::Rpc { message: sanitise::short_message(message) })
        }
        (None, Some(result)) => Ok(result),
    }
}

/// The JSON body of a 200.
pub(super) fn json<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, UpstreamError> {
    if incoming.status == StatusCode::OK { parse(incoming) } else { Err(unexpected_status(incoming)) }
}

/// What a status means that no reader knows.
pub(super) fn unexpected_status(incoming: &Incoming) -> UpstreamError {
    UpstreamError::Unexpected(match incoming.status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT => Unexpected::Empty,
        status => Unexpected::Status(status.as_u16()),
    })
}

/// Whether this is the exact body that means "no valid key" (upstream-api.md 5.1).
pub(super) fn is_no_key(incoming: &Incoming) -> bool {
    let body: Option<Map<String, Value>> = serde_json::from_slice(&incoming.body).ok();
    incoming.status == StatusCode::BAD_REQUEST
        && body.is_some_and(|body| body.len() == 1 && body.get("error").is_some_and(|error| error == NO_KEY))
}

/// Whether a 500 is a JSON-RPC error, and not a fault of the server (upstream-api.md 8.1).
pub(super) fn is_error(incoming: &Incoming) -> bool {
    #[derive(Deserialize)]
    struct Shape {
        #[expect(dead_code, reason = "that it is there is what counts")]
        jsonrpc: String,
        error: Map<String, Value>,
    }
    incoming.status == StatusCode::INTERNAL_SERVER_ERROR
        && is_json(incoming)
        && serde_json::from_slice::<Shape>(&incoming.body).is_ok_and(|shape| !shape.error.is_empty())
}

/// Whether a 503 is the memory guard, which answers before anything is done (upstream-api.md 11).
pub(super) fn is_guard(incoming: &Incoming) -> bool {
    #[derive(Deserialize)]
    struct Shape {
        #[expect(dead_code, reason = "that it is there is what counts")]
        error: String,
    }
    is_json(incoming) && serde_json::from_slice::<Shape>(&incoming.body).is_ok()
}

fn parse<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, UpstreamError> {
    let kind = if incoming.body.is_empty() {
        Unexpected::Empty
    } else if media_type(incoming).is_some_and(|media| media.eq_ignore_ascii_case("text/html")) {
        Unexpected::Html
    } else if !is_json(incoming) {
        Unexpected::NotJson
    } else {
        match serde_json::from_slice(&incoming.body) {
            Ok(value) => return Ok(value),
            Err(error) => match error.classify() {
                Category::Data => Unexpected::Malformed,
                Category::Eof => Unexpected::Truncated,
                Category::Syntax | Category::Io => Unexpected::NotJson,
            },
        }
    };
    Err(UpstreamError::Unexpected(kind))
}

fn is_json(incoming: &Incoming) -> bool {
    media_type(incoming).is_some_and(|media| media.eq_ignore_ascii_case("application/json"))
}

fn media_type(incoming: &Incoming) -> Option<&str> {
    let value = incoming.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}
