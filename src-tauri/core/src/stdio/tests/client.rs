//! An app that starts an adapter, line by line.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::paths::Paths;
use crate::stdio::{Options, serve};

/// Longer than anything takes here; a test that reaches it has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Client {
    input: DuplexStream,
    output: Lines<BufReader<DuplexStream>>,
    adapter: JoinHandle<()>,
}

/// The directories of a bridge that may run or not.
pub(super) fn home() -> (TempDir, Paths) {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::under(home.path());
    (home, paths)
}

impl Client {
    pub(super) fn start(paths: &Paths) -> Self {
        Self::start_with(Options { paths: paths.clone(), client: None, app: None })
    }

    pub(super) fn start_with(options: Options) -> Self {
        let (input, stdin) = tokio::io::duplex(64 * 1024);
        let (stdout, output) = tokio::io::duplex(64 * 1024);
        let adapter = tokio::spawn(serve(options, stdin, stdout));
        Self { input, output: BufReader::new(output).lines(), adapter }
    }

    /// One that has shaken hands.
    pub(super) async fn open(paths: &Paths, version: &str) -> Self {
        let mut client = Self::start(paths);
        let answer = client.ask("initialize", hello(version)).await;
        assert_eq!(answer["result"]["protocolVersion"], version, "{answer}");
        client.say(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        client
    }

    pub(super) async fn say(&mut self, message: Value) {
        self.type_in(format!("{message}\n").as_bytes()).await;
    }

    pub(super) async fn type_in(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.input.write_all(bytes)).await.expect("it reads in time").expect("it reads");
    }

    /// Types for as long as somebody reads.
    pub(super) async fn type_all(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).await.expect("it reads");
    }

    /// The next message, whatever it is.
    pub(super) async fn hear(&mut self) -> Value {
        let line = timeout(PATIENCE, self.output.next_line()).await.expect("a line in time");
        serde_json::from_str(&line.unwrap().expect("it still runs")).expect("JSON")
    }

    /// The next message about this.
    pub(super) async fn hear_of(&mut self, method: &str) -> Value {
        loop {
            let message = self.hear().await;
            if message["method"] == method {
                return message;
            }
        }
    }

    /// The answer to this request; notifications are passed over.
    pub(super) async fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id = id.into();
        loop {
            let message = self.hear().await;
            if message.get("method").is_none() {
                assert_eq!(message["id"], id, "{message}");
                return message;
            }
        }
    }

    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.say(request(1, method, params)).await;
        self.answer(1).await
    }

    pub(super) async fn call(&mut self, tool: &str) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": {}})).await
    }

    pub(super) async fn tools(&mut self) -> Vec<String> {
        let list = self.ask("tools/list", json!({})).await;
        let tools = list["result"]["tools"].as_array().unwrap_or_else(|| panic!("{list}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Closes stdin, waits for the end, and gives what was still said.
    pub(super) async fn close(self) -> Vec<Value> {
        let Self { input, mut output, adapter } = self;
        drop(input);
        let mut rest = Vec::new();
        while let Some(line) = timeout(PATIENCE, output.next_line()).await.expect("an end in time").unwrap() {
            rest.push(serde_json::from_str(&line).expect("JSON"));
        }
        timeout(PATIENCE, adapter).await.expect("an end in time").unwrap();
        rest
    }

    /// Stops reading, as an app that crashed.
    pub(super) fn stop_reading(self) -> (DuplexStream, JoinHandle<()>) {
        (self.input, self.adapter)
    }
}

pub(super) fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    let mut message = json!({"jsonrpc": "2.0", "id": id.into(), "method": method});
    message["params"] = params;
    message
}

pub(super) fn hello(version: &str) -> Value {
    json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "claude-ai", "version": "1"}})
}

/// `params` of 2026-07-28.
pub(super) fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "codex-mcp-client", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

/// The text of a call that failed as a tool does.
#[track_caller]
pub(super) fn failed(answer: &Value) -> &str {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    answer["result"]["content"][0]["text"].as_str().expect("a text")
}
