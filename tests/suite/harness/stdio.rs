//! An app that starts `jean-bridge stdio` and says to it exactly what a test wants it to say.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::http::PATIENCE;
use super::programs::program;
use super::serving::command;

/// Told when the list may be another.
pub(crate) const LIST_CHANGED: &str = "notifications/tools/list_changed";

/// An adapter that runs, as the app at its other end sees it; it is killed when this goes.
pub(crate) struct StdioClient {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Heard while something else was waited for.
    heard: VecDeque<Value>,
    last_id: u64,
}

impl StdioClient {
    /// Starts an adapter for the bridge of this home, whether one runs there or not.
    pub(crate) fn start(home: &Path) -> Self {
        Self::start_with(home, &[], &[])
    }

    pub(crate) fn start_with(home: &Path, env: &[(OsString, OsString)], args: &[&str]) -> Self {
        let mut words = command(program("jean-bridge"), env, home);
        Self::spawn(words.arg("stdio").args(args))
    }

    /// Starts whatever becomes an adapter.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("jean-bridge can be started");
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child, input, output, heard: VecDeque::new(), last_id: 0 }
    }

    /// One of Claude Desktop that has shaken hands.
    pub(crate) async fn open(home: &Path) -> Self {
        Self::start(home).opened("2025-06-18").await
    }

    /// Shakes hands in this revision.
    pub(crate) async fn opened(mut self, version: &str) -> Self {
        let answer = self.ask("initialize", hello(version)).await;
        assert_eq!(answer["result"]["protocolVersion"], version, "{answer}");
        self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        self
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.type_in(format!("{message}\n").as_bytes()).await;
    }

    pub(crate) async fn type_in(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.input.write_all(bytes)).await.expect("it reads in time").expect("it reads");
    }

    /// Sends a request and does not wait; its id.
    pub(crate) async fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        id
    }

    pub(crate) async fn begin_call(&mut self, tool: &str, arguments: Value) -> u64 {
        self.begin("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// The answer to this request.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        self.wait_for(|message| message["id"] == id && message.get("method").is_none()).await
    }

    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params).await;
        self.answer(id).await
    }

    /// The result of a tool call.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.begin_call(tool, arguments).await;
        self.answer(id).await["result"].clone()
    }

    pub(crate) async fn tools(&mut self) -> Vec<String> {
        let list = self.ask("tools/list", json!({})).await;
        let tools = list["result"]["tools"].as_array().unwrap_or_else(|| panic!("{list}"));
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The next notification of this kind.
    pub(crate) async fn told(&mut self, method: &str) -> Value {
        self.wait_for(|message| message["method"] == method).await
    }

    /// The next message that is wanted; the others stay.
    pub(crate) async fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(found) = self.heard.iter().position(&wanted) {
            return self.heard.remove(found).expect("just found");
        }
        loop {
            let message = next(&mut self.output).await.expect("an adapter that runs");
            if wanted(&message) {
                return message;
            }
            self.heard.push_back(message);
        }
    }

    /// Closes stdin and waits for the end; what was still said.
    pub(crate) async fn close(self) -> (ExitStatus, Vec<Value>) {
        let Self { mut child, input, mut output, heard, .. } = self;
        drop(input);
        let mut rest = Vec::from(heard);
        while let Some(message) = next(&mut output).await {
            rest.push(message);
        }
        let status = timeout(PATIENCE, child.wait()).await.expect("an end in time").expect("it ended");
        (status, rest)
    }

    /// Sends it a signal that ends it, and waits.
    #[cfg(target_os = "linux")]
    pub(crate) async fn end_by(mut self, signal: rustix::process::Signal) -> ExitStatus {
        let pid = rustix::process::Pid::from_raw(self.pid().cast_signed()).expect("a process id");
        rustix::process::kill_process(pid, signal).expect("it can be told to end");
        timeout(PATIENCE, self.child.wait()).await.expect("an end in time").expect("it ended")
    }

    /// `kill -9`.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }
}

/// The next line, which must be a message; nothing at the end.
async fn next(output: &mut Lines<BufReader<ChildStdout>>) -> Option<Value> {
    let line =
        timeout(PATIENCE, output.next_line()).await.expect("a line in time").expect("stdout is text")?;
    Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON-RPC: {line}")))
}

/// `initialize` as Claude Desktop says it.
pub(crate) fn hello(version: &str) -> Value {
    json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "claude-ai", "version": "1" } })
}

/// The text of a call that failed as tools do.
#[track_caller]
pub(crate) fn failed(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}

/// The text of a call that succeeded.
#[track_caller]
pub(crate) fn done(result: &Value) -> &str {
    assert_ne!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}
