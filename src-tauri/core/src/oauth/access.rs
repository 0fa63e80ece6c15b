//! What a verified bearer is: a grant that lives, and what this token may do with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use crate::clock::{from_unix_seconds, unix_seconds};
use crate::ids::{AccountId, ClientId, GrantId, UserId};
use crate::scope::Scopes;
use crate::store::{GrantRecord, GrantUse};
use crate::view::Via;

/// Calls of one grant that are with Jean Memory at once. There are four places for everybody
/// (`upstream::limits::PARALLEL`), and however slow the calls of one are, the next client finds one free.
const TURNS: usize = 3;

/// A verified bearer.
#[derive(Clone, Debug)]
pub struct Access {
    /// The grant behind the token.
    pub grant: Arc<LiveGrant>,
    /// What this token may do; never more than the grant.
    pub scopes: Scopes,
}

/// A grant of which tokens are in use.
#[derive(Debug)]
pub struct LiveGrant {
    /// Its id.
    pub id: GrantId,
    /// Who was allowed.
    pub client_id: ClientId,
    /// The name the client gave itself.
    pub client_name: String,
    /// Whose memories.
    pub account: AccountId,
    /// The person at Jean Memory; `sub` in the tokens of this grant.
    pub subject: UserId,
    /// How the client reaches the bridge.
    pub via: Via,
    /// Fires on revocation, removal of the account and shutdown; whatever runs for the grant ends.
    pub cancelled: CancellationToken,
    share: Arc<Share>,
    used: Used,
}

/// What one grant has of what is everybody's; one that several have to share is counted for all of them.
#[derive(Debug)]
pub(super) struct Share {
    calls: AtomicUsize,
    work: AtomicUsize,
    streams: AtomicUsize,
    bytes: AtomicUsize,
    turns: Semaphore,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            calls: AtomicUsize::new(0),
            work: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            turns: Semaphore::new(TURNS),
        }
    }
}

/// Use since it was last written down.
#[derive(Debug, Default)]
struct Used {
    last: AtomicI64,
    calls: AtomicU64,
}

/// The kinds of work that a grant can have open at once, each with a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Requests that are being answered, until the answer was read.
    Call,
    /// Tool calls that wait or run, whether anybody still waits for them or not.
    Work,
    /// Streams on which a client only listens.
    Stream,
}

/// A place in one [`Lane`] of a grant, given back when it is dropped.
#[derive(Debug)]
pub struct Pass {
    grant: Arc<LiveGrant>,
    lane: Lane,
}

/// Bytes of a message of a grant, which count for it until this is dropped.
#[derive(Debug)]
pub struct Load {
    grant: Arc<LiveGrant>,
    bytes: usize,
}

impl LiveGrant {
    /// A grant that is alive.
    #[must_use]
    pub fn new(
        id: GrantId,
        client_id: ClientId,
        client_name: String,
        account: AccountId,
        subject: UserId,
        via: Via,
    ) -> Self {
        Self {
            id,
            client_id,
            client_name,
            account,
            subject,
            via,
            cancelled: CancellationToken::new(),
            share: Arc::default(),
            used: Used::default(),
        }
    }

    /// The grant as the store knows it.
    #[must_use]
    pub fn of(record: &GrantRecord, cancelled: CancellationToken) -> Self {
        let (id, client_id, client_name) =
            (record.id.clone(), record.client_id.clone(), record.client_name.clone());
        let (account, subject) = (record.account_id.clone(), record.subject.clone());
        Self { cancelled, ..Self::new(id, client_id, client_name, account, subject, record.via) }
    }

    /// The same with what it has to share with others.
    pub(super) fn with_share(self, share: Arc<Share>) -> Self {
        Self { share, ..self }
    }

    /// Remembers that the grant was used; written down from time to time.
    pub fn note_use(&self, now: SystemTime, calls: u64) {
        self.used.last.fetch_max(unix_seconds(now), Ordering::Relaxed);
        self.used.calls.fetch_add(calls, Ordering::Relaxed);
    }

    /// Whether there is something to be written down.
    pub(crate) fn has_unwritten_use(&self) -> bool {
        self.used.last.load(Ordering::Relaxed) > 0
    }

    /// Takes what is to be written down, if there is anything.
    pub(crate) fn take_use(&self) -> Option<GrantUse> {
        let last = self.used.last.swap(0, Ordering::Relaxed);
        let calls = self.used.calls.swap(0, Ordering::Relaxed);
        (last > 0).then(|| GrantUse { id: self.id.clone(), last_used_at: from_unix_seconds(last), calls })
    }

    /// Takes a place in `lane`, unless `most` are taken (protocol.md 7.8).
    #[must_use]
    pub fn enter(self: &Arc<Self>, lane: Lane, most: usize) -> Option<Pass> {
        self.taken(lane)
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| (taken < most).then_some(taken + 1))
            .ok()
            .map(|_| Pass { grant: Arc::clone(self), lane })
    }

    /// For a message that is about to come.
    #[must_use]
    pub fn load(self: &Arc<Self>) -> Load {
        Load { grant: Arc::clone(self), bytes: 0 }
    }

    /// Waits until fewer than the grant's share of calls are with Jean Memory; a turn ends when it is dropped.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.share.turns.acquire().await.ok()
    }

    fn taken(&self, lane: Lane) -> &AtomicUsize {
        match lane {
            Lane::Call => &self.share.calls,
            Lane::Work => &self.share.work,
            Lane::Stream => &self.share.streams,
        }
    }
}

impl Load {
    /// Counts `bytes` of the message, those included that count already, unless the messages of its grant would then have
    /// more than `most`.
    #[must_use]
    pub fn grow_to(&mut self, bytes: usize, most: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let fits = |taken: usize| taken.checked_add(more).filter(|all| *all <= most);
        let grown = self.grant.share.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_ok();
        if grown {
            self.bytes += more;
        }
        grown
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.grant.share.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.grant.taken(self.lane).fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Arc<LiveGrant> {
        Arc::new(LiveGrant::new(
            GrantId::random(),
            ClientId::random(),
            "test".to_owned(),
            AccountId::random(),
            UserId::new("someone"),
            Via::Oauth,
        ))
    }

    #[test]
    fn a_place_is_given_back_when_its_pass_is_dropped() {
        let grant = grant();
        let pass = grant.enter(Lane::Call, 1).unwrap();
        assert!(grant.enter(Lane::Call, 1).is_none());
        assert!(grant.enter(Lane::Stream, 1).is_some());
        drop(pass);
        assert!(grant.enter(Lane::Call, 1).is_some());
    }

    #[test]
    fn bytes_count_as_they_come_and_until_their_message_is_dropped() {
        let grant = grant();
        let (mut one, mut two) = (grant.load(), grant.load());
        assert!(one.grow_to(6, 10));
        // Announced before, and now here.
        assert!(one.grow_to(4, 10) && one.grow_to(6, 10));
        assert!(two.grow_to(4, 10));
        assert!(!two.grow_to(5, 10));
        drop(one);
        assert!(two.grow_to(10, 10));
        drop(two);
        assert!(grant.load().grow_to(10, 10));
    }
}
