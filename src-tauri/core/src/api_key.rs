//! The `jean_sk_` key: the secret this program guards.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::secret::Digest;

/// How a key starts (upstream-api.md 6.1).
pub const KEY_PREFIX: &str = "jean_sk_";
/// How a key of the built-in sandbox starts.
pub const SANDBOX_KEY_PREFIX: &str = "jean_sk_sandbox_";
/// Characters after the prefix, at least (upstream-api.md 6.1).
const MIN_BODY: usize = 16;
/// More than any key; a longer paste is not a key.
const MAX_LENGTH: usize = 256;
/// Characters of the key that a person may see again.
const HINT: usize = 4;

/// A Jean Memory API key of the right form.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// The text is not of the form of a key. Deliberately without the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this does not look like a Jean Memory key; it starts with jean_sk_")]
pub struct NotAKey;

impl ApiKey {
    /// Trims what was pasted and checks its form; the case is never changed (upstream-api.md 6.1).
    ///
    /// # Errors
    /// [`NotAKey`] when the form is wrong.
    pub fn parse(pasted: &str) -> Result<Self, NotAKey> {
        let text = pasted.trim();
        let body = text.strip_prefix(KEY_PREFIX).ok_or(NotAKey)?;
        let fits = text.len() <= MAX_LENGTH
            && body.len() >= MIN_BODY
            && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if fits { Ok(Self(SecretString::from(text.to_owned()))) } else { Err(NotAKey) }
    }

    /// The key, for the one header and the one request body that may carry it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `…f3Qa`: all that a person ever sees of a key again.
    #[must_use]
    pub fn hint(&self) -> String {
        let text = self.expose();
        format!("…{}", &text[text.len() - HINT..])
    }

    /// Whether this key belongs to the built-in sandbox.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.expose().starts_with(SANDBOX_KEY_PREFIX)
    }

    /// For comparing keys and for caches that must not hold the key itself.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.expose())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_key_is_trimmed_and_keeps_its_case() {
        let key = ApiKey::parse("  jean_sk_EXAMPLE_abcDEF-0123456789\n").unwrap();
        assert_eq!(key.expose(), "jean_sk_EXAMPLE_abcDEF-0123456789");
        assert_eq!(key.hint(), "…6789");
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for text in [
            "",
            "jean_sk_",
            "jean_sk_short",
            "jean_ak_0123456789abcdef0",
            "jean_sk_0123456789 abcdefg",
            "JEAN_SK_0123456789abcdefg",
        ] {
            assert_eq!(ApiKey::parse(text).unwrap_err(), NotAKey, "{text}");
        }
        assert_eq!(ApiKey::parse(&format!("jean_sk_{}", "a".repeat(10_000_000))).unwrap_err(), NotAKey);
    }

    #[test]
    fn debug_shows_nothing() {
        let key = ApiKey::parse("jean_sk_EXAMPLE_abcDEF-0123456789").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
    }
}
