//! What attacks are performed on.

use serde_json::{Value, json};

use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::{Asking, Http};
use crate::harness::mcp::modern;
use crate::harness::oauth::{Client, Tokens};

/// A bridge with Alice's account, at a Jean Memory that does as it is told.
pub(super) struct World {
    pub(super) double: Double,
    pub(super) bridge: Bridge,
}

impl World {
    pub(super) async fn start() -> Self {
        let double = Double::start().await;
        let bridge = BridgeOptions::default().api(&double.base_url()).start().await;
        let added = bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], ALICE.key).await;
        assert!(added.status.success(), "{added:?}");
        Self { double, bridge }
    }

    /// A client that a person has allowed.
    pub(super) async fn allowed(&self, name: &str) -> Tokens {
        Client::register(&self.bridge, name).await.sign_in_as(&self.bridge, &[], &[]).await
    }
}

/// A call that needs no session.
pub(super) fn calling(http: &Http, tokens: &Tokens, tool: &str, arguments: &Value) -> Asking {
    modern(http, &tokens.access, "tools/call", json!({ "name": tool, "arguments": arguments }))
}

/// What waits for a person.
pub(super) async fn questions(bridge: &Bridge) -> Vec<Value> {
    let asked = bridge.cli_json(&["requests"]).await;
    asked.as_array().expect("a list").clone()
}
