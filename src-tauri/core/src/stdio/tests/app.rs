use std::path::{Path, PathBuf};

use super::bridge::{Bridge, Reply, list, text};
use super::client::{Client, PATIENCE, failed, hello, home};
use crate::paths::Paths;
use crate::stdio::{App, Options};
use crate::test_program;

/// An app that writes down that it was started, and how.
struct Stub {
    program: PathBuf,
    record: PathBuf,
}

impl Stub {
    fn new(home: &Path) -> Self {
        let (program, record) = (home.join("app"), home.join("started"));
        test_program::write(&program, &format!("echo \"$@\" >> '{}'", record.display()));
        Self { program, record }
    }

    fn starts(&self) -> Vec<String> {
        let record = std::fs::read_to_string(&self.record).unwrap_or_default();
        record.lines().map(str::to_owned).collect()
    }

    async fn was_started(&self, times: usize) {
        let limit = tokio::time::Instant::now() + PATIENCE;
        while self.starts().len() < times {
            assert!(tokio::time::Instant::now() < limit, "started {:?}", self.starts());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    async fn client(&self, paths: &Paths) -> Client {
        let environment = || [("DISPLAY".to_owned(), ":0".to_owned())].into();
        let app = Some(App { program: self.program.clone(), environment });
        let mut client = Client::start_with(Options { paths: paths.clone(), client: None, app });
        client.ask("initialize", hello("2025-06-18")).await;
        client
    }
}

#[tokio::test]
async fn a_call_without_a_bridge_starts_the_app_once_and_waits_for_it() {
    let (home, paths) = home();
    let stub = Stub::new(home.path());
    let mut client = stub.client(&paths).await;
    assert!(!client.tools().await.is_empty());
    let call = serde_json::json!({"name": "list_memories", "arguments": {}});
    client.say(super::client::request(2, "tools/call", call.clone())).await;
    client.say(super::client::request(3, "tools/call", call)).await;
    stub.was_started(1).await;
    let bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Result(text("here")));
    let answers = [client.hear().await, client.hear().await];
    for answer in &answers {
        assert_eq!(answer["result"]["content"][0]["text"], "here", "{answer}");
    }
    assert_eq!(stub.starts(), ["--background"]);

    // Another absence, another start.
    bridge.crash().await;
    client.say(super::client::request(4, "tools/call", serde_json::json!({"name": "list_memories"}))).await;
    stub.was_started(2).await;
    let bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Result(text("again")));
    assert_eq!(client.answer(4).await["result"]["content"][0]["text"], "again");
}

#[tokio::test]
async fn an_app_that_a_person_ended_stays_ended() {
    let (home, paths) = home();
    let stub = Stub::new(home.path());
    let bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/list", list("only_one"));
    let mut client = stub.client(&paths).await;
    client.say(serde_json::json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    assert!(!client.tools().await.is_empty());
    bridge.offer(Some("b"));
    client.hear_of("notifications/tools/list_changed").await;
    bridge.end().await;
    client.hear_of("notifications/tools/list_changed").await;
    assert!(failed(&client.call("list_memories").await).contains("not running"));
    assert_eq!(stub.starts(), [""; 0]);
}

#[tokio::test]
async fn an_app_that_cannot_be_started_is_not_waited_for() {
    let (home, paths) = home();
    let mut stub = Stub::new(home.path());
    // No program has this name, not even setsid(1) to begin with.
    stub.program = PathBuf::from("\0");
    let mut client = stub.client(&paths).await;
    assert!(failed(&client.call("list_memories").await).contains("not running"));
}
