//! Setups from before OAuth: a client that brings its own key and the user id it is for
//! (`/mcp/v2/{client}/{user_id}`; design.md 4).
//!
//! The key proves who asks, so nobody is asked for consent; it is checked with Jean Memory, must belong to
//! that user, and is never kept beyond this process.
//!
//! The name of the client is in the path, where whoever has the key writes what they like: so what one client may take of
//! what is everybody's, all names of a key share. Revoking such a client ends the key it holds here: the key is forgotten,
//! that name is refused from then on, and so is every name that was not in use before, or the client would be back under
//! the next one. Apps with the same key under names of their own go on, once Jean Memory has said yes to it anew.
//!
//! Whoever reaches the port may bring keys by the thousand, and each one that is new here is a question to Jean Memory.
//! So a no is remembered for a while, and strangers may have few keys checked; whoever was let in before is no stranger.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{MutexGuard, watch};

use crate::accounts::{Accounts, AddAccountError};
use crate::api_key::ApiKey;
use crate::ids::{ClientId, GrantId, UserId};
use crate::oauth::{Access, AuthorizationServer, display_name};
use crate::scope::Scopes;
use crate::secret::Digest;
use crate::store::{FirstUse, GrantRecord, Store, StoreError};
use crate::view::{Settings, Via};

/// How long a verdict about a key is trusted.
const TRUSTED: Duration = Duration::from_secs(300);
/// How long a key that Jean Memory refused is refused here: short enough for a person who has it mended there.
const REFUSED_FOR: Duration = Duration::from_secs(30);
/// Verdicts of either kind kept at once.
const MOST_VERDICTS: usize = 256;
/// Names that are in use with one key.
const MOST_NAMES: u64 = 16;
/// Keys of strangers that are checked at once, and per minute in the long run.
const STRANGERS_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();
const STRANGERS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Why such a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// Jean Memory refused the key, or it belongs to somebody else, or a person revoked the client, or another that came
    /// with the key before this one did.
    #[error("the key is not accepted for this address")]
    NotAccepted,
    /// The key is in use under as many names as it may.
    #[error("this key is in use under too many names; use one of them")]
    TooManyNames,
    /// Jean Memory could not be asked.
    #[error("the key could not be checked with Jean Memory")]
    CouldNotCheck,
    /// Too many keys that nobody knows here were brought lately.
    #[error("too many keys are being tried; try again in a minute")]
    TooMany,
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
    refused: Mutex<HashMap<Digest, SystemTime>>,
    strangers: DefaultDirectRateLimiter,
    turn: tokio::sync::Mutex<()>,
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
        let quota = Quota::per_minute(STRANGERS_PER_MINUTE).allow_burst(STRANGERS_AT_ONCE);
        Self {
            accounts,
            store,
            oauth,
            settings,
            verdicts: Mutex::default(),
            refused: Mutex::default(),
            strangers: RateLimiter::direct(quota),
            turn: tokio::sync::Mutex::default(),
        }
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
        let id = grant_id(key, client);
        // Held until the key is lent: whoever comes next with the same one finds it.
        let (owner, _turn) = self.owner(key, &id, now).await?;
        if owner.as_str() != user_id {
            return Err(KeyRefused::NotAccepted);
        }
        let mut is_lent = false;
        loop {
            let before = self.oauth.live().revocations();
            let grant = match self.store.grant(&id).await? {
                Some((grant, Some(_revoked))) => {
                    if is_lent {
                        self.accounts.take_back_lent(&grant.account_id);
                    }
                    return Err(KeyRefused::NotAccepted);
                }
                Some((grant, None)) => grant,
                None => {
                    self.first_use(&id, key, client, &owner, now).await?;
                    continue;
                }
            };
            // Before the last look at who was revoked: who is revoked after it loses the key, too.
            self.accounts.lend(&grant.account_id, key);
            is_lent = true;
            // Somebody was revoked while the store was asked: perhaps this one, so it is asked again.
            if let Some(live) = self.oauth.live().hold(&grant, before) {
                return Ok(Access { grant: live, scopes: Scopes::ALL });
            }
        }
    }

    async fn owner(
        &self,
        key: &ApiKey,
        grant: &GrantId,
        now: SystemTime,
    ) -> Result<(UserId, Option<MutexGuard<'_, ()>>), KeyRefused> {
        let digest = key.digest();
        if let Some(user_id) = self.known_owner(key, &digest, now) {
            return Ok((user_id, None));
        }
        if self.settings.borrow().paused {
            return Err(KeyRefused::Paused);
        }
        let turn = match self.store.grant(grant).await? {
            Some((_, Some(_revoked))) => return Err(KeyRefused::NotAccepted),
            Some((_, None)) => None,
            // One after the other, so that a client that begins with many requests at once is asked about once.
            None => Some(self.turn.lock().await),
        };
        if turn.is_some() {
            if let Some(user_id) = self.known_owner(key, &digest, now) {
                return Ok((user_id, turn));
            }
            if self.was_refused(&digest, now) {
                return Err(KeyRefused::NotAccepted);
            }
            // The turn may have come long after the first look.
            if self.settings.borrow().paused {
                return Err(KeyRefused::Paused);
            }
            self.strangers.check().map_err(|_| KeyRefused::TooMany)?;
        }
        let user_id = self.accounts.owner_of(key).await.map_err(|error| match error {
            AddAccountError::Rejected | AddAccountError::Sandbox => {
                // Not of who was let in before: their key may be mended the next moment.
                if turn.is_some() {
                    self.remember_refusal(digest, now);
                }
                KeyRefused::NotAccepted
            }
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
        Ok((user_id, turn))
    }

    fn known_owner(&self, key: &ApiKey, digest: &Digest, now: SystemTime) -> Option<UserId> {
        let known = {
            let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            // A clock that was set back makes nobody trusted for longer.
            let is_trusted = |verdict: &&Verdict| verdict.until > now && verdict.until <= now + TRUSTED;
            verdicts.get(digest).filter(is_trusted).map(|verdict| verdict.user_id.clone())
        };
        // A call that Jean Memory refused since then took the key back.
        known.filter(|_| self.accounts.is_lent(&Accounts::lent_account(key)))
    }

    /// A clock that was set back makes nobody wait longer.
    fn was_refused(&self, digest: &Digest, now: SystemTime) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(digest).is_some_and(|at| is_recent(*at, now))
    }

    fn remember_refusal(&self, digest: Digest, now: SystemTime) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST_VERDICTS {
            refused.retain(|_, at| is_recent(*at, now));
        }
        // The limit on strangers lets no more than that many come within that time.
        if refused.len() < MOST_VERDICTS {
            refused.insert(digest, now);
        }
    }

    async fn first_use(
        &self,
        id: &GrantId,
        key: &ApiKey,
        client: &str,
        owner: &UserId,
        now: SystemTime,
    ) -> Result<(), KeyRefused> {
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
        let client = grant.client_id.clone();
        match self.store.create_key_grant(grant, MOST_NAMES).await? {
            FirstUse::Stored => {
                tracing::info!(%client, "a client with a key of its own was used for the first time");
                Ok(())
            }
            // Two requests at once are both the first.
            FirstUse::Known => Ok(()),
            FirstUse::TooManyNames => Err(KeyRefused::TooManyNames),
            FirstUse::Revoked => {
                // Jean Memory need not be asked about it for each name.
                self.remember_refusal(key.digest(), now);
                Err(KeyRefused::NotAccepted)
            }
        }
    }
}

/// One grant per key and client name; without the key there is no way from the id back to it.
fn grant_id(key: &ApiKey, client: &str) -> GrantId {
    let digest = Digest::of(&format!("{} {client}", key.expose()));
    GrantId::new(format!("jbk{}", digest.short_hex()))
}

fn is_recent(refused_at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(refused_at).is_ok_and(|age| age < REFUSED_FOR)
}
