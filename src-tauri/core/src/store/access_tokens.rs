//! Access tokens by their `jti`: the row is what makes revocation immediate (protocol.md 4.19).

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::{seconds, time};
use super::{GrantRecord, Store, StoreError, grant_rows};
use crate::ids::{GrantId, Jti};
use crate::scope::Scopes;

/// An access token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenRecord {
    /// Its id.
    pub jti: Jti,
    /// What it is part of.
    pub grant_id: GrantId,
    /// What it may do: at most what the grant may.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: SystemTime,
}

pub(super) fn insert(db: &Connection, token: &AccessTokenRecord) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO access_tokens (jti, grant_id, scopes, expires_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        token.jti.as_str(),
        token.grant_id.as_str(),
        token.scopes.to_string(),
        seconds(token.expires_at)
    ])
    .map(drop)
}

impl Store {
    /// The token of that id with its grant, while both are alive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn access_token(
        &self,
        jti: &Jti,
        now: SystemTime,
    ) -> Result<Option<(AccessTokenRecord, GrantRecord)>, StoreError> {
        let jti = jti.clone();
        self.run(move |db| {
            db.prepare_cached(&format!(
                "SELECT {}, access_tokens.scopes, expires_at FROM access_tokens JOIN grants ON grants.id = grant_id
                 WHERE jti = ?1 AND expires_at > ?2 AND revoked_at IS NULL",
                grant_rows::COLUMNS
            ))?
            .query_row(params![jti.as_str(), seconds(now)], |row| {
                let grant = grant_rows::from_row(row)?;
                let token = AccessTokenRecord {
                    jti: jti.clone(),
                    grant_id: grant.id.clone(),
                    scopes: Scopes::parse(&row.get::<_, String>(11)?),
                    expires_at: time(row.get(12)?),
                };
                Ok((token, grant))
            })
            .optional()
        })
        .await
    }

    /// Ends one access token and nothing else (protocol.md 5.3); true if there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_access_token(&self, jti: &Jti) -> Result<bool, StoreError> {
        let jti = jti.clone();
        let forget = "DELETE FROM access_tokens WHERE jti = ?1";
        self.run(move |db| Ok(db.execute(forget, [jti.as_str()])? > 0)).await
    }

    /// Forgets tokens that ended by themselves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_expired_tokens(&self, now: SystemTime) -> Result<usize, StoreError> {
        let access = self.forget("access_tokens", "jti", "expires_at <= ?1", seconds(now)).await?;
        let refresh = self.forget("refresh_tokens", "digest", "expires_at <= ?1", seconds(now)).await?;
        Ok(access + refresh)
    }
}
