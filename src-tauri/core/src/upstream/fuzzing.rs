//! What the Jean Memory API, or something in front of it, answers.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::error::UpstreamError;
use super::message::Incoming;
use super::rpc::{self, ToolList, ToolResult};
use super::{reply, sanitise};
use crate::api_key::ApiKey;
use crate::fuzzing::{first_line, tells_nothing};

const KEY: &str = "jean_sk_0123456789abcdef0123";

/// `STATUS TOOL CONTENT-TYPE`, then the body: whatever it is, the key of the request does not come back, and no error
/// repeats what was answered.
pub fn upstream_reply(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let Ok(head) = str::from_utf8(&bytes[..end]) else { return };
    let mut words = head.splitn(3, ' ');
    let (status, tool, kind) = (words.next(), words.next().unwrap_or_default(), words.next());
    let Some(Ok(status)) = status.map(|status| StatusCode::from_bytes(status.as_bytes())) else { return };
    let kind = kind.and_then(|kind| HeaderValue::from_str(kind).ok());
    let headers: HeaderMap = kind.into_iter().map(|kind| (CONTENT_TYPE, kind)).collect();
    let body = bytes.get(end + 1..).unwrap_or_default().to_vec();
    let incoming = Incoming { status, headers, body };
    let Ok(key) = ApiKey::parse(KEY) else { panic!("{KEY} is a key") };

    match rpc::result::<ToolResult>(&incoming, 1).and_then(|result| reply::read(tool, result, &key)) {
        Ok(reply) => {
            let members =
                [("content", Value::Array(reply.content)), ("structured", reply.structured_content.into())];
            let whole: Map<String, Value> =
                members.into_iter().map(|(name, value)| (name.into(), value)).collect();
            keeps_the_key(&Value::Object(whole));
        }
        Err(error) => is_harmless(&error),
    }
    match rpc::result::<ToolList>(&incoming, 1) {
        Ok(list) => list.read(&key).into_iter().for_each(|tool| keeps_the_key(&Value::Object(tool))),
        Err(error) => is_harmless(&error),
    }
    drop(rpc::result::<rpc::Initialized>(&incoming, 1).inspect_err(is_harmless));
    drop(rpc::json::<rpc::Health>(&incoming).inspect_err(is_harmless));
    let _ = (rpc::is_error(&incoming), rpc::is_guard(&incoming), rpc::is_no_key(&incoming));
    if let Ok(text) = str::from_utf8(&incoming.body) {
        text_is_harmless(&sanitise::short_message(first_line(text).1));
        assert!(!sanitise::error_text(text).contains(KEY), "{text:?}");
    }
}

fn is_harmless(error: &UpstreamError) {
    tells_nothing(error);
    if let UpstreamError::Rpc { message } = error {
        text_is_harmless(message);
    }
}

fn text_is_harmless(text: &str) {
    assert!(!text.contains(KEY) && !text.contains(char::is_control), "{text:?}");
    assert!(text.chars().count() <= 201, "{text:?}");
}

fn keeps_the_key(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.contains(KEY), "{text:?}"),
        Value::Array(items) => items.iter().for_each(keeps_the_key),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            assert!(!name.contains(KEY), "{name:?}");
            keeps_the_key(member);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
