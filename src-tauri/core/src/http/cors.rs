//! CORS for the origins that a person listed in `allowed_origins`: clients that live in a web page, such as MCP
//! Inspector (protocol.md 1.20). Everybody else's pages get no CORS header at all, so the browser keeps them out.
//!
//! The layer stands on discovery, registration, tokens and MCP. Where a person's browser goes by itself,
//! the authorization endpoint and our own pages, no other page has anything to read.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::door::Door;

/// What a client in a page may do here.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");
/// What it may send besides what browsers always send. No cookies, no `X-API-Key`.
const REQUEST_HEADERS: [&str; 8] = [
    "accept",
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
];
/// One header for each parameter that a tool's schema names (protocol.md 7.11).
const PARAMETER_HEADER: &str = "mcp-param-";
/// What its script may read besides the body.
const READABLE: HeaderValue =
    HeaderValue::from_static("WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version");
/// Seconds for which a browser remembers the answer to a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// Questions of a public page about a private address, and their answers (protocol.md 9.5).
const NETWORK: [(HeaderName, HeaderName); 2] = [
    (
        HeaderName::from_static("access-control-request-private-network"),
        HeaderName::from_static("access-control-allow-private-network"),
    ),
    (
        HeaderName::from_static("access-control-request-local-network"),
        HeaderName::from_static("access-control-allow-local-network"),
    ),
];

/// Answers preflights of listed origins, and lets their scripts read the rest.
pub(super) async fn share(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Some(origin) = listed_origin(&door, request.headers()) else { return next.run(request).await };
    let mut response =
        if is_preflight(&request) { preflight(request.headers()) } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    response
}

/// The door has refused what is neither listed nor our own; our own pages need no CORS.
fn listed_origin(door: &Door, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    door.is_listed(origin.to_str().ok()?).then(|| origin.clone())
}

/// Fetch standard, "CORS-preflight request".
fn is_preflight(request: &Request) -> bool {
    *request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(allowed) = allowed_headers(asked) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    for (question, answer) in NETWORK {
        if asked.get(question).is_some_and(|asked| asked == "true") {
            headers.insert(answer, HeaderValue::from_static("true"));
        }
    }
    response
}

/// Of the headers that the page wants to send, those that it may.
fn allowed_headers(asked: &HeaderMap) -> Option<HeaderValue> {
    let names = asked.get(ACCESS_CONTROL_REQUEST_HEADERS)?.to_str().ok()?.to_ascii_lowercase();
    let allowed: Vec<_> = names
        .split(',')
        .map(str::trim)
        .filter(|name| REQUEST_HEADERS.contains(name) || name.starts_with(PARAMETER_HEADER))
        .collect();
    HeaderValue::from_str(&allowed.join(", ")).ok().filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_of_the_protocol_are_allowed() {
        let allowed = |asked: &str| {
            let asked = HeaderMap::from_iter([(
                ACCESS_CONTROL_REQUEST_HEADERS,
                HeaderValue::from_str(asked).unwrap(),
            )]);
            allowed_headers(&asked).map(|names| names.to_str().unwrap().to_owned())
        };
        assert_eq!(
            allowed("Authorization,x-api-key, cookie,Mcp-Param-Region").as_deref(),
            Some("authorization, mcp-param-region")
        );
        assert_eq!(allowed("x-api-key"), None);
        assert_eq!(allowed(""), None);
    }
}
