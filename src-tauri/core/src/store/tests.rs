use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::ids::{AccountId, ClientId, GrantId, Jti, UserId};
use crate::scope::Scopes;
use crate::secret::{Digest, Token};
use crate::view::{CallFilter, CallOutcome, Via};

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn open(dir: &tempfile::TempDir) -> Store {
    Store::open(dir.path(), now()).unwrap()
}

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
        created_at: now(),
        last_used_at: None,
        calls: 0,
    }
}

fn access(grant: &GrantRecord) -> AccessTokenRecord {
    AccessTokenRecord {
        jti: Jti::random(),
        grant_id: grant.id.clone(),
        scopes: grant.scopes,
        expires_at: now() + Duration::from_secs(3600),
    }
}

fn refresh() -> IssuedRefresh {
    IssuedRefresh {
        digest: Token::random("t").digest(),
        issued_at: now(),
        expires_at: now() + Duration::from_secs(86_400),
    }
}

async fn live_grants(store: &Store) -> Vec<GrantRecord> {
    store.fold_live_grants(Whose::Everybody, Vec::new(), Vec::push).await.unwrap()
}

async fn rotate(store: &Store, digest: Digest, grant: &GrantRecord) -> (bool, Digest) {
    let (next, access) = (refresh(), access(grant));
    let digest_of_next = next.digest;
    let found = store
        .redeem_refresh(digest, now(), move |standing| {
            let fresh = standing.is_some_and(|standing| standing.token.spent_at.is_none());
            (RefreshChange::Rotate { access, refresh: next, nonce: [7; 32] }, fresh)
        })
        .await
        .unwrap();
    (found, digest_of_next)
}

#[tokio::test]
async fn what_was_stored_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (grant, first) = (grant(), refresh());
    let token = access(&grant);
    let store = open(&dir);
    store.create_grant(grant.clone(), Some(token.clone()), Some(first.clone())).await.unwrap();
    drop(store);
    let store = open(&dir);
    assert_eq!(live_grants(&store).await, vec![grant.clone()]);
    assert_eq!(store.access_token(&token.jti, now()).await.unwrap(), Some((token, grant.clone())));
    assert_eq!(store.refresh_token(first.digest).await.unwrap().unwrap().grant, grant);
}

#[tokio::test]
async fn a_redeemed_refresh_token_is_spent_and_knows_its_successor() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let (grant, first) = (grant(), refresh());
    store.create_grant(grant.clone(), None, Some(first.clone())).await.unwrap();
    let (fresh, second) = rotate(&store, first.digest, &grant).await;
    assert!(fresh);
    let standing = store.refresh_token(first.digest).await.unwrap().unwrap();
    assert_eq!(
        (standing.token.spent_at, standing.token.nonce, standing.successor_used),
        (Some(now()), Some([7; 32]), false)
    );
    rotate(&store, second, &grant).await;
    assert!(store.refresh_token(first.digest).await.unwrap().unwrap().successor_used);
}

#[tokio::test]
async fn of_many_that_redeem_one_token_at_once_one_finds_it_unspent() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let (grant, first) = (grant(), refresh());
    store.create_grant(grant.clone(), None, Some(first.clone())).await.unwrap();
    let all = futures_util::future::join_all((0..20).map(|_| rotate(&store, first.digest, &grant))).await;
    assert_eq!(all.iter().filter(|(fresh, _)| *fresh).count(), 1);
}

#[tokio::test]
async fn revoking_ends_every_token_of_the_grant_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let (gone, stays) = (grant(), GrantRecord { client_id: ClientId::new("other"), ..grant() });
    let (gone_token, stays_token, first) = (access(&gone), access(&stays), refresh());
    store.create_grant(gone.clone(), Some(gone_token.clone()), Some(first.clone())).await.unwrap();
    store.create_grant(stays.clone(), Some(stays_token.clone()), None).await.unwrap();
    assert_eq!(store.revoke_client(&gone.client_id, now()).await.unwrap(), vec![gone.id.clone()]);
    assert_eq!(store.access_token(&gone_token.jti, now()).await.unwrap(), None);
    assert_eq!(store.refresh_token(first.digest).await.unwrap(), None);
    assert!(store.access_token(&stays_token.jti, now()).await.unwrap().is_some());
    assert_eq!(live_grants(&store).await, vec![stays]);
    assert!(!store.revoke_grant(&gone.id, now()).await.unwrap());
    assert_eq!(store.last_allowed(&gone.client_id, "127.0.0.1").await.unwrap(), Some(now()));
}

fn registered(id: &str, created_at: SystemTime) -> ClientRecord {
    ClientRecord {
        id: ClientId::new(id),
        kind: ClientKind::Dynamic,
        name: id.into(),
        redirect_uris: vec!["http://127.0.0.1/cb".into()],
        auth_method: AuthMethod::None,
        secret: None,
        may_refresh: true,
        created_at,
    }
}

#[tokio::test]
async fn an_unused_registration_is_forgotten_and_one_with_a_grant_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    for id in ["client", "unused"] {
        let client = registered(id, now());
        store.save_client(client.clone()).await.unwrap();
        // What is known of it now takes the place of what was.
        store.save_client(client.clone()).await.unwrap();
        assert_eq!(store.client(&client.id).await.unwrap(), Some(client));
    }
    assert_eq!(store.count_dynamic_clients().await.unwrap(), 2);
    store.create_grant(grant(), None, None).await.unwrap();
    store.revoke_client(&ClientId::new("client"), now()).await.unwrap();
    let later = now() + Duration::from_secs(100);
    assert_eq!(store.forget_unused_clients(Duration::from_secs(10), later).await.unwrap(), 1);
    assert!(store.client(&ClientId::new("client")).await.unwrap().is_some());
    assert_eq!(store.client(&ClientId::new("unused")).await.unwrap(), None);
    assert_eq!(store.count_dynamic_clients().await.unwrap(), 1);
}

#[tokio::test]
async fn where_there_is_no_place_the_oldest_registration_that_is_not_used_makes_room() {
    // protocol.md 2.11
    const MOST: u64 = 4;
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let at = |second| now() + Duration::from_secs(second);
    let register = |id: &str, second, unused_since| {
        store.register_client(registered(id, at(second)), MOST, at(unused_since))
    };
    // The oldest of all, but with a grant; then in another order than by name.
    for (id, second) in [("client", 0), ("b", 1), ("a", 2), ("c", 3)] {
        assert!(register(id, second, 0).await.unwrap());
    }
    store.create_grant(grant(), None, None).await.unwrap();
    assert!(!register("new", 4, 1).await.unwrap(), "nobody is old enough");
    assert!(register("new", 4, 2).await.unwrap());
    assert!(register("newer", 5, 4).await.unwrap());
    let mut known = Vec::new();
    for id in ["client", "a", "b", "c", "new", "newer"] {
        known.extend(store.client(&ClientId::new(id)).await.unwrap().map(|client| client.name));
    }
    assert_eq!(known, ["client", "c", "new", "newer"]);
    assert_eq!(store.count_dynamic_clients().await.unwrap(), MOST);
}

#[tokio::test]
async fn making_room_for_a_registration_looks_at_the_oldest_only() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let db = Connection::open(dir.path().join("bridge.db")).unwrap();
    let steps = plan(&db, clients::FORGET_OLDEST_UNUSED, (0, 1));
    assert!(steps.contains("clients_by_age (kind=? AND created_at<?)"), "{steps}");
    assert!(steps.contains("grants_by_client") && !steps.contains("TEMP B-TREE"), "{steps}");
}

#[tokio::test]
async fn expired_tokens_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let (grant, first) = (grant(), refresh());
    store.create_grant(grant.clone(), Some(access(&grant)), Some(first)).await.unwrap();
    assert_eq!(store.forget_expired_tokens(now() + Duration::from_secs(3600)).await.unwrap(), 1);
    assert_eq!(store.forget_expired_tokens(now() + Duration::from_secs(86_400)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_damaged_file_is_set_aside_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bridge.db");
    std::fs::write(&file, b"this is not a database, it is a letter that somebody saved in the wrong place")
        .unwrap();
    let store = open(&dir);
    let aside = store.set_aside().unwrap().to_owned();
    assert!(std::fs::read(&aside).unwrap().starts_with(b"this is not a database"));
    store.create_grant(grant(), None, None).await.unwrap();
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let file = dir.path().join("bridge.db");
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(Store::open(dir.path(), now()).err(), Some(StoreError::Newer));
    let layout: i64 =
        Connection::open(&file).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(layout, 99);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let _store = open(&dir);
    let mode = std::fs::metadata(dir.path().join("bridge.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// A call in this second after [`now`].
fn call(seconds: u64, client: &str, tool: &str, outcome: CallOutcome) -> ActivityRecord {
    ActivityRecord {
        at: now() + Duration::from_secs(seconds),
        client_id: ClientId::new(client),
        tool: tool.into(),
        outcome,
        duration: Duration::from_millis(12),
        request_bytes: 3,
        response_bytes: 4,
    }
}

#[tokio::test]
async fn activity_is_listed_newest_first_and_forgotten_by_age() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let [old, new] = [(0, "old"), (50, "new")].map(|(at, tool)| call(at, "client", tool, CallOutcome::Ok));
    store.add_activity(vec![old.clone(), new.clone()]).await.unwrap();
    let listed = store.calls(CallFilter::default(), 10).await.unwrap();
    assert_eq!(listed.into_iter().map(|kept| kept.call).collect::<Vec<_>>(), [new, old]);
    let later = now() + Duration::from_secs(60);
    assert_eq!(store.forget_old_activity(Duration::from_secs(30), later).await.unwrap(), 1);
}

#[tokio::test]
async fn calls_are_listed_by_client_tool_and_failure_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    store.create_grant(GrantRecord { client_name: "Before".into(), ..grant() }, None, None).await.unwrap();
    let renamed = GrantRecord { created_at: now() + Duration::from_secs(1), ..grant() };
    store.create_grant(renamed, None, None).await.unwrap();
    store.revoke_client(&ClientId::new("client"), now()).await.unwrap();
    let calls = [
        ("client", "ask", CallOutcome::Ok),
        ("client", "add", CallOutcome::Failed),
        ("stranger", "ask", CallOutcome::Refused),
        ("client", "ask", CallOutcome::Cancelled),
        ("client", "ask", CallOutcome::Refused),
    ];
    let calls = calls.map(|(client, tool, outcome)| call(0, client, tool, outcome));
    store.add_activity(calls.into()).await.unwrap();
    let ids = async |filter: CallFilter, most| {
        let calls = store.calls(filter, most).await.unwrap();
        calls.into_iter().map(|kept| kept.id).collect::<Vec<_>>()
    };
    let all = CallFilter::default();
    let of_client = CallFilter { client_id: Some(ClientId::new("client")), ..all.clone() };
    let asked = CallFilter { tool: Some("ask".into()), ..all.clone() };
    let failures = CallFilter { failures_only: true, ..all.clone() };
    assert_eq!(ids(all.clone(), 2).await, [5, 4]);
    assert_eq!(ids(CallFilter { before: Some(4), ..all.clone() }, 2).await, [3, 2]);
    assert_eq!(ids(of_client.clone(), 9).await, [5, 4, 2, 1]);
    assert_eq!(ids(asked.clone(), 9).await, [5, 4, 3, 1]);
    assert_eq!(ids(failures.clone(), 9).await, [5, 3, 2]);
    let every_condition =
        CallFilter { before: Some(5), failures_only: true, tool: asked.tool, client_id: of_client.client_id };
    assert_eq!(ids(every_condition.clone(), 9).await, [0; 0]);
    assert_eq!(ids(CallFilter { before: Some(6), ..every_condition }, 9).await, [5]);

    let names = store.calls(all, 9).await.unwrap().into_iter().map(|kept| kept.client_name);
    assert_eq!(names.collect::<Vec<_>>(), ["Client", "Client", "", "Client", "Client"]);
    let both = vec![ClientId::new("client"), ClientId::new("stranger")];
    let names = store.client_names(both).await.unwrap();
    assert_eq!(names, [(ClientId::new("client"), "Client".to_owned())].into());
}

#[tokio::test]
async fn clients_with_a_grant_that_lives_are_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let (one, again, other) =
        (grant(), grant(), GrantRecord { client_id: ClientId::new("other"), ..grant() });
    for grant in [&one, &again, &other] {
        store.create_grant(grant.clone(), None, None).await.unwrap();
    }
    let count = async || store.count_connected_clients().await.unwrap();
    assert_eq!(count().await, 2);
    for _ in 0..2 {
        store.revoke_grant(&one.id, now()).await.unwrap();
        assert_eq!(count().await, 2);
    }
    store.revoke_grant(&again.id, now()).await.unwrap();
    assert_eq!(count().await, 1);
    store.create_grant(GrantRecord { id: GrantId::random(), ..one }, None, None).await.unwrap();
    assert_eq!(count().await, 2);
    store.revoke_account(&other.account_id, now()).await.unwrap();
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn a_client_is_found_by_its_id_and_by_a_name_that_it_bore() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let bearing = |id: &str, name: &str| GrantRecord {
        id: GrantId::random(),
        client_id: ClientId::new(id),
        client_name: name.into(),
        ..grant()
    };
    let gone = bearing("gone", "Ann");
    for grant in [&bearing("a", "Ann"), &bearing("a", "Anne"), &bearing("b", "Bea"), &gone] {
        store.create_grant(grant.clone(), None, None).await.unwrap();
    }
    store.revoke_grant(&gone.id, now()).await.unwrap();
    let called = async |called: &str| {
        let found = store.fold_live_grants(Whose::Called(called.into()), Vec::new(), Vec::push).await;
        let mut names: Vec<_> = found.unwrap().into_iter().map(|grant| grant.client_name).collect();
        names.sort();
        names
    };
    assert_eq!(called("Ann").await, ["Ann", "Anne"]);
    assert_eq!(called("a").await, ["Ann", "Anne"]);
    assert_eq!(called("b").await, ["Bea"]);
    assert_eq!(called("gone").await, [""; 0]);
}

#[tokio::test]
async fn others_are_served_while_much_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let old = call(0, "client", "ask", CallOutcome::Ok);
    store.add_activity(vec![old; 2 * SLICE + 1]).await.unwrap();
    let most = u32::try_from(3 * SLICE).unwrap();
    let later = now() + Duration::from_secs(60);
    // Asked second, and answered when a slice is gone and not all of it.
    let (forgotten, seen) = tokio::join!(
        store.forget_old_activity(Duration::from_secs(30), later),
        store.calls(CallFilter::default(), most)
    );
    assert_eq!((forgotten.unwrap(), seen.unwrap().len()), (2 * SLICE + 1, SLICE + 1));
    assert_eq!(store.calls(CallFilter::default(), most).await.unwrap(), []);
}

#[tokio::test]
async fn the_newest_grant_that_lives_is_the_one_that_counts() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let newer = GrantRecord { created_at: now() + Duration::from_secs(1), ..grant() };
    for grant in [&newer, &grant(), &GrantRecord { client_id: ClientId::new("other"), ..grant() }] {
        store.create_grant(grant.clone(), None, None).await.unwrap();
    }
    let client = ClientId::new("client");
    assert_eq!(store.newest_live_grant(&client).await.unwrap(), Some(newer.clone()));
    store.revoke_grant(&newer.id, now()).await.unwrap();
    assert_ne!(store.newest_live_grant(&client).await.unwrap(), None);
    store.revoke_client(&client, now()).await.unwrap();
    assert_eq!(store.newest_live_grant(&client).await.unwrap(), None);
}

#[tokio::test]
async fn the_first_layout_is_brought_up_to_date_and_kept_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bridge.db");
    let old = Connection::open(&file).unwrap();
    old.execute_batch(schema::STEPS[0]).unwrap();
    old.execute_batch(
        "INSERT INTO grants VALUES ('g', 'client', 'Client', 'account', 'user', 'read write', 'oauth',
                                    '127.0.0.1', 1800000000, NULL, 7, NULL);
         INSERT INTO clients VALUES ('client', 'dynamic', 'Client', '[]', 'none', NULL, 1, 1800000000);
         INSERT INTO activity VALUES (41, 1800000000000, 'client', 'ask', 'failed', 12, 3, 4);
         INSERT INTO settings VALUES ('opened', '');
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);

    let store = open(&dir);
    let kept = KeptCall {
        id: 41,
        call: call(0, "client", "ask", CallOutcome::Failed),
        client_name: "Client".into(),
    };
    let failures = CallFilter { failures_only: true, ..CallFilter::default() };
    assert_eq!(store.calls(failures, 10).await.unwrap(), [kept]);
    assert_eq!(live_grants(&store).await[0].calls, 7);
    assert_eq!(store.count_connected_clients().await.unwrap(), 1);
    assert_eq!(store.count_dynamic_clients().await.unwrap(), 1);
    let switch = ToolSwitch { client_id: ClientId::new("client"), tool: "ask".into(), is_on: false };
    store.save_tool_switch(switch.clone()).await.unwrap();
    assert_eq!(store.tool_switches().await.unwrap(), [switch]);

    let backup = Connection::open(dir.path().join("bridge.layout-1.backup")).unwrap();
    let count = |table: &str| {
        backup.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u32>(0))
    };
    assert_eq!((count("activity").unwrap(), count("grants").unwrap()), (1, 1));
    assert!(count("tool_switches").is_err(), "the copy is of the old layout");
}

/// How SQLite goes about a statement.
fn plan(db: &Connection, sql: &str, values: impl rusqlite::Params) -> String {
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = explain.query_map(values, |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect::<Vec<String>>().join("; ")
}

#[tokio::test]
async fn finding_a_client_reads_its_own_grants_only() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let db = Connection::open(dir.path().join("bridge.db")).unwrap();
    let (sql, called) = Whose::Called("Ann".into()).query();
    let steps = plan(&db, &sql, rusqlite::params_from_iter(called));
    assert!(steps.contains("grants_by_client") && steps.contains("grants_by_name"), "{steps}");
    assert!(!steps.contains("SCAN grants"), "{steps}");
    let (sql, _) = Whose::Everybody.query();
    assert_eq!(plan(&db, &sql, []), "SCAN grants");
}

#[tokio::test]
async fn a_new_name_of_a_key_is_judged_by_the_names_of_that_key_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let named = |key: &str, name: &str| GrantRecord {
        id: GrantId::new(format!("{key} {name}")),
        client_id: ClientId::new(format!("{key} {name}")),
        account_id: AccountId::new(key),
        via: Via::ApiKey,
        ..grant()
    };
    let first_use = async |key, name| store.create_key_grant(named(key, name), 2).await.unwrap();
    assert_eq!(first_use("k", "one").await, FirstUse::Stored);
    assert_eq!(first_use("k", "two").await, FirstUse::Stored);
    assert_eq!(first_use("k", "two").await, FirstUse::Known);
    assert_eq!(first_use("k", "three").await, FirstUse::TooManyNames);
    assert_eq!(first_use("other", "three").await, FirstUse::Stored);
    store.revoke_client(&ClientId::new("k one"), now()).await.unwrap();
    assert_eq!(first_use("k", "three").await, FirstUse::Revoked);
    assert_eq!(first_use("k", "two").await, FirstUse::Known);
    assert_eq!(first_use("other", "four").await, FirstUse::Stored);

    let db = Connection::open(dir.path().join("bridge.db")).unwrap();
    for (sql, index) in grants::NAMES_OF_KEY.into_iter().zip(["grants_by_account", "grants_ended_of_keys"]) {
        let steps = plan(&db, sql, ["k"]);
        assert!(steps.contains(index) && !steps.contains("SCAN grants"), "{steps}");
    }
}

#[tokio::test]
async fn looking_through_calls_reads_no_more_than_it_must() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let db = Connection::open(dir.path().join("bridge.db")).unwrap();
    let plan = |filter: CallFilter| {
        let (sql, values) = calls::query(filter, 10);
        plan(&db, &sql, rusqlite::params_from_iter(values))
    };
    let all = CallFilter::default;
    for (filter, index) in [
        (CallFilter { client_id: Some(ClientId::new("c")), ..all() }, "activity_by_client"),
        (CallFilter { tool: Some("t".into()), ..all() }, "activity_by_tool"),
        (
            CallFilter {
                client_id: Some(ClientId::new("c")),
                tool: Some("t".into()),
                failures_only: true,
                ..all()
            },
            "activity_by_client",
        ),
        (CallFilter { failures_only: true, ..all() }, "activity_failures"),
        (CallFilter { before: Some(1), ..all() }, "INTEGER PRIMARY KEY"),
    ] {
        let steps = plan(filter.clone());
        assert!(steps.contains(index) && !steps.contains("TEMP B-TREE"), "{filter:?}: {steps}");
    }
}
