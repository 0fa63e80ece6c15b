//! The rules with a desk, a store and a clock, and no socket.

use std::convert::Infallible;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::*;
use crate::accounts::Backends;
use crate::consent::{Question, Settling};
use crate::fetch::DocumentFetcher;
use crate::ids::AccountId;
use crate::mcp::{Future, MemoryError, MemoryService, ToolPolicy, ToolReply};
use crate::oauth::metadata_document::ClientDocuments;
use crate::oauth::{Lifetimes, LiveGrant, SigningKeys};
use crate::process::{Process, ProcessId};
use crate::scope::{Scope, Scopes};
use crate::store::Whose;
use crate::upstream::Upstream;
use crate::vault::Vault;

const NOW: SystemTime = UNIX_EPOCH;
/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

struct Standing;

impl Clock for Standing {
    fn now(&self) -> SystemTime {
        NOW
    }
}

/// Jean Memory: its tools, and a person's switches.
#[derive(Default)]
struct Jean {
    tools: Mutex<Vec<&'static str>>,
    lists: Mutex<usize>,
    policy: Mutex<Arc<ToolPolicy>>,
}

impl MemoryService for Jean {
    fn list_tools<'a>(
        &'a self,
        _: &'a AccountId,
    ) -> Future<'a, Result<Vec<Map<String, Value>>, MemoryError>> {
        *self.lists.lock().unwrap() += 1;
        let tool = |name: &&str| {
            let members = [("name", json!(name)), ("inputSchema", json!({}))];
            Map::from_iter(members.map(|(name, value)| (name.to_owned(), value)))
        };
        let tools = self.tools.lock().unwrap().iter().map(tool).collect();
        Box::pin(async { Ok(tools) })
    }

    fn call_tool<'a>(
        &'a self,
        _: &'a AccountId,
        _: &'a str,
        _: Map<String, Value>,
    ) -> Future<'a, Result<ToolReply, MemoryError>> {
        Box::pin(async { Ok(ToolReply::default()) })
    }

    fn tool_policy(&self, _: &LiveGrant) -> Arc<ToolPolicy> {
        self.policy.lock().unwrap().clone()
    }
}

struct World {
    clients: Arc<AdapterClients>,
    jean: Arc<Jean>,
    settings: watch::Sender<Settings>,
    account: AccountId,
    _home: TempDir,
}

impl World {
    async fn new(patience: Duration) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), NOW).unwrap();
        let answer = json!({ "status": "valid", "developer_id": "u", "client_name": "x", "message": "y" });
        let answer = answer.to_string();
        let upstream = Upstream::in_process(tower::service_fn(move |request: Request<Bytes>| {
            let message: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let result = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "tools": [] });
            let body = match message.get("id") {
                Some(id) => json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string(),
                None => answer.clone(),
            };
            let response = Response::builder().header("content-type", "application/json");
            let response = response.body(Bytes::from(body)).unwrap();
            async move { Ok::<_, Infallible>(response) }
        }));
        let backends = Backends {
            remote: upstream.clone(),
            sandbox: upstream,
            sandbox_key: Box::new(|| None),
            identity_headers: false,
        };
        let accounts = Accounts::new(store.clone(), Vault::os("unused"), backends);
        let key = crate::api_key::ApiKey::parse("jean_sk_EXAMPLE_0123456789").unwrap();
        let account = accounts.add_key(key, true, NOW).await.unwrap().id;
        let (desk, shutdown) = (Desk::default(), CancellationToken::new());
        let oauth = Arc::new(AuthorizationServer::new(crate::oauth::Parts {
            store: store.clone(),
            accounts: accounts.clone(),
            desk: desk.clone(),
            keys: SigningKeys::configured(&"0123456789abcdef0123456789abcdef".to_owned().into()),
            documents: ClientDocuments::new(DocumentFetcher::new()),
            lifetimes: Lifetimes::default(),
            port: 1,
            shutdown: shutdown.clone(),
        }));
        let (jean, settings) = (Arc::new(Jean::default()), watch::Sender::new(Settings::default()));
        jean.tools.lock().unwrap().extend(["list_memories", "add_memories"]);
        let memories = Memories::new(Arc::clone(&jean) as _, Arc::new(Standing), shutdown.clone());
        let parts = Parts {
            store,
            accounts,
            desk,
            oauth,
            memories,
            settings: settings.subscribe(),
            clock: Arc::new(Standing),
            front: Front::Windows,
            tasks: TaskTracker::new(),
            shutdown,
        };
        let clients = Arc::new(AdapterClients::waiting_for(parts, patience));
        Self { clients, jean, settings, account, _home: home }
    }

    fn desk(&self) -> &Desk {
        &self.clients.parts.desk
    }

    /// A call on a task of its own.
    fn call(&self, caller: &Caller) -> tokio::task::JoinHandle<Result<Access, NotAdmitted>> {
        let (clients, caller) = (Arc::clone(&self.clients), caller.clone());
        tokio::spawn(async move { clients.admit(&caller, true).await })
    }

    async fn question(&self) -> Arc<Question> {
        let mut questions = self.desk().questions();
        let waiting = questions.wait_for(|all| !all.is_empty()).await.unwrap();
        waiting[0].clone()
    }

    /// Waits until calls of so many programs wait for an answer about a client.
    async fn until_programs_wait(&self, caller: &Caller, count: usize) {
        let waiting = || {
            let state = self.clients.state();
            state.asking.get(&caller.client.id).map_or(0, asking::Asking::programs)
        };
        while waiting() < count {
            tokio::task::yield_now().await;
        }
    }

    fn settling(&self, question: &Question, scopes: Scopes) -> Settling {
        self.desk().settle(&question.id, scopes, NOW).unwrap()
    }

    async fn allow(&self, scopes: Scopes) {
        let question = self.question().await;
        self.settling(&question, scopes).allow(self.account.clone()).unwrap();
    }

    async fn allowed(&self, caller: &Caller) -> Access {
        let call = self.call(caller);
        self.allow(Scopes::ALL).await;
        call.await.unwrap().unwrap()
    }

    async fn offered(&self, caller: &Caller) -> Option<String> {
        self.clients.offered(&caller.client).await.unwrap()
    }

    async fn grants(&self) -> usize {
        self.clients.parts.store.fold_live_grants(Whose::Everybody, 0, |count, _| *count += 1).await.unwrap()
    }
}

/// A client in the program of that number.
fn caller(name: &str, pid: u32) -> Caller {
    let program = Process { id: ProcessId::new(pid, 1), path: None };
    Caller { client: AdapterClient::named(name), program: Some(program) }
}

fn denied(name: &str) -> NotAdmitted {
    NotAdmitted::Denied { name: name.into() }
}

#[tokio::test]
async fn a_person_who_takes_longer_than_the_call_is_still_heard() {
    let world = World::new(Duration::ZERO).await;
    let claude = caller("Claude", 1);
    let NotAdmitted::Asking { name, code, .. } = world.clients.admit(&claude, true).await.unwrap_err() else {
        panic!("it is asked")
    };
    let question = world.question().await;
    assert_eq!((name.as_str(), &code), ("Claude", &question.code));
    // Another call is the same question.
    assert!(matches!(world.clients.admit(&claude, true).await, Err(NotAdmitted::Asking { .. })));
    assert_eq!(world.desk().questions().borrow().len(), 1);
    let mut changes = world.clients.changes();
    world.allow(Scope::Read.into()).await;
    // Whoever listens hears of it when there is something to find, although nobody calls.
    changes.changed().await.unwrap();
    assert!(world.offered(&claude).await.is_some());
    let access = world.clients.admit(&claude, false).await.unwrap();
    assert_eq!(access.scopes, Scope::Read.into());
}

#[tokio::test]
async fn every_program_that_waits_for_one_answer_is_refused_by_it() {
    let world = World::new(LONG).await;
    let (one, two, three) = (caller("Claude", 1), caller("Claude", 2), caller("Claude", 3));
    let first = world.call(&one);
    let question = world.question().await;
    assert_eq!(question.asker.program.as_ref().map(|program| program.pid), Some(1));
    let [again, other] = [&one, &two].map(|caller| world.call(caller));
    world.until_programs_wait(&one, 2).await;
    world.desk().deny(&question.id, NOW).unwrap();
    for call in [first, again, other] {
        assert_eq!(call.await.unwrap().unwrap_err(), denied("Claude"));
    }
    for refused in [&one, &two] {
        assert_eq!(world.clients.admit(refused, true).await.unwrap_err(), denied("Claude"));
    }
    assert!(world.desk().questions().borrow().is_empty());
    let anew = world.call(&three);
    world.question().await;
    anew.abort();
}

#[tokio::test]
async fn a_question_that_nobody_answers_is_no_refusal() {
    let world = World::new(LONG).await;
    let claude = caller("Claude", 1);
    let call = world.call(&claude);
    let question = world.question().await;
    world.desk().end_overdue(question.expires_at);
    let unanswered = NotAdmitted::Unanswered { name: "Claude".into() };
    assert_eq!(call.await.unwrap().unwrap_err(), unanswered);
    world.allowed(&claude).await;
}

#[tokio::test]
async fn a_yes_for_an_account_that_is_gone_allows_nothing() {
    let world = World::new(LONG).await;
    let claude = caller("Claude", 1);
    let call = world.call(&claude);
    let question = world.question().await;
    world.settling(&question, Scopes::ALL).allow(AccountId::new("gone")).unwrap();
    assert!(matches!(call.await.unwrap(), Err(NotAdmitted::Unanswered { .. })));
    assert_eq!(world.grants().await, 0);
}

#[tokio::test]
async fn a_revocation_overtakes_a_yes_that_is_being_written_down() {
    let world = World::new(LONG).await;
    let claude = caller("Claude", 1);
    let call = world.call(&claude);
    let question = world.question().await;
    // This thread is the only one: nothing is written before it waits.
    world.settling(&question, Scopes::ALL).allow(world.account.clone()).unwrap();
    assert_eq!(world.clients.arriving(), std::slice::from_ref(&claude.client));
    world.clients.take_back(&claude.client.id);
    assert_eq!(call.await.unwrap().unwrap_err(), denied("Claude"));
    assert_eq!(world.grants().await, 0);
    assert!(world.clients.arriving().is_empty() && world.clients.asking().is_empty());
    assert_eq!(world.clients.admit(&claude, true).await.unwrap_err(), denied("Claude"));
}

#[tokio::test]
async fn a_grant_of_an_earlier_run_is_found_and_one_that_was_revoked_is_not() {
    let world = World::new(LONG).await;
    let claude = caller("Claude", 1);
    let access = world.allowed(&claude).await;
    world.clients.state().held.clear();
    let again = world.clients.admit(&caller("Claude", 2), false).await.unwrap();
    assert_eq!(again.grant.id, access.grant.id);
    world.clients.parts.oauth.revoke_client(&claude.client.id, NOW).await.unwrap();
    let refused = world.clients.admit(&claude, false).await.unwrap_err();
    assert_eq!(refused, NotAdmitted::NotAllowed { name: "Claude".into() });
    assert!(world.clients.state().held.is_empty());
}

#[tokio::test]
async fn programs_that_are_connected_are_refused_by_a_revocation_and_others_are_not() {
    let world = World::new(LONG).await;
    world.allowed(&caller("Claude", 1)).await;
    let program = |pid| Some(Process { id: ProcessId::new(pid, 1), path: None });
    let stays = Visitor::new(Arc::clone(&world.clients), program(2));
    let connected = stays.caller("Claude").unwrap();
    let leaves = Visitor::new(Arc::clone(&world.clients), program(3));
    let left = leaves.caller("Claude").unwrap();
    drop(leaves);
    world.clients.take_back(&connected.client.id);
    world.clients.parts.oauth.revoke_client(&connected.client.id, NOW).await.unwrap();
    assert_eq!(world.clients.admit(&connected, true).await.unwrap_err(), denied("Claude"));
    assert_eq!(world.clients.admit(&connected, false).await.unwrap_err(), denied("Claude"));
    let asked = world.call(&left);
    world.question().await;
    asked.abort();
}

#[tokio::test]
async fn what_is_offered_has_one_digest_and_everything_that_changes_it_another() {
    let world = World::new(LONG).await;
    let claude = caller("Claude", 1);
    assert_eq!(world.offered(&claude).await, None);
    let access = world.allowed(&claude).await;
    let unknown = world.offered(&claude).await.expect("it is allowed");
    assert_eq!(*world.jean.lists.lock().unwrap(), 0, "nobody asked for the list");
    world.clients.parts.memories.prepare(&access.grant.account).await.unwrap();
    let known = world.offered(&claude).await.expect("it is allowed");
    assert_ne!(known, unknown);
    assert_eq!(world.offered(&claude).await.as_ref(), Some(&known));

    world.settings.send_modify(|settings| settings.paused = true);
    let paused = world.offered(&claude).await.expect("it is allowed");
    world.settings.send_modify(|settings| settings.paused = false);
    let off = ToolPolicy::from_iter([("add_memories".to_owned(), false)]);
    *world.jean.policy.lock().unwrap() = Arc::new(off);
    let switched = world.offered(&claude).await.expect("it is allowed");
    *world.jean.policy.lock().unwrap() = Arc::default();
    assert_eq!(world.offered(&claude).await.as_ref(), Some(&known));
    world.jean.tools.lock().unwrap().push("ask_memory");
    world.clients.parts.memories.forget(&access.grant.account);
    world.clients.parts.memories.prepare(&access.grant.account).await.unwrap();
    let grown = world.offered(&claude).await.expect("it is allowed");
    let all = [&unknown, &known, &paused, &switched, &grown];
    assert_eq!(all.into_iter().collect::<std::collections::HashSet<_>>().len(), all.len());
}

#[tokio::test]
async fn at_the_end_nobody_waits() {
    let world = World::new(LONG).await;
    let call = world.call(&caller("Claude", 1));
    world.question().await;
    world.clients.parts.shutdown.cancel();
    assert_eq!(call.await.unwrap().unwrap_err(), NotAdmitted::Ending);
}
