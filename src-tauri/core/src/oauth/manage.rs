//! What a person does with clients: list them, end them; and what the bridge does from time to time.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::AuthorizationServer;
use crate::ids::{AccountId, ClientId, GrantId};
use crate::scope::Scopes;
use crate::store::{GrantRecord, StoreError, Whose};

/// Registrations that were never allowed anything are forgotten after this (protocol.md 2.11).
const UNUSED_CLIENT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Tokens that ended by themselves are forgotten after this.
const KEPT_AFTER_EXPIRY: Duration = Duration::from_secs(7 * 24 * 3600);

/// A client with everything it was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Its newest grant.
    pub newest: GrantRecord,
    /// When it was first allowed, of what is alive.
    pub since: SystemTime,
    /// When any of its grants was last used.
    pub last_used_at: Option<SystemTime>,
    /// Tool calls of all its grants.
    pub calls: u64,
}

impl Connected {
    /// Puts a grant to the others of its client; they come in any order.
    fn add(clients: &mut HashMap<ClientId, Self>, grant: GrantRecord) {
        let Some(known) = clients.get_mut(&grant.client_id) else {
            let (since, last_used_at, calls) = (grant.created_at, grant.last_used_at, grant.calls);
            clients.insert(grant.client_id.clone(), Self { newest: grant, since, last_used_at, calls });
            return;
        };
        known.since = known.since.min(grant.created_at);
        known.last_used_at = known.last_used_at.max(grant.last_used_at);
        known.calls += grant.calls;
        // Of two that were given in the same second, always the same one.
        if (known.newest.created_at, &known.newest.id) < (grant.created_at, &grant.id) {
            known.newest = grant;
        }
    }

    /// What clients are ordered by.
    fn age(&self) -> (SystemTime, &ClientId) {
        (self.since, &self.newest.client_id)
    }
}

/// A client that was allowed and is not connected yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arriving {
    /// The client.
    pub client_id: ClientId,
    /// The name that was shown.
    pub client_name: String,
    /// Whose memories.
    pub account: AccountId,
    /// What it may do.
    pub scopes: Scopes,
}

impl AuthorizationServer {
    /// Those of these clients that have a grant that is alive, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn connected(&self, whose: Whose) -> Result<Vec<Connected>, StoreError> {
        self.write_down_uses().await?;
        let clients = self.store.fold_live_grants(whose, HashMap::new(), Connected::add).await?;
        let mut clients: Vec<_> = clients.into_values().collect();
        clients.sort_by(|one, other| one.age().cmp(&other.age()));
        Ok(clients)
    }

    /// Clients that a person has allowed and that have not fetched their answer or not exchanged their code yet:
    /// they are not connected, but a moment later they would be.
    #[must_use]
    pub fn arriving(&self, now: SystemTime) -> Vec<Arriving> {
        let mut all = self.transactions.allowed(now);
        all.extend(self.codes.unused(now));
        all.sort_by(|one, other| one.client_id.cmp(&other.client_id));
        all.dedup_by(|one, other| one.client_id == other.client_id);
        all
    }

    /// Ends everything a client may do, at once (protocol.md 5.4).
    ///
    /// # Errors
    /// [`StoreError`]; then nothing ended.
    pub async fn revoke_client(&self, id: &ClientId, now: SystemTime) -> Result<Vec<GrantId>, StoreError> {
        // What was allowed but not fetched, or fetched but not exchanged, is taken back too. Codes once more at
        // the end: one may be made while the store works.
        self.desk.refuse_all_of(id);
        self.transactions.take_back(id);
        self.codes.forget(|client, _| client == id);
        let ended = self.store.revoke_client(id, now).await?;
        self.live.end(&ended);
        self.codes.forget(|client, _| client == id);
        tracing::info!(client = %id, grants = ended.len(), "a client was revoked");
        Ok(ended)
    }

    /// Ends everything that any client may do with an account.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing ended.
    pub async fn revoke_account(&self, id: &AccountId, now: SystemTime) -> Result<(), StoreError> {
        self.codes.forget(|_, account| account == id);
        let ended = self.store.revoke_account(id, now).await?;
        self.live.end(&ended);
        self.codes.forget(|_, account| account == id);
        tracing::info!(account = %id, grants = ended.len(), "the grants of an account ended");
        Ok(())
    }

    /// True if it was alive.
    pub(super) async fn end_grant(&self, id: &GrantId, now: SystemTime) -> Result<bool, StoreError> {
        let was_alive = self.store.revoke_grant(id, now).await?;
        // Whoever ended it before ends its tokens too. One that ends nothing must not disturb who is being signed in.
        if was_alive {
            self.live.end(std::slice::from_ref(id));
        }
        Ok(was_alive)
    }

    /// Writes down when grants were last used and how often.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write_down_uses(&self) -> Result<(), StoreError> {
        let uses = self.live.take_uses();
        if uses.is_empty() {
            return Ok(());
        }
        self.store.add_grant_uses(uses).await?;
        self.uses_to_tell.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Tells that grants were used, if they were since the last time. Not at each use, and not when somebody
    /// looks, or two who look would keep each other looking.
    pub fn tell_uses(&self) {
        if self.uses_to_tell.swap(false, Ordering::Relaxed) {
            self.live.note_change();
        }
    }

    /// Forgets what has ended by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tidy(&self, now: SystemTime) -> Result<(), StoreError> {
        // Long after, because a clock that is wrong for a moment must not sign everybody out.
        if let Some(long_ago) = now.checked_sub(KEPT_AFTER_EXPIRY) {
            self.store.forget_expired_tokens(long_ago).await?;
        }
        self.store.forget_unused_clients(UNUSED_CLIENT, now).await?;
        Ok(())
    }
}
