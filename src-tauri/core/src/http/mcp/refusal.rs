//! Every way in which the layer refuses a request, and the one place where that becomes a
//! response (D9, protocol.md 6.2–6.14, 7.4–7.8).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::challenge::Challenge;
use super::rpc_error::{self, Code};
use crate::scope::Scopes;

/// Why a request does not reach rmcp; variants are causes.
#[derive(Debug)]
pub enum Refusal {
    /// A header that may come once came twice (7.7).
    HeaderTwice,
    /// `Content-Length` beside `Transfer-Encoding` (RFC 9112 §6.1).
    TwoLengths,
    /// A method that is none of this endpoint (7.1).
    Method,
    /// No token (6.3).
    Unauthorized(Box<Challenge>),
    /// Something that is no token (6.2).
    Malformed(Box<Challenge>),
    /// A token that is not good, or not any more (6.4).
    InvalidToken(Box<Challenge>),
    /// Nobody can tell whether the token is good. Never a 401, which would make the client throw a good
    /// token away (D11).
    Unavailable,
    /// The token needs these scopes (6.6).
    InsufficientScope(Box<Challenge>, Scopes),
    /// The path names somebody else (6.14).
    WrongUser,
    /// Too little scope where no authorization server can help: the client has a key of its own.
    Forbidden,
    /// The grant ended, and there is no authorization server to go to.
    Revoked,
    /// The session is unknown, closed or somebody else's; nobody can tell which (D10).
    NoSuchSession,
    /// Too much of this grant is open (7.8).
    Busy,
    /// Not `application/json` (7.4).
    NotJsonType,
    /// More than a message may have (7.8).
    TooLarge,
    /// The body ended before it was complete.
    Incomplete,
    /// The body took too long.
    TooSlow,
    /// Not JSON (7.5).
    NotJson,
    /// JSON, but no JSON-RPC message (7.5).
    NotJsonRpc,
    /// An array outside 2025-03-26 (7.6).
    BatchElsewhere,
    /// An empty batch, or one that is longer than this.
    BatchSize(usize),
    /// Two requests of a batch that could not be told apart.
    BatchRepeatsId,
    /// Our fault.
    Internal(Option<Value>),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::HeaderTwice => bad_request("A header was sent twice"),
            Self::TwoLengths => bad_request("Content-Length and Transfer-Encoding exclude each other"),
            Self::Method => with(
                rpc(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
                ALLOW,
                HeaderValue::from_static("GET, POST, DELETE"),
            ),
            // protocol.md 6.3: no `error` in the header.
            Self::Unauthorized(challenge) => {
                challenged(StatusCode::UNAUTHORIZED, "unauthorized", &challenge.header(None, Scopes::ALL))
            }
            Self::Malformed(challenge) => {
                refused_by(StatusCode::BAD_REQUEST, "invalid_request", &challenge, Scopes::ALL)
            }
            Self::InvalidToken(challenge) => {
                refused_by(StatusCode::UNAUTHORIZED, "invalid_token", &challenge, Scopes::ALL)
            }
            Self::Unavailable => with(
                plain(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
                RETRY_AFTER,
                HeaderValue::from_static("1"),
            ),
            Self::InsufficientScope(challenge, scopes) => {
                refused_by(StatusCode::FORBIDDEN, "insufficient_scope", &challenge, scopes)
            }
            // protocol.md 6.14: with a challenge the client would sign in for ever.
            Self::WrongUser => plain(StatusCode::FORBIDDEN, "wrong_user"),
            Self::Forbidden => plain(StatusCode::FORBIDDEN, "insufficient_scope"),
            Self::Revoked => plain(StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::NoSuchSession => rpc(StatusCode::NOT_FOUND, "Session not found"),
            Self::Busy => with(
                rpc(StatusCode::TOO_MANY_REQUESTS, "Too many requests of this app are open"),
                RETRY_AFTER,
                HeaderValue::from_static("1"),
            ),
            Self::NotJsonType => {
                rpc(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json")
            }
            Self::TooLarge => rpc(StatusCode::PAYLOAD_TOO_LARGE, "The message is too large"),
            Self::Incomplete => bad_request("The message is incomplete"),
            Self::TooSlow => rpc(StatusCode::REQUEST_TIMEOUT, "The message took too long to arrive"),
            Self::NotJson => rpc_error::error(StatusCode::BAD_REQUEST, Code::Parse, "Not JSON", None),
            Self::NotJsonRpc => bad_request("Not a JSON-RPC message"),
            Self::BatchElsewhere => bad_request("Batches exist only in sessions of 2025-03-26"),
            Self::BatchSize(most) => bad_request(&format!("A batch has 1 to {most} messages")),
            Self::BatchRepeatsId => bad_request("Two requests of a batch have the same id"),
            Self::Internal(id) => rpc_error::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                Code::Internal,
                "Internal error",
                id.as_ref(),
            ),
        }
    }
}

fn bad_request(message: &str) -> Response {
    rpc(StatusCode::BAD_REQUEST, message)
}

fn rpc(status: StatusCode, message: &str) -> Response {
    rpc_error::error(status, Code::InvalidRequest, message, None)
}

fn refused_by(status: StatusCode, error: &str, challenge: &Challenge, scopes: Scopes) -> Response {
    challenged(status, error, &challenge.header(Some(error), scopes))
}

fn challenged(status: StatusCode, error: &str, challenge: &str) -> Response {
    let response = plain(status, error);
    match HeaderValue::from_str(challenge) {
        Ok(value) => with(response, WWW_AUTHENTICATE, value),
        Err(_) => response,
    }
}

/// protocol.md 6.12
fn plain(status: StatusCode, error: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{{\"error\":\"{error}\"}}")));
    *response.status_mut() = status;
    let response = with(response, CONTENT_TYPE, HeaderValue::from_static("application/json"));
    with(response, CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

fn with(mut response: Response, name: HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}
