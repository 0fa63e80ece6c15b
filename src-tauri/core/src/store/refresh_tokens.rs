//! Refresh tokens as digests, each with its predecessor. What a presented token may lead to is decided by
//! the caller and written in the same step, so that no two requests ever see the same token unspent.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::{seconds, time};
use super::{AccessTokenRecord, GrantRecord, Store, StoreError, access_tokens, grant_rows};
use crate::ids::GrantId;
use crate::secret::Digest;

/// A refresh token about to be handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedRefresh {
    /// What is stored of it.
    pub digest: Digest,
    /// When it was made.
    pub issued_at: SystemTime,
    /// When it ends if it is not used.
    pub expires_at: SystemTime,
}

/// A refresh token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshRecord {
    /// What it is part of.
    pub grant_id: GrantId,
    /// When it ends.
    pub expires_at: SystemTime,
    /// When it was exchanged for its successor.
    pub spent_at: Option<SystemTime>,
    /// What its successor was made with, besides the token itself.
    pub nonce: Option<Nonce>,
}

/// Random; together with a spent token it gives the successor again, alone it gives nothing.
pub type Nonce = [u8; 32];

/// All that a decision about a presented refresh token needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshStanding {
    /// The token.
    pub token: RefreshRecord,
    /// Its grant, which is alive.
    pub grant: GrantRecord,
    /// Whether its successor was used.
    pub successor_used: bool,
}

/// What to write after the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshChange {
    /// The presented token is spent; these follow.
    Rotate {
        /// The new access token.
        access: AccessTokenRecord,
        /// The successor.
        refresh: IssuedRefresh,
        /// What it was made with.
        nonce: Nonce,
    },
    /// The presented token stays spent and keeps its successor; this is one more access token.
    Repeat {
        /// The new access token.
        access: AccessTokenRecord,
    },
    /// The grant ends, with all its tokens.
    RevokeGrant,
    /// Nothing changes.
    Nothing,
}

pub(super) fn insert(
    db: &Connection,
    grant: &GrantId,
    parent: Option<&Digest>,
    token: &IssuedRefresh,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO refresh_tokens (digest, grant_id, parent, issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        token.digest.as_bytes(),
        grant.as_str(),
        parent.map(Digest::as_bytes),
        seconds(token.issued_at),
        seconds(token.expires_at),
    ])
    .map(drop)
}

fn standing(db: &Connection, digest: &Digest) -> rusqlite::Result<Option<RefreshStanding>> {
    db.prepare_cached(&format!(
        "SELECT {}, refresh_tokens.expires_at, refresh_tokens.spent_at, refresh_tokens.nonce,
                (SELECT count(*) FROM refresh_tokens AS next
                 WHERE next.parent = refresh_tokens.digest AND next.spent_at IS NOT NULL)
         FROM refresh_tokens JOIN grants ON grants.id = grant_id
         WHERE digest = ?1 AND revoked_at IS NULL",
        grant_rows::COLUMNS
    ))?
    .query_row([digest.as_bytes()], |row| {
        let grant = grant_rows::from_row(row)?;
        let token = RefreshRecord {
            grant_id: grant.id.clone(),
            expires_at: time(row.get(11)?),
            spent_at: row.get::<_, Option<i64>>(12)?.map(time),
            nonce: row.get(13)?,
        };
        Ok(RefreshStanding { token, grant, successor_used: row.get::<_, u32>(14)? > 0 })
    })
    .optional()
}

impl Store {
    /// The standing of a refresh token whose grant is alive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refresh_token(&self, digest: Digest) -> Result<Option<RefreshStanding>, StoreError> {
        self.run(move |db| standing(db, &digest)).await
    }

    /// Reads the standing of a presented refresh token, lets `decide` choose, and writes the choice, all as
    /// one step that is on the disk before this returns (protocol.md 4.13).
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn redeem_refresh<T, F>(
        &self,
        digest: Digest,
        now: SystemTime,
        decide: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(Option<&RefreshStanding>) -> (RefreshChange, T) + Send + 'static,
    {
        self.run(move |db| {
            let found = standing(db, &digest)?;
            let (change, told) = decide(found.as_ref());
            match (change, found) {
                (RefreshChange::Rotate { access, refresh, nonce }, Some(found)) => {
                    let transaction = db.transaction()?;
                    transaction
                        .prepare_cached(
                            "UPDATE refresh_tokens SET spent_at = ?2, nonce = ?3 WHERE digest = ?1 AND spent_at IS NULL",
                        )?
                        .execute(params![digest.as_bytes(), seconds(now), nonce])?;
                    insert(&transaction, &found.grant.id, Some(&digest), &refresh)?;
                    access_tokens::insert(&transaction, &access)?;
                    transaction.commit()?;
                }
                (RefreshChange::Repeat { access }, Some(_)) => access_tokens::insert(db, &access)?,
                (RefreshChange::RevokeGrant, Some(found)) => {
                    grant_rows::revoke_one(db, &found.grant.id, now)?;
                }
                (RefreshChange::Nothing, _) | (_, None) => {}
            }
            Ok(told)
        })
        .await
    }
}
