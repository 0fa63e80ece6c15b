//! A folder that a version has left, as files of the repository and laid out in a home folder.
//!
//! `home` is the person's home folder. Names that are made of its path are written out: `PATH-cursor` stands for what
//! `connect` calls the settings of Cursor. `left.json` says what is to be found again, keychain entries among it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bridge_core::secret::Digest;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::bridge::BridgeOptions;
use crate::harness::keychain::Keychain;

/// In the keyring that is open.
const KEYRING: &str = "login";
/// What the bridge keeps its entries under.
pub(super) const SERVICE: &str = "com.jeanmemory.bridge";
/// Stands for the digest of the path of Cursor's settings.
const CURSOR: &str = "PATH-cursor";

/// One that is laid out.
#[derive(Clone)]
pub(super) struct Fixture {
    home: Arc<TempDir>,
    left: Value,
}

/// Of which versions there are some, the oldest first.
pub(super) fn fixtures() -> Vec<String> {
    let mut versions: Vec<_> = fs::read_dir(folder(""))
        .expect("fixtures")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().join("left.json").is_file())
        .map(|entry| entry.file_name().into_string().expect("a version"))
        .collect();
    versions
        .sort_by_key(|version| version.split('.').filter_map(|part| part.parse().ok()).collect::<Vec<u32>>());
    versions
}

/// Where that of a version is.
pub(super) fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(version)
}

/// A bridge in the usual places below this home folder.
pub(super) fn options(home: &Path, keychain: &Keychain, api: &str) -> BridgeOptions {
    let options =
        BridgeOptions::default().keychain(keychain).api(api).home(home).without_env("JEAN_BRIDGE_LOG");
    let options = ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"]
        .into_iter()
        .fold(options, BridgeOptions::without_env);
    environment(home, keychain)
        .into_iter()
        .fold(options, |options, (name, value)| options.env(name.to_str().expect("a name"), value))
}

/// What makes programs find those places.
pub(super) fn environment(home: &Path, keychain: &Keychain) -> Vec<(OsString, OsString)> {
    let address = keychain.address();
    [
        ("HOME", home.as_os_str()),
        ("JEAN_BRIDGE_HOME", "".as_ref()),
        ("DBUS_SESSION_BUS_ADDRESS", address.as_ref()),
    ]
    .map(|(name, value)| (name.into(), value.to_owned()))
    .into()
}

/// Where the parts are in a home folder.
pub(super) fn data(home: &Path) -> PathBuf {
    home.join(".local/share/jean-bridge")
}

pub(super) fn config_file(home: &Path) -> PathBuf {
    home.join(".config/jean-bridge/config.toml")
}

pub(super) fn login_entry(home: &Path) -> PathBuf {
    home.join(".config/autostart/com.jeanmemory.bridge.desktop")
}

pub(super) fn cursor(home: &Path) -> PathBuf {
    home.join(".cursor/mcp.json")
}

/// Copies files with their folders; a part of a name that is `from` becomes `to`.
pub(super) fn copy(source: &Path, target: &Path, from: &str, to: &str) {
    fs::create_dir_all(target).expect("a folder");
    fs::set_permissions(target, fs::Permissions::from_mode(0o700)).expect("it is ours");
    for entry in fs::read_dir(source).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().into_string().expect("a name").replace(from, to);
        let (kind, target) = (entry.file_type().expect("a kind"), target.join(name));
        if kind.is_dir() {
            copy(&entry.path(), &target, from, to);
        } else if kind.is_file() {
            fs::copy(entry.path(), &target).expect("a copy");
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).expect("it is ours");
        }
    }
}

/// Keeps a home folder as the fixture of a version.
pub(super) fn keep(home: &Path, version: &str, left: &Value) {
    let folder = folder(version);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it can be made anew");
    }
    let _ = fs::remove_file(home.join("stderr.txt"));
    copy(home, &folder.join("home"), &name_of(&cursor(home)), CURSOR);
    let left = serde_json::to_string_pretty(left).expect("JSON");
    fs::write(folder.join("left.json"), left + "\n").expect("a file");
}

/// What `connect` calls a file of settings.
fn name_of(file: &Path) -> String {
    Digest::of(&file.to_string_lossy()).short_hex()
}

impl Fixture {
    /// A copy of it in a home folder of its own, and its entries in the keychain.
    pub(super) fn lay_out(version: &str, keychain: &Keychain) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        copy(&folder(version).join("home"), home.path(), CURSOR, &name_of(&cursor(home.path())));
        let left = fs::read_to_string(folder(version).join("left.json")).expect("a file");
        let left: Value = serde_json::from_str(&left).expect("JSON");
        for (item, secret) in left["keychain"].as_object().expect("entries") {
            keychain.store(KEYRING, SERVICE, item, secret.as_str().expect("a text"));
        }
        Self { home: home.into(), left }
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(super) fn left(&self) -> &Value {
        &self.left
    }

    pub(super) fn database(&self) -> PathBuf {
        data(self.home()).join("bridge.db")
    }

    pub(super) fn login_entry(&self) -> PathBuf {
        login_entry(self.home())
    }

    /// How `connect` finds Cursor.
    pub(super) async fn connected(&self, options: &BridgeOptions) -> Value {
        let listed = options.cli(&["connect", "--json"]).await;
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap_or_else(|_| panic!("{listed:?}"));
        let mut apps = listed.as_array().expect("a list").iter();
        apps.find(|app| app["id"] == "cursor").expect("Cursor is known")["state"].clone()
    }

    /// The layout of the database.
    pub(super) fn layout(&self) -> usize {
        layout(&self.database())
    }

    /// Unless it still has that layout, there is a copy of it as it was.
    #[track_caller]
    pub(super) fn assert_backed_up(&self, layout_before: usize) {
        if self.layout() != layout_before {
            let copy = self.database().with_extension(format!("layout-{layout_before}.backup"));
            assert_eq!(layout(&copy), layout_before);
        }
    }
}

fn layout(database: &Path) -> usize {
    let database = Connection::open(database).expect("a database");
    database.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a layout")
}
