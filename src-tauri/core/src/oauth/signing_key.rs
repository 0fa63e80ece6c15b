//! The key that signs access tokens: made at the first start, kept in the keychain, used for nothing else
//! (protocol.md 4.20).
//!
//! The bridge answers before the keychain does. Until the key is there, whoever needs it waits; without a
//! keychain a key in memory serves until the bridge ends, and the clients refresh after the next start.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::secret::{Digest, random_bytes};
use crate::vault::Vault;

/// The name of the key in the vault.
const ITEM: &str = "signing-key";
/// Bytes of a key that is made here: 512 bits.
const KEY_BYTES: usize = 64;
/// How long the end of the bridge waits for a key that is on its way into the keychain: what the keychain was asked
/// cannot be taken back.
const LAST_WRITE: Duration = Duration::from_secs(2);

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

    /// The key of the vault. Reading it goes on in the background, as one of `tasks`, until `shutdown`.
    #[must_use]
    pub fn from_vault(vault: Vault, tasks: &TaskTracker, shutdown: CancellationToken) -> Arc<Self> {
        let keys = Arc::new(Self::empty());
        let loading = keys.clone();
        tasks.spawn(async move {
            loading.load(vault, shutdown).await;
            // Nobody waits for a key that does not come any more.
            loading.ready.send_replace(true);
        });
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

    /// Until the key is in the keychain or the bridge ends. A person may remove everything next, so nothing is written
    /// after the end.
    async fn load(&self, vault: Vault, shutdown: CancellationToken) {
        let made = SecretString::from(URL_SAFE_NO_PAD.encode(random_bytes::<KEY_BYTES>()));
        loop {
            let read = tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                read = vault.read(ITEM) => read,
            };
            match read {
                Ok(Some(stored)) => {
                    return self.put_first(SigningKey::new(stored.expose_secret().as_bytes()));
                }
                Ok(None) => {
                    let written = tokio::select! {
                        written = vault.write(ITEM, made.clone()) => written,
                        () = too_late(&shutdown) => return,
                    };
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
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = vault.worth_another_try() => {}
            }
        }
    }
}

async fn too_late(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(LAST_WRITE).await;
}

#[cfg(test)]
mod tests {
    use keyring_core::api::CredentialStoreApi as _;
    use keyring_core::{CredentialStore, Error, mock};

    use super::*;
    use crate::vault::VaultLimits;

    const SERVICE: &str = "signing-key-test";

    /// A keychain whose first answer about the signing key is that it is locked.
    fn locked_once() -> Vault {
        let store = mock::Store::new().unwrap();
        let entry = store.build(SERVICE, ITEM, None).unwrap();
        let locked = Error::NoStorageAccess("locked".into());
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(locked);
        let open = Box::new(move || Ok(store.clone() as Arc<CredentialStore>));
        Vault::new(SERVICE, open, VaultLimits::default())
    }

    #[tokio::test]
    async fn once_the_keychain_is_unlocked_the_key_is_kept() {
        let (vault, tasks) = (locked_once(), TaskTracker::new());
        let keys = SigningKeys::from_vault(vault.clone(), &tasks, CancellationToken::new());
        let key = keys.current().await.unwrap();
        tasks.close();
        // Somebody else's answer tells that it is.
        vault.read("another").await.unwrap();
        tasks.wait().await;
        let kept = vault.read(ITEM).await.unwrap().unwrap();
        assert_eq!(SigningKey::new(kept.expose_secret().as_bytes()).kid, key.kid);
    }

    #[tokio::test]
    async fn what_was_removed_after_the_end_stays_removed() {
        let (vault, tasks, shutdown) = (locked_once(), TaskTracker::new(), CancellationToken::new());
        let keys = SigningKeys::from_vault(vault.clone(), &tasks, shutdown.clone());
        // It lives in memory, and would be written when the keychain may take it.
        assert!(keys.current().await.is_some());
        shutdown.cancel();
        tasks.close();
        tasks.wait().await;
        vault.clear().await.unwrap();
        // The keychain is asked in turn, so what had been asked besides would be answered between these.
        for _ in 0..8 {
            assert!(vault.read(ITEM).await.unwrap().is_none());
        }
    }
}
