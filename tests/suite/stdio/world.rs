//! A home in which bridges come and go, with Alice's key from the environment, and a Jean Memory that does as it is told.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::stdio::{StdioClient, done};
use crate::harness::waiting::until_answer;

/// What the apps of these tests call themselves, in the words of people.
pub(super) const CLAUDE: &str = "Claude Desktop";
/// A tool that only reads.
pub(super) const READS: &str = "list_memories";

pub(super) struct World {
    pub(super) double: Double,
    home: TempDir,
}

impl World {
    /// Without a bridge.
    pub(super) async fn start() -> Self {
        let world = Self { double: Double::start().await, home: tempfile::tempdir().expect("a directory") };
        std::fs::create_dir(world.bridge_home()).expect("a directory");
        world
    }

    /// With one.
    pub(super) async fn with_bridge() -> (Self, Bridge) {
        let world = Self::start().await;
        let bridge = world.bridge().await;
        (world, bridge)
    }

    /// The person's home.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the bridge keeps everything.
    pub(super) fn bridge_home(&self) -> PathBuf {
        self.home.path().join("bridge")
    }

    pub(super) fn options(&self) -> BridgeOptions {
        BridgeOptions::default()
            .home(&self.bridge_home())
            .env("HOME", self.home())
            .api(&self.double.base_url())
            .env("JEAN_BRIDGE_API_KEY", ALICE.key)
    }

    /// A bridge here, the first or the next one.
    pub(super) async fn bridge(&self) -> Bridge {
        self.options().start().await
    }

    /// An app that has started its adapter and shaken hands.
    pub(super) async fn client(&self) -> StdioClient {
        StdioClient::open(&self.bridge_home()).await
    }

    /// The same, and the person has allowed it everything.
    pub(super) async fn allowed(&self, bridge: &Bridge) -> StdioClient {
        let mut client = self.client().await;
        // From here on it is told when the list is another: who was shown none has nothing to compare with.
        assert!(!client.tools().await.is_empty());
        let call = client.begin_call(READS, json!({})).await;
        approve(bridge).await;
        done(&client.answer(call).await["result"]);
        client
    }
}

/// The questions that wait now.
pub(super) async fn waiting(bridge: &Bridge) -> Vec<Value> {
    bridge.cli_json(&["requests"]).await.as_array().expect("a list").clone()
}

/// Waits for a question; it is the only one.
pub(super) async fn question(bridge: &Bridge) -> Value {
    let mut waiting = until_answer("a question", async || waiting(bridge).await, |all| !all.is_empty()).await;
    assert_eq!(waiting.len(), 1, "one question: {waiting:?}");
    waiting.remove(0)
}

/// Waits for the one question and allows it.
pub(super) async fn approve(bridge: &Bridge) {
    let question = question(bridge).await;
    assert_eq!(question["client_name"], CLAUDE, "{question}");
    bridge.cli_ok(&["approve", question["code"].as_str().expect("a code")]).await;
}
