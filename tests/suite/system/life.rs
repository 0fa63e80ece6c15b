//! From the first line to the last: ready when it says so, quiet when nobody asks, gone when it is told to go
//! (design.md 4, 7).

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use rustix::process::Signal;
use serde_json::json;

use super::until;
use crate::double::{ALICE, BOB, Double, Fault, path, tool};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::keychain::{Keychain, SECRETS};
use crate::harness::mcp::{Session, reply, text};
use crate::harness::oauth::{Client, Pkce};

/// Open requests have three seconds to end; the rest is for a busy machine.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// As the kernel writes them, 32 bits at a time.
const LOOPBACK: [&str; 2] = ["0100007F", "00000000000000000000000001000000"];
/// Idle for so long …
const QUIET: Duration = Duration::from_secs(3);
/// … it may have used so much of a processor, in hundredths of a second.
const IDLE_TICKS: u64 = 2;

#[tokio::test]
async fn the_first_line_says_where_it_listens_and_that_is_true() {
    let bridge = Bridge::start().await;
    assert_ne!(bridge.port(), 0);
    assert_eq!(bridge.url(), format!("http://127.0.0.1:{}", bridge.port()));
    let status = bridge.http().get("/status").send().await.assert_status(200).json();
    let own = bridge.cli_json(&["status"]).await;
    assert_eq!((&status["status"], &status["instance"]), (&json!("ready"), &own["instance"]));
    assert_eq!(own["url"], bridge.url());
}

#[tokio::test]
async fn it_listens_on_this_computer_only() {
    // protocol.md 9.1
    let bridge = Bridge::start().await;
    let mut addresses = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table =
            std::fs::read_to_string(format!("/proc/{}/net/{table}", bridge.pid())).unwrap_or_default();
        addresses.extend(table.lines().skip(1).filter_map(|line| listening(line, bridge.port())));
    }
    assert!(addresses.contains(&LOOPBACK[0].to_owned()), "{addresses:?}");
    assert!(addresses.iter().all(|address| LOOPBACK.contains(&address.as_str())), "{addresses:?}");
}

/// The address of a line of the kernel's table, if it is of a socket that listens on the port (proc(5)).
fn listening(line: &str, port: u16) -> Option<String> {
    let mut columns = line.split_ascii_whitespace().skip(1);
    let (address, its_port) = columns.next()?.rsplit_once(':')?;
    let listens = columns.nth(1)? == "0A" && u16::from_str_radix(its_port, 16) == Ok(port);
    listens.then(|| address.to_owned())
}

#[tokio::test]
async fn it_ends_cleanly_by_each_signal() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let bridge = BridgeOptions::default().with_terminal().start().await;
        assert_eq!(bridge.end_by(signal).await.code(), Some(0), "{signal:?}");
    }
}

#[tokio::test]
async fn quit_ends_it_and_returns_when_it_is_gone() {
    let bridge = Bridge::start().await;
    assert_eq!(bridge.cli_ok(&["quit"]).await.stdout, "Ended.\n");
    // The next one may start at once, on the same socket.
    assert_eq!(bridge.cli(&["quit"]).await.status.code(), Some(3));
    assert_eq!(bridge.ended().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_in_time_whatever_is_going_on() {
    // protocol.md 7.21
    let double = Double::start().await;
    let home = tempfile::tempdir().unwrap();
    let bridge = BridgeOptions::default().api(&double.base_url()).home(home.path()).start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let approved = bridge.cli_with_stdin(&["approve", &asked.code, "--key-stdin"], ALICE.key).await;
    assert!(approved.status.success(), "{approved:?}");
    let redirect = asked.finish().await;
    let tokens = asked.exchange(redirect.get("code").unwrap()).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    session.call("list_memories", json!({})).await;

    // A listen stream, a call that upstream does not answer, a question nobody answers, a held request,
    // an idle connection and half a request.
    let listening = session.listen().begin().await;
    double.fault(Fault::Hang.on(tool("ask_memory")));
    let call = json!({ "jsonrpc": "2.0", "id": 9, "method": "tools/call",
        "params": { "name": "ask_memory", "arguments": { "question": "What?" } } });
    let calling = tokio::spawn(session.post(&call).try_send());
    double.wait_for_call("ask_memory").await;
    client.ask(&[("state", "another")]).await;
    let query = client.query(&Pkce::new(), &[("state", "held")]);
    let held = tokio::spawn(bridge.http().get(&format!("/oauth/authorize?{query}")).try_send());
    until("it is asked twice", || async {
        bridge.cli_json(&["requests"]).await.as_array().is_some_and(|all| all.len() == 2)
    })
    .await;
    let address = bridge.url().strip_prefix("http://").unwrap().to_owned();
    let _idle = tokio::net::TcpStream::connect(&address).await.unwrap();
    let mut half = tokio::net::TcpStream::connect(&address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut half, b"POST /mcp HTTP/1.1\r\nHost: ").await.unwrap();

    let begun = Instant::now();
    assert_eq!(bridge.terminate().await.code(), Some(0));
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    double.call_aborted("ask_memory").await;
    // The streams ended; neither hangs.
    let _ = listening.into_body().collect().await;
    calling.await.unwrap();
    held.await.unwrap();

    // What happened was written down before the end.
    let bridge = BridgeOptions::default().api(&double.base_url()).home(home.path()).start().await;
    let clients = bridge.cli_json(&["clients"]).await;
    assert!(clients[0]["calls"].as_u64() >= Some(1), "{clients}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_slow_api_nor_a_silent_keychain_holds_up_the_end() {
    let double = Double::start().await;
    let keychain = Keychain::with_bus();
    let _silence = keychain.silence(SECRETS);
    double.fault(Fault::Hang.on(path("/sdk/validate-developer")));
    let options = BridgeOptions::default().api(&double.base_url()).keychain(&keychain);
    let bridge = options.env("JEAN_BRIDGE_API_KEY", ALICE.key).start().await;
    double.wait_for("the check of the key", |seen| seen.path() == "/sdk/validate-developer").await;
    let begun = Instant::now();
    assert_eq!(bridge.terminate().await.code(), Some(0));
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_signal_during_the_start_ends_it_too() {
    let home = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let starting = BridgeOptions::default().home(home.path()).spawn();
        let status = starting.terminate().await;
        // Before its own code runs, the signal ends it as any program.
        assert!(status.code().is_none_or(|code| code == 0), "{status}");
    }
    Bridge::start().await;
}

#[tokio::test]
async fn it_does_nothing_when_nobody_asks() {
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    session.call("list_memories", json!({})).await;
    let _listening = session.listen().begin().await;
    // What calls leave to be written down is written down within a second.
    tokio::time::sleep(QUIET).await;
    let before = ticks(bridge.pid());
    tokio::time::sleep(QUIET).await;
    let used = ticks(bridge.pid()) - before;
    assert!(used <= IDLE_TICKS, "{used} ticks in {QUIET:?}");
}

/// Processor time so far, user and system (proc(5)).
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, after_name) = stat.rsplit_once(") ").expect("a name in parentheses");
    after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[tokio::test]
async fn a_key_from_the_environment_is_an_account_and_never_written_down() {
    let (double, home) = (Double::start().await, tempfile::tempdir().unwrap());
    let options = BridgeOptions::default().api(&double.base_url()).home(home.path());
    let bridge = options.clone().env("JEAN_BRIDGE_API_KEY", ALICE.key).start().await;
    until("it is checked", || async { bridge.cli_json(&["accounts"]).await[0]["state"] == "ok" }).await;
    let accounts = bridge.cli_json(&["accounts"]).await;
    assert_eq!((&accounts[0]["kind"], &accounts[0]["user_id"]), (&json!("environment"), &json!(ALICE.id)));
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in_as(&bridge, &[], &[]).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    assert_eq!(session.call("add_memories", json!({ "text": "blue" })).await["isError"], false);
    assert_eq!(double.memories(ALICE.id), ["blue"]);
    // It would come back at the next start.
    let id = accounts[0]["id"].as_str().unwrap();
    assert_eq!(bridge.cli(&["accounts", "remove", id]).await.status.code(), Some(1));
    assert!(bridge.terminate().await.success());
    for_each_file(home.path(), &mut |file, metadata| {
        if metadata.is_file() {
            let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
            assert!(!text.contains(ALICE.key), "{}", file.display());
        }
    });

    // Without the variable there is an account without a key, and it can be removed.
    let bridge = options.start().await;
    let client = Client { http: bridge.http(), ..client };
    let fresh = client.refresh(tokens.refresh()).await.assert_status(200).json();
    let session = Session::open(&bridge, fresh["access_token"].as_str().unwrap(), "2025-06-18").await;
    let called = session.call("list_memories", json!({})).await;
    assert_eq!(called["isError"], true, "{called}");
    bridge.cli_ok(&["accounts", "remove", id]).await;
    assert_eq!(bridge.cli_json(&["accounts"]).await, json!([]));
}

#[tokio::test]
async fn another_persons_key_in_the_environment_reads_nothing_under_old_sign_ins() {
    // protocol.md 4.18, 9.12: `sub` is the account's user
    let (double, home) = (Double::start().await, tempfile::tempdir().unwrap());
    double.seed_memories(BOB.id, ["bob's own".to_owned()]);
    let options = BridgeOptions::default().api(&double.base_url()).home(home.path());
    let bridge = options.clone().env("JEAN_BRIDGE_API_KEY", ALICE.key).start().await;
    until("it is checked", || async { bridge.cli_json(&["accounts"]).await[0]["state"] == "ok" }).await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in_as(&bridge, &[], &[]).await;
    assert!(bridge.terminate().await.success());

    let bridge = options.env("JEAN_BRIDGE_API_KEY", BOB.key).start().await;
    let client = Client { http: bridge.http(), ..client };
    let renewed = client.refresh(tokens.refresh()).await.assert_status(200).json();
    let session = Session::open(&bridge, renewed["access_token"].as_str().unwrap(), "2025-06-18").await;
    until("the new owner is known", || async {
        let called = session.call("list_memories", json!({})).await;
        assert!(!called.to_string().contains("bob's own"), "{called}");
        bridge.cli_json(&["accounts"]).await[0]["user_id"] == BOB.id
    })
    .await;
    assert_eq!(session.call("list_memories", json!({})).await["isError"], true);
    let fresh = Client::register(&bridge, "App").await.sign_in_as(&bridge, &[], &[]).await;
    let session = Session::open(&bridge, &fresh.access, "2025-06-18").await;
    assert!(session.call("list_memories", json!({})).await.to_string().contains("bob's own"));
}

#[tokio::test]
async fn the_sandbox_as_the_api_needs_no_network_and_no_key() {
    // design.md J2
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.toml"), "api_base_url = \"sandbox\"\n").unwrap();
    let options = BridgeOptions::default().without_env("JEAN_BRIDGE_API_BASE_URL").home(home.path());
    let bridge = options.start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    // A key of the real service is nobody's here.
    let refused = bridge.cli_with_stdin(&["approve", &asked.code, "--key-stdin"], ALICE.key).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let redirect = asked.finish().await;
    let tokens = asked.exchange(redirect.get("code").unwrap()).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    session.call("add_memories", json!({ "text": "The boat is blue." })).await;
    let listed = session.call("list_memories", json!({})).await;
    assert!(text(&listed).contains("The boat is blue."), "{listed}");
    let tools =
        reply(&session.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })).send().await);
    assert!(tools["result"]["tools"].as_array().is_some_and(|tools| tools.len() > 3), "{tools}");
}

#[tokio::test]
async fn everything_it_makes_is_its_owners_alone() {
    // protocol.md 9.8; even where the shell says otherwise.
    let home = tempfile::tempdir().unwrap();
    let wide = ["sh", "-c", "umask 000; exec \"$@\"", "sh"].map(Into::into);
    let bridge = BridgeOptions::default().wrapped(wide).home(home.path()).start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-06-18").await;
    session.call("add_memories", json!({ "text": "The boat is blue." })).await;
    let mut seen = Vec::new();
    for_each_file(home.path(), &mut |file, metadata| {
        // The suite's own.
        if !file.ends_with("stderr.txt") {
            let kind = metadata.file_type();
            let wanted = if kind.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(metadata.permissions().mode() & 0o7777, wanted, "{}", file.display());
            seen.extend(kind.is_socket().then_some("a socket"));
            seen.extend(kind.is_file().then_some("a file"));
        }
    });
    assert!(seen.contains(&"a socket") && seen.len() > 6, "{seen:?}");
}

/// Everything below, directories too.
fn for_each_file(directory: &Path, look: &mut impl FnMut(&Path, &std::fs::Metadata)) {
    for entry in std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry")) {
        let metadata = entry.path().symlink_metadata().expect("it is there");
        look(&entry.path(), &metadata);
        if metadata.is_dir() {
            for_each_file(&entry.path(), look);
        }
    }
}
