//! J8: SSH box, container, WSL: no display, no session bus, no keychain; the person has a terminal, and real clients
//! sign in.

use std::ffi::OsString;

use serde_json::json;

use crate::clients::TYPESCRIPT_2;
use crate::clients::driver::{Driver, Kind};
use crate::clients::person::Person;
use crate::double::{ALICE, Double};
use crate::harness::bridge::BridgeOptions;
use crate::harness::mcp::modern;
use crate::harness::terminal::Terminal;
use crate::system::until;

/// What a desktop client runs where it cannot do OAuth itself.
const MCP_REMOTE: Kind = Kind { driver: "mcp-remote.mjs", args: &[] };
const MEMORY: &str = "The boat is blue.";

/// Where nothing of a desktop is, and nothing is set up.
fn bare(double: &Double) -> BridgeOptions {
    BridgeOptions::default()
        .api(&double.base_url())
        .without_env("JWT_SECRET_KEY")
        .without_env("DBUS_SESSION_BUS_ADDRESS")
        // Or the session of whoever runs the tests would be looked for where it usually is.
        .env("XDG_RUNTIME_DIR", "/nonexistent")
}

#[tokio::test(flavor = "multi_thread")]
async fn over_ssh_the_terminal_asks_and_a_real_client_signs_in_and_works() {
    let double = Double::start().await;
    let terminal = Terminal::start(bare(&double)).await;
    let shown = terminal.shown();
    assert!(shown.contains("/mcp and it asks for access. You are asked here."), "{shown}");
    let mut person = Person::at(&terminal);
    let mut client = Driver::start(MCP_REMOTE, &format!("{}/mcp", terminal.bridge().url()), "Witness").await;
    client.connect(&mut person).await;
    client.call("add_memories", json!({ "text": MEMORY }), &mut person).await;
    assert_eq!(double.memories(ALICE.id), [MEMORY]);
    assert_eq!(person.asked, 1);

    let shown = terminal.shown();
    assert!(shown.contains("Witness wants to use your memories") && !shown.contains(ALICE.key), "{shown}");
    // Nothing is hidden from who looks: the key is lost with the bridge, and a way out is named.
    let told = terminal.bridge().cli_ok(&["status"]).await.stdout;
    assert!(told.contains("There is no keychain") && told.contains("would be lost"), "{told}");
    client.order(json!({ "do": "expire" }), &mut person).await;
    assert!(client.call("list_memories", json!({}), &mut person).await.contains(MEMORY));
    assert_eq!(person.asked, 1, "a refresh needs nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_container_the_key_is_in_the_environment_and_its_restart_is_not_noticed() {
    let (double, volume) = (Double::start().await, tempfile::tempdir().unwrap());
    let secret = "a-secret-of-the-container-with-more-than-32-bytes";
    // Containers often know of no home directory at all.
    let homeless = ["env", "-u", "HOME"].map(OsString::from);
    let options = bare(&double)
        .env("JEAN_BRIDGE_API_KEY", ALICE.key)
        .env("JWT_SECRET_KEY", secret)
        .home(volume.path())
        .wrapped(homeless);
    let bridge = options.clone().start().await;
    until("the key is checked", || async { bridge.cli_json(&["accounts"]).await[0]["state"] == "ok" }).await;
    let mut person = Person::with_account(&bridge);
    let mut client = Driver::start(TYPESCRIPT_2, &format!("{}/mcp", bridge.url()), "Witness").await;
    client.connect(&mut person).await;
    client.call("add_memories", json!({ "text": MEMORY }), &mut person).await;
    assert_eq!(person.asked, 1);
    let status = bridge.cli_ok(&["status"]).await.stdout;
    assert!(!status.contains("would be lost"), "{status}");

    // The container is thrown away and made anew with the same volume.
    let tokens = client.tokens(&mut person).await;
    let again = options.port(bridge.port());
    bridge.kill().await;
    let bridge = again.start().await;
    let call = json!({ "name": "list_memories", "arguments": {} });
    let listed = modern(&bridge.http(), &tokens.access, "tools/call", call).send().await.assert_status(200);
    assert!(listed.text().contains(MEMORY), "{}", listed.text());
    assert_eq!(bridge.cli_json(&["requests"]).await, json!([]));
    assert!(bridge.terminate().await.success());
    let mut files = Vec::new();
    below(volume.path(), &mut files);
    for file in &files {
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        assert!(!text.contains(ALICE.key) && !text.contains(secret), "{}", file.display());
    }
    assert!(files.len() > 2, "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_under_nohup_outlives_its_terminal_and_one_without_ends_with_it() {
    let double = Double::start().await;
    let bridge = bare(&double).wrapped(["nohup".into()]).start().await;
    let pid = rustix::process::Pid::from_raw(bridge.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    // Signals come in order of their numbers at the latest by the next one: an end would be seen by now.
    for _ in 0..5 {
        bridge.cli_ok(&["status"]).await;
    }
    assert!(bridge.terminate().await.success());
    let bridge = bare(&double).with_terminal().start().await;
    assert!(bridge.end_by(rustix::process::Signal::HUP).await.success());
}

fn below(folder: &std::path::Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("it is there").file_type();
        if kind.is_dir() {
            below(&path, all);
        } else if kind.is_file() {
            all.push(path);
        }
    }
}
