//! Discovery (RFC 8414, RFC 9728; protocol.md 1).

use axum::Extension;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::oauth_reply::{json_error, json_reply};
use crate::oauth::metadata::{ResourceMetadata, ServerMetadata};
use crate::origin::{Origin, is_user_id, path};

pub(super) async fn server(Extension(origin): Extension<Origin>) -> Response {
    json_reply(StatusCode::OK, &ServerMetadata::new(origin))
}

pub(super) async fn resource(Extension(origin): Extension<Origin>) -> Response {
    json_reply(StatusCode::OK, &ResourceMetadata::new(origin, path::MCP))
}

/// Any well-formed id is answered: nobody learns which ids exist (protocol.md 1.2). The id is read as it was
/// sent: `resource` is the URL that the client uses, and there too it is compared byte for byte (6.14).
pub(super) async fn resource_of_user(Extension(origin): Extension<Origin>, uri: Uri) -> Response {
    match uri.path().rsplit_once('/') {
        Some((_, id)) if is_user_id(id) => {
            json_reply(StatusCode::OK, &ResourceMetadata::new(origin, &Origin::mcp_oauth_path(id)))
        }
        Some(_) | None => nothing().await,
    }
}

/// Unknown metadata, and every other unknown path: 404 in JSON, never HTML, a redirect or a challenge
/// (protocol.md 1.11).
pub(super) async fn nothing() -> Response {
    json_error(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}
