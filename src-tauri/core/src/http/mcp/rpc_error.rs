//! Our own errors in JSON-RPC's shape (D9).

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

/// The codes that are minted outside rmcp (D9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Parse,
    InvalidRequest,
    Internal,
}

impl Code {
    fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::Internal => -32603,
        }
    }
}

/// A JSON-RPC error; without `id` while none is known.
pub(super) fn error(status: StatusCode, code: Code, message: &str, id: Option<&Value>) -> Response {
    let mut response = Response::new(Body::from(error_value(code, message, id).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same as an element of a batch.
pub(super) fn error_value(code: Code, message: &str, id: Option<&Value>) -> Value {
    let mut error = json!({"jsonrpc": "2.0", "error": {"code": code.number(), "message": message}});
    if let Some(id) = id {
        error["id"] = id.clone();
    }
    error
}
