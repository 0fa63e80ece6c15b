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
    known: Mutex<HashMap<AccountId, ApiKey>>,
    /// Those that the keychain did not take.
    unsaved: watch::Sender<HashSet<AccountId>>,
    /// Held while the keychain is changed, so that it ends up with what is known here.
    changing: tokio::sync::Mutex<()>,
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
        if let Some(key) = self.lock().get(account) {
            return Ok(Some(key.clone()));
        }
        let stored = self.vault.read(&keychain_item(account)).await?;
        let key = stored.and_then(|text| ApiKey::parse(text.expose_secret()).ok());
        if let Some(key) = &key {
            self.remember(account, key);
        }
        Ok(key)
    }

    /// Brings the key that the account has now, if it still has one, into the keychain. When the keychain does
    /// not take it, it lives in memory until the bridge ends, and the error says so; never in a file.
    pub(super) async fn save(&self, account: &AccountId) -> Result<(), VaultError> {
        let _turn = self.changing.lock().await;
        let Some(key) = self.lock().get(account).cloned() else { return Ok(()) };
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
        self.lock().insert(account.clone(), key.clone())
    }

    /// Undoes [`Keys::remember`]: what was in memory before is again, or the keychain is asked again.
    pub(super) fn restore(&self, account: &AccountId, before: Option<ApiKey>) {
        match before {
            Some(key) => drop(self.remember(account, &key)),
            None => drop(self.lock().remove(account)),
        }
    }

    /// Whether this is the key that calls for the account go with now.
    pub(super) fn is_current(&self, account: &AccountId, key: &ApiKey) -> bool {
        self.lock().get(account).is_some_and(|current| current.digest() == key.digest())
    }

    /// Whether there is a key in memory.
    pub(super) fn knows(&self, account: &AccountId) -> bool {
        self.lock().contains_key(account)
    }

    /// Forgets a key everywhere.
    pub(super) async fn delete(&self, account: &AccountId) -> Result<(), VaultError> {
        self.lock().remove(account);
        let _turn = self.changing.lock().await;
        self.unsaved.send_if_modified(|unsaved| unsaved.remove(account));
        self.vault.delete(&keychain_item(account)).await
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, ApiKey>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
