//! What attempts tell about keys and about Jean Memory, seen from the accounts.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{AccountError, Accounts, AddAccountError, Backends, Reachability, ReplaceKeyError};
use crate::api_key::ApiKey;
use crate::ids::UserId;
use crate::store::{AccountRecord, Store};
use crate::upstream::{Upstream, Verdict};
use crate::vault::Vault;
use crate::view::KeyState;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const ALICE: &str = "jean_sk_alice_0123456789";
const ALICE_NEW: &str = "jean_sk_alice_9876543210";
const BOB: &str = "jean_sk_bob_0123456789abcd";

/// Jean Memory: a key begins with the name of its person.
#[derive(Default)]
struct Jean {
    is_away: bool,
    revoked: HashSet<&'static str>,
}

impl Jean {
    fn answer(&self, request: &Request<Bytes>) -> (StatusCode, &'static str, String) {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let header = request.headers().get("x-api-key").and_then(|key| key.to_str().ok());
        let key = body["api_key"].as_str().or(header).unwrap_or_default();
        let reply = match request.uri().path() {
            _ if self.is_away => return (StatusCode::BAD_GATEWAY, "text/html", "<html>".into()),
            "/health" => json!({ "status": "healthy" }),
            _ if self.revoked.contains(key) => {
                let refused = json!({ "error": "Missing user authentication details" });
                return (StatusCode::BAD_REQUEST, "application/json", refused.to_string());
            }
            "/sdk/validate-developer" => {
                let owner = key.trim_start_matches("jean_sk_").split('_').next();
                json!({ "status": "valid", "developer_id": owner, "client_name": "x", "message": "y" })
            }
            _ => {
                let result = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "tools": [] });
                json!({ "jsonrpc": "2.0", "id": body["id"], "result": result })
            }
        };
        (StatusCode::OK, "application/json", reply.to_string())
    }
}

struct World {
    accounts: Accounts,
    jean: Arc<Mutex<Jean>>,
    _home: TempDir,
}

impl World {
    fn new() -> Self {
        let (home, jean) = (tempfile::tempdir().unwrap(), Arc::new(Mutex::new(Jean::default())));
        let asked = jean.clone();
        let upstream = Upstream::in_process(tower::service_fn(move |request: Request<Bytes>| {
            let (status, kind, body) = asked.lock().unwrap().answer(&request);
            let reply = Response::builder().status(status).header("content-type", kind).body(body.into());
            async move { Ok::<_, Infallible>(reply.unwrap()) }
        }));
        let backends = Backends {
            remote: upstream.clone(),
            sandbox: upstream,
            sandbox_key: Box::new(|| None),
            identity_headers: false,
        };
        let store = Store::open(home.path(), NOW).unwrap();
        Self { accounts: Accounts::new(store, Vault::absent(), backends), jean, _home: home }
    }

    async fn with(key: &str) -> (Self, AccountRecord) {
        let world = Self::new();
        let account = world.accounts.add_key(self::key(key), false, NOW).await.unwrap();
        (world, account)
    }

    fn set_away(&self, is_away: bool) {
        self.jean.lock().unwrap().is_away = is_away;
    }

    fn revoke(&self, key: &'static str) {
        self.jean.lock().unwrap().revoked.insert(key);
    }

    async fn account(&self) -> AccountRecord {
        let all = self.accounts.all().await.unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }
}

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

#[tokio::test]
async fn an_outage_is_over_when_the_health_check_says_so() {
    // design.md J7: recovery needs no action, not even a call.
    let world = World::new();
    let accounts = &world.accounts;
    world.set_away(true);
    accounts.use_environment(key(ALICE), NOW).await.unwrap();
    let id = world.account().await.id;
    let reachability = accounts.reachability();

    accounts.look_again().await;
    assert_eq!(*reachability.borrow(), Reachability::Online, "nobody has noticed anything");
    accounts.list_tools(&id).await.unwrap_err();
    assert_eq!(*reachability.borrow(), Reachability::Offline);
    accounts.look_again().await;
    assert_eq!(*reachability.borrow(), Reachability::Offline);
    world.set_away(false);
    accounts.look_again().await;
    assert_eq!(*reachability.borrow(), Reachability::Online);
}

#[tokio::test]
async fn a_key_from_the_environment_is_not_brought_into_the_keychain() {
    let world = World::new();
    world.accounts.use_environment(key(ALICE), NOW).await.unwrap();
    // As after an app was allowed with it.
    world.accounts.save_key(&world.account().await.id).await;
    assert_eq!(world.accounts.unsaved(), 0, "nobody has tried, so nothing is missing there");
}

#[tokio::test]
async fn a_verdict_is_taken_to_its_end_although_nobody_waits_for_it() {
    let world = World::new();
    world.accounts.use_environment(key(ALICE), NOW).await.unwrap();
    let of = |user: &str| Verdict::Accepted { user_id: Some(UserId::new(user)) };
    world.accounts.note_verdict(world.account().await, &key(ALICE), of("alice")).await.unwrap();
    {
        let account = world.account().await;
        let key = key(ALICE);
        let mut noting = Box::pin(world.accounts.note_verdict(account, &key, of("bob")));
        assert!(futures_util::poll!(&mut noting).is_pending());
    }
    let theirs = async || world.accounts.all().await.unwrap().iter().any(|account| account.user_id == "bob");
    while !theirs().await {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.account().await.user_id, "bob");
}

#[tokio::test]
async fn a_new_key_of_the_same_person_takes_the_place_of_the_old_one() {
    // design.md J6
    let (world, account) = World::with(ALICE).await;
    world.revoke(ALICE);
    let refused = world.accounts.list_tools(&account.id).await;
    assert!(matches!(refused, Err(AccountError::KeyRejected)), "{refused:?}");
    let replaced = world.accounts.replace_key(&account.id, key(ALICE_NEW), false).await.unwrap();
    assert_eq!((replaced.state, replaced.user_id.as_str()), (KeyState::Ok, "alice"));
    assert_eq!((&replaced.id, &replaced.label), (&account.id, &account.label));
    assert_eq!((&replaced, replaced.key_hint.as_str()), (&world.account().await, "…3210"));
    world.accounts.list_tools(&account.id).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_not_taken_leaves_the_old_one_in_place() {
    let (world, account) = World::with(ALICE).await;
    world.revoke(ALICE_NEW);
    let refused = world.accounts.replace_key(&account.id, key(ALICE_NEW), false).await.unwrap_err();
    // What could be a mistake on the way is not called a refusal; either way nothing changes.
    assert!(matches!(refused, ReplaceKeyError::Key(_)), "{refused:?}");
    let other = world.accounts.replace_key(&account.id, key(BOB), true).await.unwrap_err();
    assert!(matches!(other, ReplaceKeyError::OtherPerson), "{other:?}");
    world.set_away(true);
    let unchecked = world.accounts.replace_key(&account.id, key(ALICE_NEW), false).await.unwrap_err();
    let could_not = matches!(unchecked, ReplaceKeyError::Key(AddAccountError::CouldNotCheck(_)));
    assert!(could_not, "{unchecked:?}");
    world.set_away(false);
    assert_eq!(world.account().await, account);
    world.accounts.list_tools(&account.id).await.unwrap();
}

#[tokio::test]
async fn a_key_that_replaces_another_unchecked_is_used_when_it_is_known_whose_it_is() {
    // protocol.md 4.18: nobody's clients may read somebody else's memories
    for (new, state) in [(ALICE_NEW, KeyState::Ok), (BOB, KeyState::Rejected)] {
        let (world, account) = World::with(ALICE).await;
        let mut rejections = world.accounts.rejections();
        world.set_away(true);
        let replaced = world.accounts.replace_key(&account.id, key(new), true).await.unwrap();
        assert_eq!((replaced.state, replaced.user_id.as_str()), (KeyState::Unchecked, "alice"));
        world.set_away(false);
        let early = world.accounts.list_tools(&account.id).await;
        assert!(matches!(early, Err(AccountError::NoKey)), "{early:?}");
        world.accounts.check_unchecked().await.unwrap();
        assert_eq!((world.account().await.state, world.account().await.id), (state, account.id.clone()));
        assert_eq!(world.accounts.list_tools(&account.id).await.is_ok(), state == KeyState::Ok);
        assert_eq!(rejections.try_recv().is_ok(), state == KeyState::Rejected);
    }
}

#[tokio::test]
async fn a_refused_key_is_told_once_each_time() {
    let (world, account) = World::with(ALICE).await;
    let mut rejections = world.accounts.rejections();
    world.revoke(ALICE);
    let calls = (0..4).map(|_| world.accounts.list_tools(&account.id));
    futures_util::future::join_all(calls).await;
    world.accounts.list_tools(&account.id).await.unwrap_err();
    let told = rejections.try_recv().unwrap();
    assert_eq!((told.id, told.state), (account.id.clone(), KeyState::Rejected));
    assert!(rejections.try_recv().is_err(), "once");
    world.accounts.replace_key(&account.id, key(ALICE_NEW), false).await.unwrap();
    world.revoke(ALICE_NEW);
    world.accounts.list_tools(&account.id).await.unwrap_err();
    assert_eq!(rejections.try_recv().unwrap().id, account.id, "and again");
}

#[tokio::test]
async fn a_check_that_is_dropped_leaves_nothing_behind() {
    let world = World::new();
    drop(world.accounts.check_key(key(ALICE), false).await.unwrap());
    assert_eq!(world.accounts.all().await.unwrap(), []);
    assert_eq!(world.accounts.unsaved(), 0);
}

#[tokio::test]
async fn two_keys_of_one_person_at_once_are_one_account() {
    // upstream-api.md 7
    let world = World::new();
    let add = |text| world.accounts.add_key(key(text), false, NOW);
    let (one, two) = futures_util::future::join(add(ALICE), add(ALICE_NEW)).await;
    assert_eq!(one.unwrap().id, two.unwrap().id);
    world.account().await;
}

#[tokio::test]
async fn a_new_name_is_kept_and_only_the_name_changes() {
    let (world, account) = World::with(ALICE).await;
    let mut changes = world.accounts.list_changes();
    changes.mark_unchanged();
    let renamed = world.accounts.rename(&account.id, "  Work ").await.unwrap();
    assert_eq!(renamed, AccountRecord { label: "Work".into(), ..account });
    assert_eq!(world.account().await, renamed);
    assert!(changes.has_changed().unwrap());
}
