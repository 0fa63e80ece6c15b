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
        Ok(self.switches.switch(switch).await?)
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

    use super::*;

    fn off(client: &str, tool: &str) -> ToolSwitch {
        ToolSwitch { client_id: ClientId::new(client), tool: tool.into(), is_on: false }
    }

    #[tokio::test]
    async fn a_decision_is_for_one_client_and_one_tool_and_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let store = || Store::open(dir.path(), UNIX_EPOCH).unwrap();
        let switches = ToolSwitches::read(store()).await.unwrap();
        let allows = |switches: &ToolSwitches, client: &str, tool: &str, default: bool| {
            switches.policy(&ClientId::new(client)).allows(tool, default)
        };
        let calls_under_way = switches.policy(&ClientId::new("a"));
        switches.switch(off("a", "ask_memory")).await.unwrap();
        switches.switch(ToolSwitch { is_on: true, ..off("a", "new_writer") }).await.unwrap();
        assert!(calls_under_way.allows("ask_memory", true), "a policy that was handed out stays");
        for switches in [switches, ToolSwitches::read(store()).await.unwrap()] {
            assert!(!allows(&switches, "a", "ask_memory", true));
            assert!(allows(&switches, "a", "new_writer", false));
            assert!(allows(&switches, "a", "list_memories", true));
            assert!(allows(&switches, "b", "ask_memory", true));
        }
    }
}
