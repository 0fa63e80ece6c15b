//! The upstream double: the Jean Memory API with its faults (upstream-api.md 13).
//!
//! A real server on a free port of 127.0.0.1, in the process of the test, ended when [`Double`] is
//! dropped. It is seeded with [`ALICE`], [`BOB`] and a [`REVOKED_KEY`]. Its clock stands still until
//! [`advance`](Double::advance).
//!
//! ```ignore
//! let double = Double::start().await;
//! double.fault(Fault::Html(502).on(tool("add_memories")).times(1));
//! double.fault(Fault::Hang.on(tool("jean_memory")));
//! // … let the bridge, with `double.base_url()`, call jean_memory …
//! double.wait_for_call("jean_memory").await;
//! // … give the call up …
//! double.call_aborted("jean_memory").await;
//! assert_eq!(double.requests().key(ALICE.key).tool("jean_memory").count(), 1);
//! assert!(double.key_leaks().is_empty());
//! ```

mod auth;
mod bell;
mod clock;
mod complaints;
mod documents;
mod edge;
mod faults;
mod fixtures;
mod leaks;
mod memories;
mod people;
mod python;
mod record;
mod reply;
mod routes;
mod rpc;
mod stage;
mod tools;
mod validate;
mod wire;
mod world;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;

pub use self::complaints::{SQL, complaints};
pub use self::documents::{PROCESSED_IN, QUEUED_FOR};
pub use self::edge::{HOSTILE_HEADERS, HUGE};
pub use self::faults::{CutAt, Drift, Elsewhere, Fault, NotJson, On, Rule, key, path, rpc, tool};
pub use self::memories::{LONGEST_MEMORY, MEMORY_CAP};
pub use self::people::{ALICE, BOB, Person, REVOKED_KEY};
pub use self::record::{Outcome, Requests, Seen};
pub use self::tools::HIDDEN_TOOLS;

use self::wire::Port;
use self::world::{Details, Memory, World};

/// The running double.
pub struct Double {
    port: Port,
    world: Arc<World>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

/// Starting and stopping.
impl Double {
    /// Starts with the tools of the real service.
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    /// Starts with the tools of the conformance suite in front of them (protocol.md 11.5).
    pub async fn with_fixtures() -> Self {
        Self::start_with(true).await
    }

    #[expect(clippy::unused_async, reason = "a start is awaited; that binding never waits is luck")]
    async fn start_with(fixtures: bool) -> Self {
        let port = Port::take().expect("a free port");
        let world = Arc::new(World::new(fixtures));
        let double = Self { port, world, accepting: Mutex::default() };
        double.come_back();
        double
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.port.address)
    }

    pub fn url(&self, path: &str) -> String {
        self.base_url() + path
    }

    /// Ends all connections and refuses new ones.
    pub async fn go_away(&self) {
        let accepting = self.accepting.lock().unwrap().take();
        if let Some(accepting) = accepting {
            accepting.abort();
            // An aborted task has nothing to say.
            let _ = accepting.await;
        }
        let lines = &self.world.lines;
        let none_open = || (lines.open() == 0).then_some(());
        self.world.bell.until("the connections to end", none_open).await;
    }

    /// Accepts connections again, at the same address.
    pub fn come_back(&self) {
        let listener = self.port.listen().expect("the port is ours");
        let accept = wire::accept(listener, self.world.lines.clone(), routes::router(self.world.clone()));
        *self.accepting.lock().unwrap() = Some(tokio::spawn(accept));
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.release();
        if let Some(accepting) = self.accepting.lock().unwrap().take() {
            accepting.abort();
        }
    }
}

/// Faults.
impl Double {
    /// From the next request on.
    pub fn fault(&self, rule: impl Into<Rule>) {
        self.world.faults.place(rule.into());
    }

    /// No faults from now on. Requests that hang already go on hanging.
    pub fn clear(&self) {
        self.world.faults.clear();
    }

    /// Lets every request go on that hangs now.
    pub fn release(&self) {
        self.world.gate.send_replace(());
    }

    /// Closes the connections that idle in somebody's pool, and waits until that is done.
    pub async fn close_idle_connections(&self) {
        self.world.lines.close_idle().await;
    }
}

/// The state of the service.
impl Double {
    /// A key more; it has to say that it is an EXAMPLE.
    pub fn issue_key(&self, key: &str, user_id: &str) {
        self.world.keys.issue(key, user_id);
    }

    /// The user pauses an app, or lets it go on.
    pub fn pause_app(&self, user_id: &str, client: &str, paused: bool) {
        self.world.with_account(user_id, |account| account.apps.insert(client.to_owned(), paused));
    }

    /// The app rows that a user's dashboard would show.
    pub fn apps(&self, user_id: &str) -> Vec<String> {
        let mut names: Vec<_> =
            self.world.with_account(user_id, |account| account.apps.keys().cloned().collect());
        names.sort_unstable();
        names
    }

    /// The active memories of a user, as stored, oldest first.
    pub fn memories(&self, user_id: &str) -> Vec<String> {
        self.world
            .with_account(user_id, |account| account.active().map(|memory| memory.content.clone()).collect())
    }

    /// Gives a user so many memories more.
    pub fn seed_memories(&self, user_id: &str, texts: impl IntoIterator<Item = String>) {
        let now = self.now();
        let seeds = texts.into_iter().map(|content| Memory {
            id: self.world.next_id('1'),
            search_id: Some(self.world.next_id('5')),
            content,
            details: Details::Noted { tags: Vec::new(), priority: false },
            created_at: now,
            searchable_at: now,
            deleted: false,
        });
        let seeds: Vec<_> = seeds.collect();
        self.world.with_account(user_id, |account| account.memories.extend(seeds));
    }

    /// Caches the text with which `jean_memory` greets in a new conversation.
    pub fn cache_narrative(&self, user_id: &str, text: &str) {
        self.world.with_account(user_id, |account| account.narrative = Some(text.to_owned()));
    }

    /// Someone has an SSE stream open for this pair: `/mcp/{client}/messages/{user}` answers 204.
    pub fn open_stream(&self, client: &str, user_id: &str) {
        self.world.streams.lock().unwrap().insert((client.to_owned(), user_id.to_owned()));
    }

    /// Whether the app believes `X-Forwarded-Proto`.
    pub fn trust_proxy(&self, trusts: bool) {
        self.world.trusts_proxy.store(trusts, SeqCst);
    }

    /// From now on writes appear in searches so much later. Without this, at once.
    pub fn delay_searches(&self, by: Duration) {
        *self.world.search_delay.lock().unwrap() = by;
    }

    pub fn now(&self) -> SystemTime {
        self.world.clock.now()
    }

    /// Moves the clock: searches catch up, document jobs proceed.
    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
    }
}

/// What was seen.
impl Double {
    pub fn requests(&self) -> Requests {
        self.world.log.requests()
    }

    /// Places other than `X-API-Key` and the validation body where a key was seen.
    pub fn key_leaks(&self) -> Vec<String> {
        leaks::of_keys(&self.requests())
    }

    /// Requests that claimed an identity in a header.
    pub fn identity_headers(&self) -> Vec<String> {
        leaks::of_identity(&self.requests())
    }

    /// Tools that a bridge must never call, and that were called.
    pub fn blocked_calls(&self) -> Vec<String> {
        let blocked = |name: &&str| HIDDEN_TOOLS.contains(name) && *name != tools::HIDDEN_BUT_HARMLESS;
        self.requests().iter().filter_map(|seen| seen.tool()).filter(blocked).map(str::to_owned).collect()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.world.lines.accepted()
    }

    pub fn open_connections(&self) -> usize {
        self.world.lines.open()
    }
}

/// Waiting, for conditions and never for time.
impl Double {
    /// The first request that `wanted` says yes to, when it has arrived.
    pub async fn wait_for(&self, what: &str, wanted: impl Fn(&Seen) -> bool) -> Arc<Seen> {
        let found = || self.requests().iter().find(|seen| wanted(seen)).cloned();
        self.world.bell.until(what, found).await
    }

    /// The first call of a tool, when it has arrived; it may still be hanging.
    pub async fn wait_for_call(&self, tool: &str) -> Arc<Seen> {
        self.wait_for(&format!("a call of {tool}"), |seen| seen.tool() == Some(tool)).await
    }

    /// So many calls of a tool have arrived.
    pub async fn wait_for_calls(&self, tool: &str, count: usize) {
        let enough = || (self.requests().tool(tool).count() >= count).then_some(());
        self.world.bell.until(&format!("{count} calls of {tool}"), enough).await;
    }

    /// A user has so many active memories, whether or not the caller waited for the last one.
    pub async fn wait_for_memories(&self, user_id: &str, count: usize) {
        let as_many = || (self.memories(user_id).len() == count).then_some(());
        self.world.bell.until(&format!("{count} memories"), as_many).await;
    }

    /// The caller gave up on a call of this tool and closed the connection.
    pub async fn call_aborted(&self, tool: &str) -> Arc<Seen> {
        let gone = |seen: &Seen| seen.tool() == Some(tool) && seen.outcome() == Outcome::Aborted;
        self.wait_for(&format!("a call of {tool} to be given up"), gone).await
    }

    /// So many connections are open, no more and no fewer.
    pub async fn wait_for_open_connections(&self, count: usize) {
        let lines = &self.world.lines;
        let as_many = || (lines.open() == count).then_some(());
        self.world.bell.until(&format!("{count} open connections"), as_many).await;
    }
}
