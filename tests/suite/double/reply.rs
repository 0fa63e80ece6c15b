//! The few forms in which the upstream answers (upstream-api.md 4, 11).

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

pub(super) type Reply = Response<Body>;

/// Marks replies that never passed the framework's own middleware: no usage header, no CORS.
#[derive(Clone, Copy)]
pub(super) struct Bare;

/// JSON as the framework writes it: compact, UTF-8, no charset.
pub(super) fn json_text(status: StatusCode, text: impl Into<Body>) -> Reply {
    typed(status, "application/json", text)
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    json_text(status, serde_json::to_string(value).expect("the value is JSON"))
}

/// `{"detail":"…"}`: the framework and its routers.
pub(super) fn detail(status: StatusCode, text: &str) -> Reply {
    json(status, &json!({ "detail": text }))
}

/// `{"error":"…"}`: the MCP handler, where it does not speak JSON-RPC.
pub(super) fn error(status: StatusCode, text: &str) -> Reply {
    json(status, &json!({ "error": text }))
}

/// An exception nobody caught.
pub(super) fn crash() -> Reply {
    bare(typed(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "Internal Server Error"))
}

pub(super) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

pub(super) fn bare(mut reply: Reply) -> Reply {
    reply.extensions_mut().insert(Bare);
    reply
}

/// A JSON-RPC result; `result` is JSON already, so that its order survives.
pub(super) fn result(id: &Value, result: &str) -> Reply {
    json_text(StatusCode::OK, format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}"#))
}

/// A JSON-RPC error, which upstream sends with 500.
pub(super) fn rpc_error(id: &Value, message: &str) -> Reply {
    rpc_error_with(StatusCode::INTERNAL_SERVER_ERROR, id, -32603, message)
}

pub(super) fn rpc_error_with(status: StatusCode, id: &Value, code: i64, message: &str) -> Reply {
    let message = Value::from(message);
    json_text(
        status,
        format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":{message}}},"id":{id}}}"#),
    )
}
