//! The script without an adapter, with one, and with one that comes, goes and misbehaves.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

use super::claude::{Computer, Runs, beginning, install, install_stand_in};
use crate::harness::http::PATIENCE;

const NEWEST_WITH_A_HANDSHAKE: &str = "2025-11-25";

#[tokio::test]
async fn without_an_adapter_everything_has_an_honest_answer() {
    let computer = Computer::new().await;
    for runs in Runs::ALL {
        let mut claude = computer.claude(runs);
        let begun = claude.begin().await;
        assert_eq!(begun["result"]["protocolVersion"], "2025-06-18");
        assert_eq!(begun["result"]["capabilities"]["tools"]["listChanged"], true);
        assert_eq!(begun["result"]["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        let why = begun["result"]["instructions"].as_str().unwrap().to_owned();
        assert!(why.contains("is not installed") && why.contains("Install it"), "{why}");
        assert_eq!(claude.ask(json!("a"), "ping", json!({})).await["result"], json!({}));
        assert_eq!(claude.ask(json!(1), "tools/list", json!({})).await["result"], json!({ "tools": [] }));
        let called = claude.call(2, "search_memory_v2").await;
        assert_eq!(
            called["result"],
            json!({ "content": [{ "type": "text", "text": why }], "isError": true })
        );
        assert_eq!(claude.ask(json!(3), "logging/setLevel", json!({})).await["error"]["code"], -32601);
        assert!(claude.end().await.success(), "{runs:?}");
    }
}

#[tokio::test]
async fn every_revision_is_answered_in_its_own_way() {
    let computer = Computer::new().await;
    let mut claude = computer.claude(Runs::OldNode);
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        (NEWEST_WITH_A_HANDSHAKE, NEWEST_WITH_A_HANDSHAKE),
        ("2026-07-28", NEWEST_WITH_A_HANDSHAKE),
        ("1999-01-01", NEWEST_WITH_A_HANDSHAKE),
    ] {
        let answer = claude.ask(json!(asked), "initialize", beginning(asked)).await;
        assert_eq!(answer["result"]["protocolVersion"], answered);
    }
    claude
        .write(
            "[{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"},{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]\n",
        )
        .await;
    assert_eq!(claude.line().await, r#"[{"jsonrpc":"2.0","id":7,"result":{}}]"#);

    let meta = json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } });
    let found = claude.ask(json!(8), "server/discover", meta.clone()).await;
    assert_eq!(found["result"]["supportedVersions"][0], "2026-07-28");
    let listed = claude.ask(json!(9), "tools/list", meta).await;
    let expected = json!({ "tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private" });
    assert_eq!(listed["result"], expected);
}

#[tokio::test]
async fn what_is_no_message_is_passed_over() {
    let computer = Computer::new().await;
    let mut claude = computer.claude(Runs::OldNode);
    let too_long = "x".repeat(17 * 1024 * 1024);
    for junk in
        ["", "\r", "{", "[]", "null", "17", "\"text\"", "{}", r#"{"id":null,"method":"ping"}"#, &too_long]
    {
        claude.write(&format!("{junk}\n")).await;
    }
    claude.write("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":").await;
    claude.write("\"ping\"}\r\n").await;
    assert_eq!(claude.message().await, json!({ "jsonrpc": "2.0", "id": 1, "result": {} }));
}

#[tokio::test]
async fn an_adapter_that_comes_later_is_told_of_the_past_and_claude_of_its_tools() {
    let computer = Computer::new().await;
    for runs in Runs::ALL {
        let mut claude = computer.claude(runs);
        claude.begin().await;
        assert_eq!(claude.call(1, "tell").await["result"]["isError"], true);
        install_stand_in(&computer.adapter());
        // Claude says nothing meanwhile.
        claude.expect_new_tools().await;
        let told = claude.call(2, "tell").await["result"]["told"].clone();
        let told: Vec<Value> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|line| serde_json::from_str(line.as_str().unwrap()).unwrap())
            .collect();
        assert_eq!(told[0]["params"], beginning("2025-06-18"));
        let methods: Vec<_> = told.iter().map(|message| message["method"].as_str().unwrap()).collect();
        assert_eq!(methods, ["initialize", "notifications/initialized", "tools/call"], "{runs:?}");
        assert!(claude.end().await.success());
        std::fs::remove_file(computer.adapter()).unwrap();
    }
}

#[tokio::test]
async fn an_adapter_that_is_there_answers_from_the_first_message_on() {
    let computer = Computer::new().await;
    computer.write_down(&computer.elsewhere());
    install_stand_in(&computer.elsewhere());
    for runs in Runs::ALL {
        let mut claude = computer.claude(runs);
        assert_eq!(claude.begin().await["result"]["serverInfo"]["name"], "stand-in");
        let told = claude.call(1, "tell").await["result"]["told"].clone();
        assert_eq!(told.as_array().unwrap().len(), 3, "{told}");
        assert!(claude.end().await.success());
    }
}

#[tokio::test]
async fn messages_pass_as_they_are_written() {
    let computer = Computer::new().await;
    install_stand_in(&computer.adapter());
    let mut claude = computer.claude(Runs::OldNode);
    claude.begin().await;
    let odd = r#"{ "jsonrpc" : "2.0","id":12345678901234567890, "method":"tools/call","params":{"name":"\u0074ell","x":1e0,"ü":"\ud83d\ude00"}}"#;
    claude.write(&format!("{odd}\n")).await;
    let told = claude.message().await;
    assert_eq!(told["result"]["told"][2], odd);
    claude.send(&json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": { "name": "say_it_oddly" } })).await;
    let odd = "{ \"jsonrpc\":\"2.0\", \"id\":5,\t\"result\":{\"n\":12345678901234567890}}";
    assert_eq!(claude.line().await, odd, "the reader here takes the line's own end away");
}

#[tokio::test]
async fn nothing_but_messages_reaches_claude() {
    let computer = Computer::new().await;
    install_stand_in(&computer.adapter());
    let mut claude = computer.claude(Runs::OldNode);
    claude.begin().await;
    assert!(claude.call(1, "say_junk").await["result"]["pid"].is_number());
}

#[tokio::test]
async fn an_adapter_that_is_killed_comes_back_and_no_question_stays_open() {
    let computer = Computer::new().await;
    install_stand_in(&computer.adapter());
    for runs in Runs::ALL {
        let mut claude = computer.claude(runs);
        claude.begin().await;
        let first = claude.call(1, "tell").await["result"]["pid"].clone();
        let slow = |id: &Value, tool: &str| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool } });
        claude.send(&slow(&json!("cancelled"), "say_nothing")).await;
        claude.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "cancelled" } })).await;
        claude.send(&slow(&json!("2"), "say_nothing")).await;
        // It has read all of that.
        claude.call(3, "tell").await;
        kill_process(pid(&first), Signal::KILL).unwrap();
        let cut = claude.message().await;
        assert_eq!((&cut["id"], &cut["result"]["isError"]), (&json!("2"), &json!(true)), "{cut}");
        assert!(
            cut["result"]["content"][0]["text"].as_str().unwrap().contains("look before you repeat"),
            "{cut}"
        );
        claude.expect_new_tools().await;
        let told = claude.call(4, "tell").await;
        assert_ne!(told["result"]["pid"], first);
        assert_eq!(told["result"]["told"].as_array().unwrap().len(), 3, "nothing is sent twice: {told}");
        assert!(claude.end().await.success());
    }
}

#[tokio::test]
async fn the_end_of_input_ends_the_adapter_too_even_one_that_does_not_listen() {
    let computer = Computer::new().await;
    install_stand_in(&computer.adapter());
    let mut claude = computer.claude(Runs::OldNode);
    claude.begin().await;
    let adapter = claude.call(1, "tell").await["result"]["pid"].clone();
    assert!(claude.end().await.success());
    assert!(test_kill_process(pid(&adapter)).is_err(), "it has ended before the script");

    let started = computer.adapter().with_file_name("started");
    install(&computer.adapter(), &format!("#!/bin/sh\necho $$ > '{}'\nexec sleep 600", started.display()));
    let mut claude = computer.claude(Runs::OldNode);
    let deaf = read_when_there(&started).await;
    assert!(claude.end().await.success());
    gone(pid(&json!(deaf))).await;
}

#[tokio::test]
async fn an_adapter_that_never_says_a_word_is_named_and_stands_behind_another() {
    let computer = Computer::new().await;
    computer.write_down(&computer.elsewhere());
    install(&computer.elsewhere(), "#!/bin/sh\nexit 7");
    let mut claude = computer.claude(Runs::OldNode);
    claude.begin().await;
    let called = claude.call(1, "tell").await;
    let text = called["result"]["content"][0]["text"].as_str().unwrap();
    let names_it = text.contains(computer.elsewhere().to_str().unwrap());
    // The very first call may meet it alive and be cut short.
    assert!(names_it && text.contains("status 7") || text.contains("in the middle"), "{called}");
    install_stand_in(&computer.adapter());
    claude.expect_new_tools().await;
    assert!(claude.call(2, "tell").await["result"]["pid"].is_number());
}

#[tokio::test]
async fn a_file_that_cannot_run_is_no_reason_to_end() {
    let computer = Computer::new().await;
    install(&computer.adapter(), "\u{7f}ELF, but not really");
    let mut claude = computer.claude(Runs::OldNode);
    claude.begin().await;
    let called = claude.call(1, "tell").await;
    assert_eq!(called["result"]["isError"], true, "{called}");
    install_stand_in(&computer.adapter());
    claude.expect_new_tools().await;
}

#[tokio::test]
async fn an_adapter_that_does_not_answer_is_ended_and_holds_nothing_up() {
    let computer = Computer::new().await;
    install(&computer.adapter(), "#!/bin/sh\nexec sleep 600");
    let mut claude = computer.claude(Runs::OldNode);
    let begun = claude.begin().await;
    assert!(begun["result"]["instructions"].as_str().unwrap().contains("SIGKILL"), "{begun}");
    // The next one is told of the past, and ignores that too.
    let called = claude.call(1, "tell").await;
    assert!(called["result"]["content"][0]["text"].as_str().unwrap().contains("SIGKILL"), "{called}");
    install_stand_in(&computer.adapter());
    claude.expect_new_tools().await;
}

pub(super) fn pid(number: &Value) -> Pid {
    let number = number.as_i64().and_then(|number| i32::try_from(number).ok()).expect("a process id");
    Pid::from_raw(number).expect("a process id")
}

async fn read_when_there(file: &Path) -> i64 {
    until(|| std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok())).await
}

async fn gone(pid: Pid) {
    until(|| test_kill_process(pid).is_err().then_some(())).await;
}

pub(super) async fn until<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let waited = async {
        loop {
            if let Some(found) = condition() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.expect("in time")
}
