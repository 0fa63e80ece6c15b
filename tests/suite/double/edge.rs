//! Replies in upstream's place: the hosting edge, the memory guard and plain nonsense.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};

use super::faults::{Elsewhere, Fault, NotJson};
use super::record::{Seen, text};
use super::reply::{Reply, bare, detail, json, json_text, typed};
use super::routes::redirect;

/// Above the bridge's reply cap of 16 MiB (upstream-api.md 10).
pub const HUGE: usize = 20_000_000;
const CHUNK: usize = 64 * 1024;

/// What no client may ever see (protocol.md 7.29).
pub const HOSTILE_HEADERS: [(&str, &str); 12] = [
    ("set-cookie", "session=upstream; Path=/"),
    ("www-authenticate", "Bearer realm=\"upstream\""),
    ("proxy-authenticate", "Basic realm=\"upstream\""),
    ("location", "https://elsewhere.example/"),
    ("access-control-allow-origin", "*"),
    ("access-control-allow-credentials", "true"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("alt-svc", "h3=\":443\""),
    ("clear-site-data", "\"*\""),
    ("server", "upstream/1.0"),
    ("refresh", "0; url=https://elsewhere.example/"),
    ("x-from-upstream", "yes"),
];

/// The reply of a fault that keeps the request from being handled at all.
pub(super) fn reply_instead(fault: &Fault, seen: &Seen) -> Option<Reply> {
    let reply = match fault {
        Fault::Html(code) => page(status(*code)),
        Fault::Guard => guard(),
        Fault::TooMany { .. } => too_many(fault.retry_after()),
        Fault::Redirect(elsewhere) => redirect(&location(elsewhere, seen)),
        Fault::Refused { status: code, challenge } => refused(status(*code), *challenge),
        Fault::NoContent => {
            let mut reply = Response::new(Body::empty());
            *reply.status_mut() = StatusCode::NO_CONTENT;
            reply
        }
        Fault::WrongType(NotJson::Html) => page(StatusCode::OK),
        Fault::WrongType(NotJson::Text) => typed(StatusCode::OK, "text/plain; charset=utf-8", "It works."),
        Fault::Huge { announced } => huge(seen, *announced),
        Fault::Packed { encoding, body } => {
            let mut reply = typed(StatusCode::OK, "application/json", body.clone());
            reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            reply
        }
        Fault::Canned { status: code, content_type, body } => {
            typed(status(*code), content_type, body.clone())
        }
        _ => return None,
    };
    Some(bare(reply))
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a status")
}

fn page(status: StatusCode) -> Reply {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or_default();
    let html = format!(
        "<!DOCTYPE html>\n<html><head><title>{code}</title></head><body><h1>{reason}</h1></body></html>\n"
    );
    typed(status, "text/html; charset=utf-8", html)
}

fn guard() -> Reply {
    let text = r#"{"error":"Service temporarily unavailable due to high memory usage","message":"Please try again in a few moments"}"#;
    json_text(StatusCode::SERVICE_UNAVAILABLE, text)
}

fn too_many(retry_after: Option<HeaderValue>) -> Reply {
    let mut reply = json(StatusCode::TOO_MANY_REQUESTS, &json!({ "error": "Too Many Requests" }));
    if let Some(seconds) = retry_after {
        reply.headers_mut().insert(RETRY_AFTER, seconds);
    }
    reply
}

fn refused(status: StatusCode, challenge: bool) -> Reply {
    let mut reply = detail(status, "Could not validate credentials");
    if challenge {
        reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

fn location(elsewhere: &Elsewhere, seen: &Seen) -> String {
    let host = seen.headers.get(HOST).map(|host| text(host.as_bytes())).unwrap_or_default();
    let target = seen.uri.path_and_query().map_or("/", |target| target.as_str());
    match elsewhere {
        Elsewhere::Https => format!("https://{host}{target}"),
        Elsewhere::Http => format!("http://{host}{target}"),
        Elsewhere::Origin(origin) => format!("{origin}{target}"),
    }
}

/// Nothing wrong with it but its size.
fn huge(seen: &Seen, announced: bool) -> Reply {
    let id = serde_json::from_slice::<Value>(&seen.body).map_or(Value::Null, |body| body["id"].clone());
    let head = r#"{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":""#;
    let tail = format!(r#""}}]}},"id":{id}}}"#);
    let whole = Bytes::from([head.to_owned(), "a".repeat(HUGE), tail].concat());
    if announced {
        return json_text(StatusCode::OK, whole);
    }
    let pieces: Vec<_> =
        whole.chunks(CHUNK).map(|piece| Ok::<_, std::io::Error>(whole.slice_ref(piece))).collect();
    let mut reply = Response::new(Body::from_stream(stream::iter(pieces)));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

pub(super) fn add_hostile_headers(headers: &mut HeaderMap) {
    for (name, value) in HOSTILE_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}
