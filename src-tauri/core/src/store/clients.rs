//! Clients that registered, and those that are known by their metadata document.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::rows::{Word, digest, seconds, time, unreadable};
use super::{Store, StoreError};
use crate::ids::ClientId;
use crate::secret::Digest;

/// How a client became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// It registered itself (RFC 7591).
    Dynamic,
    /// Its id is the URL of its metadata document.
    MetadataDocument,
    /// It uses the stdio adapter.
    Stdio,
    /// It brings a key of its own (`/mcp/v2`).
    ApiKey,
}

impl Word for ClientKind {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Dynamic, "dynamic"),
        (Self::MetadataDocument, "document"),
        (Self::Stdio, "stdio"),
        (Self::ApiKey, "api_key"),
    ];
}

/// How a client proves itself at the token endpoint (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// A public client: nothing but its id.
    None,
    /// HTTP Basic.
    Basic,
    /// Id and secret in the form.
    Post,
}

impl Word for AuthMethod {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::None, "none"), (Self::Basic, "client_secret_basic"), (Self::Post, "client_secret_post")];
}

impl AuthMethod {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.word()
    }

    /// The method of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_word(name).ok()
    }
}

/// A client as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRecord {
    /// Its id.
    pub id: ClientId,
    /// How it became known.
    pub kind: ClientKind,
    /// The name it gave itself, bounded and cleaned.
    pub name: String,
    /// Where answers may go, as it sent them.
    pub redirect_uris: Vec<String>,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// The digest of its secret, if it has one.
    pub secret: Option<Digest>,
    /// Whether it gets refresh tokens (protocol.md 2.7).
    pub may_refresh: bool,
    /// When it registered.
    pub created_at: SystemTime,
}

const COLUMNS: &str = "id, kind, name, redirect_uris, auth_method, secret, may_refresh, created_at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ClientRecord> {
    let secret: Option<Vec<u8>> = row.get(5)?;
    Ok(ClientRecord {
        id: ClientId::new(row.get::<_, String>(0)?),
        kind: ClientKind::from_word(&row.get::<_, String>(1)?)?,
        name: row.get(2)?,
        redirect_uris: serde_json::from_str(&row.get::<_, String>(3)?)
            .map_err(|_| unreadable("redirect_uris"))?,
        auth_method: AuthMethod::from_word(&row.get::<_, String>(4)?)?,
        secret: secret.as_deref().map(digest).transpose()?,
        may_refresh: row.get(6)?,
        created_at: time(row.get(7)?),
    })
}

/// Oldest first, by way of `clients_by_age`.
pub(super) const FORGET_OLDEST_UNUSED: &str = "DELETE FROM clients WHERE id IN (
     SELECT id FROM clients WHERE kind = 'dynamic' AND created_at < ?1
     AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id)
     ORDER BY created_at LIMIT ?2)";

/// The redirect URIs as they are stored.
fn written(client: &ClientRecord) -> Result<String, StoreError> {
    serde_json::to_string(&client.redirect_uris).map_err(|_| StoreError::Failed)
}

fn save(db: &Connection, client: &ClientRecord, redirect_uris: &str) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO clients (id, kind, name, redirect_uris, auth_method, secret, may_refresh, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET name = ?3, redirect_uris = ?4, auth_method = ?5, secret = ?6, may_refresh = ?7",
    )?
    .execute(params![
        client.id.as_str(),
        client.kind.word(),
        client.name,
        redirect_uris,
        client.auth_method.word(),
        client.secret.as_ref().map(Digest::as_bytes),
        client.may_refresh,
        seconds(client.created_at),
    ])?;
    Ok(())
}

fn count_dynamic(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached("SELECT coalesce(sum(clients), 0) FROM client_counts WHERE kind = ?1")?
        .query_row([ClientKind::Dynamic.word()], |row| row.get(0))
}

impl Store {
    /// Stores a client, or what is now known of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_client(&self, client: ClientRecord) -> Result<(), StoreError> {
        let redirect_uris = written(&client)?;
        self.run(move |db| save(db, &client, &redirect_uris)).await
    }

    /// Stores a client that registered itself. Where that would make more than `most` of them, the oldest go that
    /// registered before `unused_since` and were never allowed anything (protocol.md 2.11); false, and nothing is
    /// stored or gone, where these are too few.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn register_client(
        &self,
        client: ClientRecord,
        most: u64,
        unused_since: SystemTime,
    ) -> Result<bool, StoreError> {
        let redirect_uris = written(&client)?;
        let before = seconds(unused_since);
        self.run(move |db| {
            let transaction = db.transaction()?;
            let excess = (count_dynamic(&transaction)? + 1).saturating_sub(most);
            let gone = match excess {
                0 => 0,
                _ => {
                    transaction.prepare_cached(FORGET_OLDEST_UNUSED)?.execute(params![before, excess])? as u64
                }
            };
            if gone < excess {
                return Ok(false);
            }
            save(&transaction, &client, &redirect_uris)?;
            transaction.commit()?;
            Ok(true)
        })
        .await
    }

    /// The client of that id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client(&self, id: &ClientId) -> Result<Option<ClientRecord>, StoreError> {
        let id = id.clone();
        self.run(move |db| {
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM clients WHERE id = ?1"))?
                .query_row([id.as_str()], from_row)
                .optional()
        })
        .await
    }

    /// How many clients registered themselves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_dynamic_clients(&self) -> Result<u64, StoreError> {
        self.run(|db| count_dynamic(db)).await
    }

    /// Forgets registrations older than `age` that were never allowed anything; one with a grant, alive
    /// or not, stays (protocol.md 2.11).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_unused_clients(&self, age: Duration, now: SystemTime) -> Result<usize, StoreError> {
        let before = seconds(now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH));
        self.run(move |db| {
            db.execute(
                "DELETE FROM clients WHERE kind = 'dynamic' AND created_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id)",
                [before],
            )
        })
        .await
    }
}
