//! Claude Desktop as the script of the extension sees it: a process that writes lines and reads lines.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::bundle::Made;
use crate::harness::http::PATIENCE;
use crate::harness::node::{CLIENTS, EXTENSION};
use crate::harness::programs;

/// A computer with the extension on it, and no adapter yet.
pub(super) struct Computer(Made);

/// How Claude runs the script.
#[derive(Clone, Copy, Debug)]
pub(super) enum Runs {
    /// By the oldest node that it may be.
    OldNode,
    /// By a node of today.
    NewNode,
    /// Where the standard streams are no files, as in a utility process of Electron.
    WithoutFiles,
}

impl Runs {
    pub(super) const ALL: [Self; 3] = [Self::OldNode, Self::NewNode, Self::WithoutFiles];
}

/// Claude with the extension running; it ends with this value.
pub(super) struct Claude {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Computer {
    pub(super) async fn new() -> Self {
        let made = Made::new(&["--any-computer"]).await;
        made.unpack().await;
        for folder in ["home/.local/bin", "home/bridge"] {
            std::fs::create_dir_all(made.path(folder)).expect("a home");
        }
        Self(made)
    }

    /// Where a package for one user puts the adapter.
    pub(super) fn adapter(&self) -> PathBuf {
        self.0.path("home/.local/bin/jean-bridge")
    }

    /// A place that the extension does not know by itself.
    pub(super) fn elsewhere(&self) -> PathBuf {
        self.0.path("home/some where/jean-bridge")
    }

    /// What the bridge writes into its own copy of the extension.
    pub(super) fn write_down(&self, adapter: &Path) {
        let text = json!({ "adapter": adapter }).to_string();
        std::fs::write(self.0.path("strict/server/installed.json"), text).expect("a file");
    }

    /// The home of a bridge on this computer.
    pub(super) fn bridge_home(&self) -> PathBuf {
        self.0.path("home/bridge")
    }

    pub(super) fn claude(&self, runs: Runs) -> Claude {
        let script = self.0.path("strict/server/index.js");
        let node = if matches!(runs, Runs::NewNode) { CLIENTS.node() } else { EXTENSION.node() };
        let mut command = Command::new(node);
        command.arg("--require").arg(EXTENSION.source.join("bare.cjs"));
        if matches!(runs, Runs::WithoutFiles) {
            command.arg(EXTENSION.source.join("host.mjs"));
        }
        let log = std::fs::File::options().create(true).append(true).open(self.0.path("log.txt"));
        let mut child = command
            .arg(script)
            .env_clear()
            .env("HOME", self.0.path("home"))
            .env("JEAN_BRIDGE_HOME", self.bridge_home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.expect("a file for stderr"))
            .kill_on_drop(true)
            .spawn()
            .expect("node can be started");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Claude { child, input, output }
    }
}

/// The stand-in of an adapter, at once whole.
pub(super) fn install_stand_in(at: &Path) {
    let source = std::fs::read_to_string(EXTENSION.source.join("adapter.js")).expect("the stand-in");
    install(at, &format!("#!{}\n{source}", EXTENSION.node().display()));
}

/// A script in the place of the adapter, at once whole.
pub(super) fn install(at: &Path, script: &str) {
    std::fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
    let beside = at.with_extension("new");
    programs::install(&beside, script.as_bytes());
    std::fs::rename(&beside, at).expect("in its place");
}

impl Claude {
    pub(super) async fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("not ended");
        input.write_all(text.as_bytes()).await.expect("it reads");
    }

    pub(super) async fn send(&mut self, message: &Value) {
        self.write(&format!("{message}\n")).await;
    }

    /// The next line as it comes.
    #[track_caller]
    pub(super) fn line(&mut self) -> impl Future<Output = String> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let line = timeout(PATIENCE, self.output.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no line in time, at {caller}"));
            line.expect("text").unwrap_or_else(|| panic!("no more lines, at {caller}"))
        }
    }

    /// The next message; everything that is written must be one.
    #[track_caller]
    pub(super) fn message(&mut self) -> impl Future<Output = Value> + '_ {
        let line = self.line();
        async move {
            let line = line.await;
            let message: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no message: {line}"));
            assert_eq!(message["jsonrpc"], "2.0", "{line}");
            message
        }
    }

    /// Asks, and the next message must be the answer.
    #[track_caller]
    pub(super) fn ask<'a>(
        &'a mut self,
        id: Value,
        method: &'a str,
        params: Value,
    ) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
            let message = self.message().await;
            assert_eq!(message["id"], id, "{method} at {caller}: {message}");
            message
        }
    }

    #[track_caller]
    pub(super) fn call<'a>(&'a mut self, id: i64, tool: &'a str) -> impl Future<Output = Value> + 'a {
        self.ask(json!(id), "tools/call", json!({ "name": tool, "arguments": {} }))
    }

    /// The answer to what was sent before; that there are other tools may be told meanwhile.
    #[track_caller]
    pub(super) fn answer(&mut self, id: i64) -> impl Future<Output = Value> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            loop {
                let message = self.message().await;
                if message["method"] != "notifications/tools/list_changed" {
                    assert_eq!(message["id"], id, "at {caller}: {message}");
                    return message;
                }
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Begins as Claude does.
    pub(super) async fn begin(&mut self) -> Value {
        let answer = self.ask(json!(0), "initialize", beginning("2025-06-18")).await;
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        answer
    }

    pub(super) async fn expect_new_tools(&mut self) {
        let message = self.message().await;
        assert_eq!(message["method"], "notifications/tools/list_changed", "{message}");
    }

    /// Ends the input, and waits until the script has ended too.
    pub(super) async fn end(&mut self) -> ExitStatus {
        self.input = None;
        timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("it ended")
    }
}

/// The parameters of `initialize`.
pub(super) fn beginning(version: &str) -> Value {
    json!({
        "protocolVersion": version,
        "capabilities": { "roots": {} },
        "clientInfo": { "name": "claude-ai", "version": "0.1.0" },
    })
}
