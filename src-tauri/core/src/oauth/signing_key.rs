//! The key that signs access tokens: made at the first start, kept in the keychain, used for nothing else
//! (protocol.md 4.20).
//!
//! The bridge answers before the keychain does. Until the key is there, whoever needs it waits; without a
//! keychain a key in memory serves until the bridge ends, and the clients refresh after the next start.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use crate::secret::{Digest, random_bytes};
use crate::vault::Vault;

/// The name of the key in the vault.
const ITEM: &str = "signing-key";
/// Bytes of a key that is made here: 512 bits.
const KEY_BYTES: usize = 64;

/// One key with its name (`kid`).
pub struct SigningKey {
    /// First bytes of its digest; tells keys apart without telling anything of them.
    pub kid: String,
    /// For signing.
    pub encoding: EncodingKey,
    /// For checking.
    pub decoding: DecodingKey,
}

impl SigningKey {
    fn new(secret: &[u8]) -> Self {
        let digest = Digest::of(&format!("kid {}", URL_SAFE_NO_PAD.encode(secret)));
        Self {
            kid: URL_SAFE_NO_PAD.encode(&digest.as_bytes()[..6]),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }
}

/// The current key first, then those whose tokens may still live.
#[derive(Default)]
struct Ring(Vec<Arc<SigningKey>>);

/// The key of this bridge, as soon as there is one.
pub struct SigningKeys {
    ring: RwLock<Ring>,
    ready: watch::Sender<bool>,
}

impl SigningKeys {
    /// A key from the configuration: its UTF-8 bytes are the key.
    #[must_use]
    pub fn configured(secret: &SecretString) -> Arc<Self> {
        let keys = Arc::new(Self::empty());
        keys.put_first(SigningKey::new(secret.expose_secret().as_bytes()));
        keys
    }

    /// The key of the vault. Reading it goes on in the background.
    #[must_use]
    pub fn from_vault(vault: Vault) -> Arc<Self> {
        let keys = Arc::new(Self::empty());
        let loading = keys.clone();
        tokio::spawn(async move { loading.load(vault).await });
        keys
    }

    fn empty() -> Self {
        Self { ring: RwLock::default(), ready: watch::Sender::new(false) }
    }

    /// The key to sign with; waits until the keychain has answered or given up.
    pub async fn current(&self) -> Option<Arc<SigningKey>> {
        self.loaded().await;
        self.ring.read().unwrap_or_else(PoisonError::into_inner).0.first().cloned()
    }

    /// The key of that name.
    pub async fn named(&self, kid: &str) -> Option<Arc<SigningKey>> {
        self.loaded().await;
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.0.iter().find(|key| key.kid == kid).cloned()
    }

    async fn loaded(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
    }

    fn put_first(&self, key: SigningKey) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.0.retain(|known| known.kid != key.kid);
        ring.0.insert(0, Arc::new(key));
        drop(ring);
        self.ready.send_replace(true);
    }

    async fn load(&self, vault: Vault) {
        let made = SecretString::from(URL_SAFE_NO_PAD.encode(random_bytes::<KEY_BYTES>()));
        loop {
            match vault.read(ITEM).await {
                Ok(Some(stored)) => {
                    return self.put_first(SigningKey::new(stored.expose_secret().as_bytes()));
                }
                Ok(None) => {
                    let written = vault.write(ITEM, made.clone()).await;
                    self.put_first(SigningKey::new(made.expose_secret().as_bytes()));
                    match written {
                        Ok(()) => return,
                        Err(error) => tracing::warn!(%error, "the signing key lives in memory only"),
                    }
                }
                Err(error) => {
                    if self.ring.read().unwrap_or_else(PoisonError::into_inner).0.is_empty() {
                        tracing::warn!(%error, "no keychain; the signing key lives in memory only");
                        self.put_first(SigningKey::new(made.expose_secret().as_bytes()));
                    }
                }
            }
            vault.worth_another_try().await;
        }
    }
}
