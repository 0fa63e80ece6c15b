//! Keys that clients bring with each request: held in memory for their calls, never kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Accounts, AddAccountError};
use crate::api_key::ApiKey;
use crate::ids::{AccountId, UserId};
use crate::upstream::Verdict;

/// Such clients at once; beyond this the newest waits for a restart of another.
const MOST: usize = 256;

#[derive(Default)]
pub(super) struct Lent(Mutex<HashMap<AccountId, ApiKey>>);

impl Lent {
    pub(super) fn key(&self, id: &AccountId) -> Option<ApiKey> {
        self.lock().get(id).cloned()
    }

    /// No longer held; true if it was.
    pub(super) fn take_back(&self, id: &AccountId) -> bool {
        self.lock().remove(id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, ApiKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    /// The id under which calls with a lent key go; the key cannot be told from it.
    #[must_use]
    pub fn lent_account(key: &ApiKey) -> AccountId {
        AccountId::new(format!("key:{}", key.digest().short_hex()))
    }

    /// Whether a key is held under this id: none that Jean Memory refused in the meantime is.
    #[must_use]
    pub fn is_lent(&self, id: &AccountId) -> bool {
        self.0.lent.key(id).is_some()
    }

    /// Holds a key for the calls of its client.
    pub fn lend(&self, id: &AccountId, key: &ApiKey) {
        let mut lent = self.0.lent.lock();
        if lent.len() < MOST {
            lent.insert(id.clone(), key.clone());
        }
    }

    /// Holds a key no longer: whoever brings it next is asked about anew.
    pub fn take_back_lent(&self, id: &AccountId) {
        self.0.lent.take_back(id);
    }

    /// Whose key this is.
    ///
    /// # Errors
    /// [`AddAccountError`].
    pub async fn owner_of(&self, key: &ApiKey) -> Result<UserId, AddAccountError> {
        match self.upstream_of(key).verify_key(key).await {
            Verdict::Accepted { user_id: Some(user_id) } => Ok(user_id),
            // Without knowing whose it is, it cannot be said to belong to the user of the address.
            Verdict::Accepted { user_id: None } | Verdict::Rejected => Err(AddAccountError::Rejected),
            Verdict::CouldNotCheck(error) => Err(AddAccountError::CouldNotCheck(error)),
        }
    }
}
