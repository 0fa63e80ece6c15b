//! Clients that reach the bridge through the stdio adapter: known by the name that the adapter tells, allowed by a
//! person at their first tool call (clients.md 5.5).
//!
//! The system says which program speaks, and that it is of the same user; the name is what the program claims. A
//! grant is for a name, and holds for every adapter that bears it, after a restart too. A refusal is for a name in one
//! program, until that program ends.

mod asking;
mod refusals;
#[cfg(test)]
mod tests;
mod visitor;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use visitor::{AdapterClient, Caller, Visitor};

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::consent::{Desk, Front, MatchingCode};
use crate::ids::ClientId;
use crate::mcp::Memories;
use crate::oauth::{Access, AuthorizationServer};
use crate::process::Processes;
use crate::secret::Digest;
use crate::store::{Store, StoreError};
use crate::view::Settings;
use asking::{Asking, Verdict};
use refusals::Refusals;
use visitor::Present;

/// How long a call waits for a person: clients give up after 60 s (clients.md 5.6).
const PATIENCE: Duration = Duration::from_secs(45);
/// Calls that wait for a person at once, of all clients.
const MOST_WAITING: usize = 64;
/// Connections that listen for changes at once: of the places on the socket, others keep more than half.
const MOST_LISTENING: usize = 96;

/// Why a request is not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// Nobody has allowed the client, and this request is no reason to ask.
    #[error("{name} is not allowed yet")]
    NotAllowed {
        /// What the client is called.
        name: String,
    },
    /// A person was asked, and gave no answer in all the time there was.
    #[error("nobody answered about {name}")]
    Unanswered {
        /// What the client is called.
        name: String,
    },
    /// A person is being asked, and has not answered while the request could wait.
    #[error("a person is being asked about {name}")]
    Asking {
        /// What the client is called.
        name: String,
        /// The code of the question.
        code: MatchingCode,
        /// Where the question is.
        front: Front,
    },
    /// A person has refused the client in this program, or has revoked it.
    #[error("{name} was refused")]
    Denied {
        /// What the client is called.
        name: String,
    },
    /// Too many questions wait, or too many requests for an answer.
    #[error("too many apps wait for an answer")]
    Busy,
    /// The bridge ends.
    #[error("the bridge is ending")]
    Ending,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// What the rules work with.
pub struct Parts {
    /// Grants.
    pub store: Store,
    /// Whose memories.
    pub accounts: Accounts,
    /// Where questions wait.
    pub desk: Desk,
    /// Knows which grants live.
    pub oauth: Arc<AuthorizationServer>,
    /// What there is to offer.
    pub memories: Arc<Memories>,
    /// What a person has set.
    pub settings: watch::Receiver<Settings>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Where the person is asked.
    pub front: Front,
    /// What the end of the bridge waits for.
    pub tasks: TaskTracker,
    /// The end of the bridge.
    pub shutdown: CancellationToken,
}

/// Every client of the adapter.
pub struct AdapterClients {
    parts: Parts,
    patience: Duration,
    processes: Processes,
    state: Mutex<State>,
    places: Arc<Semaphore>,
    listening: Arc<Semaphore>,
    allowed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// What was found in the store, as long as it lives.
    held: HashMap<ClientId, Access>,
    asking: HashMap<ClientId, Asking>,
    refusals: Refusals,
    present: Present,
    /// Grows when somebody is allowed, so that a look at the store before that does not count after it.
    decisions: u64,
}

impl AdapterClients {
    /// None is connected yet.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self::waiting_for(parts, PATIENCE))
    }

    fn waiting_for(parts: Parts, patience: Duration) -> Self {
        Self {
            parts,
            patience,
            processes: Processes::default(),
            state: Mutex::default(),
            places: Arc::new(Semaphore::new(MOST_WAITING)),
            listening: Arc::new(Semaphore::new(MOST_LISTENING)),
            allowed: watch::Sender::default(),
        }
    }

    /// A connection of process `pid`, where the system tells which that is.
    pub async fn visitor(self: &Arc<Self>, pid: Option<u32>) -> Visitor {
        let clients = Arc::clone(self);
        // Some systems take their time to list processes.
        let found = tokio::task::spawn_blocking(move || clients.processes.parent_program(pid?));
        Visitor::new(Arc::clone(self), found.await.ok().flatten())
    }

    /// What the caller may do. Where nobody has allowed it yet, a person is asked if `asks`, and the call waits.
    ///
    /// # Errors
    /// [`NotAdmitted`].
    pub async fn admit(self: &Arc<Self>, caller: &Caller, asks: bool) -> Result<Access, NotAdmitted> {
        let deadline = Instant::now() + self.patience;
        let name = || caller.client.name.clone();
        loop {
            let decisions = self.state().decisions;
            if let Some(access) = self.live(&caller.client).await? {
                access.grant.note_use(self.parts.clock.now(), 0);
                return Ok(access);
            }
            if !asks {
                return Err(self.not_asked(caller));
            }
            let Some(mut waiting) = self.ask(caller, decisions).await? else { continue };
            let verdict = tokio::time::timeout_at(deadline, waiting.verdict.wait_for(Option::is_some)).await;
            match verdict {
                Err(_) => {
                    return Err(NotAdmitted::Asking {
                        name: name(),
                        code: waiting.code,
                        front: self.parts.front,
                    });
                }
                Ok(Err(_)) => return Err(NotAdmitted::Ending),
                Ok(Ok(verdict)) => match *verdict {
                    Some(Verdict::Allowed) => {}
                    Some(Verdict::Refused) => return Err(NotAdmitted::Denied { name: name() }),
                    Some(Verdict::Unanswered) | None => {
                        return Err(NotAdmitted::Unanswered { name: name() });
                    }
                    Some(Verdict::Failed(error)) => return Err(error.into()),
                },
            }
        }
    }

    /// What the client is offered, as far as it is known without asking Jean Memory: another text for another
    /// list, and none while it is not allowed.
    ///
    /// Before the first list was fetched, that is after a start, it stands for a list that nobody knows; whoever is
    /// shown the first one has it fetched, and hears of it once more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn offered(&self, client: &AdapterClient) -> Result<Option<String>, StoreError> {
        let Some(access) = self.live(client).await? else { return Ok(None) };
        let account = self.parts.accounts.get(&access.grant.account).await?;
        let is_paused = self.parts.settings.borrow().paused;
        let mut all = format!("{}\n{is_paused}\n{}\n", access.grant.id, access.scopes);
        // Writing to a string cannot fail.
        let _ = writeln!(all, "{:?}", account.map(|account| account.state));
        all.extend(self.parts.memories.offered(&access));
        Ok(Some(Digest::of(&all).short_hex()))
    }

    /// Grows when a client was allowed and its grant is written. Until it is used, nobody else knows of it.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.allowed.subscribe()
    }

    /// A place to listen for changes; it ends with what is returned.
    ///
    /// # Errors
    /// [`NotAdmitted::Busy`].
    pub fn listen(&self) -> Result<OwnedSemaphorePermit, NotAdmitted> {
        Arc::clone(&self.listening).try_acquire_owned().map_err(|_| NotAdmitted::Busy)
    }

    fn not_asked(&self, caller: &Caller) -> NotAdmitted {
        let client = &caller.client;
        let name = client.name.clone();
        if self.state().refusals.hold(&client.id, caller.process(), self.parts.clock.now()) {
            NotAdmitted::Denied { name }
        } else {
            NotAdmitted::NotAllowed { name }
        }
    }

    /// The client's grant, if a person has allowed it.
    async fn live(&self, client: &AdapterClient) -> Result<Option<Access>, StoreError> {
        let held = self.state().held.get(&client.id).cloned();
        if let Some(held) = held.filter(|held| !held.grant.cancelled.is_cancelled()) {
            return Ok(Some(held));
        }
        let live = self.parts.oauth.live();
        loop {
            let before = live.revocations();
            let Some(grant) = self.parts.store.newest_live_grant(&client.id).await? else {
                self.state().held.remove(&client.id);
                return Ok(None);
            };
            // Somebody was revoked while the store was asked: perhaps this one, so it is asked again.
            if let Some(live) = live.hold(&grant, before) {
                let access = Access { grant: live, scopes: grant.scopes };
                self.state().held.insert(client.id.clone(), access.clone());
                return Ok(Some(access));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
