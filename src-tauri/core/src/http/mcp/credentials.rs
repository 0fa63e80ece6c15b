//! The bearer in a request: only the header, only one token (protocol.md 6.2; RFC 6750 §2.1).

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What `Authorization` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credentials<'a> {
    /// One token.
    Bearer(&'a str),
    /// Nothing, or another scheme.
    Absent,
    /// Something that is no token.
    Malformed,
}

impl<'a> Credentials<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let Some(value) = headers.get(AUTHORIZATION) else { return Self::Absent };
        let Ok(value) = value.to_str() else { return Self::Malformed };
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.is_empty() {
            return Self::Malformed;
        }
        // RFC 9110 §11.1: schemes have no case.
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Self::Absent;
        }
        let token = token.trim_matches(' ');
        if is_token68(token) { Self::Bearer(token) } else { Self::Malformed }
    }
}

/// RFC 9110 §11.2
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_token_is_a_bearer_in_any_case() {
        // protocol.md 6.2
        for value in ["Bearer abc.DEF-_~+/==", "bearer abc.DEF-_~+/==", "BEARER   abc.DEF-_~+/=="] {
            assert_eq!(
                Credentials::of(&with(value.as_bytes())),
                Credentials::Bearer("abc.DEF-_~+/=="),
                "{value}"
            );
        }
    }

    #[test]
    fn nothing_or_another_scheme_is_absent() {
        // protocol.md 6.3
        assert_eq!(Credentials::of(&HeaderMap::new()), Credentials::Absent);
        for value in ["Basic YTpi", "Digest x=y", "Bearer2 abc", "abc"] {
            assert_eq!(Credentials::of(&with(value.as_bytes())), Credentials::Absent, "{value}");
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        // protocol.md 6.2
        let values: [&[u8]; 8] = [
            b"",
            b"Bearer",
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer =a",
            b"Bearer \"a\"",
            b"Bearer \xff",
        ];
        for value in values {
            assert_eq!(Credentials::of(&with(value)), Credentials::Malformed, "{value:?}");
        }
    }

    fn with(value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())])
    }
}
