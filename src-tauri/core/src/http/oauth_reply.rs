//! How OAuth answers and errors stand on the wire (RFC 6749 §5; protocol.md 4.3, 4.15).

use axum::Json;
use axum::http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::oauth::OAuthError;

/// By then every limit has room again.
const A_MINUTE: HeaderValue = HeaderValue::from_static("60");

/// `{"error": …, "error_description": …}` that is never cached.
pub(super) fn json_error(status: StatusCode, error: &'static str, description: &str) -> Response {
    json_reply(status, &serde_json::json!({ "error": error, "error_description": description }))
}

/// A JSON answer that is never cached.
pub(super) fn json_reply(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (PRAGMA, HeaderValue::from_static("no-cache")),
    ];
    let mut response = (status, headers, Json(body)).into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(RETRY_AFTER, A_MINUTE);
    }
    response
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        if self.is_internal() {
            tracing::error!(error = %self, "an OAuth request failed");
        } else {
            tracing::debug!(error = self.code(), "an OAuth request was refused");
        }
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = json_error(status, self.code(), &self.to_string());
        // RFC 6749 §5.2: only when the client used this scheme.
        if let Self::InvalidClient { basic: true } = self {
            let scheme = HeaderValue::from_static("Basic realm=\"Jean Memory Bridge\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// Whether the body is of that media type, whatever its parameters.
pub(super) fn has_media_type(headers: &HeaderMap, wanted: &str) -> bool {
    let mut types = headers.get_all(axum::http::header::CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return false };
    value
        .to_str()
        .is_ok_and(|value| value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted))
}

/// The one Authorization header, if there is one; two are an error (protocol.md 7.7).
pub(super) fn authorization(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let mut values = headers.get_all(axum::http::header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            value.to_str().map(Some).map_err(|_| OAuthError::InvalidClient { basic: true })
        }
        (Some(_), Some(_)) => Err(OAuthError::TwoAuthentications),
    }
}

/// The body of a form post (RFC 6749 §3.2; protocol.md 4.1, 4.2).
pub(super) fn form_body<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<&'a [u8], OAuthError> {
    if has_media_type(headers, "application/x-www-form-urlencoded") {
        Ok(body)
    } else {
        Err(OAuthError::UnreadableBody)
    }
}
