//! Finds a key where no key may be (upstream-api.md 14.8), and identity headers anywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::people::KEY_PREFIX;
use super::record::{Requests, Seen, text};

/// The headers with which upstream can be told, without a key, who is asking (upstream-api.md 5.2).
const IDENTITY_HEADERS: [&str; 2] = ["x-user-id", "x-user-email"];

pub(super) const VALIDATE: &str = "/sdk/validate-developer";

/// `#3 header authorization`: every place but `X-API-Key` and the validation body where a key was seen.
pub(super) fn of_keys(requests: &Requests) -> Vec<String> {
    requests
        .iter()
        .flat_map(|seen| places_of_keys(seen).into_iter().map(|place| format!("#{} {place}", seen.number)))
        .collect()
}

pub(super) fn of_identity(requests: &Requests) -> Vec<String> {
    requests
        .iter()
        .flat_map(|seen| {
            IDENTITY_HEADERS
                .iter()
                .filter(|name| seen.headers.contains_key(**name))
                .map(|name| format!("#{} header {name}", seen.number))
        })
        .collect()
}

fn places_of_keys(seen: &Seen) -> Vec<String> {
    let mut places = Vec::new();
    if holds_key(&seen.uri.to_string()) {
        places.push("target".to_owned());
    }
    for (name, value) in &seen.headers {
        if name != "x-api-key" && holds_key(&text(value.as_bytes())) {
            places.push(format!("header {name}"));
        }
    }
    if holds_key(&body_without_the_right_place(seen)) {
        places.push("body".to_owned());
    }
    places
}

/// The validation call carries the key in `api_key`, and only there.
fn body_without_the_right_place(seen: &Seen) -> String {
    let whole = text(&seen.body);
    if seen.path() != VALIDATE {
        return whole;
    }
    match serde_json::from_str(&whole) {
        Ok(Value::Object(mut members)) => {
            members.remove("api_key");
            Value::Object(members).to_string()
        }
        _ => whole,
    }
}

/// A key, plain or as the password of Basic authentication. Percent-encoding never changes a key.
fn holds_key(haystack: &str) -> bool {
    let decoded = haystack.split_whitespace().filter_map(|word| STANDARD.decode(word).ok());
    key_at(haystack).is_some() || decoded.into_iter().any(|bytes| key_at(&text(&bytes)).is_some())
}

/// Where the first key is: start of its secret part, and end.
fn key_at(haystack: &str) -> Option<(usize, usize)> {
    let secret = haystack.find(KEY_PREFIX)? + KEY_PREFIX.len();
    let of_key = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    let length = haystack[secret..].find(|character| !of_key(character)).unwrap_or(haystack.len() - secret);
    Some((secret, secret + length))
}

/// For the output of failing tests: even a key that is no test key stays out of it.
pub(super) fn redact(line: &str) -> String {
    let mut clean = String::new();
    let mut rest = line;
    while let Some((secret, end)) = key_at(rest) {
        clean.push_str(&rest[..secret]);
        clean.push('…');
        rest = &rest[end..];
    }
    clean + rest
}
