//! What a route answers, and how the service's framework writes it (upstream-api.md 4).

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;

pub(super) const MEMORY_USAGE: HeaderName = HeaderName::from_static("x-memory-usage-mb");
/// The service tells how much memory its process takes. This one shares the process of the bridge and does not
/// measure it.
pub(super) const NO_MEMORY: HeaderValue = HeaderValue::from_static("0.00");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// A status and a body, before anything of HTTP is known.
pub(super) struct Reply {
    status: u16,
    body: Vec<u8>,
    json: bool,
}

impl Reply {
    /// Compact JSON in UTF-8, as the service's framework writes it.
    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        serde_json::to_vec(body).map_or_else(|_| Self::crashed(), |body| Self { status, body, json: true })
    }

    /// What an unhandled fault looks like (upstream-api.md 11).
    pub(super) fn crashed() -> Self {
        Self { status: 500, body: b"Internal Server Error".to_vec(), json: false }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if self.json {
            headers.insert(CONTENT_TYPE, JSON);
            headers.insert(MEMORY_USAGE, NO_MEMORY);
        } else {
            headers.insert(CONTENT_TYPE, PLAIN);
        }
        response
    }
}
