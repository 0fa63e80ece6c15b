//! How a grant is written in the database, and how it ends there with its tokens.

use std::time::SystemTime;

use rusqlite::{Connection, Row, params};

use super::rows::{Word, seconds, time};
use crate::ids::{AccountId, ClientId, GrantId, UserId};
use crate::scope::Scopes;
use crate::view::Via;

impl Word for Via {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Oauth, "oauth"), (Self::Stdio, "stdio"), (Self::ApiKey, "api_key")];
}

/// A grant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// Its id.
    pub id: GrantId,
    /// Who was allowed.
    pub client_id: ClientId,
    /// The name that was shown when it was allowed.
    pub client_name: String,
    /// Whose memories.
    pub account_id: AccountId,
    /// `sub` of its tokens.
    pub subject: UserId,
    /// What was allowed.
    pub scopes: Scopes,
    /// How the client reaches the bridge.
    pub via: Via,
    /// Where the answer went; consent is per client and redirect host (protocol.md 9.12).
    pub redirect_host: String,
    /// When a person allowed it.
    pub created_at: SystemTime,
    /// When it was last used.
    pub last_used_at: Option<SystemTime>,
    /// Tool calls so far.
    pub calls: u64,
}

/// In the order of [`from_row`].
pub(super) const COLUMNS: &str = "grants.id, client_id, client_name, account_id, subject, grants.scopes, via, \
     redirect_host, created_at, last_used_at, calls";

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<GrantRecord> {
    Ok(GrantRecord {
        id: GrantId::new(row.get::<_, String>(0)?),
        client_id: ClientId::new(row.get::<_, String>(1)?),
        client_name: row.get(2)?,
        account_id: AccountId::new(row.get::<_, String>(3)?),
        subject: UserId::new(row.get::<_, String>(4)?),
        scopes: Scopes::parse(&row.get::<_, String>(5)?),
        via: Via::from_word(&row.get::<_, String>(6)?)?,
        redirect_host: row.get(7)?,
        created_at: time(row.get(8)?),
        last_used_at: row.get::<_, Option<i64>>(9)?.map(time),
        calls: row.get(10)?,
    })
}

/// Ends the grants that `condition` selects and removes their tokens.
pub(super) fn revoke(
    db: &mut Connection,
    condition: &str,
    value: &str,
    now: SystemTime,
) -> rusqlite::Result<Vec<GrantId>> {
    let transaction = db.transaction()?;
    let ids: Vec<String> = transaction
        .prepare_cached(&format!("SELECT id FROM grants WHERE {condition} = ?1 AND revoked_at IS NULL"))?
        .query_map([value], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        transaction
            .prepare_cached("UPDATE grants SET revoked_at = ?2 WHERE id = ?1")?
            .execute(params![id, seconds(now)])?;
        for table in ["access_tokens", "refresh_tokens"] {
            transaction.prepare_cached(&format!("DELETE FROM {table} WHERE grant_id = ?1"))?.execute([id])?;
        }
    }
    transaction.commit()?;
    Ok(ids.into_iter().map(GrantId::new).collect())
}

pub(super) fn revoke_one(db: &mut Connection, id: &GrantId, now: SystemTime) -> rusqlite::Result<bool> {
    Ok(!revoke(db, "id", id.as_str(), now)?.is_empty())
}
