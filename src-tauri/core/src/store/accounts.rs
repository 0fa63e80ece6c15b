//! Accounts, without their keys: those are in the vault.

use std::time::SystemTime;

use rusqlite::{Connection, Row, params};

use super::rows::{Word, seconds, time};
use super::{Store, StoreError};
use crate::ids::AccountId;
use crate::view::{AccountKind, KeyState};

impl Word for AccountKind {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Key, "key"), (Self::Sandbox, "sandbox"), (Self::Environment, "environment")];
}

impl Word for KeyState {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Ok, "ok"), (Self::Rejected, "rejected"), (Self::Unchecked, "unchecked")];
}

/// An account as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecord {
    /// Its id here; also the name of its key in the vault.
    pub id: AccountId,
    /// The id at Jean Memory; empty while the key was never checked.
    pub user_id: String,
    /// The person's name for it.
    pub label: String,
    /// `…f3Qa`.
    pub key_hint: String,
    /// Where its key comes from.
    pub kind: AccountKind,
    /// What is known of its key.
    pub state: KeyState,
    /// When it was added.
    pub created_at: SystemTime,
}

const COLUMNS: &str = "id, user_id, label, key_hint, kind, state, created_at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<AccountRecord> {
    Ok(AccountRecord {
        id: AccountId::new(row.get::<_, String>(0)?),
        user_id: row.get(1)?,
        label: row.get(2)?,
        key_hint: row.get(3)?,
        kind: AccountKind::from_word(&row.get::<_, String>(4)?)?,
        state: KeyState::from_word(&row.get::<_, String>(5)?)?,
        created_at: time(row.get(6)?),
    })
}

/// Every account, oldest first.
pub(super) fn read_accounts(db: &Connection) -> rusqlite::Result<Vec<AccountRecord>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM accounts ORDER BY created_at, id"))?
        .query_map([], from_row)?
        .collect()
}

impl Store {
    /// Stores an account, or what is now known of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_account(&self, account: AccountRecord) -> Result<(), StoreError> {
        self.run(move |db| {
            db.execute(
                "INSERT INTO accounts (id, user_id, label, key_hint, kind, state, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (id) DO UPDATE SET user_id = ?2, label = ?3, key_hint = ?4, kind = ?5, state = ?6",
                params![
                    account.id.as_str(),
                    account.user_id,
                    account.label,
                    account.key_hint,
                    account.kind.word(),
                    account.state.word(),
                    seconds(account.created_at),
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// Every account, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self) -> Result<Vec<AccountRecord>, StoreError> {
        self.run(|db| read_accounts(db)).await
    }

    /// Forgets an account; its grants are the caller's business.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_account(&self, id: &AccountId) -> Result<(), StoreError> {
        let id = id.clone();
        self.run(move |db| db.execute("DELETE FROM accounts WHERE id = ?1", [id.as_str()]).map(drop)).await
    }
}
