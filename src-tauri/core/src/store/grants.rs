//! Grants: which client may do what with which account. A revoked grant stays as a memory that the
//! client was allowed before; its tokens go at once.

use std::collections::HashMap;
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::grant_rows::{COLUMNS, GrantRecord, from_row, revoke, revoke_one};
use super::rows::{Word as _, seconds, time};
use super::{AccessTokenRecord, IssuedRefresh, Store, StoreError, access_tokens, refresh_tokens};
use crate::ids::{AccountId, ClientId, GrantId};

/// Use of a grant since it was last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantUse {
    /// Which grant.
    pub id: GrantId,
    /// The latest use.
    pub last_used_at: SystemTime,
    /// Tool calls since.
    pub calls: u64,
}

/// Whose grants are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of every client.
    Everybody,
    /// Of the client of this id, and of those that bore this name when they were allowed something that is alive.
    Called(String),
}

impl Whose {
    /// The statement for it, and its parameter.
    pub(super) fn query(self) -> (String, Option<String>) {
        match self {
            // All of them are read: from the table itself that is quicker than by way of an index.
            Self::Everybody => (format!("SELECT {COLUMNS} FROM grants WHERE +revoked_at IS NULL"), None),
            Self::Called(called) => (
                format!(
                    "SELECT {COLUMNS} FROM grants WHERE revoked_at IS NULL AND client_id IN
                     (SELECT ?1 UNION SELECT client_id FROM grants WHERE client_name = ?1 AND revoked_at IS NULL)"
                ),
                Some(called),
            ),
        }
    }
}

/// What came of the first use of a name with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstUse {
    /// It has a grant now.
    Stored,
    /// It had one already.
    Known,
    /// As many names as there may be are in use with the key.
    TooManyNames,
    /// A person has revoked a name of this key.
    Revoked,
}

/// How many names are in use with a key, and whether one was revoked.
pub(super) const NAMES_OF_KEY: [&str; 2] = [
    "SELECT count(*) FROM grants WHERE account_id = ?1 AND revoked_at IS NULL",
    "SELECT EXISTS (SELECT 1 FROM grants WHERE account_id = ?1 AND via = 'api_key' AND revoked_at IS NOT NULL)",
];

fn insert(db: &Connection, grant: &GrantRecord) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO grants (id, client_id, client_name, account_id, subject, scopes, via, redirect_host,
                             created_at, last_used_at, calls)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        grant.id.as_str(),
        grant.client_id.as_str(),
        grant.client_name,
        grant.account_id.as_str(),
        grant.subject.as_str(),
        grant.scopes.to_string(),
        grant.via.word(),
        grant.redirect_host,
        seconds(grant.created_at),
        grant.last_used_at.map(seconds),
        grant.calls,
    ])?;
    Ok(())
}

impl Store {
    /// Stores a grant with its first tokens, all or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_grant(
        &self,
        grant: GrantRecord,
        access: Option<AccessTokenRecord>,
        refresh: Option<IssuedRefresh>,
    ) -> Result<(), StoreError> {
        self.run(move |db| {
            let transaction = db.transaction()?;
            insert(&transaction, &grant)?;
            if let Some(access) = &access {
                access_tokens::insert(&transaction, access)?;
            }
            if let Some(refresh) = &refresh {
                refresh_tokens::insert(&transaction, &grant.id, None, refresh)?;
            }
            transaction.commit()
        })
        .await
    }

    /// Stores the grant of a client that comes with a key, under a name that was not used with it before; the key may be
    /// in use under `most` names, and under no new one once a person has revoked one of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_key_grant(&self, grant: GrantRecord, most: u64) -> Result<FirstUse, StoreError> {
        self.run(move |db| {
            let transaction = db.transaction()?;
            let known = transaction
                .prepare_cached("SELECT 1 FROM grants WHERE id = ?1")?
                .exists([grant.id.as_str()])?;
            if known {
                return Ok(FirstUse::Known);
            }
            let (key, [names, revoked]) = (grant.account_id.as_str(), NAMES_OF_KEY);
            if transaction.prepare_cached(revoked)?.query_row([key], |row| row.get(0))? {
                return Ok(FirstUse::Revoked);
            }
            if transaction.prepare_cached(names)?.query_row([key], |row| row.get::<_, u64>(0))? >= most {
                return Ok(FirstUse::TooManyNames);
            }
            insert(&transaction, &grant)?;
            transaction.commit()?;
            Ok(FirstUse::Stored)
        })
        .await
    }

    /// Hands every grant of these clients that is alive to `add`, in no order, and gives what came of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fold_live_grants<T: Send + 'static>(
        &self,
        whose: Whose,
        mut folded: T,
        add: impl Fn(&mut T, GrantRecord) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |db| {
            let (sql, called) = whose.query();
            let mut read = db.prepare_cached(&sql)?;
            let mut rows = read.query(params_from_iter(called))?;
            while let Some(row) = rows.next()? {
                add(&mut folded, from_row(row)?);
            }
            Ok(folded)
        })
        .await
    }

    /// The grant of that id, and when it was revoked if it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn grant(&self, id: &GrantId) -> Result<Option<(GrantRecord, Option<SystemTime>)>, StoreError> {
        let id = id.clone();
        self.run(move |db| {
            db.prepare_cached(&format!("SELECT {COLUMNS}, revoked_at FROM grants WHERE id = ?1"))?
                .query_row([id.as_str()], |row| {
                    Ok((from_row(row)?, row.get::<_, Option<i64>>(11)?.map(time)))
                })
                .optional()
        })
        .await
    }

    /// The newest grant of a client that is alive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_live_grant(&self, client_id: &ClientId) -> Result<Option<GrantRecord>, StoreError> {
        let client_id = client_id.clone();
        self.run(move |db| {
            db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM grants WHERE client_id = ?1 AND revoked_at IS NULL
                 ORDER BY created_at DESC, id DESC LIMIT 1"
            ))?
            .query_row([client_id.as_str()], from_row)
            .optional()
        })
        .await
    }

    /// The names that clients had when they were last allowed, alive or revoked; none for one that never was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client_names(
        &self,
        clients: Vec<ClientId>,
    ) -> Result<HashMap<ClientId, String>, StoreError> {
        self.run(move |db| {
            let mut read = db.prepare_cached(
                "SELECT client_name FROM grants WHERE client_id = ?1 ORDER BY created_at DESC LIMIT 1",
            )?;
            let mut names = HashMap::new();
            for id in clients {
                if let Some(name) = read.query_row([id.as_str()], |row| row.get(0)).optional()? {
                    names.insert(id, name);
                }
            }
            Ok(names)
        })
        .await
    }

    /// How many clients have a grant that is alive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_connected_clients(&self) -> Result<usize, StoreError> {
        self.run(|db| {
            db.prepare_cached("SELECT count(*) FROM connected_clients")?.query_row([], |row| row.get(0))
        })
        .await
    }

    /// When this client was last allowed with this redirect host, alive or revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_allowed(
        &self,
        client_id: &ClientId,
        redirect_host: &str,
    ) -> Result<Option<SystemTime>, StoreError> {
        let (client_id, redirect_host) = (client_id.clone(), redirect_host.to_owned());
        self.run(move |db| {
            db.prepare_cached(
                "SELECT max(created_at) FROM grants WHERE client_id = ?1 AND redirect_host = ?2",
            )?
            .query_row([client_id.as_str(), &redirect_host], |row| row.get::<_, Option<i64>>(0))
        })
        .await
        .map(|at| at.map(time))
    }

    /// Ends one grant; true if it was alive.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_grant(&self, id: &GrantId, now: SystemTime) -> Result<bool, StoreError> {
        let id = id.clone();
        self.run(move |db| revoke_one(db, &id, now)).await
    }

    /// Ends every grant of a client.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_client(&self, id: &ClientId, now: SystemTime) -> Result<Vec<GrantId>, StoreError> {
        let id = id.clone();
        self.run(move |db| revoke(db, "client_id", id.as_str(), now)).await
    }

    /// Ends every grant for an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_account(&self, id: &AccountId, now: SystemTime) -> Result<Vec<GrantId>, StoreError> {
        let id = id.clone();
        self.run(move |db| revoke(db, "account_id", id.as_str(), now)).await
    }

    /// Writes down how grants were used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_grant_uses(&self, uses: Vec<GrantUse>) -> Result<(), StoreError> {
        self.run(move |db| {
            let transaction = db.transaction()?;
            for used in &uses {
                transaction
                    .prepare_cached("UPDATE grants SET last_used_at = ?2, calls = calls + ?3 WHERE id = ?1")?
                    .execute(params![used.id.as_str(), seconds(used.last_used_at), used.calls])?;
            }
            transaction.commit()
        })
        .await
    }
}
