//! Heads and bodies of MCP requests.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use http::header::AUTHORIZATION;
use serde_json::Value;

use super::credentials::Credentials;
use super::message::{Content, Head};
use super::{accept, body, headers};
use crate::fuzzing::{request_of, tells_nothing};

/// A bearer that is taken is the only one, and is what RFC 9110 §11.2 calls a token.
pub fn mcp_headers(bytes: &[u8]) {
    let Some(request) = request_of(bytes) else { return };
    let (mut parts, ()) = request.into_parts();
    if headers::check(&parts).is_ok() {
        assert!(parts.headers.get_all(AUTHORIZATION).iter().count() <= 1);
    }
    if let Credentials::Bearer(token) = Credentials::of(&parts.headers) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        assert!(!token.is_empty() && token.bytes().all(is_plain), "{token:?}");
        assert!(!token.starts_with('='), "{token:?}");
    }
    if body::check_type(&parts.headers).is_ok() {
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // No page of another origin can send this without asking first.
        assert!(kind.trim_start().to_ascii_lowercase().starts_with("application/json"), "{kind:?}");
    }
    accept::expand(&mut parts.headers);
    let once = parts.headers.clone();
    accept::expand(&mut parts.headers);
    assert_eq!(once, parts.headers, "what is written out stays");
}

/// What is decided about a message is about what its reader will find in it.
pub fn mcp_message(bytes: &[u8]) {
    let content = match Content::read(bytes) {
        Ok(content) => content,
        Err(error) => return tells_nothing(&error),
    };
    match content {
        Content::One(head) => agrees(&head, bytes),
        Content::Batch(elements) => {
            for element in elements {
                let text = element.to_string();
                if let Ok(head) = Head::read(text.as_bytes()) {
                    agrees(&head, text.as_bytes());
                }
            }
        }
    }
}

fn agrees(head: &Head<'_>, bytes: &[u8]) {
    let Ok(whole) = serde_json::from_slice::<Value>(bytes) else { return };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let params = whole.get("params");
    assert_eq!(head.method.as_deref().map(str::to_owned), text(whole.get("method")), "{whole}");
    assert_eq!(head.id.as_ref(), whole.get("id"), "{whole}");
    assert_eq!(
        head.name.as_deref().map(str::to_owned),
        text(params.and_then(|params| params.get("name"))),
        "{whole}"
    );
    assert_eq!(
        head.protocol_version.as_deref().map(str::to_owned),
        text(params.and_then(|params| params.get("protocolVersion"))),
        "{whole}"
    );
    assert_eq!(whole["jsonrpc"], "2.0");
}
