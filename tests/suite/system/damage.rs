//! Databases that are damaged, or not ours to touch: nothing is overwritten, and the person is told
//! (design.md 5, Store).

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;

use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::mcp::Session;
use crate::harness::oauth::{Client, REDIRECT_URI};

const GARBAGE: u8 = 0xa5;

fn options(home: &Path) -> BridgeOptions {
    BridgeOptions::default().env("JEAN_BRIDGE_LOG", "off").home(home)
}

fn database(home: &Path) -> PathBuf {
    home.join("data/bridge.db")
}

async fn notices(bridge: &Bridge) -> String {
    bridge.cli_json(&["status"]).await["notices"].to_string()
}

/// Databases that were set aside.
fn set_aside(home: &Path) -> Vec<PathBuf> {
    let files =
        fs::read_dir(home.join("data")).expect("a directory").map(|entry| entry.expect("an entry").path());
    let is_database = |file: &PathBuf| {
        let name = file.file_name().expect("a name").to_string_lossy();
        name.contains("damaged")
            && !name.ends_with("-wal")
            && !name.ends_with("-shm")
            && !name.ends_with("-suspect")
    };
    files.filter(is_database).collect()
}

/// A life in which a client signed in; then everything is in the one file.
async fn lived_in(home: &Path) -> Client {
    let bridge = options(home).start().await;
    let client = Client::register(&bridge, "App").await;
    client.sign_in(&bridge).await;
    assert!(bridge.terminate().await.success());
    let connection = Connection::open(database(home)).expect("a database");
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").expect("a checkpoint");
    client
}

/// The bridge of a home whose database was set aside, with those bytes kept.
async fn assert_begins_anew(home: &Path, damaged: &[u8]) -> Bridge {
    let bridge = options(home).start().await;
    let aside = set_aside(home);
    let [aside] = aside.as_slice() else { panic!("not one: {aside:?}") };
    assert_eq!(fs::read(aside).expect("it is there"), damaged, "the damaged file was changed");
    let told = notices(&bridge).await;
    assert!(told.contains("was damaged") && told.contains(&aside.display().to_string()), "{told}");
    let client = Client::register(&bridge, "App").await;
    client.sign_in(&bridge).await;
    bridge
}

#[tokio::test]
async fn a_file_that_is_no_database_is_set_aside() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("data")).unwrap();
    let damaged = [GARBAGE; 10_000];
    fs::write(database(home.path()), damaged).unwrap();
    let bridge = assert_begins_anew(home.path(), &damaged).await;
    // Told until the next start, which finds a good one.
    assert!(bridge.terminate().await.success());
    let bridge = options(home.path()).start().await;
    assert_eq!(notices(&bridge).await, "[]");
    assert_eq!(set_aside(home.path()).len(), 1);
}

#[tokio::test]
async fn a_database_whose_beginning_is_gone_is_set_aside() {
    let home = tempfile::tempdir().unwrap();
    let client = lived_in(home.path()).await;
    let mut bytes = fs::read(database(home.path())).unwrap();
    bytes[..4096].fill(GARBAGE);
    fs::write(database(home.path()), &bytes).unwrap();
    let bridge = assert_begins_anew(home.path(), &bytes).await;
    // The client starts over by itself when it hears this (protocol.md 2.13).
    let client = Client { http: bridge.http(), ..client };
    client.refresh("gone").await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn damage_that_is_met_later_is_told_and_the_next_start_sets_the_file_aside() {
    let home = tempfile::tempdir().unwrap();
    lived_in(home.path()).await;
    let page: usize = {
        let connection = Connection::open(database(home.path())).unwrap();
        connection
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'clients'", [], |row| row.get(0))
            .unwrap()
    };
    let mut bytes = fs::read(database(home.path())).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(GARBAGE);
    fs::write(database(home.path()), &bytes).unwrap();

    // Reading all of it would take too long for every start.
    let bridge = options(home.path()).start().await;
    let metadata = json!({ "client_name": "App", "redirect_uris": [REDIRECT_URI] });
    let answer = bridge.http().post("/oauth/register").json(&metadata).send().await;
    answer.assert_error(503, "temporarily_unavailable");
    let told = notices(&bridge).await;
    assert!(told.contains("The database is damaged. Restart the bridge"), "{told}");
    assert!(bridge.terminate().await.success());

    let connection = Connection::open(database(home.path())).unwrap();
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    drop(connection);
    let bytes = fs::read(database(home.path())).unwrap();
    assert!(bytes[(page - 1) * 4096..page * 4096].iter().all(|byte| *byte == GARBAGE), "it was repaired?");
    assert_begins_anew(home.path(), &bytes).await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    lived_in(home.path()).await;
    let connection = Connection::open(database(home.path())).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    drop(connection);
    let before = fs::read(database(home.path())).unwrap();
    let Err(ended) = options(home.path()).try_start().await else { panic!("it started") };
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    let told = ["newer version", &database(home.path()).display().to_string()];
    assert!(told.iter().all(|told| ended.stderr.contains(told)), "{ended:?}");
    assert!(fs::read(database(home.path())).unwrap() == before, "it was changed");
    assert_eq!(set_aside(home.path()), Vec::<PathBuf>::new());
}

/// A sandbox that is none.
fn broken_sandbox(home: &Path) -> PathBuf {
    let file = home.join("sandbox/sandbox.db");
    fs::create_dir(home.join("sandbox")).expect("a directory");
    fs::write(&file, [GARBAGE; 10_000]).expect("a file");
    file
}

#[tokio::test]
async fn a_broken_sandbox_keeps_nobody_from_jean_memory() {
    let (home, double) = (tempfile::tempdir().unwrap(), Double::start().await);
    let file = broken_sandbox(home.path());
    let bridge = options(home.path()).api(&double.base_url()).start().await;
    let told = notices(&bridge).await;
    assert!(told.contains("sandbox") && told.contains(&file.display().to_string()), "{told}");
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let refused = bridge.cli(&["approve", &asked.code, "--sandbox"]).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.stderr.contains("sandbox"), "{refused:?}");
    let approved = bridge.cli_with_stdin(&["approve", &asked.code, "--key-stdin"], ALICE.key).await;
    assert!(approved.status.success(), "{approved:?}");
    let redirect = asked.finish().await;
    let tokens = asked.exchange(redirect.get("code").unwrap()).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    assert_eq!(session.call("list_memories", json!({})).await["isError"], false);
    assert_eq!(fs::read(file).unwrap(), [GARBAGE; 10_000]);
}

#[tokio::test]
async fn a_broken_sandbox_is_told_where_it_is_the_whole_api() {
    let home = tempfile::tempdir().unwrap();
    let file = broken_sandbox(home.path());
    let Err(ended) = options(home.path()).try_start().await else { panic!("it started") };
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    let told = ["damaged", "left as it is", &file.display().to_string()];
    assert!(told.iter().all(|told| ended.stderr.contains(told)), "{ended:?}");
    assert_eq!(fs::read(file).unwrap(), [GARBAGE; 10_000]);
}
