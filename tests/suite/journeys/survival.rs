//! J10, without windows: a laptop sleeps, an update is installed. Nobody has to sign in again.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::clock::Clock;
use crate::harness::http::Answer;
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::{Client, Tokens};
use crate::harness::programs::{self, program};
use crate::harness::serving::command;
use crate::harness::stdio::{StdioClient, done, failed};
use crate::system::until;

const NIGHT: u32 = 8 * 3600;
const HOLIDAYS: u32 = 20 * 24 * 3600;

/// With an account that needs no keychain.
fn options(double: &Double) -> BridgeOptions {
    BridgeOptions::default().api(&double.base_url()).env("JEAN_BRIDGE_API_KEY", ALICE.key)
}

/// A client that was allowed everything with Alice's key.
async fn sign_in(bridge: &Bridge) -> (Client, Tokens) {
    until("the key is checked", || async { bridge.cli_json(&["accounts"]).await[0]["state"] == "ok" }).await;
    let client = Client::register(bridge, "App").await;
    let tokens = client.sign_in_as(bridge, &[], &[]).await;
    (client, tokens)
}

async fn call(bridge: &Bridge, tokens: &Tokens) -> Answer {
    let call = json!({ "name": "list_memories", "arguments": {} });
    modern(&bridge.http(), &tokens.access, "tools/call", call).send().await
}

#[track_caller]
fn assert_works(answer: Answer) {
    assert_eq!(reply(&answer.assert_status(200))["result"]["isError"], false);
}

async fn refreshed(bridge: &Bridge, client: &Client, tokens: &Tokens) -> Tokens {
    let client = Client { http: bridge.http(), ..client.clone() };
    Tokens::of(&client.id, &client.refresh(tokens.refresh()).await.assert_status(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sleep_the_apps_go_on_and_what_waited_is_over() {
    let (double, home) = (Double::start().await, tempfile::tempdir().unwrap());
    let clock = Clock::start(home.path());
    let options = options(&double).home(home.path());
    let options = clock.env().into_iter().fold(options, |options, (name, value)| options.env(name, value));
    // It stands still while a computer sleeps.
    let bridge = options.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").start().await;
    let (client, mut tokens) = sign_in(&bridge).await;
    assert_works(call(&bridge, &tokens).await);
    let listening = modern(&bridge.http(), &tokens.access, "tools/list", json!({})).send().await;
    listening.assert_status(200);

    let mut late = 0;
    for sleep in [NIGHT, HOLIDAYS, HOLIDAYS] {
        let waiting = client.ask(&[("state", &format!("before {late}"))]).await;
        let pid = Pid::from_raw(bridge.pid().cast_signed()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        until_stopped(bridge.pid()).await;
        // What was sent shortly before waits for whoever wakes.
        let sent = tokio::spawn(modern(&bridge.http(), &tokens.access, "tools/list", json!({})).try_send());
        late += sleep;
        clock.advance_to(late);
        kill_process(pid, Signal::CONT).unwrap();
        let sent = sent.await.unwrap().expect("an answer after the sleep");
        assert!(matches!(sent.status.as_u16(), 200 | 401), "{}", sent.text());

        // The hour of an access token is over, the days of a sign-in are not; and its next night is as long.
        let refused = call(&bridge, &tokens).await.assert_status(401);
        assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"));
        tokens = refreshed(&bridge, &client, &tokens).await;
        assert_works(call(&bridge, &tokens).await);
        until("the question of before is over", || async {
            let requests = bridge.cli_json(&["requests"]).await;
            !requests.to_string().contains(&waiting.code)
        })
        .await;
    }
    // The clock was wrong, and somebody sets it right: hours that were never slept.
    clock.advance_to(late - NIGHT);
    assert_works(call(&bridge, &tokens).await);
    tokens = refreshed(&bridge, &client, &tokens).await;
    assert_works(call(&bridge, &tokens).await);
    let clients = bridge.cli_json(&["clients"]).await;
    assert!(clients[0]["calls"].as_u64() >= Some(6), "{clients}");
    assert!(bridge.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_replaces_the_program_while_it_and_adapters_run() {
    let (double, home) = (Double::start().await, tempfile::tempdir().unwrap());
    let installed = home.path().join("bin/jean-bridge");
    std::fs::create_dir(home.path().join("bin")).unwrap();
    install(&installed);
    let folder = home.path().join("home");
    std::fs::create_dir(&folder).unwrap();
    let options = options(&double).home(&folder).program(&installed);
    let bridge = options.clone().start().await;
    let (client, tokens) = sign_in(&bridge).await;
    let mut adapter = StdioClient::spawn(command(&installed, &[], &folder).arg("stdio"));
    adapter = adapter.opened("2025-06-18").await;
    let first = adapter.begin_call("list_memories", json!({})).await;
    allow_the_one_that_asks(&bridge).await;
    done(&adapter.answer(first).await["result"]);
    bridge.cli_ok(&["pause"]).await;

    install(&installed);
    // It keeps to itself what it runs (process_limits.rs); only root sees it all the same.
    if let Ok(running) = std::fs::read_link(format!("/proc/{}/exe", bridge.pid())) {
        assert!(running.to_string_lossy().ends_with("(deleted)"), "{}", running.display());
    }
    // The old one goes on until it is restarted.
    bridge.cli_ok(&["resume"]).await;
    assert_works(call(&bridge, &tokens).await);
    let tokens = refreshed(&bridge, &client, &tokens).await;
    done(&adapter.call("list_memories", json!({})).await);
    let options = options.port(bridge.port());
    assert!(bridge.terminate().await.success());
    assert!(failed(&adapter.call("list_memories", json!({})).await).contains("not running"));
    let bridge = options.start().await;
    done(&adapter.call("list_memories", json!({})).await);
    assert_works(call(&bridge, &tokens).await);
    let tokens = refreshed(&bridge, &client, &tokens).await;
    assert_works(call(&bridge, &tokens).await);
    // An adapter of the new version needs no other permission.
    let mut newer = StdioClient::spawn(command(&installed, &[], &folder).arg("stdio"));
    newer = newer.opened("2025-06-18").await;
    done(&newer.call("list_memories", json!({})).await);
    assert_eq!(bridge.cli_json(&["requests"]).await, json!([]));
}

async fn allow_the_one_that_asks(bridge: &Bridge) {
    until("somebody asks", || async { bridge.cli_json(&["requests"]).await != json!([]) }).await;
    let requests = bridge.cli_json(&["requests"]).await;
    bridge.cli_ok(&["approve", requests[0]["code"].as_str().expect("a code")]).await;
}

/// Puts a whole new file in the place of the program, as installers do.
fn install(at: &Path) {
    let new: PathBuf = at.with_extension("new");
    programs::install(&new, &std::fs::read(program("jean-bridge")).expect("a program"));
    std::fs::rename(new, at).expect("a program");
}

/// Waits until nothing of the process runs (proc(5)).
pub(crate) async fn until_stopped(pid: u32) {
    until("it sleeps", || async {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it is there").flatten();
        let mut states = tasks.map(|task| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, after)| after.starts_with('T'))
        });
        states.all(|is_stopped| is_stopped)
    })
    .await;
}
