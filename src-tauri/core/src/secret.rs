//! Secrets as types: redacted in `Debug`, never in `Display`, compared as digests or in constant time.

use std::fmt::{self, Write as _};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of randomness behind every id and token: 256 bits.
const RANDOM_BYTES: usize = 32;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// 256 bits from the operating system.
///
/// # Panics
/// When the operating system has no randomness to give: nothing here is safe without it.
#[must_use]
#[expect(clippy::expect_used, reason = "without randomness every token would be guessable")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// 43 letters and digits, each drawn without bias from random bytes: 256 bits.
///
/// Letters and digits only, because clients disagree on how to encode the rest in Basic
/// credentials (protocol.md 2.8).
#[must_use]
pub fn random_alphanumeric() -> String {
    const LENGTH: usize = 43;
    // Bytes of 248 and above are drawn again, or the first letters would come up more often.
    const FAIR: u8 = 248;
    let mut text = String::with_capacity(LENGTH);
    while text.len() < LENGTH {
        for byte in random_bytes::<RANDOM_BYTES>().into_iter().filter(|byte| *byte < FAIR) {
            if text.len() < LENGTH {
                text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
    }
    text
}

/// A code, refresh token or client secret: sent once, stored only as its [`Digest`].
pub struct Token(SecretString);

impl Token {
    /// A fresh token; the prefix says what kind it is, so that logs and secret scanners can tell.
    #[must_use]
    pub fn random(prefix: &str) -> Self {
        Self(SecretString::from(format!("{prefix}{}", random_alphanumeric())))
    }

    /// The token that follows from another one and a nonce: always the same, and not to be found with only one
    /// of the two.
    #[must_use]
    pub fn derived(prefix: &str, from: &str, nonce: &[u8; 32]) -> Self {
        let mut hash = Sha256::new();
        for part in [b"successor".as_slice(), from.as_bytes(), nonce] {
            // Lengths keep the parts apart whatever bytes they hold.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(SecretString::from(format!("{prefix}{}", Digest(hash.finalize().into()).hex())))
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.expose_secret())
    }

    /// The text for the one response that hands it over.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a secret with 256 random bits; such a secret needs no salt and no stretching.
#[derive(Clone, Copy, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The bytes, for the store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 128 bits in hexadecimal, where a name is wanted from which nothing can be told.
    #[must_use]
    pub fn short_hex(&self) -> String {
        self.hex()[..32].to_owned()
    }

    fn hex(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// A digest that was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::hash::Hash for Digest {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}
