//! The line in front of the keychain: one caller at a time, so one prompt at a time.
//!
//! Those who wait cost no thread, and who gives up leaves the line: what was answered with "timed out"
//! while still in line is never done later. A call that neither ends nor lets go is abandoned after a
//! while; the next caller starts a line of its own, with a keychain opened anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use keyring_core::CredentialStore;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, watch};

use super::{VaultError, VaultState};

/// Calls that may hang for ever at the same time; each holds a thread and a connection to the bus.
const MAX_ABANDONED: usize = 4;

/// The open keychain, handed from caller to caller; empty after a failure.
type Slot = Option<Arc<CredentialStore>>;

pub(super) struct Line {
    abandon_after: Duration,
    place: Mutex<Place>,
    state: watch::Sender<VaultState>,
}

struct Place {
    slot: Arc<AsyncMutex<Slot>>,
    busy_since: Option<Instant>,
    abandoned: usize,
}

impl Line {
    pub(super) fn new(abandon_after: Duration) -> Self {
        let place = Place { slot: Arc::default(), busy_since: None, abandoned: 0 };
        Self { abandon_after, place: Mutex::new(place), state: watch::Sender::default() }
    }

    pub(super) fn states(&self) -> watch::Receiver<VaultState> {
        self.state.subscribe()
    }

    /// Waits until it is the caller's turn.
    pub(super) async fn turn(self: &Arc<Self>) -> Turn {
        loop {
            let slot = self.slot().lock_owned().await;
            let mut place = self.place();
            // The line may have been abandoned while this caller waited in it.
            if Arc::ptr_eq(&place.slot, OwnedMutexGuard::mutex(&slot)) {
                place.busy_since = Some(Instant::now());
                drop(place);
                return Turn { line: Arc::clone(self), slot, outcome: VaultState::Failed };
            }
        }
    }

    /// A caller gave up. If that was because of the one whose turn it is, the keychain is slow.
    pub(super) fn overdue(&self) {
        let place = self.place();
        if place.busy_since.is_some() {
            self.state.send_replace(VaultState::Slow);
        }
    }

    fn slot(&self) -> Arc<AsyncMutex<Slot>> {
        let mut place = self.place();
        let stuck = place.busy_since.is_some_and(|since| since.elapsed() >= self.abandon_after);
        if stuck && place.abandoned < MAX_ABANDONED {
            tracing::warn!("a call to the keychain does not end; opening the keychain anew");
            place.slot = Arc::default();
            place.busy_since = None;
            place.abandoned += 1;
        }
        Arc::clone(&place.slot)
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to use the keychain. It ends by being dropped, in a panic too.
pub(super) struct Turn {
    line: Arc<Line>,
    slot: OwnedMutexGuard<Slot>,
    outcome: VaultState,
}

impl Turn {
    /// Takes the open keychain, if there is one; who had a good answer from it puts it back.
    pub(super) fn take(&mut self) -> Slot {
        self.slot.take()
    }

    /// Leaves the open keychain to the next caller.
    pub(super) fn put_back(&mut self, store: Arc<CredentialStore>) {
        *self.slot = Some(store);
    }

    /// Notes what came of it. Finding no item leaves a missing keyring missing.
    pub(super) fn note<T>(&mut self, answer: &Result<Option<T>, VaultError>) {
        self.outcome = match answer {
            Ok(None) if *self.line.state.borrow() == VaultState::NoKeyring => VaultState::NoKeyring,
            Ok(_) => VaultState::Ready,
            Err(error) => VaultState::from(*error),
        };
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut place = self.line.place();
        if Arc::ptr_eq(&place.slot, OwnedMutexGuard::mutex(&self.slot)) {
            place.busy_since = None;
            // Under the same lock as `overdue`, or a late "slow" could outlive the answer.
            self.line.state.send_if_modified(|state| std::mem::replace(state, self.outcome) != self.outcome);
        } else {
            place.abandoned -= 1;
        }
    }
}
