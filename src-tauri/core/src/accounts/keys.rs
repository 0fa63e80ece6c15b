//! Keys of accounts: in the keychain, read once, kept in memory while the bridge runs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret, SecretString};

use crate::api_key::ApiKey;
use crate::ids::AccountId;
use crate::vault::{Vault, VaultError};

/// Keys by account.
pub(super) struct Keys {
    vault: Vault,
    known: Mutex<HashMap<AccountId, ApiKey>>,
}

fn item(account: &AccountId) -> String {
    format!("account:{account}")
}

impl Keys {
    pub(super) fn new(vault: Vault) -> Self {
        Self { vault, known: Mutex::default() }
    }

    /// The key, from memory or the keychain; none when it has none.
    pub(super) async fn get(&self, account: &AccountId) -> Result<Option<ApiKey>, VaultError> {
        if let Some(key) = self.lock().get(account) {
            return Ok(Some(key.clone()));
        }
        let stored = self.vault.read(&item(account)).await?;
        let key = stored.and_then(|text| ApiKey::parse(text.expose_secret()).ok());
        if let Some(key) = &key {
            self.remember(account, key);
        }
        Ok(key)
    }

    /// Keeps a key. When the keychain does not take it, it lives in memory until the bridge ends, and the
    /// error says so; never in a file.
    pub(super) async fn put(&self, account: &AccountId, key: &ApiKey) -> Result<(), VaultError> {
        self.remember(account, key);
        self.vault.write(&item(account), SecretString::from(key.expose().to_owned())).await
    }

    /// Keeps a key in memory only.
    pub(super) fn remember(&self, account: &AccountId, key: &ApiKey) {
        self.lock().insert(account.clone(), key.clone());
    }

    /// Forgets a key everywhere.
    pub(super) async fn delete(&self, account: &AccountId) -> Result<(), VaultError> {
        self.lock().remove(account);
        self.vault.delete(&item(account)).await
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, ApiKey>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
