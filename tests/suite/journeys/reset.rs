//! J11: everything that the bridge has made goes, and what was there before it is back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bridge_core::paths::Paths;
use serde_json::{Value, json};

use crate::double::{ALICE, BOB, Double};
use crate::harness::bridge::{Bridge, BridgeOptions, Ended};
use crate::harness::keychain::Keychain;
use crate::harness::mcp::Session;
use crate::harness::oauth::{Client, Tokens};
use crate::harness::terminal::Typed;
use crate::system::dice::Dice;

const CURSOR: &str = ".cursor/mcp.json";
const CURSORS: &str = "{\n  // mine\n  \"mcpServers\": {\"a\": {\"command\": \"x\"}},\n}\n";
const CODEX: &str = ".codex/config.toml";
const CODEXS: &str = "model = \"o9\"\n\n[mcp_servers.a] # mine\ncommand = \"x\"\n";
const KIRO: &str = ".kiro/settings/mcp.json";
const KIROS: &str = "{\"mcpServers\":{\"jean-memory\":{\"command\":\"npx\",\"args\":[\"old\"]}}}";

/// Resets that are killed, and after how many milliseconds at most.
const TRIES: usize = 8;
const LONGEST_TRY: u64 = 120;

/// Someone's home with apps in it, a keychain, and the folder of a bridge.
struct World {
    double: Double,
    keychain: Keychain,
}

impl World {
    async fn new() -> Self {
        let world = Self { double: Double::start().await, keychain: Keychain::start() };
        for (file, text) in
            [(CURSOR, CURSORS), (CODEX, CODEXS), (KIRO, KIROS), ("bridge/config.toml", "# mine\n")]
        {
            world.write(file, text);
        }
        world
    }

    fn path(&self, file: &str) -> PathBuf {
        self.keychain.home().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).expect("a file")
    }

    fn options(&self) -> BridgeOptions {
        BridgeOptions::default()
            .api(&self.double.base_url())
            .keychain(&self.keychain)
            .home(&self.path("bridge"))
            // No app's own program, whatever is installed here.
            .env("PATH", "/usr/bin:/bin")
    }

    async fn run(&self, args: &[&str]) -> Ended {
        self.options().cli(args).await
    }

    async fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args).await;
        assert!(ended.status.success(), "jean-bridge {args:?}: {ended:?}");
        ended.stdout
    }

    fn keychain_entries(&self) -> usize {
        self.keychain.count(&self.service())
    }

    fn service(&self) -> String {
        Paths::under(&self.path("bridge")).keychain_service
    }

    /// A bridge that is used: two accounts, the sandbox, a client with tokens, three apps connected.
    async fn lived_in(&self) -> (Bridge, Client, Tokens) {
        let bridge = self.options().start().await;
        for key in [ALICE.key, BOB.key] {
            let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], key).await;
            assert!(added.status.success(), "{added:?}");
        }
        let client = Client::register(&bridge, "App").await;
        let asked = client.ask(&[]).await;
        bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
        let redirect = asked.finish().await;
        let tokens = asked.exchange(redirect.get("code").expect("a code")).await;
        let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
        session.call("add_memories", json!({ "text": "The boat is blue." })).await;
        bridge.cli_ok(&["connect", "cursor"]).await;
        bridge.cli_ok(&["connect", "codex"]).await;
        bridge.cli_ok(&["connect", "kiro", "--replace"]).await;
        (bridge, client, tokens)
    }

    /// Every file of the home but the keychain's own and the suite's; with what is in it, where the bridge does not
    /// write all the time.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        collect(self.keychain.home(), &mut all);
        let own = ["data/", "run/", "cache/", "bus.conf", "bridge/stderr"];
        all.retain(|path, _| {
            let below = path.strip_prefix(self.keychain.home()).expect("in the home").to_string_lossy();
            !own.iter().any(|own| below.starts_with(own))
        });
        let busy = ["bridge/data", "bridge/sandbox", "bridge/logs"].map(|folder| self.path(folder));
        for (path, text) in &mut all {
            if busy.iter().any(|folder| path.starts_with(folder)) {
                text.clear();
            }
        }
        all
    }

    /// As a person had it before there was a bridge.
    fn assert_as_before(&self) {
        assert_eq!((self.read(CURSOR), self.read(CODEX)), (CURSORS.to_owned(), CODEXS.to_owned()));
        assert_eq!(self.read(KIRO), KIROS, "what the bridge had replaced is back");
        assert_eq!(self.keychain_entries(), 0);
        let left: Vec<_> =
            self.files().into_keys().filter(|path| path.starts_with(self.path("bridge"))).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn collect(folder: &Path, all: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("it is there").file_type();
        if kind.is_dir() {
            collect(&path, all);
        } else {
            let text = if kind.is_file() { std::fs::read(&path).expect("a file") } else { Vec::new() };
            all.insert(path, text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_the_apps_are_as_before_and_nothing_else_is_touched() {
    let world = World::new().await;
    let login = "config/autostart/com.jeanmemory.bridge.desktop";
    let exec =
        format!("env \"JEAN_BRIDGE_HOME={}\" \"/opt/bridge\" --background", world.path("bridge").display());
    world.write(login, &format!("[Desktop Entry]\nType=Application\nExec={exec}\n"));
    // Of an account that is in no database any more; of another bridge; of another program.
    world.keychain.store("login", &world.service(), "account:forgotten", "jean_sk_EXAMPLE_0123456789abcdef");
    world.keychain.store("login", "com.jeanmemory.bridge", "signing-key", "another");
    world.keychain.store("login", "somebody", "else", "secret");
    let (bridge, _, tokens) = world.lived_in().await;
    assert_eq!(world.keychain_entries(), 4);

    let before = world.files();
    let shown = world.ok(&["reset", "--dry-run"]).await;
    for expected in [
        &format!("process {}", bridge.pid()),
        "Cursor is disconnected",
        "Codex is disconnected",
        "- \"jean-memory\": {",
        "does not start at login",
        "4 entries of the keychain",
        "signing-key",
        "account:forgotten",
        "bridge.db: accounts",
        "sandbox.db: the sandbox and its memories",
        "config.toml: the configuration",
        "Your memories at Jean Memory stay",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let plan: Value = serde_json::from_str(&world.ok(&["reset", "--dry-run", "--json"]).await).unwrap();
    assert_eq!(plan["apps"].as_array().map(Vec::len), Some(3), "{plan}");
    assert_eq!((&plan["starts_at_login"], &plan["stays"]), (&json!(true), &json!([])));
    assert_eq!(world.files(), before, "looking changes nothing");
    bridge.cli_ok(&["status"]).await;

    let said = world.ok(&["reset", "--yes"]).await;
    assert!(
        said.contains("Taken out of Cursor.") && said.contains("Removed 4 entries of the keychain"),
        "{said}"
    );
    assert_eq!(bridge.ended().await.code(), Some(0), "the bridge ended in good order");
    world.assert_as_before();
    assert!(!world.path(login).exists());
    assert_eq!((world.keychain.count("com.jeanmemory.bridge"), world.keychain.count("somebody")), (1, 1));

    // A second time there is nothing to do; and the next bridge begins anew.
    assert!(world.ok(&["reset", "--yes"]).await.contains("nothing to remove"));
    world.assert_as_before();
    let bridge = world.options().start().await;
    assert_eq!(bridge.cli_json(&["accounts"]).await, json!([]));
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    crate::harness::mcp::post(&bridge.http(), &tokens.access, &ping).send().await.assert_status(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_shown_it_and_asked_and_without_one_yes_must_be_typed() {
    let world = World::new().await;
    let (bridge, ..) = world.lived_in().await;
    for args in [["reset"].as_slice(), &["reset", "--json"], &["reset", "--keep-apps"]] {
        let ended = world.run(args).await;
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains("--dry-run") && ended.stderr.contains("--yes"), "{ended:?}");
    }
    for line in ["", "n", "perhaps"] {
        let typed = Typed::command(&bridge, &["reset"]);
        typed.answer("It cannot be undone. [y/N] ", line).await;
        let (succeeded, shown) = typed.ended().await;
        assert!(!succeeded && shown.contains("Cursor is disconnected"), "{shown}");
    }
    bridge.cli_ok(&["status"]).await;
    assert_eq!(world.keychain_entries(), 3);
    assert!(world.read(CURSOR).contains("jean-memory"));

    let typed = Typed::command(&bridge, &["reset"]);
    typed.answer("It cannot be undone. [y/N] ", "y").await;
    let (succeeded, shown) = typed.ended().await;
    assert!(succeeded && shown.contains("Removed 3 entries"), "{shown}");
    assert_eq!(bridge.ended().await.code(), Some(0));
    let _ = std::fs::remove_file(world.path("bridge/stderr-of-a-command.txt"));
    world.assert_as_before();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_cannot_be_freed_keeps_everything_unless_it_may_stay_as_it_is() {
    let world = World::new().await;
    let (bridge, ..) = world.lived_in().await;
    let damaged = format!("{}damaged", world.read(CURSOR));
    world.write(CURSOR, &damaged);
    let ended = world.run(&["reset", "--yes"]).await;
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    for expected in ["mcp.json is left as it is", "Nothing else was removed", "--keep-apps"] {
        assert!(ended.stderr.contains(expected), "{expected}: {ended:?}");
    }
    assert!(world.read(CODEX).contains("jean-memory"), "all or none");
    assert!(world.ok(&["reset", "--dry-run"]).await.contains("Cursor: not now"));
    bridge.cli_ok(&["status"]).await;
    assert_eq!(world.keychain_entries(), 3);

    // What can be freed is, one by one; then the rest.
    let ended = world.run(&["disconnect", "--all"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.contains("Disconnected Codex") && ended.stderr.contains("mcp.json"), "{ended:?}");
    assert_eq!((world.read(CODEX), world.read(KIRO)), (CODEXS.to_owned(), KIROS.to_owned()));
    world.ok(&["reset", "--yes", "--keep-apps"]).await;
    assert_eq!(world.read(CURSOR), damaged);
    world.write(CURSOR, CURSORS);
    world.assert_as_before();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keychain_keeps_everything_as_it_is() {
    let world = World::new().await;
    let (bridge, ..) = world.lived_in().await;
    world.keychain.lock();
    let ended = world.run(&["reset", "--yes"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("The keychain is locked. Unlock it"), "{ended:?}");
    bridge.cli_ok(&["status"]).await;
    assert!(world.read(CURSOR).contains("jean-memory"));
    world.keychain.unlock();
    world.ok(&["reset", "--yes", "--json"]).await;
    assert_eq!(bridge.ended().await.code(), Some(0));
    world.assert_as_before();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_anywhere_is_finished_by_the_next_try() {
    let world = World::new().await;
    let mut dice = Dice::new();
    let (bridge, ..) = world.lived_in().await;
    let mut cut_off = 0;
    for _ in 0..TRIES {
        let mut child = bridge.spawn(&["reset", "--yes"]);
        tokio::time::sleep(Duration::from_millis(dice.below(LONGEST_TRY))).await;
        child.kill().await.expect("it can be killed");
        cut_off += usize::from(world.path("bridge/data").exists());
    }
    world.ok(&["reset", "--yes"]).await;
    assert_eq!(bridge.ended().await.code(), Some(0));
    world.assert_as_before();
    println!("{cut_off} of {TRIES} were cut off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_configuration_and_a_crash_are_no_hindrance_and_the_environment_is_named() {
    let world = World::new().await;
    let (bridge, ..) = world.lived_in().await;
    bridge.kill().await;
    world.write("bridge/config.toml", "port = \"never\nmore");
    world.write("bridge/data/thesis.txt", "mine");
    let options = world.options().env("JEAN_BRIDGE_API_KEY", ALICE.key);
    let shown = options.cli(&["reset", "--dry-run"]).await;
    assert!(shown.stdout.contains("JEAN_BRIDGE_API_KEY is set"), "{shown:?}");
    assert!(shown.stdout.contains("thesis.txt: the bridge did not make it"), "{shown:?}");
    assert!(!shown.stdout.contains(ALICE.key));
    let said = world.ok(&["reset", "--yes"]).await;
    assert!(said.contains("thesis.txt"), "{said}");
    assert_eq!(world.read("bridge/data/thesis.txt"), "mine");
    std::fs::remove_file(world.path("bridge/data/thesis.txt")).unwrap();
    world.assert_as_before();
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnecting_all_leaves_the_bridge_and_restores_the_apps() {
    let world = World::new().await;
    let (bridge, client, tokens) = world.lived_in().await;
    let shown = world.ok(&["disconnect", "--all", "--dry-run"]).await;
    assert!(
        shown.contains("This would disconnect Cursor") && world.read(CURSOR).contains("jean-memory"),
        "{shown}"
    );
    let done: Value = serde_json::from_str(&world.ok(&["disconnect", "--all", "--json"]).await).unwrap();
    assert_eq!(done.as_array().map(Vec::len), Some(3), "{done}");
    assert_eq!((world.read(CURSOR), world.read(KIRO)), (CURSORS.to_owned(), KIROS.to_owned()));
    assert!(world.ok(&["disconnect", "--all"]).await.contains("in no app"));
    client.refresh(tokens.refresh()).await.assert_status(200);
    bridge.cli_ok(&["status"]).await;
}
