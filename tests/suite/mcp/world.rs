//! A bridge, a Jean Memory that does as it is told, and clients that are signed in.

use serde_json::{Value, json};

use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::{Answer, Asking};
use crate::harness::mcp::{Session, modern, post, reply};
use crate::harness::oauth::{Client, Tokens};

/// Every revision with a handshake.
pub(super) const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The one without.
pub(super) const MODERN: &str = "2026-07-28";

/// The bridge has one account, Alice's.
pub(super) struct World {
    pub(super) double: Double,
    pub(super) bridge: Bridge,
}

impl World {
    pub(super) async fn start() -> Self {
        Self::start_as(BridgeOptions::default()).await
    }

    pub(super) async fn start_as(options: BridgeOptions) -> Self {
        let double = Double::start().await;
        let bridge = options.api(&double.base_url()).start().await;
        let world = Self { double, bridge };
        world.add_key(ALICE.key).await;
        world
    }

    /// `accounts add`, as a person does it.
    pub(super) async fn add_key(&self, key: &str) {
        let ended = self.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], key).await;
        assert!(ended.status.success(), "{ended:?}");
    }

    /// The only account, as a person sees it.
    pub(super) async fn account(&self) -> Value {
        let accounts = self.bridge.cli_json(&["accounts"]).await;
        let [account] = accounts.as_array().expect("a list").as_slice() else { panic!("{accounts}") };
        account.clone()
    }

    /// The word for how the bridge is.
    pub(super) async fn state(&self) -> String {
        self.bridge.cli_json(&["status"]).await["state"].as_str().expect("a word").to_owned()
    }

    /// A client that may do everything.
    pub(super) async fn sign_in(&self, name: &str) -> Tokens {
        Client::register(&self.bridge, name).await.sign_in_as(&self.bridge, &[], &[]).await
    }

    /// A client that may only read.
    pub(super) async fn reader(&self, name: &str) -> Tokens {
        Client::register(&self.bridge, name).await.sign_in_as(&self.bridge, &["--scope", "read"], &[]).await
    }

    /// A session of a client of its own.
    pub(super) async fn session(&self, name: &str) -> Session {
        let tokens = self.sign_in(name).await;
        Session::open(&self.bridge, &tokens.access, "2025-06-18").await
    }

    /// A request of the modern era.
    pub(super) fn modern(&self, tokens: &Tokens, method: &str, params: Value) -> Asking {
        modern(&self.bridge.http(), &tokens.access, method, params)
    }

    /// A call of the modern era.
    pub(super) fn calling(&self, tokens: &Tokens, tool: &str, arguments: &Value) -> Asking {
        self.modern(tokens, "tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The result of a call of the modern era, which needs no session.
    pub(super) async fn call(&self, tokens: &Tokens, tool: &str, arguments: &Value) -> Value {
        let answer = self.calling(tokens, tool, arguments).send().await.assert_status(200);
        reply(&answer)["result"].clone()
    }

    /// The names of the tools that a client is offered.
    pub(super) async fn tools(&self, tokens: &Tokens) -> Vec<String> {
        let answer = self.modern(tokens, "tools/list", json!({})).send().await.assert_status(200);
        names(&reply(&answer)["result"])
    }

    /// How often Jean Memory was asked for anything so far.
    pub(super) fn asked(&self) -> usize {
        self.double.requests().count()
    }
}

/// `initialize` for this revision.
pub(super) fn hello(version: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "suite", "version": "1" } } })
}

pub(super) fn request(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

/// A `tools/call` with this id.
pub(super) fn call(id: impl Into<Value>, tool: &str, arguments: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": "tools/call",
            "params": { "name": tool, "arguments": arguments } })
}

/// `initialize` with a bearer that may be good or not.
pub(super) fn greet(bridge: &Bridge, token: &str) -> Asking {
    post(&bridge.http(), token, &hello("2025-06-18"))
}

#[track_caller]
pub(super) fn names(list: &Value) -> Vec<String> {
    let tools = list["tools"].as_array().unwrap_or_else(|| panic!("no tools in {list}"));
    tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

/// The text of a call that failed, in one item.
#[track_caller]
pub(super) fn failed(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    let [item] = result["content"].as_array().expect("content").as_slice() else { panic!("{result}") };
    assert_eq!(item["type"], "text", "{result}");
    item["text"].as_str().expect("a text")
}

/// The text of a call that succeeded.
#[track_caller]
pub(super) fn done(result: &Value) -> &str {
    assert_ne!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}

/// Status and JSON-RPC code of a refusal, which is JSON and carries no challenge.
#[track_caller]
pub(super) fn refusal(answer: &Answer) -> (u16, i64) {
    let code = answer.json()["error"]["code"].as_i64();
    (answer.status.as_u16(), code.unwrap_or_else(|| panic!("{} {}", answer.status, answer.text())))
}
