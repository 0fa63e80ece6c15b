//! The database fails: then nobody knows whether a token is good, and nobody says that it is bad
//! (protocol.md 6.4, D11).

use rusqlite::Connection;
use serde_json::json;

use super::world::{World, done, greet, hello};
use crate::double::{ALICE, Double};
use crate::harness::bridge::BridgeOptions;
use crate::harness::http::Answer;

/// Hides a table from the bridge, as a damaged page would; it is whole again with [`Hidden::show`].
struct Hidden {
    db: Connection,
    table: &'static str,
}

impl Hidden {
    fn hide(home: &std::path::Path, table: &'static str) -> Self {
        let database = home.join("data").join("bridge.db");
        let database = if database.is_file() { database } else { found(home) };
        let db = Connection::open(database).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        db.execute_batch(&format!("ALTER TABLE {table} RENAME TO away")).unwrap();
        Self { db, table }
    }

    fn show(self) {
        self.db.execute_batch(&format!("ALTER TABLE away RENAME TO {}", self.table)).unwrap();
    }
}

#[track_caller]
fn is_unavailable(answer: Answer) {
    let answer = answer.assert_error(503, "temporarily_unavailable");
    assert!(answer.header("www-authenticate").is_none(), "a client would throw its token away");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(!answer.text().contains("table"), "{}", answer.text());
}

#[tokio::test]
async fn a_token_that_cannot_be_judged_is_not_a_bad_one() {
    let home = tempfile::tempdir().unwrap();
    let options = BridgeOptions::default().home(home.path());
    let world = World::start_as(options.clone()).await;
    let tokens = world.sign_in("App").await;
    let port = world.bridge.port();
    let World { double, bridge } = world;
    bridge.kill().await;

    // After a restart the first use of a token is looked up.
    let bridge = options.api(&double.base_url()).port(port).start().await;
    let hidden = Hidden::hide(home.path(), "access_tokens");
    is_unavailable(greet(&bridge, &tokens.access).send().await);
    let path = format!("/mcp/oauth/{}", ALICE.id);
    let asking = bridge.http().post(&path).bearer(&tokens.access).json(&hello("2025-06-18"));
    is_unavailable(asking.send().await);
    // What needs no database is judged all the same.
    greet(&bridge, "nonsense").send().await.assert_error(401, "invalid_token");
    hidden.show();
    greet(&bridge, &tokens.access).send().await.assert_status(200);
}

#[tokio::test]
async fn a_key_whose_client_cannot_be_looked_up_is_not_a_bad_one() {
    let home = tempfile::tempdir().unwrap();
    let double = Double::start().await;
    let bridge = BridgeOptions::default().api(&double.base_url()).home(home.path()).start().await;
    let greet = || {
        let asking =
            bridge.http().post(&format!("/mcp/v2/cursor/{}", ALICE.id)).header("x-api-key", ALICE.key);
        asking.json(&hello("2025-06-18"))
    };
    greet().send().await.assert_status(200);
    let hidden = Hidden::hide(home.path(), "grants");
    is_unavailable(greet().send().await);
    hidden.show();
    greet().send().await.assert_status(200);
}

#[tokio::test]
async fn a_running_client_does_not_notice() {
    // design.md 4: no database read per request
    let home = tempfile::tempdir().unwrap();
    let world = World::start_as(BridgeOptions::default().home(home.path())).await;
    let tokens = world.sign_in("App").await;
    world.tools(&tokens).await;
    let hidden = Hidden::hide(home.path(), "access_tokens");
    done(&world.call(&tokens, "add_memories", &json!({ "text": "tea" })).await);
    hidden.show();
}

#[tokio::test]
async fn a_pause_that_cannot_be_kept_does_not_begin() {
    let home = tempfile::tempdir().unwrap();
    let world = World::start_as(BridgeOptions::default().home(home.path())).await;
    let tokens = world.sign_in("App").await;
    let hidden = Hidden::hide(home.path(), "settings");
    let ended = world.bridge.cli(&["pause"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("The database could not be used"), "{ended:?}");
    done(&world.call(&tokens, "add_memories", &json!({ "text": "tea" })).await);
    hidden.show();
    assert_eq!(world.state().await, "ready");
    world.bridge.cli_ok(&["pause"]).await;
    assert_eq!(world.state().await, "paused");
}

/// The bridge's database, wherever below its home.
fn found(home: &std::path::Path) -> std::path::PathBuf {
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "db") && !path.ends_with("sandbox.db") {
                return path;
            }
        }
    }
    panic!("no database below {}", home.display());
}
