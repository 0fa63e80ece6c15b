//! A home with a clock of its own in which bridges come and go, and a Jean Memory that fails as it is told.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::clock::Clock;
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::Tokens;
use crate::harness::stdio::{StdioClient, done};
use crate::system::until;

/// A tool that only reads, and one that writes.
pub(super) const READS: &str = "list_memories";
pub(super) const WRITES: &str = "add_memories";

pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

pub(super) struct World {
    pub(super) double: Double,
    pub(super) clock: Clock,
    home: TempDir,
}

impl World {
    pub(super) async fn start() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let clock = Clock::start(home.path());
        std::fs::create_dir(home.path().join("bridge")).expect("a directory");
        Self { double: Double::start().await, clock, home }
    }

    /// Where the bridge keeps everything.
    pub(super) fn bridge_home(&self) -> PathBuf {
        self.home.path().join("bridge")
    }

    /// With Alice's key, and the clock for what day it is; deadlines stay as long as they are.
    pub(super) fn options(&self) -> BridgeOptions {
        let options = BridgeOptions::default()
            .home(&self.bridge_home())
            .api(&self.double.base_url())
            .env("JEAN_BRIDGE_API_KEY", ALICE.key)
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.clock.env().into_iter().fold(options, |options, (name, value)| options.env(name, value))
    }

    pub(super) async fn bridge(&self) -> Bridge {
        self.bridge_with(self.options()).await
    }

    /// A bridge whose account is known.
    pub(super) async fn bridge_with(&self, options: BridgeOptions) -> Bridge {
        let bridge = options.start().await;
        until("the key is checked", || async { bridge.cli_json(&["accounts"]).await[0]["state"] == "ok" })
            .await;
        bridge
    }

    /// An app on an adapter, which a person has allowed everything.
    pub(super) async fn adapter(&self, bridge: &Bridge) -> StdioClient {
        let mut client = StdioClient::open(&self.bridge_home()).await;
        let call = client.begin_call(READS, json!({})).await;
        until("somebody asks", || async { !requests(bridge).await.is_empty() }).await;
        bridge.cli_ok(&["approve", requests(bridge).await[0]["code"].as_str().expect("a code")]).await;
        done(&client.answer(call).await["result"]);
        client
    }
}

/// The questions that wait.
pub(super) async fn requests(bridge: &Bridge) -> Vec<serde_json::Value> {
    bridge.cli_json(&["requests"]).await.as_array().expect("a list").clone()
}

/// How many files it has open.
pub(super) fn open_files(bridge: &Bridge) -> usize {
    let folder = PathBuf::from(format!("/proc/{}/fd", bridge.pid()));
    count_in(&folder).unwrap_or_else(|| {
        // Only root may look into it; how many there are, Linux tells everybody since 6.2.
        let length = std::fs::metadata(&folder).expect("a process").len();
        usize::try_from(length).expect("a number")
    })
}

fn count_in(folder: &Path) -> Option<usize> {
    Some(std::fs::read_dir(folder).ok()?.count())
}

/// Stops the whole process, or lets it go on.
pub(super) fn signal(bridge: &Bridge, signal: Signal) {
    let pid = Pid::from_raw(bridge.pid().cast_signed()).expect("a process id");
    kill_process(pid, signal).expect("it can be told");
}

/// The result of a tool call without a session.
pub(super) async fn call(
    bridge: &Bridge,
    tokens: &Tokens,
    tool: &str,
    arguments: serde_json::Value,
) -> serde_json::Value {
    let params = json!({ "name": tool, "arguments": arguments });
    let answer = modern(&bridge.http(), &tokens.access, "tools/call", params).send().await;
    reply(&answer.assert_status(200))["result"].clone()
}
