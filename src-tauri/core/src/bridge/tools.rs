//! Which tools each client may use, as a person decided: in memory for every call, in the database for the
//! next start.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use super::Bridge;
use crate::ids::ClientId;
use crate::mcp::{MemoryError, ToolPolicy};
use crate::store::{GrantRecord, Store, StoreError, ToolSwitch};
use crate::unbroken::unbroken;
use crate::view::ToolView;

/// Why the tools of a client are not shown or switched.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    /// No connected client has this id.
    #[error("no connected app has this id")]
    UnknownClient,
    /// Jean Memory lists no tool of this name for this client's account.
    #[error("there is no tool of this name")]
    UnknownTool,
    /// Which tools there are is not known, and cannot be found out now.
    #[error(transparent)]
    Unavailable(#[from] MemoryError),
    /// The store failed; nothing was switched.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bridge {
    /// Every tool that Jean Memory has for a client's account, and whether the client may use it.
    ///
    /// # Errors
    /// [`ToolsError`].
    pub async fn tools_of(&self, client: &ClientId) -> Result<Vec<ToolView>, ToolsError> {
        let grant = self.grant_of(client).await?;
        let policy = self.switches.policy(client);
        Ok(self.memories.tools(&grant.account_id, grant.scopes, &policy).await?)
    }

    /// Lets a client use a tool or not, from its next request on.
    ///
    /// # Errors
    /// [`ToolsError`]; then nothing was switched.
    pub async fn switch_tool(&self, client: &ClientId, tool: &str, is_on: bool) -> Result<(), ToolsError> {
        if !self.tools_of(client).await?.iter().any(|known| known.name == tool) {
            return Err(ToolsError::UnknownTool);
        }
        let switch = ToolSwitch { client_id: client.clone(), tool: tool.to_owned(), is_on };
        self.switches.switch(switch).await?;
        self.note_change();
        Ok(())
    }

    async fn grant_of(&self, client: &ClientId) -> Result<GrantRecord, ToolsError> {
        self.store.newest_live_grant(client).await?.ok_or(ToolsError::UnknownClient)
    }
}

/// Every decision. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub(super) struct ToolSwitches {
    store: Store,
    policies: Arc<RwLock<HashMap<ClientId, Arc<ToolPolicy>>>>,
    /// Held from the write to its effect, so that the last to be written is the last to take effect.
    changing: Arc<Mutex<()>>,
}

impl ToolSwitches {
    pub(super) async fn read(store: Store) -> Result<Self, StoreError> {
        let all = store.tool_switches().await?;
        let switches = Self { store, policies: Arc::default(), changing: Arc::default() };
        for switch in all {
            switches.apply(switch);
        }
        Ok(switches)
    }

    /// What was decided for this client; asked on every call.
    pub(super) fn policy(&self, client: &ClientId) -> Arc<ToolPolicy> {
        let policies = self.policies.read().unwrap_or_else(PoisonError::into_inner);
        policies.get(client).cloned().unwrap_or_default()
    }

    async fn switch(&self, switch: ToolSwitch) -> Result<(), StoreError> {
        let switches = self.clone();
        unbroken(async move {
            let _turn = switches.changing.lock().await;
            switches.store.save_tool_switch(switch.clone()).await?;
            switches.apply(switch);
            Ok(())
        })
        .await
    }

    fn apply(&self, switch: ToolSwitch) {
        let mut policies = self.policies.write().unwrap_or_else(PoisonError::into_inner);
        let policy = policies.entry(switch.client_id).or_default();
        Arc::make_mut(policy).switch(switch.tool, switch.is_on);
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::bridge::Front;
    use crate::config::Config;
    use crate::http::mcp::{Endpoint, Options};
    use crate::ids::{GrantId, UserId};
    use crate::oauth::Access;
    use crate::paths::Paths;
    use crate::scope::{Scope, Scopes};
    use crate::view::{SettingChange, Via};

    const HOST: &str = "127.0.0.1:1";
    const MODERN: &str = "2026-07-28";

    /// A bridge with the sandbox as its API, and clients of the sandbox.
    struct World {
        bridge: Arc<Bridge>,
        endpoint: Arc<Endpoint>,
        _home: tempfile::TempDir,
    }

    impl World {
        async fn start() -> Self {
            let home = tempfile::tempdir().unwrap();
            let paths = Paths::under(home.path());
            let env = |name: &str| match name {
                "JEAN_BRIDGE_PORT" => Some("0".to_owned()),
                "JEAN_BRIDGE_API_BASE_URL" => Some("sandbox".to_owned()),
                "JWT_SECRET_KEY" => Some("a-secret-of-the-unit-tests-with-more-than-32-bytes".to_owned()),
                _ => None,
            };
            let config = Config::load(&paths, &env).unwrap();
            let bridge = Bridge::start(config, &paths, Front::Terminal).await.unwrap();
            let options = Options { hosts: vec![HOST.to_owned()], origins: Vec::new() };
            let endpoint = Endpoint::new(bridge.memories.clone(), options);
            Self { bridge, endpoint, _home: home }
        }

        async fn connect(&self, client: &str, scopes: Scopes) -> Access {
            let account = self.bridge.accounts.add_sandbox(UNIX_EPOCH).await.unwrap();
            let grant = GrantRecord {
                id: GrantId::random(),
                client_id: ClientId::new(client),
                client_name: client.to_owned(),
                account_id: account.id,
                subject: UserId::new(account.user_id),
                scopes,
                via: Via::Oauth,
                redirect_host: String::new(),
                created_at: UNIX_EPOCH,
                last_used_at: None,
                calls: 0,
            };
            self.bridge.store.create_grant(grant.clone(), None, None).await.unwrap();
            let live = self.bridge.oauth.live();
            Access { grant: live.hold(&grant, live.revocations()).unwrap(), scopes }
        }

        /// What a client gets for a request of the modern era.
        async fn ask(&self, access: &Access, method: &str, mut params: Value) -> Value {
            let name = params["name"].as_str().map(str::to_owned);
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
            let mut request = http::Request::post("/mcp")
                .header("host", HOST)
                .header("content-type", "application/json")
                .header("accept", "application/json, text/event-stream")
                .header("mcp-protocol-version", MODERN)
                .header("mcp-method", method);
            if let Some(name) = name {
                request = request.header("mcp-name", name);
            }
            let request = request.body(Body::from(body.to_string())).unwrap();
            let answer = self.endpoint.serve(access.clone(), request).await;
            let bytes = answer.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
            serde_json::from_str(data.unwrap_or(&text)).unwrap_or_else(|_| panic!("{text}"))
        }

        async fn lists(&self, access: &Access, tool: &str) -> bool {
            let answer = self.ask(access, "tools/list", json!({})).await;
            answer["result"]["tools"].as_array().unwrap().iter().any(|listed| listed["name"] == tool)
        }

        /// Whether the call went through; it is unknown otherwise.
        async fn adds(&self, access: &Access) -> bool {
            let call = json!({"name": "add_memories", "arguments": {"text": "tea"}});
            let answer = self.ask(access, "tools/call", call).await;
            assert!(answer["result"]["isError"] != true, "{answer}");
            assert!(answer.get("result").is_some() || answer["error"]["code"] == -32602, "{answer}");
            answer.get("result").is_some()
        }

        async fn view(&self, client: &str, tool: &str) -> ToolView {
            let tools = self.bridge.tools_of(&ClientId::new(client)).await.unwrap();
            tools.into_iter().find(|view| view.name == tool).unwrap()
        }
    }

    #[tokio::test]
    async fn a_switch_counts_from_the_next_request_on_and_for_one_client() {
        let world = World::start().await;
        let one = world.connect("one", Scopes::ALL).await;
        let other = world.connect("other", Scopes::ALL).await;
        let id = ClientId::new("one");
        assert!(world.view("one", "add_memories").await.is_on);
        assert!(world.lists(&one, "add_memories").await && world.adds(&one).await);

        world.bridge.switch_tool(&id, "add_memories", false).await.unwrap();
        assert!(!world.view("one", "add_memories").await.is_on);
        assert!(!world.lists(&one, "add_memories").await && !world.adds(&one).await);
        assert!(world.view("other", "add_memories").await.is_on);
        assert!(world.lists(&other, "add_memories").await && world.adds(&other).await);

        world.bridge.switch_tool(&id, "add_memories", true).await.unwrap();
        assert!(world.lists(&one, "add_memories").await && world.adds(&one).await);
        world.bridge.shutdown().await;
    }

    #[tokio::test]
    async fn what_a_client_was_not_allowed_is_shown_as_that() {
        let world = World::start().await;
        let reader = world.connect("reader", Scope::Read.into()).await;
        let add = world.view("reader", "add_memories").await;
        assert_eq!((add.scope, add.is_allowed, add.is_on), (Scope::Write, false, true));
        assert!(world.view("reader", "list_memories").await.is_allowed);
        // A switch gives nothing that was not allowed.
        world.bridge.switch_tool(&ClientId::new("reader"), "add_memories", true).await.unwrap();
        assert!(!world.lists(&reader, "add_memories").await);
        world.bridge.shutdown().await;
    }

    #[tokio::test]
    async fn what_cannot_be_switched_is_told_apart() {
        let world = World::start().await;
        world.connect("one", Scopes::ALL).await;
        let (one, nobody) = (ClientId::new("one"), ClientId::new("nobody"));
        for never in ["delete_all_memories", "no_such_tool", ""] {
            let switched = world.bridge.switch_tool(&one, never, true).await;
            assert!(matches!(switched, Err(ToolsError::UnknownTool)), "{never}: {switched:?}");
        }
        let switched = world.bridge.switch_tool(&nobody, "add_memories", false).await;
        assert!(matches!(switched, Err(ToolsError::UnknownClient)), "{switched:?}");
        assert!(world.bridge.store.tool_switches().await.unwrap().is_empty());

        let account = world.bridge.accounts.all().await.unwrap().remove(0).id;
        world.bridge.memories.forget(&account);
        world.bridge.change_setting(SettingChange::Paused(true)).await.unwrap();
        let tools = world.bridge.tools_of(&one).await;
        assert!(matches!(tools, Err(ToolsError::Unavailable(MemoryError::Paused))), "{tools:?}");
        world.bridge.shutdown().await;
    }

    #[tokio::test]
    async fn decisions_are_there_after_reopening_and_those_handed_out_stay_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let store = || Store::open(dir.path(), UNIX_EPOCH).unwrap();
        let switches = ToolSwitches::read(store()).await.unwrap();
        let handed_out = switches.policy(&ClientId::new("one"));
        for (tool, is_on) in [("ask_memory", false), ("new_writer", true)] {
            let client_id = ClientId::new("one");
            switches.switch(ToolSwitch { client_id, tool: tool.into(), is_on }).await.unwrap();
        }
        assert!(handed_out.allows("ask_memory", true));
        for switches in [switches, ToolSwitches::read(store()).await.unwrap()] {
            let policy = switches.policy(&ClientId::new("one"));
            assert!(!policy.allows("ask_memory", true) && policy.allows("new_writer", false));
            assert!(switches.policy(&ClientId::new("other")).allows("ask_memory", true));
        }
    }
}
