//! Proof Key for Code Exchange, S256 only (RFC 7636; protocol.md 3.5, 4.5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Length of a base64url-encoded SHA-256.
const CHALLENGE_LENGTH: usize = 43;
/// RFC 7636 §4.1.
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// An S256 challenge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Challenge(String);

impl Challenge {
    /// A challenge of the right form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = URL_SAFE_NO_PAD.decode(text).ok()?;
        (text.len() == CHALLENGE_LENGTH && decoded.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The text as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` has the right form and hashes to this challenge (RFC 7636 §4.6).
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let well_formed = VERIFIER_LENGTH.contains(&verifier.len())
            && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        well_formed && bool::from(hashed.as_bytes().ct_eq(self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_met() {
        // RFC 7636 appendix B
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
        assert!(!challenge.is_met_by("short"));
    }

    #[test]
    fn a_challenge_of_another_form_is_refused() {
        for text in
            ["", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", &"a".repeat(44), &"a".repeat(128)]
        {
            assert!(Challenge::parse(text).is_none(), "{text}");
        }
    }
}
