//! How long a reply may be kept, by its own headers (RFC 9111 §4.2), without guessing.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES};

/// The time a private cache may keep the reply; zero when it says nothing or forbids it.
pub(super) fn max_age(headers: &HeaderMap) -> Duration {
    let directives: Vec<_> = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    if directives.iter().any(|directive| directive == "no-store" || directive.starts_with("no-cache")) {
        return Duration::ZERO;
    }
    let stated = directives.iter().find_map(|directive| directive.strip_prefix("max-age="));
    let lifetime = match stated {
        Some(seconds) => seconds.trim_matches('"').parse().map_or(Duration::ZERO, Duration::from_secs),
        None => until_expiry(headers).unwrap_or_default(),
    };
    let age = text(headers, AGE).and_then(|age| age.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    lifetime.saturating_sub(age)
}

/// `Expires`, read against the server's own clock.
fn until_expiry(headers: &HeaderMap) -> Option<Duration> {
    let expires = httpdate::parse_http_date(text(headers, EXPIRES)?).ok()?;
    let date = httpdate::parse_http_date(text(headers, DATE)?).ok()?;
    expires.duration_since(date).ok()
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_headers_decide_how_long_a_document_is_good() {
        // protocol.md 2.18
        let rows: &[(&[(http::HeaderName, &str)], u64)] = &[
            (&[], 0),
            (&[(CACHE_CONTROL, "public, max-age=300")], 300),
            (&[(CACHE_CONTROL, "Max-Age=\"300\"")], 300),
            (&[(CACHE_CONTROL, "max-age=300"), (AGE, "100")], 200),
            (&[(CACHE_CONTROL, "max-age=300"), (AGE, "400")], 0),
            (&[(CACHE_CONTROL, "max-age=300, no-store")], 0),
            (&[(CACHE_CONTROL, "no-cache=\"x\"")], 0),
            (&[(CACHE_CONTROL, "max-age=-1")], 0),
            (&[(CACHE_CONTROL, "max-age=99999999999999999999")], 0),
            (&[(CACHE_CONTROL, "s-maxage=300")], 0),
            (&[(DATE, "Wed, 21 Oct 2015 07:28:00 GMT"), (EXPIRES, "Wed, 21 Oct 2015 07:29:00 GMT")], 60),
            (&[(EXPIRES, "Wed, 21 Oct 2015 07:29:00 GMT")], 0),
            (&[(DATE, "Wed, 21 Oct 2015 07:28:00 GMT"), (EXPIRES, "0")], 0),
        ];
        for (pairs, seconds) in rows {
            let mut headers = HeaderMap::new();
            for (name, value) in *pairs {
                headers.append(name, HeaderValue::from_static(value));
            }
            assert_eq!(max_age(&headers).as_secs(), *seconds, "{pairs:?}");
        }
    }
}
