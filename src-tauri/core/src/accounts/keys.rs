//! Keys of accounts: in the keychain, read once, kept in memory while the bridge runs.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use crate::api_key::ApiKey;
use crate::ids::AccountId;
use crate::vault::{Vault, VaultError};

/// Keys by account.
pub(super) struct Keys {
    vault: Vault,
    known: Mutex<Known>,
    /// Those that the keychain did not take.
    unsaved: watch::Sender<HashSet<AccountId>>,
    /// Held while the keychain is changed, so that it ends up with what is known here.
    changing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<AccountId, ApiKey>,
    /// Counts what was put in or taken out, so that what the keychain had before is not put in after it.
    changes: u64,
}

/// Under which name the keychain has the key of an account.
#[must_use]
pub fn keychain_item(account: &AccountId) -> String {
    format!("account:{account}")
}

impl Keys {
    pub(super) fn new(vault: Vault) -> Self {
        Self {
            vault,
            known: Mutex::default(),
            unsaved: watch::Sender::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// The key, from memory or the keychain; none when it has none.
    pub(super) async fn get(&self, account: &AccountId) -> Result<Option<ApiKey>, VaultError> {
        let before = {
            let known = self.lock();
            if let Some(key) = known.keys.get(account) {
                return Ok(Some(key.clone()));
            }
            known.changes
        };
        let stored = self.vault.read(&keychain_item(account)).await?;
        let mut known = self.lock();
        // The keychain may have shown a prompt; a person may have given another key meanwhile.
        if let Some(key) = known.keys.get(account) {
            return Ok(Some(key.clone()));
        }
        let key = stored.and_then(|text| ApiKey::parse(text.expose_secret()).ok());
        if let (Some(key), true) = (&key, known.changes == before) {
            known.keys.insert(account.clone(), key.clone());
        }
        Ok(key)
    }

    /// Brings the key that the account has now, if it still has one, into the keychain. When the keychain does
    /// not take it, it lives in memory until the bridge ends, and the error says so; never in a file.
    pub(super) async fn save(&self, account: &AccountId) -> Result<(), VaultError> {
        let _turn = self.changing.lock().await;
        let Some(key) = self.lock().keys.get(account).cloned() else { return Ok(()) };
        let saved =
            self.vault.write(&keychain_item(account), SecretString::from(key.expose().to_owned())).await;
        self.unsaved.send_if_modified(|unsaved| match saved {
            Ok(()) => unsaved.remove(account),
            Err(_) => unsaved.insert(account.clone()),
        });
        saved
    }

    /// How many keys live in memory only.
    pub(super) fn count_unsaved(&self) -> usize {
        self.unsaved.borrow().len()
    }

    pub(super) fn unsaved_changes(&self) -> watch::Receiver<HashSet<AccountId>> {
        self.unsaved.subscribe()
    }

    /// Waits until there is one.
    pub(super) async fn some_unsaved(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.unsaved.subscribe().wait_for(|unsaved| !unsaved.is_empty()).await;
    }

    /// Tries again what the keychain did not take before.
    pub(super) async fn save_unsaved(&self) {
        let unsaved: Vec<_> = self.unsaved.borrow().iter().cloned().collect();
        for account in unsaved {
            if let Err(error) = self.save(&account).await {
                tracing::debug!(%account, %error, "the key still lives in memory only");
                return;
            }
            tracing::info!(%account, "the key is in the keychain now");
        }
    }

    /// Keeps a key in memory only; gives the one that was there.
    pub(super) fn remember(&self, account: &AccountId, key: &ApiKey) -> Option<ApiKey> {
        let mut known = self.lock();
        known.changes += 1;
        known.keys.insert(account.clone(), key.clone())
    }

    /// Undoes [`Keys::remember`]: what was in memory before is again, or the keychain is asked again.
    pub(super) fn restore(&self, account: &AccountId, before: Option<ApiKey>) {
        match before {
            Some(key) => drop(self.remember(account, &key)),
            None => self.forget(account),
        }
    }

    /// Whether this is the key that calls for the account go with now.
    pub(super) fn is_current(&self, account: &AccountId, key: &ApiKey) -> bool {
        self.lock().keys.get(account).is_some_and(|current| current.digest() == key.digest())
    }

    /// Whether there is a key in memory.
    pub(super) fn knows(&self, account: &AccountId) -> bool {
        self.lock().keys.contains_key(account)
    }

    /// Forgets a key everywhere.
    pub(super) async fn delete(&self, account: &AccountId) -> Result<(), VaultError> {
        self.forget(account);
        let _turn = self.changing.lock().await;
        self.unsaved.send_if_modified(|unsaved| unsaved.remove(account));
        self.vault.delete(&keychain_item(account)).await
    }

    fn forget(&self, account: &AccountId) {
        let mut known = self.lock();
        known.changes += 1;
        known.keys.remove(account);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use keyring_core::mock;

    use super::*;
    use crate::vault::VaultLimits;

    const OLD: &str = "jean_sk_old_0123456789abcdef";
    const NEW: &str = "jean_sk_new_0123456789abcdef";

    fn key(text: &str) -> ApiKey {
        ApiKey::parse(text).unwrap()
    }

    /// With the old key in a keychain that opens when told to.
    fn keys(account: &AccountId) -> (Keys, mpsc::Sender<()>) {
        let store: Arc<keyring_core::CredentialStore> = mock::Store::new().unwrap();
        let item = keychain_item(account);
        store.build("test", &item, None).unwrap().set_password(OLD).unwrap();
        let (open, opened) = mpsc::channel();
        let opened = Mutex::new(opened);
        let unlock = move || {
            opened.lock().unwrap().recv().unwrap();
            Ok(store.clone())
        };
        (Keys::new(Vault::new("test", Box::new(unlock), VaultLimits::default())), open)
    }

    #[tokio::test]
    async fn what_the_keychain_had_before_does_not_replace_what_a_person_gave_meanwhile() {
        let account = AccountId::new("a");
        let (keys, open) = keys(&account);
        let mut reading = Box::pin(keys.get(&account));
        assert!(futures_util::poll!(&mut reading).is_pending());
        keys.remember(&account, &key(NEW));
        open.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap().digest(), key(NEW).digest());
        assert!(keys.is_current(&account, &key(NEW)));
    }

    #[tokio::test]
    async fn what_was_forgotten_while_the_keychain_was_asked_stays_forgotten() {
        let account = AccountId::new("a");
        let (keys, open) = keys(&account);
        let mut reading = Box::pin(keys.get(&account));
        assert!(futures_util::poll!(&mut reading).is_pending());
        keys.restore(&account, None);
        open.send(()).unwrap();
        reading.await.unwrap();
        assert!(!keys.knows(&account));
    }
}
