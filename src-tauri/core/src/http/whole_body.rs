//! A request body that was read whole, or a refusal in JSON: clients of these endpoints read every answer as
//! JSON (protocol.md 2.5, 4.3).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::Response;

use super::oauth_reply::json_error;

/// How long a client may take to send its body: whoever is slower holds a connection that others need.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The bytes of a body within the limit of its route.
pub(super) struct WholeBody(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for WholeBody {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await {
            Ok(read) => read.map(Self).map_err(|error| refusal(&error)),
            Err(_) => Err(json_error(
                StatusCode::REQUEST_TIMEOUT,
                "invalid_request",
                "the request body did not come",
            )),
        }
    }
}

fn refusal(error: &BytesRejection) -> Response {
    let why = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => "the request body is too large",
        _ => "the request body could not be read",
    };
    json_error(error.status(), "invalid_request", why)
}
