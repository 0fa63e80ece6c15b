//! Apps over HTTP that keep their sign-in as the SDKs do: a 401 makes them refresh, and nothing makes them sign in again.

use serde_json::{Value, json};

use crate::double::ALICE;
use crate::harness::bridge::Bridge;
use crate::harness::http::Answer;
use crate::harness::mcp::{Session, modern, post, reply};
use crate::harness::oauth::{Client, Tokens};

/// How an app speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// In sessions, in this revision.
    Sessions(&'static str),
    /// In MCP 2026-07-28.
    Modern,
    /// In MCP 2026-07-28, with a key instead of a sign-in.
    WithKey,
}

pub(super) struct App {
    speaks: Speaks,
    client: Client,
    tokens: Option<Tokens>,
    session: Option<Session>,
    /// How often it had to refresh.
    pub(super) refreshes: usize,
}

impl App {
    /// Signed in, if it needs that.
    pub(super) async fn start(bridge: &Bridge, name: &str, speaks: Speaks) -> Self {
        let client = Client::register(bridge, name).await;
        let tokens = match speaks {
            Speaks::WithKey => None,
            Speaks::Sessions(_) | Speaks::Modern => Some(client.sign_in_as(bridge, &[], &[]).await),
        };
        let mut app = Self { speaks, client, tokens, session: None, refreshes: 0 };
        app.open_session(bridge).await;
        app
    }

    /// The result of a call, after a refresh if it takes one.
    pub(super) async fn call(&mut self, bridge: &Bridge, tool: &str, arguments: &Value) -> Value {
        let mut answer = self.ask(bridge, tool, arguments).await;
        if answer.status == 401 {
            self.refresh(bridge).await;
            answer = self.ask(bridge, tool, arguments).await;
        }
        if answer.status == 404 {
            self.open_session(bridge).await;
            answer = self.ask(bridge, tool, arguments).await;
        }
        reply(&answer.assert_status(200))["result"].clone()
    }

    /// The next pair of tokens.
    async fn refresh(&mut self, bridge: &Bridge) {
        let tokens = self.tokens.as_ref().expect("an app that signed in");
        // Each request on a connection of its own: what is kept open is closed sooner when the clocks run fast.
        let client = Client { http: bridge.http(), ..self.client.clone() };
        let answer = client.refresh(tokens.refresh()).await.assert_status(200);
        let tokens = Tokens::of(&self.client.id, &answer);
        if let Some(session) = &mut self.session {
            session.token.clone_from(&tokens.access);
        }
        self.tokens = Some(tokens);
        self.refreshes += 1;
    }

    pub(super) fn access_token(&self) -> &str {
        &self.tokens.as_ref().expect("an app that signed in").access
    }

    pub(super) fn session(&self) -> &Session {
        self.session.as_ref().expect("an app with sessions")
    }

    async fn open_session(&mut self, bridge: &Bridge) {
        if let Speaks::Sessions(version) = self.speaks {
            self.session = Some(Session::open(bridge, self.access_token(), version).await);
        }
    }

    async fn ask(&self, bridge: &Bridge, tool: &str, arguments: &Value) -> Answer {
        let params = json!({ "name": tool, "arguments": arguments });
        match (self.speaks, &self.session) {
            (Speaks::Sessions(_), Some(session)) => {
                let id = unused_id();
                let message = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
                let asking = post(&bridge.http(), &session.token, &message);
                asking
                    .header("mcp-session-id", &session.id)
                    .header("mcp-protocol-version", &session.version)
                    .send()
                    .await
            }
            (Speaks::WithKey, _) => {
                let mut asking = params;
                asking["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asking });
                let path = format!("/mcp/v2/cursor/{}", ALICE.id);
                let asking = bridge.http().post(&path).header("x-api-key", ALICE.key);
                let asking = asking.header("accept", "application/json, text/event-stream");
                let asking = asking.header("mcp-protocol-version", "2026-07-28");
                asking.header("mcp-method", "tools/call").header("mcp-name", tool).json(&message).send().await
            }
            (Speaks::Modern | Speaks::Sessions(_), _) => {
                modern(&bridge.http(), self.access_token(), "tools/call", params).send().await
            }
        }
    }
}

/// No id may be used twice in a session.
fn unused_id() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(1_000_000);
    LAST.fetch_add(1, Ordering::Relaxed)
}
