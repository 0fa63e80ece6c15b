//! The keychain and the database.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{doctor, options};
use crate::harness::bridge::BridgeOptions;

const GARBAGE: u8 = 0xa5;

fn database(home: &Path) -> PathBuf {
    home.join("data/bridge.db")
}

/// A life; then everything is in the one file.
async fn lived_in(options: &BridgeOptions, home: &Path) {
    options.clone().start().await.kill().await;
    let connection = Connection::open(database(home)).unwrap();
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
}

/// Where the tree of a table or an index begins.
fn page(home: &Path, name: &str) -> usize {
    let connection = Connection::open(database(home)).unwrap();
    connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_database_that_is_none_any_more_is_told_and_a_start_is_the_cure() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    lived_in(&options, home.path()).await;
    doctor(&options).await.assert_ok("database", "database_fine");
    let mut bytes = fs::read(database(home.path())).unwrap();
    bytes[..4096].fill(GARBAGE);
    fs::write(database(home.path()), &bytes).unwrap();
    let name = database(home.path()).display().to_string();
    doctor(&options).await.assert_names("database", "database_damaged", [&name, "Restart the bridge"]);
    assert!(fs::read(database(home.path())).unwrap() == bytes, "it was changed");

    let bridge = options.clone().start().await;
    let told = doctor(&options).await;
    assert_eq!(told.codes("database"), ["database_fine", "database_set_aside"]);
    assert_eq!(told.assert_finds("database", "database_set_aside")["state"], "warning");
    assert!(bridge.terminate().await.success());
    let _bridge = options.clone().start().await;
    doctor(&options).await.assert_ok("database", "database_fine");
}

#[tokio::test]
async fn damage_in_the_middle_is_found_by_a_bridge_that_runs_and_by_none() {
    for is_running in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let options = options(home.path());
        lived_in(&options, home.path()).await;
        let page = page(home.path(), "activity_by_time");
        let mut bytes = fs::read(database(home.path())).unwrap();
        bytes[(page - 1) * 4096..page * 4096].fill(GARBAGE);
        fs::write(database(home.path()), &bytes).unwrap();
        // A start does not read all of it.
        let bridge = if is_running { Some(options.clone().start().await) } else { None };
        doctor(&options).await.assert_names(
            "database",
            "database_damaged",
            ["bridge.db", "Restart the bridge"],
        );
        if let Some(bridge) = bridge {
            assert!(bridge.terminate().await.success());
        }
        let _bridge = options.clone().start().await;
        doctor(&options).await.assert_finds("database", "database_set_aside");
        assert_eq!(doctor(&options).await.codes("database")[0], "database_fine");
    }
}

#[tokio::test]
async fn a_look_at_rest_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    lived_in(&options, home.path()).await;
    let listed = || {
        let files = fs::read_dir(home.path().join("data")).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (before, bytes) = (listed(), fs::read(database(home.path())).unwrap());
    doctor(&options).await.assert_ok("database", "database_fine");
    assert_eq!(listed(), before);
    assert!(fs::read(database(home.path())).unwrap() == bytes, "it was changed");
}

#[cfg(target_os = "linux")]
mod keychain {
    use super::*;
    use crate::double::{ALICE, Double};
    use crate::harness::keychain::{Keychain, Start};
    use crate::harness::waiting::until;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_keychain_that_is_missing_is_told_and_started_it_is_fine() {
        let home = tempfile::tempdir().unwrap();
        let mut keychain = Keychain::absent();
        let options = options(home.path()).keychain(&keychain);
        doctor(&options).await.assert_names(
            "keychain",
            "keychain_missing",
            ["no keychain", "Start a keychain"],
        );
        let bridge = options.clone().start().await;
        doctor(&options).await.assert_names(
            "keychain",
            "keychain_missing",
            ["no keychain", "Start a keychain"],
        );

        keychain.start_bus();
        keychain.start_daemon(Start::Unlocked);
        doctor(&options).await.assert_ok("keychain", "keychain_fine");
        bridge.kill().await;
        doctor(&options).await.assert_ok("keychain", "keychain_fine");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_keychain_that_is_locked_is_told_and_unlocked_it_is_fine() {
        let home = tempfile::tempdir().unwrap();
        let (keychain, double) = (Keychain::start(), Double::start().await);
        let options = options(home.path()).keychain(&keychain).api(&double.base_url());
        let bridge = options.clone().start().await;
        assert!(bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await.status.success());
        let service = bridge_core::paths::Paths::under(home.path()).keychain_service;
        // The account's key, and the one that signs, which is made meanwhile.
        until("both keys", async || (keychain.count(&service) == 2).then_some(())).await;
        keychain.lock();
        doctor(&options).await.assert_names("keychain", "keychain_locked", ["locked", "Unlock it"]);
        // Known from before, so nobody needs to ask.
        doctor(&options).await.assert_ok("keys", "key_accepted");
        assert!(bridge.terminate().await.success());
        let told = doctor(&options).await;
        told.assert_names("keychain", "keychain_locked", ["locked", "Unlock it"]);
        assert_eq!(told.codes("keys"), ["key_unreadable"]);

        keychain.unlock();
        let told = doctor(&options).await;
        told.assert_ok("keychain", "keychain_fine");
        told.assert_ok("keys", "key_accepted");
        assert_eq!(keychain.count(&service), 2, "nothing of the round trip is left");
        assert!(!told.view.to_string().contains(ALICE.key));
    }
}
