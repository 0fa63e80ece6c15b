//! What rmcp answers, with its refusals, which are worded for programmers, in our words (protocol.md 7.5, 7.32).

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use rmcp::model::ProtocolVersion;
use serde_json::Value;

use super::headers::{PROTOCOL_VERSION, SESSION_ID};
use super::refusal::Refusal;
use super::rpc_error::{Code, error};

/// What is known of a request when rmcp refuses it.
pub(super) struct Asked {
    has_session: bool,
    version_known: bool,
    id: Option<Value>,
}

impl Asked {
    pub(super) fn of(headers: &HeaderMap, id: Option<Value>) -> Self {
        let version_known = headers.get(PROTOCOL_VERSION).is_none_or(|version| {
            ProtocolVersion::KNOWN_VERSIONS
                .iter()
                .any(|known| known.as_str().as_bytes() == version.as_bytes())
        });
        Self { has_session: headers.contains_key(SESSION_ID), version_known, id }
    }

    /// rmcp's refusals are plain text, some with its internals: same status, our words
    /// (protocol.md 7.32). `None` for what may pass: successes and JSON-RPC bodies.
    pub(super) fn reword<B>(&self, response: &Response<B>) -> Option<Response> {
        let status = response.status();
        let is_json = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        if !(status.is_client_error() || status.is_server_error()) || is_json {
            return None;
        }
        // protocol.md 7.5: the content type was right; rmcp could not make a message of it.
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            return Some(self.refuse(
                StatusCode::BAD_REQUEST,
                Code::InvalidRequest,
                "Not a JSON-RPC message",
            ));
        }
        if status.is_server_error() {
            // What can break inside a session is the session.
            return Some(if self.has_session {
                Refusal::NoSuchSession.into_response()
            } else {
                self.refuse(status, Code::Internal, "Internal error")
            });
        }
        let message = match status {
            StatusCode::BAD_REQUEST if !self.version_known => "Unsupported MCP-Protocol-Version",
            StatusCode::BAD_REQUEST if !self.has_session => "Mcp-Session-Id is missing; initialize first",
            StatusCode::NOT_FOUND => "Session not found",
            StatusCode::METHOD_NOT_ALLOWED => "Method not allowed",
            StatusCode::NOT_ACCEPTABLE => "Accept must name application/json and text/event-stream",
            StatusCode::PAYLOAD_TOO_LARGE => "The message is too large",
            StatusCode::FORBIDDEN => "Forbidden",
            _ => "Bad request",
        };
        let mut reworded = self.refuse(status, Code::InvalidRequest, message);
        if let Some(allow) = response.headers().get(ALLOW) {
            reworded.headers_mut().insert(ALLOW, allow.clone());
        }
        Some(reworded)
    }

    fn refuse(&self, status: StatusCode, code: Code, message: &str) -> Response {
        error(status, code, message, self.id.as_ref())
    }
}
