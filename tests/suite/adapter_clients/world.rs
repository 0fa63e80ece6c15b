//! A bridge with one account, a Jean Memory that does as it is told, and adapters that speak for clients.

use serde_json::Value;

use crate::double::{ALICE, Double};
use crate::harness::adapter::Adapter;
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::Answer;
use crate::harness::mcp::reply;
use crate::harness::waiting::until_answer;

/// The client that most tests are about.
pub(super) const CLAUDE: &str = "Claude Desktop";

pub(super) struct World {
    pub(super) bridge: Bridge,
    pub(super) double: Double,
}

impl World {
    pub(super) async fn start() -> Self {
        Self::start_as(BridgeOptions::default()).await
    }

    pub(super) async fn start_as(options: BridgeOptions) -> Self {
        let double = Double::start().await;
        let bridge = options.api(&double.base_url()).start().await;
        let ended = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
        assert!(ended.status.success(), "{ended:?}");
        Self { bridge, double }
    }

    /// An adapter of the program that runs the tests.
    pub(super) async fn adapter(&self) -> Adapter {
        Adapter::connect(self.bridge.home(), CLAUDE).await
    }

    /// An adapter of a program of its own.
    pub(super) async fn elsewhere(&self) -> Adapter {
        Adapter::of_another_program(self.bridge.home(), CLAUDE).await
    }

    /// An adapter whose client was allowed everything.
    pub(super) async fn allowed(&self) -> Adapter {
        self.allowed_as(&[]).await
    }

    /// One that was allowed with these words of `approve`.
    pub(super) async fn allowed_as(&self, with: &[&str]) -> Adapter {
        let mut adapter = self.adapter().await;
        let call = tokio::spawn(adapter.call("list_memories", &serde_json::json!({})));
        self.approve(with).await;
        call.await.expect("no panic").assert_status(200);
        adapter
    }

    /// Waits for so many questions.
    pub(super) async fn questions(&self, count: usize) -> Vec<Value> {
        let ask = async || self.waiting().await;
        until_answer("questions", ask, |all| all.len() == count).await
    }

    /// The questions that wait now.
    pub(super) async fn waiting(&self) -> Vec<Value> {
        self.bridge.cli_json(&["requests"]).await.as_array().expect("a list").clone()
    }

    /// Waits for one question and allows it.
    pub(super) async fn approve(&self, with: &[&str]) {
        let code = self.code().await;
        self.bridge.cli_ok(&[&["approve", &code], with].concat()).await;
    }

    /// Waits for one question and refuses it.
    pub(super) async fn deny(&self) {
        let code = self.code().await;
        self.bridge.cli_ok(&["deny", &code]).await;
    }

    /// Waits for one question; its code.
    pub(super) async fn code(&self) -> String {
        self.questions(1).await[0]["code"].as_str().expect("a code").to_owned()
    }

    pub(super) async fn clients(&self) -> Vec<Value> {
        self.bridge.cli_json(&["clients"]).await.as_array().expect("a list").clone()
    }

    /// How often Jean Memory was asked for anything so far.
    pub(super) fn asked(&self) -> usize {
        self.double.requests().count()
    }
}

/// The result of a request that was served.
#[track_caller]
pub(super) fn result(answer: Answer) -> Value {
    reply(&answer.assert_status(200))["result"].clone()
}

/// The sentence of a request that was not served for this reason.
#[track_caller]
pub(super) fn refused(answer: Answer, code: &str) -> String {
    let answer = answer.assert_status(403);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{}", answer.text());
    error["message"].as_str().expect("a sentence").to_owned()
}
