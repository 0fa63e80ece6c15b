//! Everything the double knows and remembers, shared by its handlers and its switches.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::bell::Bell;
use super::clock::Clock;
use super::documents::Job;
use super::faults::Faults;
use super::people::Keys;
use super::record::Log;
use super::wire::Lines;

pub(super) struct World {
    pub(super) keys: Keys,
    pub(super) faults: Faults,
    pub(super) log: Log,
    pub(super) lines: Arc<Lines>,
    pub(super) clock: Clock,
    pub(super) bell: Bell,
    /// Moves when hanging requests may go on.
    pub(super) gate: watch::Sender<()>,
    /// Whether the tools of the conformance suite are offered as well.
    pub(super) fixtures: bool,
    /// Whether the app believes `X-Forwarded-Proto` (upstream-api.md 3).
    pub(super) trusts_proxy: AtomicBool,
    /// Pairs of client and user with an SSE stream open (upstream-api.md 3).
    pub(super) streams: Mutex<HashSet<(String, String)>>,
    /// From a write to its appearance in searches (upstream-api.md 9.5).
    pub(super) search_delay: Mutex<Duration>,
    accounts: Mutex<HashMap<String, Account>>,
    ids: AtomicU64,
}

impl World {
    pub(super) fn new(fixtures: bool) -> Self {
        let bell = Bell::new();
        Self {
            keys: Keys::seeded(),
            faults: Faults::default(),
            log: Log::new(bell.clone()),
            lines: Arc::new(Lines::new(bell.clone())),
            clock: Clock::new(),
            bell,
            gate: watch::Sender::new(()),
            fixtures,
            trusts_proxy: AtomicBool::new(false),
            streams: Mutex::default(),
            search_delay: Mutex::default(),
            accounts: Mutex::default(),
            ids: AtomicU64::new(1),
        }
    }

    /// Works on what belongs to one user id, known or not: upstream makes the row at first use.
    pub(super) fn with_account<T>(&self, user_id: &str, work: impl FnOnce(&mut Account) -> T) -> T {
        work(self.accounts.lock().unwrap().entry(user_id.to_owned()).or_default())
    }

    /// The next made-up id; `family` tells the kinds of ids apart.
    pub(super) fn next_id(&self, family: char) -> String {
        let number = self.ids.fetch_add(1, SeqCst);
        format!("{family}0000000-0000-4000-8000-{number:012x}")
    }
}

/// All of one user, under whatever key.
#[derive(Default)]
pub(super) struct Account {
    pub(super) memories: Vec<Memory>,
    pub(super) jobs: Vec<Job>,
    /// App rows by client name, and whether the user paused them.
    pub(super) apps: HashMap<String, bool>,
    /// The cached narrative with which a new conversation begins.
    pub(super) narrative: Option<String>,
}

impl Account {
    pub(super) fn active(&self) -> impl DoubleEndedIterator<Item = &Memory> {
        self.memories.iter().filter(|memory| !memory.deleted)
    }
}

pub(super) struct Memory {
    /// Its id in lists.
    pub(super) id: String,
    /// Its id in searches; `None` if the vector store never got it.
    pub(super) search_id: Option<String>,
    pub(super) content: String,
    pub(super) details: Details,
    pub(super) created_at: SystemTime,
    pub(super) searchable_at: SystemTime,
    pub(super) deleted: bool,
}

pub(super) enum Details {
    Noted { tags: Vec<String>, priority: bool },
    DocumentSummary(serde_json::Map<String, serde_json::Value>),
}
