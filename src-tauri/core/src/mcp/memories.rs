//! What all MCP connections share: the lists of tools and the way to Jean Memory.

use std::sync::Arc;

use rmcp::model::Tool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::catalogue::Catalogue;
use super::known::needed_scope;
use super::lists::Lists;
use super::policy::ToolPolicy;
use super::progress::Pace;
use super::service::{MemoryError, MemoryService};
use crate::clock::Clock;
use crate::ids::AccountId;
use crate::oauth::Access;
use crate::scope::{Scope, Scopes};
use crate::view::ToolView;

/// Everything an MCP server needs, for every account; one per process.
pub struct Memories {
    pub(super) service: Arc<dyn MemoryService>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) shutdown: CancellationToken,
    pub(super) pace: Pace,
    lists: Lists,
}

impl Memories {
    /// `shutdown` ends every call.
    #[must_use]
    pub fn new(
        service: Arc<dyn MemoryService>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        let lists = Lists::new(Arc::clone(&service));
        Arc::new(Self { service, clock, shutdown, pace: Pace::default(), lists })
    }

    /// The same with progress at another pace.
    #[cfg(test)]
    pub(crate) fn with_pace(
        service: Arc<dyn MemoryService>,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
        pace: Pace,
    ) -> Arc<Self> {
        let lists = Lists::new(Arc::clone(&service));
        Arc::new(Self { service, clock, shutdown, pace, lists })
    }

    /// Fires when the process ends.
    #[must_use]
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// The scope that a tool needs, as far as is known without asking Jean Memory.
    #[must_use]
    pub fn scope_of(&self, account: &AccountId, tool: &str) -> Option<Scope> {
        match self.lists.held(account) {
            Some(catalogue) => catalogue.find(tool).map(|listed| listed.scope),
            None => needed_scope(tool),
        }
    }

    /// Sees to it that the account's tools are known, if Jean Memory answers.
    ///
    /// # Errors
    /// The cause, when there is no list and none can be had.
    pub async fn prepare(&self, account: &AccountId) -> Result<(), MemoryError> {
        self.catalogue(account).await.map(drop)
    }

    /// Every tool of the account, and whether a client with these scopes and switches has it.
    ///
    /// # Errors
    /// The cause, when there is no list and none can be had.
    pub async fn tools(
        &self,
        account: &AccountId,
        scopes: Scopes,
        policy: &ToolPolicy,
    ) -> Result<Vec<ToolView>, MemoryError> {
        Ok(self.catalogue(account).await?.views(scopes, policy))
    }

    /// What a client is offered, in a form that is another one for another list; none while the account's tools are
    /// not known. Jean Memory is not asked.
    #[must_use]
    pub fn offered(&self, access: &Access) -> Option<String> {
        let catalogue = self.held(&access.grant.account)?;
        let policy = self.service.tool_policy(&access.grant);
        let tools: Vec<&Tool> =
            catalogue.offered(access.scopes, &policy).map(|listed| &listed.tool).collect();
        // What cannot be written cannot be shown to a client either.
        Some(serde_json::to_string(&tools).unwrap_or_default())
    }

    /// Grows when the tools of an account may be others.
    #[must_use]
    pub fn list_changes(&self) -> watch::Receiver<u64> {
        self.lists.changes()
    }

    /// Forgets the account's tools: its key was changed, or it was removed (protocol.md 7.24).
    pub fn forget(&self, account: &AccountId) {
        self.lists.forget(account);
    }

    pub(super) async fn catalogue(&self, account: &AccountId) -> Result<Arc<Catalogue>, MemoryError> {
        self.lists.get(account).await
    }

    pub(super) fn held(&self, account: &AccountId) -> Option<Arc<Catalogue>> {
        self.lists.held(account)
    }
}
