//! Adding accounts: a pasted key, the sandbox, the environment.

use std::time::SystemTime;

use super::{Accounts, AddAccountError, new_account};
use crate::api_key::ApiKey;
use crate::ids::{AccountId, UserId};
use crate::store::{AccountRecord, StoreError};
use crate::unbroken::unbroken;
use crate::upstream::Verdict;
use crate::view::{AccountKind, KeyState};

/// A key that Jean Memory was asked about, and that is not kept yet.
#[derive(Debug)]
pub struct CheckedKey(pub(super) Checked);

#[derive(Debug)]
pub(super) enum Checked {
    /// The key of the built-in stand-in.
    Sandbox,
    /// A key of Jean Memory, and what it said.
    Key { key: ApiKey, user_id: Option<UserId>, state: KeyState },
}

/// What the sandbox's account is called.
const SANDBOX_LABEL: &str = "Sandbox";
/// What an account from the environment is called.
const ENVIRONMENT_LABEL: &str = "Environment";
/// What the first account is called; later ones are numbered.
const LABEL: &str = "Personal";

impl Accounts {
    /// Checks a key with Jean Memory and keeps it. A second key of the same person replaces the first
    /// (upstream-api.md 7), and the clients of that account go on.
    ///
    /// # Errors
    /// [`AddAccountError`]; a key that could not be checked is kept all the same if `save_unchecked`.
    pub async fn add_key(
        &self,
        key: ApiKey,
        save_unchecked: bool,
        now: SystemTime,
    ) -> Result<AccountRecord, AddAccountError> {
        let checked = self.check_key(key, save_unchecked).await?;
        let accounts = self.clone();
        unbroken(async move {
            let account = accounts.keep(checked, now).await?;
            accounts.save_key(&account.id).await;
            Ok(account)
        })
        .await
    }

    /// Asks Jean Memory about a key. Keeps nothing, and may be dropped at any time.
    ///
    /// # Errors
    /// [`AddAccountError`]; a key that could not be checked is good enough if `save_unchecked`.
    pub async fn check_key(&self, key: ApiKey, save_unchecked: bool) -> Result<CheckedKey, AddAccountError> {
        if key.is_sandbox() {
            return match (self.0.backends.sandbox_key)() {
                Some(own) if own.digest() == key.digest() => Ok(CheckedKey(Checked::Sandbox)),
                Some(_) | None => Err(AddAccountError::Rejected),
            };
        }
        let (user_id, state) = match self.0.backends.remote.verify_key(&key).await {
            Verdict::Accepted { user_id } => (user_id, KeyState::Ok),
            Verdict::Rejected => return Err(AddAccountError::Rejected),
            Verdict::CouldNotCheck(_) if save_unchecked => (None, KeyState::Unchecked),
            Verdict::CouldNotCheck(error) => return Err(AddAccountError::CouldNotCheck(error)),
        };
        Ok(CheckedKey(Checked::Key { key, user_id, state }))
    }

    /// Keeps a key with its account, a known one or a new one, in memory: [`Accounts::save_key`] comes next. Is
    /// to run to its end.
    ///
    /// # Errors
    /// [`AddAccountError`]; then nothing was kept.
    pub async fn keep(&self, checked: CheckedKey, now: SystemTime) -> Result<AccountRecord, AddAccountError> {
        let Checked::Key { key, user_id, state } = checked.0 else {
            return self.add_sandbox(now).await;
        };
        let _turn = self.0.writing.lock().await;
        let account = self.account_for(&key, user_id, now).await?;
        let account = AccountRecord { state, key_hint: key.hint(), ..account };
        self.give_key(account.clone(), &key).await?;
        Ok(account)
    }

    /// Brings an account's key into the keychain. What it does not take lives in memory until the bridge ends, and
    /// is among [`Accounts::unsaved`]. A key from the environment stays there: whoever takes it away means it.
    pub async fn save_key(&self, id: &AccountId) {
        let account = self.get(id).await.ok().flatten();
        if account.is_some_and(|account| account.kind == AccountKind::Environment) {
            return;
        }
        if let Err(error) = self.0.keys.save(id).await {
            tracing::warn!(account = %id, %error, "the key lives in memory only");
        }
    }

    /// The account of the built-in stand-in, made at its first use.
    ///
    /// # Errors
    /// [`AddAccountError`].
    pub async fn add_sandbox(&self, now: SystemTime) -> Result<AccountRecord, AddAccountError> {
        let _turn = self.0.writing.lock().await;
        let known = self.all().await?.into_iter().find(|account| account.kind == AccountKind::Sandbox);
        if let Some(account) = known {
            return Ok(account);
        }
        let key = (self.0.backends.sandbox_key)().ok_or(AddAccountError::Sandbox)?;
        let Verdict::Accepted { user_id } = self.0.backends.sandbox.verify_key(&key).await else {
            return Err(AddAccountError::Sandbox);
        };
        let account = AccountRecord {
            user_id: user_id.map(|id| id.as_str().to_owned()).unwrap_or_default(),
            state: KeyState::Ok,
            ..new_account(AccountKind::Sandbox, SANDBOX_LABEL, &key, now)
        };
        self.save(account.clone()).await?;
        Ok(account)
    }

    /// The account of `JEAN_BRIDGE_API_KEY`: kept in memory only, checked in the background.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_environment(&self, key: ApiKey, now: SystemTime) -> Result<(), StoreError> {
        let _turn = self.0.writing.lock().await;
        let known = self.all().await?.into_iter().find(|account| account.kind == AccountKind::Environment);
        let account = match known {
            // A key that was refused before may have been replaced by another.
            Some(account) if account.key_hint == key.hint() && account.state == KeyState::Ok => account,
            Some(account) => AccountRecord { key_hint: key.hint(), state: KeyState::Unchecked, ..account },
            None => new_account(AccountKind::Environment, ENVIRONMENT_LABEL, &key, now),
        };
        self.0.keys.remember(&account.id, &key);
        self.save(account).await
    }

    /// Asks Jean Memory about every key that could not be checked when it was added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check_unchecked(&self) -> Result<(), StoreError> {
        for account in self.all().await? {
            if account.state != KeyState::Unchecked {
                continue;
            }
            let Some(key) = self.key(&account.id).await else { continue };
            let verdict = self.0.backends.remote.verify_key(&key).await;
            self.note_verdict(account, &key, verdict).await?;
        }
        Ok(())
    }

    /// Remembers what Jean Memory says of the key that an account has. To its end, whoever stops waiting for it: it may
    /// take an account away and put another in its place.
    pub(super) async fn note_verdict(
        &self,
        account: AccountRecord,
        key: &ApiKey,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        let (accounts, key) = (self.clone(), key.clone());
        unbroken(async move { accounts.take_verdict(account, &key, verdict).await }).await
    }

    async fn take_verdict(
        &self,
        account: AccountRecord,
        key: &ApiKey,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        // It may have been removed, or given another key, while Jean Memory was asked.
        let _turn = self.0.writing.lock().await;
        if !self.0.keys.is_current(&account.id, key)
            || self.get(&account.id).await?.as_ref() != Some(&account)
        {
            return Ok(());
        }
        match verdict {
            Verdict::Accepted { user_id: Some(owner) }
                if !account.user_id.is_empty() && account.user_id != owner.as_str() =>
            {
                match account.kind {
                    // A person gave it to this account, and it does not fit: they are to give another.
                    AccountKind::Key => {
                        self.save(AccountRecord { state: KeyState::Rejected, ..account }).await
                    }
                    AccountKind::Environment | AccountKind::Sandbox => {
                        self.hand_over(account, key, owner).await
                    }
                }
            }
            Verdict::Accepted { user_id } => {
                let user_id = user_id.map_or(account.user_id.clone(), |id| id.as_str().to_owned());
                self.save(AccountRecord { user_id, state: KeyState::Ok, ..account }).await
            }
            Verdict::Rejected => self.save(AccountRecord { state: KeyState::Rejected, ..account }).await,
            Verdict::CouldNotCheck(_) => Ok(()),
        }
    }

    /// The key turned out to be another person's: it gets an account of its own, and what was allowed for the
    /// old one finds nothing any more (protocol.md 4.18).
    async fn hand_over(&self, old: AccountRecord, key: &ApiKey, owner: UserId) -> Result<(), StoreError> {
        let new = AccountRecord {
            id: AccountId::random(),
            user_id: owner.as_str().to_owned(),
            state: KeyState::Ok,
            ..old.clone()
        };
        self.0.keys.remember(&new.id, key);
        // The key of the environment is in no keychain.
        self.forget(&old.id).await?;
        self.save(new).await
    }

    /// The account that this key belongs to, or a new one.
    async fn account_for(
        &self,
        key: &ApiKey,
        user_id: Option<UserId>,
        now: SystemTime,
    ) -> Result<AccountRecord, StoreError> {
        let all = self.all().await?;
        let keyed = || all.iter().filter(|account| account.kind == AccountKind::Key);
        let same_person =
            keyed().find(|account| user_id.as_ref().is_some_and(|id| id.as_str() == account.user_id));
        if let Some(account) = same_person {
            return Ok(account.clone());
        }
        let label = match keyed().count() {
            0 => LABEL.to_owned(),
            others => format!("{LABEL} {}", others + 1),
        };
        let user_id = user_id.map(|id| id.as_str().to_owned()).unwrap_or_default();
        Ok(AccountRecord { user_id, ..new_account(AccountKind::Key, &label, key, now) })
    }

    /// The account as it is from now on, with its key.
    pub(super) async fn give_key(&self, account: AccountRecord, key: &ApiKey) -> Result<(), StoreError> {
        // In memory first, so that a call on its way with the old key cannot mark the new one as refused;
        // the row before the keychain, where a key without an account would never be found again.
        let id = account.id.clone();
        let before = self.0.keys.remember(&id, key);
        if let Err(error) = self.save(account).await {
            self.0.keys.restore(&id, before);
            return Err(error);
        }
        self.changed(&id);
        Ok(())
    }
}
