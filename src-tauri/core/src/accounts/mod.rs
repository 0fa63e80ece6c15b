//! Accounts: whose memories, with which key, at Jean Memory or in the sandbox.
//!
//! Everything that goes upstream goes through here, so that a refused key is noticed, marked and no longer
//! used whoever ran into it.

mod add;
mod error;
mod examine;
mod keys;
mod lent;
mod rename;
mod replace;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use serde_json::{Map, Value};
use tokio::sync::{OnceCell, broadcast, watch};

pub use add::CheckedKey;
pub use error::{AccountError, AddAccountError, RenameAccountError, ReplaceKeyError};
pub use examine::KeyStanding;
use keys::Keys;
pub use keys::keychain_item;

use crate::api_key::ApiKey;
use crate::ids::{AccountId, UserId};
use crate::store::{AccountRecord, Store, StoreError};
use crate::upstream::{Credential, MayLeave, ToolReply, Upstream, UpstreamError};
use crate::vault::Vault;
use crate::view::{AccountKind, AccountView, KeyState};

/// Changes that a slow listener may be behind.
const MOST_CHANGES: usize = 64;

/// Whether Jean Memory answered at the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reachability {
    /// It answered, or was never asked.
    Online,
    /// It did not.
    Offline,
}

/// Where accounts live.
pub struct Backends {
    /// Jean Memory.
    pub remote: Upstream,
    /// The built-in stand-in.
    pub sandbox: Upstream,
    /// Gives the key of the stand-in's one person.
    pub sandbox_key: Box<dyn Fn() -> Option<ApiKey> + Send + Sync>,
    /// Whether the verified user id is sent as `x-user-id` too.
    pub identity_headers: bool,
}

/// All accounts. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: Store,
    keys: Keys,
    backends: Backends,
    /// Accounts of clients that bring their own key, in memory only.
    lent: lent::Lent,
    /// The account list, read once.
    list: OnceCell<RwLock<HashMap<AccountId, AccountRecord>>>,
    /// Held from reading an account to writing it back, so that no change undoes another.
    writing: tokio::sync::Mutex<()>,
    list_changes: watch::Sender<u64>,
    rejections: broadcast::Sender<AccountRecord>,
    reachability: watch::Sender<Reachability>,
    /// Accounts with another key, for whoever caches what a key gives.
    changes: broadcast::Sender<AccountId>,
}

impl Accounts {
    /// The accounts of `store`, with their keys in `vault`.
    #[must_use]
    pub fn new(store: Store, vault: Vault, backends: Backends) -> Self {
        Self(Arc::new(Inner {
            store,
            keys: Keys::new(vault),
            backends,
            lent: lent::Lent::default(),
            list: OnceCell::new(),
            writing: tokio::sync::Mutex::default(),
            list_changes: watch::Sender::default(),
            rejections: broadcast::Sender::new(MOST_CHANGES),
            reachability: watch::Sender::new(Reachability::Online),
            changes: broadcast::Sender::new(MOST_CHANGES),
        }))
    }

    /// Every account, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<AccountRecord>, StoreError> {
        let list = self.list().await?.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = list.values().cloned().collect();
        all.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(all)
    }

    /// The account of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError> {
        Ok(self.list().await?.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
    }

    /// The tools that the account's key gives, as Jean Memory lists them.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn list_tools(&self, id: &AccountId) -> Result<Vec<Map<String, Value>>, AccountError> {
        let way = self.reach(id).await?;
        let listed = way.upstream.list_tools(&way.credential).await;
        self.noted(id, &way, listed).await
    }

    /// Calls a tool with the account's key.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn call_tool(
        &self,
        id: &AccountId,
        name: &str,
        arguments: Map<String, Value>,
        may_leave: MayLeave<'_>,
    ) -> Result<ToolReply, AccountError> {
        let way = self.reach(id).await?;
        let called = way.upstream.call_tool(&way.credential, name, arguments, may_leave).await;
        self.noted(id, &way, called).await
    }

    /// Whether Jean Memory answered at the last attempt, and every change of it.
    #[must_use]
    pub fn reachability(&self) -> watch::Receiver<Reachability> {
        self.0.reachability.subscribe()
    }

    /// Asks whether Jean Memory is back, if it was not there at the last attempt.
    pub async fn look_again(&self) {
        if *self.0.reachability.borrow() == Reachability::Offline {
            let health = self.0.backends.remote.health().await;
            self.note_reachability(health.as_ref().err());
        }
    }

    /// The host of Jean Memory; none where the sandbox answers for every account.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.backends.remote.host()
    }

    /// Whether Jean Memory answers now, and what its clock says.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn health(&self) -> Result<Option<SystemTime>, UpstreamError> {
        let health = self.0.backends.remote.health().await;
        self.note_reachability(health.as_ref().err());
        health
    }

    /// Every account from now on that gets another key or is removed.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<AccountId> {
        self.0.changes.subscribe()
    }

    /// Grows when an account was added, changed or removed.
    #[must_use]
    pub fn list_changes(&self) -> watch::Receiver<u64> {
        self.0.list_changes.subscribe()
    }

    /// Every account from now on whose key turns out to be refused, once each time.
    #[must_use]
    pub fn rejections(&self) -> broadcast::Receiver<AccountRecord> {
        self.0.rejections.subscribe()
    }

    /// How many keys the keychain did not take, so that they live in memory until the bridge ends.
    #[must_use]
    pub fn unsaved(&self) -> usize {
        self.0.keys.count_unsaved()
    }

    /// Follows which keys those are.
    #[must_use]
    pub fn unsaved_changes(&self) -> watch::Receiver<HashSet<AccountId>> {
        self.0.keys.unsaved_changes()
    }

    /// Waits until there is one.
    pub async fn some_unsaved(&self) {
        self.0.keys.some_unsaved().await;
    }

    /// Brings those keys into the keychain, if it takes them now.
    pub async fn save_unsaved(&self) {
        self.0.keys.save_unsaved().await;
    }

    /// Whether the account would be there again after the next start: its key is in the environment.
    #[must_use]
    pub fn comes_back(&self, account: &AccountRecord) -> bool {
        account.kind == AccountKind::Environment && self.0.keys.knows(&account.id)
    }

    /// Forgets an account and its key. Its grants are the caller's business.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was forgotten.
    pub async fn remove(&self, id: &AccountId) -> Result<bool, StoreError> {
        {
            let _turn = self.0.writing.lock().await;
            if !self.forget(id).await? {
                return Ok(false);
            }
        }
        // Out of turn, because the keychain may show a prompt.
        if let Err(error) = self.0.keys.delete(id).await {
            tracing::warn!(account = %id, %error, "the key of a removed account is still in the keychain");
        }
        Ok(true)
    }

    /// Takes an account off the list, and its key out of memory. Only while [`Inner::writing`] is held.
    async fn forget(&self, id: &AccountId) -> Result<bool, StoreError> {
        if self.get(id).await?.is_none() {
            return Ok(false);
        }
        self.0.store.delete_account(id).await?;
        self.list().await?.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.0.keys.restore(id, None);
        self.0.list_changes.send_modify(|count| *count += 1);
        self.changed(id);
        Ok(true)
    }

    /// The upstream and what it is shown for this account.
    async fn reach(&self, id: &AccountId) -> Result<Way, AccountError> {
        if let Some(key) = self.0.lent.key(id) {
            return Ok(Way::new(self, Credential { key, identity: None }));
        }
        let account = self.get(id).await?.ok_or(AccountError::Unknown)?;
        // upstream-api.md 14.5: a refused key is not used again.
        if account.state == KeyState::Rejected {
            return Err(AccountError::KeyRejected);
        }
        let key = match account.kind {
            AccountKind::Sandbox => (self.0.backends.sandbox_key)(),
            // Another key than last time: whose it is must be known before anybody's memories are read with it.
            AccountKind::Key | AccountKind::Environment
                if account.state == KeyState::Unchecked && !account.user_id.is_empty() =>
            {
                None
            }
            AccountKind::Key | AccountKind::Environment => self.0.keys.get(id).await?,
        };
        let verified = account.state == KeyState::Ok && !account.user_id.is_empty();
        let identity = (self.0.backends.identity_headers && verified).then(|| UserId::new(account.user_id));
        Ok(Way::new(self, Credential { key: key.ok_or(AccountError::NoKey)?, identity }))
    }

    fn upstream_of(&self, key: &ApiKey) -> Upstream {
        if key.is_sandbox() { self.0.backends.sandbox.clone() } else { self.0.backends.remote.clone() }
    }

    async fn key(&self, id: &AccountId) -> Option<ApiKey> {
        self.0.keys.get(id).await.unwrap_or_else(|error| {
            tracing::warn!(account = %id, %error, "the keychain did not give a key");
            None
        })
    }

    /// Remembers what an attempt tells about the key and about Jean Memory.
    async fn noted<T>(
        &self,
        id: &AccountId,
        way: &Way,
        result: Result<T, UpstreamError>,
    ) -> Result<T, AccountError> {
        if !way.is_sandbox {
            self.note_reachability(result.as_ref().err());
        }
        match result {
            Ok(value) => Ok(value),
            Err(UpstreamError::KeyRejected) => {
                if let Err(error) = self.reject(id, &way.credential.key).await {
                    tracing::error!(account = %id, %error, "a refused key could not be marked");
                }
                Err(AccountError::KeyRejected)
            }
            Err(error) => Err(AccountError::Upstream(error)),
        }
    }

    fn note_reachability(&self, error: Option<&UpstreamError>) {
        if error.is_some_and(UpstreamError::is_our_own) {
            return;
        }
        let offline = error.is_some_and(UpstreamError::is_outage);
        let now = if offline { Reachability::Offline } else { Reachability::Online };
        self.0.reachability.send_if_modified(|last| std::mem::replace(last, now) != now);
    }

    /// Marks the account of a refused key, unless it has another key by now: calls with the old one may
    /// still be under way when a person enters a new one.
    async fn reject(&self, id: &AccountId, key: &ApiKey) -> Result<(), StoreError> {
        if self.0.lent.take_back(id) {
            return Ok(());
        }
        let _turn = self.0.writing.lock().await;
        match self.get(id).await? {
            Some(account) if account.state != KeyState::Rejected && self.0.keys.is_current(id, key) => {
                self.save(AccountRecord { state: KeyState::Rejected, ..account }).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Only while [`Inner::writing`] is held, unless the account is new.
    async fn save(&self, account: AccountRecord) -> Result<(), StoreError> {
        self.0.store.save_account(account.clone()).await?;
        let before = {
            let mut list = self.list().await?.write().unwrap_or_else(PoisonError::into_inner);
            list.insert(account.id.clone(), account.clone())
        };
        self.0.list_changes.send_modify(|count| *count += 1);
        let was_rejected = before.is_some_and(|before| before.state == KeyState::Rejected);
        if account.state == KeyState::Rejected && !was_rejected {
            tracing::warn!(account = %account.id, "Jean Memory does not accept the key of an account any more");
            // Nobody may be listening.
            let _ = self.0.rejections.send(account);
        }
        Ok(())
    }

    fn changed(&self, id: &AccountId) {
        // Nobody may be listening.
        let _ = self.0.changes.send(id.clone());
    }

    async fn list(&self) -> Result<&RwLock<HashMap<AccountId, AccountRecord>>, StoreError> {
        self.0
            .list
            .get_or_try_init(|| async {
                let all = self.0.store.accounts().await?;
                Ok(RwLock::new(all.into_iter().map(|account| (account.id.clone(), account)).collect()))
            })
            .await
    }
}

/// How an account's calls travel.
struct Way {
    upstream: Upstream,
    is_sandbox: bool,
    credential: Credential,
}

impl Way {
    fn new(accounts: &Accounts, credential: Credential) -> Self {
        let is_sandbox = credential.key.is_sandbox();
        Self { upstream: accounts.upstream_of(&credential.key), is_sandbox, credential }
    }
}

/// `sub` of an account's tokens: its user id, or its own id while the key was never checked.
#[must_use]
pub fn subject(account: &AccountRecord) -> UserId {
    if account.user_id.is_empty() {
        UserId::new(account.id.as_str())
    } else {
        UserId::new(account.user_id.as_str())
    }
}

impl From<AccountRecord> for AccountView {
    fn from(account: AccountRecord) -> Self {
        Self {
            id: account.id,
            label: account.label,
            user_id: account.user_id,
            key_hint: account.key_hint,
            kind: account.kind,
            state: account.state,
        }
    }
}

fn new_account(kind: AccountKind, label: &str, key: &ApiKey, now: SystemTime) -> AccountRecord {
    AccountRecord {
        id: AccountId::random(),
        user_id: String::new(),
        label: label.to_owned(),
        key_hint: key.hint(),
        kind,
        state: KeyState::Unchecked,
        created_at: now,
    }
}
