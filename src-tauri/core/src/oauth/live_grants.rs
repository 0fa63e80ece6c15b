//! Access tokens whose grant is alive, in memory: a request is checked without a database read, and
//! revocation takes effect at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::SystemTime;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::access::{Access, LiveGrant, Share};
use crate::ids::{AccountId, GrantId, Jti};
use crate::scope::Scopes;
use crate::store::{AccessTokenRecord, GrantRecord, GrantUse, Store, StoreError};
use crate::view::Via;

/// Tokens and grants kept in memory; when there are more, those that ended are dropped.
const MOST_TOKENS: usize = 4096;

struct Known {
    grant: Arc<LiveGrant>,
    scopes: Scopes,
    expires_at: SystemTime,
}

#[derive(Default)]
struct Table {
    tokens: HashMap<Jti, Known>,
    grants: HashMap<GrantId, Arc<LiveGrant>>,
    /// What the grants of one key share: whoever has the key takes any name in its path, and each name is a grant.
    shares: HashMap<AccountId, Weak<Share>>,
    /// Counts revocations, so that a look-up that began before one is not kept after it.
    revocations: u64,
}

/// The table, in front of the store.
pub struct LiveGrants {
    store: Store,
    table: RwLock<Table>,
    changes: watch::Sender<u64>,
    shutdown: CancellationToken,
}

impl LiveGrants {
    /// An empty table; it fills as tokens are issued and presented. `shutdown` ends every grant's work.
    #[must_use]
    pub fn new(store: Store, shutdown: CancellationToken) -> Self {
        Self { store, table: RwLock::default(), changes: watch::Sender::default(), shutdown }
    }

    /// What the token of that id may do now, if it and its grant are alive (protocol.md 4.19).
    ///
    /// # Errors
    /// [`StoreError`] when the token is not in memory and the store cannot be asked.
    pub async fn find(&self, jti: &Jti, now: SystemTime) -> Result<Option<Access>, StoreError> {
        loop {
            let revocations = {
                let table = self.read();
                if let Some(known) = table.tokens.get(jti) {
                    return Ok((known.expires_at > now).then(|| known.access()));
                }
                table.revocations
            };
            let Some((token, grant)) = self.store.access_token(jti, now).await? else { return Ok(None) };
            if let Some(access) = self.keep(&token, &grant, revocations, now) {
                return Ok(Some(access));
            }
        }
    }

    /// Adds a token that was just issued and stored; false, and it is not kept, when anything was revoked
    /// meanwhile.
    pub fn add(
        &self,
        token: &AccessTokenRecord,
        grant: &GrantRecord,
        before: Revocations,
        now: SystemTime,
    ) -> bool {
        self.keep(token, grant, before.0, now).is_some()
    }

    /// To be read before a token is stored, for [`LiveGrants::add`].
    #[must_use]
    pub fn revocations(&self) -> Revocations {
        Revocations(self.read().revocations)
    }

    /// None when a revocation came between reading and keeping: then read again.
    fn keep(
        &self,
        token: &AccessTokenRecord,
        grant: &GrantRecord,
        revocations: u64,
        now: SystemTime,
    ) -> Option<Access> {
        let mut table = self.write();
        if table.revocations != revocations {
            return None;
        }
        if table.tokens.len().max(table.grants.len()) >= MOST_TOKENS {
            table.drop_ended(now);
        }
        let live = self.grant(&mut table, grant);
        let known = Known { grant: live, scopes: token.scopes, expires_at: token.expires_at };
        let access = known.access();
        table.tokens.insert(token.jti.clone(), known);
        Some(access)
    }

    /// The grant without a token, for a client that is known by its connection or its key.
    #[must_use]
    pub fn hold(&self, grant: &GrantRecord, before: Revocations) -> Option<Arc<LiveGrant>> {
        let mut table = self.write();
        if table.revocations != before.0 {
            return None;
        }
        Some(self.grant(&mut table, grant))
    }

    /// The one of that id in the table; made when it is not there yet.
    fn grant(&self, table: &mut Table, grant: &GrantRecord) -> Arc<LiveGrant> {
        let Table { grants, shares, .. } = table;
        let make = || {
            self.note_change();
            let live = LiveGrant::of(grant, self.shutdown.child_token());
            Arc::new(match grant.via {
                Via::ApiKey => live.with_share(share_of(shares, &grant.account_id)),
                Via::Oauth | Via::Stdio => live,
            })
        };
        grants.entry(grant.id.clone()).or_insert_with(make).clone()
    }

    /// Grows when a grant was added or ended, or its use was written down.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn note_change(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Ends grants that the store has already ended: their tokens are gone and their work is cancelled.
    pub fn end(&self, ids: &[GrantId]) {
        let mut table = self.write();
        table.revocations += 1;
        // An account may have as many grants as there are tokens here, and nobody is checked meanwhile.
        let ended: HashSet<_> = ids.iter().collect();
        table.tokens.retain(|_, known| !ended.contains(&known.grant.id));
        for id in ids {
            if let Some(grant) = table.grants.remove(id) {
                grant.cancelled.cancel();
            }
        }
        self.note_change();
    }

    /// Ends one token that the store has already forgotten.
    pub fn end_token(&self, jti: &Jti) {
        let mut table = self.write();
        table.revocations += 1;
        table.tokens.remove(jti);
    }

    /// What is to be written down about use since the last time.
    #[must_use]
    pub fn take_uses(&self) -> Vec<GrantUse> {
        self.read().grants.values().filter_map(|grant| grant.take_use()).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many revocations there had been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocations(u64);

impl Known {
    fn access(&self) -> Access {
        Access { grant: self.grant.clone(), scopes: self.scopes }
    }
}

impl Table {
    /// A grant stays while a token or anybody's work still holds it, or its use is not written down yet.
    fn drop_ended(&mut self, now: SystemTime) {
        self.tokens.retain(|_, known| known.expires_at > now);
        self.grants.retain(|_, grant| Arc::strong_count(grant) > 1 || grant.has_unwritten_use());
    }
}

/// The share of the grants of this key; a new one when none of them is in use.
fn share_of(shares: &mut HashMap<AccountId, Weak<Share>>, key: &AccountId) -> Arc<Share> {
    if let Some(share) = shares.get(key).and_then(Weak::upgrade) {
        return share;
    }
    shares.retain(|_, share| share.strong_count() > 0);
    let share = Arc::default();
    shares.insert(key.clone(), Arc::downgrade(&share));
    share
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::access::Lane;
    use super::*;
    use crate::ids::{ClientId, UserId};

    fn grant() -> GrantRecord {
        GrantRecord {
            id: GrantId::random(),
            client_id: ClientId::new("client"),
            client_name: "Client".into(),
            account_id: AccountId::new("account"),
            subject: UserId::new("user"),
            scopes: Scopes::ALL,
            via: Via::Oauth,
            redirect_host: "127.0.0.1".into(),
            created_at: UNIX_EPOCH,
            last_used_at: None,
            calls: 0,
        }
    }

    fn token(grant: &GrantRecord) -> AccessTokenRecord {
        let expires_at = UNIX_EPOCH + Duration::from_secs(3600);
        AccessTokenRecord { jti: Jti::random(), grant_id: grant.id.clone(), scopes: Scopes::ALL, expires_at }
    }

    async fn stored(store: &Store) -> (GrantRecord, AccessTokenRecord) {
        let grant = grant();
        let token = token(&grant);
        store.create_grant(grant.clone(), Some(token.clone()), None).await.unwrap();
        (grant, token)
    }

    #[tokio::test]
    async fn a_token_of_an_earlier_run_is_found_in_the_store() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), UNIX_EPOCH).unwrap();
        let (grant, token) = stored(&store).await;
        let live = LiveGrants::new(store, CancellationToken::new());
        let access = live.find(&token.jti, UNIX_EPOCH).await.unwrap().unwrap();
        assert_eq!(access.grant.id, grant.id);
        assert!(live.find(&token.jti, token.expires_at).await.unwrap().is_none());
        assert!(live.find(&Jti::random(), UNIX_EPOCH).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn revocation_ends_tokens_and_work_at_once() {
        // protocol.md 5.4, 7.21
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), UNIX_EPOCH).unwrap();
        let (grant, token) = stored(&store).await;
        let live = LiveGrants::new(store.clone(), CancellationToken::new());
        let access = live.find(&token.jti, UNIX_EPOCH).await.unwrap().unwrap();
        store.revoke_grant(&grant.id, UNIX_EPOCH).await.unwrap();
        live.end(std::slice::from_ref(&grant.id));
        assert!(access.grant.cancelled.is_cancelled());
        assert!(live.find(&token.jti, UNIX_EPOCH).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_token_that_was_read_before_a_revocation_is_not_kept_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), UNIX_EPOCH).unwrap();
        let (grant, token) = stored(&store).await;
        let live = LiveGrants::new(store.clone(), CancellationToken::new());
        let before = live.revocations();
        store.revoke_grant(&grant.id, UNIX_EPOCH).await.unwrap();
        live.end(std::slice::from_ref(&grant.id));
        live.add(&token, &grant, before, UNIX_EPOCH);
        assert!(live.find(&token.jti, UNIX_EPOCH).await.unwrap().is_none());
        assert!(live.hold(&grant, before).is_none());
    }

    #[tokio::test]
    async fn all_names_of_one_key_share_its_places() {
        let dir = tempfile::tempdir().unwrap();
        let live = LiveGrants::new(Store::open(dir.path(), UNIX_EPOCH).unwrap(), CancellationToken::new());
        let hold = |via, key: &str| {
            let grant = GrantRecord { via, account_id: AccountId::new(key), ..grant() };
            live.hold(&grant, live.revocations()).unwrap()
        };
        let (one, two) = (hold(Via::ApiKey, "key:a"), hold(Via::ApiKey, "key:a"));
        let _place = one.enter(Lane::Call, 1).unwrap();
        assert!(two.enter(Lane::Call, 1).is_none());
        assert!(hold(Via::ApiKey, "key:b").enter(Lane::Call, 1).is_some());
        // A person was asked about each of these.
        let (one, two) = (hold(Via::Oauth, "account"), hold(Via::Oauth, "account"));
        let _place = one.enter(Lane::Call, 1).unwrap();
        assert!(two.enter(Lane::Call, 1).is_some());
    }

    #[tokio::test]
    async fn what_has_ended_is_dropped_when_there_is_too_much() {
        let dir = tempfile::tempdir().unwrap();
        let live = LiveGrants::new(Store::open(dir.path(), UNIX_EPOCH).unwrap(), CancellationToken::new());
        let late = UNIX_EPOCH + Duration::from_secs(7200);
        for _ in 0..MOST_TOKENS {
            let grant = grant();
            live.add(&token(&grant), &grant, live.revocations(), UNIX_EPOCH);
        }
        let grant = grant();
        live.add(&AccessTokenRecord { expires_at: late, ..token(&grant) }, &grant, live.revocations(), late);
        let table = live.read();
        assert_eq!((table.tokens.len(), table.grants.len()), (1, 1));
    }
}
