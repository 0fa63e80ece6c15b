//! rmcp takes `Accept` by the letter; clients that accept anything mean both of its types
//! (protocol.md 7.4).

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// Writes out what a missing `Accept` or one with `*/*` stands for (RFC 9110 §12.5.1).
pub(super) fn expand(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCEPT) || headers.get_all(ACCEPT).iter().any(has_wildcard) {
        headers.insert(ACCEPT, BOTH);
    }
}

fn has_wildcard(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|value| {
        value.split(',').any(|range| {
            let mut parts = range.split(';').map(str::trim);
            parts.next() == Some("*/*") && !parts.any(is_zero_weight)
        })
    })
}

fn is_zero_weight(parameter: &str) -> bool {
    parameter
        .split_once('=')
        .is_some_and(|(name, weight)| name.eq_ignore_ascii_case("q") && weight.parse() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_means_both_types() {
        // protocol.md 7.4
        for accept in [None, Some("*/*"), Some("text/html, */*;q=0.8")] {
            assert_eq!(expanded(accept), "application/json, text/event-stream");
        }
    }

    #[test]
    fn what_a_client_spells_out_stays() {
        for accept in ["application/json", "text/html", "*/*;q=0", "application/json, text/event-stream"] {
            assert_eq!(expanded(Some(accept)), accept);
        }
    }

    fn expanded(accept: Option<&'static str>) -> String {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        expand(&mut headers);
        headers[ACCEPT].to_str().unwrap().to_owned()
    }
}
