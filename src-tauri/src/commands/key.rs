//! A key on its way from a page.

use bridge_core::api_key::ApiKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

use super::Answer;
use crate::failure::Failure;

/// What a person pasted: an almost-key is as secret as a key.
pub(crate) struct PastedKey(SecretString);

impl<'de> Deserialize<'de> for PastedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl PastedKey {
    /// The key, if it has the form of one.
    pub(crate) fn parse(&self) -> Answer<ApiKey> {
        ApiKey::parse(self.0.expose_secret()).map_err(|_| Failure::NotAKey.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_is_told_from_a_key_without_being_repeated() {
        for junk in ["", "hello", "jean_sk_short", "jean_sk_0123456789\n0123456789", &"x".repeat(10_000_000)]
        {
            let failed = PastedKey(junk.into()).parse().unwrap_err();
            assert_eq!(failed.code, "not_a_key");
            assert!(failed.message.len() < 200);
        }
        assert!(PastedKey("  jean_sk_EXAMPLE_0123456789 \n".into()).parse().is_ok());
    }
}
