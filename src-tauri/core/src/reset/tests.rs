//! Removing everything, in homes with what a bridge and others may have left there.

use std::fs;
use std::path::{Path, PathBuf};

use keyring_core::mock;

use super::*;
use crate::vault::VaultLimits;
use crate::view::{Holds, ResetFile};

struct World {
    home: tempfile::TempDir,
    paths: Paths,
}

impl World {
    /// Everything that a bridge may leave behind.
    fn lived_in() -> Self {
        let world = Self::empty();
        for file in [
            "config.toml",
            "data/bridge.db",
            "data/bridge.db-wal",
            "data/bridge.db-shm",
            "data/bridge.layout-1.backup",
            "data/bridge.damaged-1700000000",
            "data/bridge.damaged-1700000000-wal",
            "data/connect/records/x.json",
            "data/connect/backups/x/y.json",
            "data/webview/deep/er/file",
            "sandbox/sandbox.db",
            "sandbox/sandbox.db-wal",
            "logs/jean-bridge.log",
            "logs/jean-bridge.log.1",
            "run/bridge.sock",
            "run/bridge.lock",
        ] {
            world.write(file);
        }
        world
    }

    fn empty() -> Self {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        Self { home, paths }
    }

    fn write(&self, file: &str) -> PathBuf {
        let path = self.home.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        path
    }

    fn reset(&self) -> Reset {
        let store = mock::Store::new().unwrap();
        let vault = Vault::new("x", Box::new(move || Ok(store.clone())), VaultLimits::default());
        Reset::new(self.paths.clone(), vault, None, true)
    }

    async fn removed(&self) -> ResetOutcome {
        let reset = self.reset();
        reset.remove(reset.lock(None).await.unwrap(), Vec::new()).await.unwrap()
    }

    fn left(&self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        below(self.home.path(), &mut left);
        left.sort();
        left
    }
}

fn below(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            below(&path, all);
        }
        all.push(path);
    }
}

#[tokio::test]
async fn everything_that_a_bridge_leaves_is_planned_and_removed_and_its_home_stays() {
    let world = World::lived_in();
    let before = world.left();
    let plan = world.reset().plan().await;
    assert!(!plan.is_empty());
    assert_eq!(world.left(), before, "a plan changes nothing");
    assert!(plan.stays.is_empty(), "{:?}", plan.stays);
    let outcome = world.removed().await;
    assert_eq!(outcome.files, plan.files);
    assert!(outcome.is_complete() && world.left().is_empty(), "{:?}", world.left());
    assert!(world.home.path().exists());
    assert!(world.reset().plan().await.is_empty());
}

#[tokio::test]
async fn what_others_put_into_the_folders_stays_and_is_named() {
    let world = World::lived_in();
    let theirs = ["data/thesis.txt", "logs/other.log", "sandbox/castle/bucket", "run/x", "music/song"];
    let kept: Vec<_> = theirs.iter().map(|file| world.write(file)).collect();
    let outcome = world.removed().await;
    assert!(kept.iter().all(|file| file.exists()), "{:?}", world.left());
    let stays: Vec<_> = outcome.stays.iter().map(|stay| stay.path.as_path()).collect();
    let named = [&kept[0], &world.home.path().join("sandbox/castle"), &kept[1], &kept[3]];
    assert_eq!(stays, named);
    assert!(outcome.is_complete(), "nothing of the bridge's own is left");
    assert!(!world.home.path().join("data/bridge.db").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn no_link_is_followed() {
    use std::os::unix::fs::symlink;

    let (world, elsewhere) = (World::lived_in(), tempfile::tempdir().unwrap());
    let precious = elsewhere.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("bridge.db"), "x").unwrap();
    let inside = |file: &str| world.home.path().join(file);
    // A file, a folder of ours in a folder, something deep below it, and a whole folder.
    fs::remove_file(inside("config.toml")).unwrap();
    symlink(precious.join("bridge.db"), inside("config.toml")).unwrap();
    fs::remove_dir_all(inside("data/connect")).unwrap();
    symlink(&precious, inside("data/connect")).unwrap();
    symlink(&precious, inside("data/webview/deep/link")).unwrap();
    fs::remove_dir_all(inside("sandbox")).unwrap();
    symlink(&precious, inside("sandbox")).unwrap();

    let outcome = world.removed().await;
    assert!(precious.join("bridge.db").exists());
    let link = ResetStay { path: inside("sandbox"), because: StaysBecause::Link };
    assert_eq!(outcome.stays, [link]);
    assert!(!outcome.is_complete(), "what it leads to is still there");
    assert_eq!(world.left(), [inside("sandbox")]);
}

#[tokio::test]
async fn the_folders_of_the_product_go_when_they_are_empty_and_nothing_above_them() {
    let World { home, .. } = World::empty();
    let root = home.path().to_owned();
    let at = |folder: &str| root.join(folder);
    let paths = Paths {
        home: Some(root.clone()),
        config_file: at("config/jean-bridge/config.toml"),
        data_dir: at("share/jean-bridge"),
        log_dir: at("state/jean-bridge/logs"),
        sandbox_dir: at("share/jean-bridge/sandbox"),
        run_dir: at("share/jean-bridge/run"),
        keychain_service: "x".into(),
    };
    let world = World { home, paths };
    for file in [
        "config/jean-bridge/config.toml",
        "share/jean-bridge/bridge.db",
        "state/jean-bridge/logs/jean-bridge.log",
    ] {
        world.write(file);
    }
    world.write("share/jean-bridge/sandbox/sandbox.db");
    let outcome = world.removed().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(world.left(), [at("config"), at("share"), at("state")]);
}

#[tokio::test]
async fn what_cannot_be_removed_is_told_and_the_rest_goes() {
    let world = World::lived_in();
    let in_the_way = world.home.path().join("logs");
    fs::remove_dir_all(&in_the_way).unwrap();
    // A file where a folder should be: nothing can be listed there, whoever asks.
    fs::write(&in_the_way, "x").unwrap();
    let outcome = world.removed().await;
    let [stay] = outcome.stays.as_slice() else { panic!("{:?}", outcome.stays) };
    assert!(stay.path == in_the_way && matches!(stay.because, StaysBecause::Failed { .. }), "{stay:?}");
    assert!(!outcome.is_complete());
    assert_eq!(world.left(), [in_the_way]);
}

#[tokio::test]
async fn a_failure_of_the_keychain_leaves_the_files_for_the_next_try() {
    let world = World::lived_in();
    let vault = Vault::new(
        "x",
        Box::new(|| Err(keyring_core::Error::Invalid("x".into(), "x".into()))),
        VaultLimits::default(),
    );
    let reset = Reset::new(world.paths.clone(), vault, None, true);
    assert_eq!(reset.plan().await.keychain.trouble, Some(KeychainTrouble::Failed));
    let before = world.left();
    let stopped = reset.free_apps(SystemTime::UNIX_EPOCH).await;
    assert!(matches!(stopped, Err(ResetError::Keychain(KeychainTrouble::Failed))), "{stopped:?}");
    let failed = reset.remove(reset.lock(None).await.unwrap(), Vec::new()).await;
    assert!(matches!(failed, Err(ResetError::Keychain(KeychainTrouble::Failed))), "{failed:?}");
    assert_eq!(world.left(), before);
    assert!(world.removed().await.is_complete());
}

#[tokio::test]
async fn without_a_keychain_the_rest_goes_and_that_is_said() {
    let world = World::lived_in();
    let reset = Reset::new(world.paths.clone(), Vault::absent(), None, true);
    let outcome = reset.remove(reset.lock(None).await.unwrap(), Vec::new()).await.unwrap();
    assert_eq!(outcome.keychain, Some(KeychainTrouble::Missing));
    assert!(world.left().is_empty());
}

#[tokio::test]
async fn what_open_windows_need_goes_when_they_are_closed() {
    let world = World::lived_in();
    let reset = world.reset().with_windows();
    assert!(reset.remove(reset.lock(None).await.unwrap(), Vec::new()).await.unwrap().is_complete());
    assert!(world.home.path().join("data/webview/deep/er/file").exists());
    let running = Lock::take(&world.paths).unwrap();
    remove_rest(&world.paths).await;
    assert!(world.home.path().join("data/webview").exists(), "it may be another's by now");
    drop(running);
    remove_rest(&world.paths).await;
    assert!(world.left().is_empty(), "{:?}", world.left());
}

#[tokio::test(start_paused = true)]
async fn a_bridge_that_does_not_end_keeps_everything() {
    let world = World::lived_in();
    let _running = Lock::take(&world.paths).unwrap();
    let failed = world.reset().lock(None).await;
    assert!(matches!(failed, Err(ResetError::Lock(ClaimError::AlreadyRunning))), "{failed:?}");
}

#[test]
fn the_lock_is_the_last_to_go() {
    let world = World::lived_in();
    let files = files::look(&world.paths).files;
    let last = ResetFile { path: world.paths.lock(), holds: Holds::Socket };
    assert_eq!(files.last(), Some(&last));
}
