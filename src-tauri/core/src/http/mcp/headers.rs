//! The first look at a request: headers that must not come twice, and the method.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderName, Method};

use super::refusal::Refusal;

pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const MCP_METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(super) const MCP_NAME: HeaderName = HeaderName::from_static("mcp-name");
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// protocol.md 7.7: whoever reads the first and whoever reads the last must not disagree.
const ONCE: [HeaderName; 12] = [
    AUTHORIZATION,
    HOST,
    ORIGIN,
    CONTENT_TYPE,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    PROTOCOL_VERSION,
    SESSION_ID,
    MCP_METHOD,
    MCP_NAME,
    LAST_EVENT_ID,
    API_KEY,
];

/// Refuses what is ambiguous or not a method of this endpoint (protocol.md 7.1, 7.7).
///
/// # Errors
/// [`Refusal::HeaderTwice`], [`Refusal::TwoLengths`] or [`Refusal::Method`].
pub fn check(parts: &Parts) -> Result<(), Refusal> {
    let headers = &parts.headers;
    if ONCE.iter().any(|name| headers.get_all(name).iter().nth(1).is_some()) {
        return Err(Refusal::HeaderTwice);
    }
    if headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING) {
        return Err(Refusal::TwoLengths);
    }
    // A preflight that gets here has no permission to be given: CORS is answered in front, if at all.
    if matches!(parts.method, Method::POST | Method::GET | Method::DELETE) {
        Ok(())
    } else {
        Err(Refusal::Method)
    }
}
