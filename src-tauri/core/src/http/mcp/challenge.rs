//! What tells a client where to get a token, or a better one (protocol.md 6.3–6.8; RFC 6750 §3).

use std::fmt::Write as _;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

use crate::scope::Scopes;

/// Where protected resource metadata lives; the path of the resource follows (RFC 9728 §3.1).
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// The metadata URL of the resource at `path`, in the spelling of the host that was asked
/// (D3, protocol.md 6.3).
#[must_use]
pub fn metadata_url(host: &str, path: &str) -> String {
    let mut url = String::with_capacity(host.len() + METADATA.len() + path.len() + 7);
    url.push_str("http://");
    append_quotable(&mut url, host);
    url.push_str(METADATA);
    append_quotable(&mut url, path);
    url
}

/// The HTTP parser lets `"` and its like into paths; in a quoted header value they would end it.
fn append_quotable(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>') {
            url.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

/// The challenge for one request, worded only if it is needed.
#[derive(Debug)]
pub struct Challenge {
    host: Option<HeaderValue>,
    uri: Uri,
}

impl Challenge {
    pub(super) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        Self::new(headers.get(HOST).cloned(), uri.clone())
    }

    pub(super) fn new(host: Option<HeaderValue>, uri: Uri) -> Self {
        Self { host, uri }
    }

    fn metadata_url(&self) -> String {
        let host = self.host.as_ref().and_then(|host| host.to_str().ok());
        let host = host.or(self.uri.authority().map(Authority::as_str)).unwrap_or_default();
        metadata_url(host, self.uri.path())
    }

    /// One line, `Bearer ` first, every parameter once and quoted, never `offline_access`
    /// (protocol.md 6.5, 6.8).
    pub(super) fn header(&self, error: Option<&str>, scopes: Scopes) -> String {
        let error = error.map(|error| format!("error=\"{error}\", ")).unwrap_or_default();
        format!("Bearer {error}resource_metadata=\"{}\", scope=\"{scopes}\"", self.metadata_url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_url_has_the_host_and_path_that_were_asked() {
        // protocol.md 6.3, D3
        assert_eq!(
            metadata_url("localhost:5326", "/mcp/oauth/u-1"),
            "http://localhost:5326/.well-known/oauth-protected-resource/mcp/oauth/u-1"
        );
    }

    #[test]
    fn nothing_in_a_path_ends_the_quotes() {
        let url = metadata_url("127.0.0.1:1", "/mcp/oauth/\"\\\u{e9}<>");
        assert!(url.ends_with("/mcp/oauth/%22%5C%C3%A9%3C%3E"), "{url}");
    }
}
