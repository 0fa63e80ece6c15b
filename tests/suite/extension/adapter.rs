//! The script with the real adapter, and a bridge behind it.

use rustix::process::{Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

use super::claude::{Claude, Computer, Runs};
use super::script::{pid, until};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::programs::program;

const READS: &str = "list_memories";

#[tokio::test]
async fn a_person_is_asked_once_however_often_the_adapter_is_killed() {
    let computer = Computer::new().await;
    let bridge = BridgeOptions::default().home(&computer.bridge_home()).start().await;
    for runs in [Runs::OldNode, Runs::WithoutFiles] {
        let mut claude = computer.claude(runs);
        claude.begin().await;
        assert_eq!(tools(&mut claude, 1).await, 0);
        install(&computer);
        claude.expect_new_tools().await;
        assert!(tools(&mut claude, 2).await > 0);

        begin_call(&mut claude, 3).await;
        if matches!(runs, Runs::OldNode) {
            let code = question(&bridge).await;
            bridge.cli_ok(&["approve", &code, "--sandbox"]).await;
        }
        assert_done(&claude.answer(3).await);

        let adapter = child(&claude).await;
        kill_process(pid(&json!(adapter)), Signal::KILL).unwrap();
        begin_call(&mut claude, 4).await;
        let answer = claude.answer(4).await;
        // It may have come to the one that was killed; the next one goes to another.
        if answer["result"]["isError"] == true {
            begin_call(&mut claude, 5).await;
            assert_done(&claude.answer(5).await);
        }
        assert_ne!(child(&claude).await, adapter);
        assert_eq!(bridge.cli_json(&["requests"]).await, json!([]));

        let adapter = child(&claude).await;
        assert!(claude.end().await.success());
        assert!(test_kill_process(pid(&json!(adapter))).is_err(), "it has ended too");
        std::fs::remove_file(computer.adapter()).unwrap();
    }
}

#[tokio::test]
async fn without_a_bridge_the_adapter_answers_and_goes_on() {
    let computer = Computer::new().await;
    install(&computer);
    let mut claude = computer.claude(Runs::OldNode);
    assert_eq!(claude.begin().await["result"]["protocolVersion"], "2025-06-18");
    assert!(tools(&mut claude, 1).await > 0);
    begin_call(&mut claude, 2).await;
    let answer = claude.answer(2).await;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(answer["result"]["isError"] == true && text.contains("is not running"), "{answer}");

    let bridge = BridgeOptions::default().home(&computer.bridge_home()).start().await;
    begin_call(&mut claude, 3).await;
    let code = question(&bridge).await;
    bridge.cli_ok(&["approve", &code, "--sandbox"]).await;
    assert_done(&claude.answer(3).await);
    assert!(claude.end().await.success());
}

/// As a package does.
fn install(computer: &Computer) {
    std::os::unix::fs::symlink(program("jean-bridge"), computer.adapter()).expect("a link");
}

async fn tools(claude: &mut Claude, id: i64) -> usize {
    claude.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list", "params": {} })).await;
    claude.answer(id).await["result"]["tools"].as_array().expect("a list").len()
}

async fn begin_call(claude: &mut Claude, id: i64) {
    let params = json!({ "name": READS, "arguments": {} });
    claude.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })).await;
}

#[track_caller]
fn assert_done(answer: &Value) {
    let result = &answer["result"];
    assert!(result["content"].is_array() && result["isError"] != true, "{answer}");
}

/// The code of the question that waits, or will.
async fn question(bridge: &Bridge) -> String {
    loop {
        let waiting = bridge.cli_json(&["requests"]).await;
        if let Some(code) = waiting[0]["code"].as_str() {
            return code.to_owned();
        }
    }
}

/// The adapter that the script runs now.
async fn child(claude: &Claude) -> i64 {
    until(|| {
        let listed = std::fs::read_dir("/proc")
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut numbers = listed.filter_map(|name| name.parse::<i64>().ok());
        numbers.find(|number| parent(*number) == Some(claude.pid()))
    })
    .await
}

/// The parent of a process, which is the second field after its name; the name may hold anything.
fn parent(process: i64) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let is_zombie = fields.next()? == "Z";
    fields.next()?.parse().ok().filter(|_| !is_zombie)
}
