//! One real client under orders: a small program around it (tests/clients/drivers) that is told what to do line by line.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::person::Person;
use crate::harness::http::PATIENCE;
use crate::harness::node::CLIENTS;
use crate::harness::oauth::Tokens;

/// Which client, and how it is started.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// A file of tests/clients/drivers.
    pub(crate) driver: &'static str,
    /// Its own arguments.
    pub(crate) args: &'static [&'static str],
}

/// A client that runs; it ends with this value.
pub(crate) struct Driver {
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    stderr: PathBuf,
    _child: Child,
    _home: TempDir,
}

impl Driver {
    /// Starts a client of the MCP server at `url` that calls itself `name`.
    pub(crate) async fn start(kind: Kind, url: &str, name: &str) -> Self {
        Self::start_with(kind, &["--url", url, "--name", name]).await
    }

    /// Starts a client with these words.
    pub(crate) async fn start_with(kind: Kind, words: &[&str]) -> Self {
        let home = tokio::task::spawn_blocking(home).await.expect("the clients can be installed");
        let stderr = home.path().join("stderr.txt");
        let is_script = std::path::Path::new(kind.driver).extension().is_some_and(|kind| kind == "mjs");
        let mut child = Command::new(if is_script { CLIENTS.node() } else { CLIENTS.python() })
            .arg(home.path().join(kind.driver))
            .args(words)
            .args(kind.args)
            // Nothing of the person's: no proxy, no desktop, no tokens of earlier runs.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&stderr).expect("a file for stderr"))
            .kill_on_drop(true)
            .spawn()
            .expect("the driver can be started");
        let orders = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { orders, answers, stderr, _child: child, _home: home }
    }

    /// Tells the client to connect, which asks for a person when it has no tokens.
    pub(crate) async fn connect(&mut self, person: &mut Person<'_>) -> Value {
        self.order(json!({ "do": "connect" }), person).await
    }

    /// The names of the tools that the client is offered.
    pub(crate) async fn tools(&mut self, person: &mut Person<'_>) -> Vec<String> {
        let answer = self.order(json!({ "do": "tools" }), person).await;
        serde_json::from_value(answer["names"].clone()).expect("names")
    }

    /// The text of a tool call that succeeds.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value, person: &mut Person<'_>) -> String {
        let answer = self.order(call(tool, &arguments), person).await;
        assert_eq!(answer["is_error"], false, "{tool}: {answer}");
        answer["text"].as_str().expect("a text").to_owned()
    }

    /// What the client keeps.
    pub(crate) async fn tokens(&mut self, person: &mut Person<'_>) -> Tokens {
        let kept = self.order(json!({ "do": "tokens" }), person).await;
        let text = |name: &str| kept[name].as_str().map(str::to_owned);
        Tokens {
            client_id: text("client_id").expect("a client id"),
            access: text("access_token").expect("an access token"),
            refresh: text("refresh_token"),
        }
    }

    /// Carries out an order that succeeds.
    pub(crate) async fn order(&mut self, order: Value, person: &mut Person<'_>) -> Value {
        let answer = self.try_order(&order, person).await;
        assert!(answer.get("did").is_some(), "{answer}\n{}", self.said());
        answer
    }

    /// Carries out an order that succeeds without a person.
    pub(crate) async fn alone(&mut self, order: &Value) -> Value {
        self.tell(order).await;
        let answer = self.heard(order).await;
        assert!(answer.get("did").is_some(), "{answer}\n{}", self.said());
        answer
    }

    /// Carries out an order; `person` answers as often as the client wants a browser meanwhile.
    pub(crate) async fn try_order(&mut self, order: &Value, person: &mut Person<'_>) -> Value {
        self.tell(order).await;
        loop {
            let message = self.heard(order).await;
            let Some(url) = message["authorize"].as_str() else { return message };
            person.answer(url).await;
        }
    }

    async fn tell(&mut self, order: &Value) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.expect("the driver reads");
    }

    async fn heard(&mut self, order: &Value) -> Value {
        let line = timeout(PATIENCE * 2, self.answers.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("no answer to {order}\n{}", self.said()));
        let line = line.expect("text").unwrap_or_else(|| panic!("ended at {order}\n{}", self.said()));
        serde_json::from_str(&line).expect("one JSON object a line")
    }

    /// What the client wrote to stderr.
    fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }
}

/// The order to call a tool.
pub(crate) fn call(tool: &str, arguments: &Value) -> Value {
    json!({ "do": "call", "tool": tool, "arguments": arguments })
}

/// A home of the client's own, with the drivers in it: node looks for packages beside the file that wants them.
fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a temporary directory");
    std::os::unix::fs::symlink(CLIENTS.node_modules(), home.path().join("node_modules")).expect("a link");
    for driver in CLIENTS.source.join("drivers").read_dir().expect("the drivers") {
        let driver = driver.expect("a driver");
        if driver.path().is_file() {
            std::fs::copy(driver.path(), home.path().join(driver.file_name())).expect("a copy");
        }
    }
    home
}
