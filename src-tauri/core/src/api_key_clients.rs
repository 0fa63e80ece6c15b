//! Setups from before OAuth: a client that brings its own key and the user id it is for
//! (`/mcp/v2/{client}/{user_id}`; design.md 4).
//!
//! The key proves who asks, so nobody is asked for consent; it is checked with Jean Memory, must belong to
//! that user, and is never kept beyond this process. Revoking such a client ends the key it holds here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::accounts::{Accounts, AddAccountError};
use crate::api_key::ApiKey;
use crate::ids::{ClientId, GrantId, UserId};
use crate::oauth::{Access, AuthorizationServer, display_name};
use crate::scope::Scopes;
use crate::secret::Digest;
use crate::store::{GrantRecord, Store, StoreError};
use crate::view::{Settings, Via};

/// How long a verdict about a key is trusted.
const TRUSTED: Duration = Duration::from_secs(300);
/// Verdicts kept at once.
const MOST_VERDICTS: usize = 256;

/// Why such a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// Jean Memory refused the key, or it belongs to somebody else, or a person revoked the client.
    #[error("the key is not accepted for this address")]
    NotAccepted,
    /// Jean Memory could not be asked.
    #[error("the key could not be checked with Jean Memory")]
    CouldNotCheck,
    /// A person paused the bridge, and the key was not checked lately.
    #[error("Jean Memory Bridge is paused, so the key could not be checked")]
    Paused,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

struct Verdict {
    user_id: UserId,
    until: SystemTime,
}

/// Clients with keys of their own.
pub struct ApiKeyClients {
    accounts: Accounts,
    store: Store,
    oauth: Arc<AuthorizationServer>,
    settings: watch::Receiver<Settings>,
    verdicts: Mutex<HashMap<Digest, Verdict>>,
}

impl ApiKeyClients {
    /// None yet.
    #[must_use]
    pub fn new(
        accounts: Accounts,
        store: Store,
        oauth: Arc<AuthorizationServer>,
        settings: watch::Receiver<Settings>,
    ) -> Self {
        Self { accounts, store, oauth, settings, verdicts: Mutex::default() }
    }

    /// What a client that calls itself `client` may do with this key for `user_id`.
    ///
    /// # Errors
    /// [`KeyRefused`].
    pub async fn authenticate(
        &self,
        key: &ApiKey,
        client: &str,
        user_id: &str,
        now: SystemTime,
    ) -> Result<Access, KeyRefused> {
        let owner = self.owner(key, now).await?;
        if owner.as_str() != user_id {
            return Err(KeyRefused::NotAccepted);
        }
        let id = grant_id(key, client);
        loop {
            let before = self.oauth.live().revocations();
            let grant = match self.store.grant(&id).await? {
                Some((_, Some(_revoked))) => return Err(KeyRefused::NotAccepted),
                Some((grant, None)) => grant,
                None => self.first_use(&id, key, client, &owner, now).await?,
            };
            // Somebody was revoked while the store was asked: perhaps this one, so it is asked again.
            if let Some(live) = self.oauth.live().hold(&grant, before) {
                self.accounts.lend(&live.account, key);
                return Ok(Access { grant: live, scopes: Scopes::ALL });
            }
        }
    }

    async fn owner(&self, key: &ApiKey, now: SystemTime) -> Result<UserId, KeyRefused> {
        let digest = key.digest();
        let known = {
            let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            verdicts.get(&digest).filter(|verdict| verdict.until > now).map(|verdict| verdict.user_id.clone())
        }
        // A call that Jean Memory refused since then took the key back.
        .filter(|_| self.accounts.is_lent(&Accounts::lent_account(key)));
        if let Some(user_id) = known {
            return Ok(user_id);
        }
        if self.settings.borrow().paused {
            return Err(KeyRefused::Paused);
        }
        let user_id = self.accounts.owner_of(key).await.map_err(|error| match error {
            AddAccountError::Rejected | AddAccountError::Sandbox => KeyRefused::NotAccepted,
            AddAccountError::CouldNotCheck(_) => KeyRefused::CouldNotCheck,
            AddAccountError::Store(error) => KeyRefused::Store(error),
        })?;
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() >= MOST_VERDICTS {
            verdicts.retain(|_, verdict| verdict.until > now);
        }
        if verdicts.len() < MOST_VERDICTS {
            verdicts.insert(digest, Verdict { user_id: user_id.clone(), until: now + TRUSTED });
        }
        Ok(user_id)
    }

    async fn first_use(
        &self,
        id: &GrantId,
        key: &ApiKey,
        client: &str,
        owner: &UserId,
        now: SystemTime,
    ) -> Result<GrantRecord, KeyRefused> {
        let grant = GrantRecord {
            client_id: ClientId::new(format!("key:{id}")),
            id: id.clone(),
            client_name: display_name(client),
            account_id: Accounts::lent_account(key),
            subject: owner.clone(),
            scopes: Scopes::ALL,
            via: Via::ApiKey,
            redirect_host: String::new(),
            created_at: now,
            last_used_at: None,
            calls: 0,
        };
        if let Err(error) = self.store.create_grant(grant.clone(), None, None).await {
            // Two requests at once are both the first; the one that comes second finds the grant.
            return match self.store.grant(id).await? {
                Some((grant, None)) => Ok(grant),
                Some((_, Some(_revoked))) => Err(KeyRefused::NotAccepted),
                None => Err(error.into()),
            };
        }
        tracing::info!(client = %grant.client_id, "a client with a key of its own was used for the first time");
        Ok(grant)
    }
}

/// One grant per key and client name; without the key there is no way from the id back to it.
fn grant_id(key: &ApiKey, client: &str) -> GrantId {
    let digest = Digest::of(&format!("{} {client}", key.expose()));
    GrantId::new(format!("jbk{}", digest.short_hex()))
}
