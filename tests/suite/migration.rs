//! What earlier versions left on disk is taken over: nobody signs in again, nothing that a person has set is lost
//! (design.md J10). Each released version has left a folder in `tests/fixtures`; `migration/maker.rs` makes them.

mod fixture;
mod maker;

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use self::fixture::{Fixture, fixtures};
use crate::double::Double;
use crate::harness::bridge::Bridge;
use crate::harness::keychain::Keychain;
use crate::harness::mcp::{Session, text};
use crate::harness::oauth::Client;
use crate::harness::stdio::{StdioClient, done};

/// What of an account does not change while nobody uses it; its state is asked about at each start.
const OF_ACCOUNTS: [&str; 5] = ["id", "label", "user_id", "key_hint", "kind"];
/// The layout that the oldest database of all had.
const FIRST_LAYOUT: usize = 1;

#[test]
fn each_released_version_has_left_a_fixture() {
    let changes = crate::documents::read("CHANGELOG.md");
    let headings = changes.lines().filter_map(|line| line.strip_prefix("## "));
    let versions = headings.filter_map(|heading| heading.trim_start_matches('[').split([' ', ']']).next());
    let released: BTreeSet<_> = versions
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    let kept: BTreeSet<_> = fixtures().into_iter().collect();
    let missing: Vec<_> = released.difference(&kept).collect();
    assert!(missing.is_empty(), "make a fixture of each, as migration/maker.rs says: {missing:?}");
    // One is made before its version is released.
    let next = env!("CARGO_PKG_VERSION").to_owned();
    let strange: Vec<_> = kept.difference(&released).filter(|version| **version != next).collect();
    assert!(strange.is_empty(), "of no version: {strange:?}");
    assert!(!kept.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_any_version_left_is_taken_over() {
    for version in fixtures() {
        println!("{version}");
        let world = World::of(&version).await;
        let before = world.fixture.layout();
        // Before the bridge runs: the files say where it was.
        let connected = world.fixture.connected(&world.options()).await;
        assert_eq!(connected, json!("connected"), "{version}");
        world.goes_on().await;
        world.fixture.assert_backed_up(before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_layout_is_backed_up_and_brought_up_to_date() {
    let world = World::of(&fixtures()[0]).await;
    let database = Connection::open(world.fixture.database()).unwrap();
    database
        .execute_batch(
            "DROP TRIGGER IF EXISTS client_added; DROP TRIGGER IF EXISTS client_forgotten;
             DROP TABLE IF EXISTS client_counts;
             DROP TRIGGER IF EXISTS grant_given; DROP TRIGGER IF EXISTS grant_ended;
             DROP TABLE IF EXISTS connected_clients; DROP INDEX IF EXISTS grants_by_name;
             CREATE INDEX IF NOT EXISTS grants_alive ON grants (created_at) WHERE revoked_at IS NULL;
             DROP TABLE tool_switches; DROP INDEX activity_by_client; DROP INDEX activity_by_tool;
             DROP INDEX activity_failures;",
        )
        .unwrap();
    database.pragma_update(None, "user_version", FIRST_LAYOUT).unwrap();
    drop(database);
    world.clone_without_switches().goes_on().await;
    assert!(world.fixture.layout() > FIRST_LAYOUT);
    world.fixture.assert_backed_up(FIRST_LAYOUT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_refused_in_words_and_not_touched() {
    let world = World::of(&fixtures()[0]).await;
    let file = world.fixture.database();
    let database = Connection::open(&file).unwrap();
    // As another journal would have it, which nobody may change either.
    database.pragma_update(None, "journal_mode", "DELETE").unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let (bytes, files) = (std::fs::read(&file).unwrap(), names(file.parent().unwrap()));
    let Err(ended) = world.options().try_start().await else { panic!("it started") };
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("database was made by a newer version of this program"), "{ended:?}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    let files_after = names(file.parent().unwrap());
    assert_eq!(files_after.difference(&files).collect::<Vec<_>>(), Vec::<&String>::new());
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    // Made at every start, before the database is opened.
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !["run", "sandbox"].contains(&name.as_str())).collect()
}

/// A computer on which a version has run.
struct World {
    fixture: Fixture,
    keychain: std::sync::Arc<Keychain>,
    double: std::sync::Arc<Double>,
    has_switches: bool,
}

impl World {
    async fn of(version: &str) -> Self {
        let (keychain, double) = (Keychain::start(), Double::start().await);
        let fixture = Fixture::lay_out(version, &keychain);
        Self { fixture, keychain: keychain.into(), double: double.into(), has_switches: true }
    }

    /// The first layout knew none.
    fn clone_without_switches(&self) -> Self {
        Self {
            fixture: self.fixture.clone(),
            keychain: self.keychain.clone(),
            double: self.double.clone(),
            has_switches: false,
        }
    }

    fn options(&self) -> crate::harness::bridge::BridgeOptions {
        fixture::options(self.fixture.home(), &self.keychain, &self.double.base_url())
    }

    /// Starts the bridge of today there, and finds everything in its place.
    async fn goes_on(&self) {
        let left = self.fixture.left();
        let bridge = self.options().start().await;
        assert_eq!(accounts(&bridge).await, left["accounts"]);
        assert_eq!(by_id(bridge.cli_json(&["clients"]).await), left["clients"]);
        assert_eq!(bridge.cli_json(&["status"]).await["state"], "paused");
        bridge.cli_ok(&["resume"]).await;

        for token in left["tokens"].as_array().expect("a list") {
            let client = Client {
                http: bridge.http(),
                id: token["client_id"].as_str().expect("an id").into(),
                redirect_uri: crate::harness::oauth::REDIRECT_URI.into(),
                secret: token["client_secret"].as_str().map(str::to_owned),
            };
            let refreshed = client.refresh(token["refresh_token"].as_str().expect("a token")).await;
            let access = refreshed.assert_status(200).json()["access_token"].clone();
            let session = Session::open(&bridge, access.as_str().expect("a token"), "2025-06-18").await;
            let listed = session.call("list_memories", json!({})).await;
            assert_eq!(listed["isError"], false, "{listed}");
            if let Some(memory) = token["memory"].as_str() {
                assert!(text(&listed).contains(memory), "{listed}");
            }
            if let (Some(tool), true) = (token["switched_off"].as_str(), self.has_switches) {
                let tools = session.request("tools/list", json!({})).await.to_string();
                assert!(tools.contains("list_memories") && !tools.contains(tool), "{tools}");
            }
        }
        let mut desktop = StdioClient::start_with(
            self.fixture.home(),
            &fixture::environment(self.fixture.home(), &self.keychain),
            &["--client", maker::DESKTOP],
        )
        .opened("2025-06-18")
        .await;
        done(&desktop.call("list_memories", json!({})).await);
        maker::call_of_old(&bridge).await;
        assert_eq!(bridge.cli_json(&["requests"]).await, json!([]), "nobody is asked again");

        // What the windows set.
        assert!(bridge.terminate().await.success());
        let database = Connection::open(self.fixture.database()).unwrap();
        for (name, value) in left["settings"].as_object().expect("an object") {
            let kept: String = database
                .query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(value, kept.as_str(), "{name}");
        }
        let calls: u64 = database.query_row("SELECT count(*) FROM activity", [], |row| row.get(0)).unwrap();
        assert!(Some(calls) > left["calls"].as_u64(), "{calls} calls: the old ones and those of just now");
        let desktop_starts = std::fs::read_to_string(self.fixture.login_entry()).unwrap();
        assert_eq!(desktop_starts, maker::LOGIN_ENTRY);
    }
}

/// Every account, without what is found out anew at each start.
async fn accounts(bridge: &Bridge) -> Value {
    let all = bridge.cli_json(&["accounts"]).await;
    let lasting = |account: &Value| -> Value {
        OF_ACCOUNTS.iter().map(|name| ((*name).to_owned(), account[*name].clone())).collect()
    };
    by_id(all.as_array().expect("a list").iter().map(lasting).collect())
}

/// What was made in one second has no other order.
fn by_id(mut all: Value) -> Value {
    all.as_array_mut().expect("a list").sort_by_key(|one| one["id"].to_string());
    all
}
