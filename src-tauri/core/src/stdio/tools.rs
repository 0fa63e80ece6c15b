//! The list of tools: the bridge's if it gives one in time, else the last one, else what is known without asking.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::Tool;
use tokio::time::timeout;

use super::adapter::Adapter;
use super::offer::{Offer, State};
use crate::mcp::built_in_tools;

/// A list is answered within a second whatever the bridge or Jean Memory do (protocol.md 8.7).
const LIST_TIME: Duration = Duration::from_millis(600);
/// The same list, when it comes later and only the next one to ask gets it.
const LATE_LIST_TIME: Duration = Duration::from_secs(120);
/// How long a look for a bridge may take before a list is made without it.
const A_LOOK: Duration = Duration::from_millis(300);

impl Adapter {
    /// What the client is shown.
    pub(super) async fn tools(&self, client: &str) -> Vec<Tool> {
        // So that a list and the first event, which come from the same bridge, are not taken for news of each other.
        let mut state = self.shared.state.subscribe();
        let (is_here, looks) = {
            let now = state.borrow_and_update();
            (matches!(now.offer, Offer::Here(_)), now.looks)
        };
        if !is_here {
            self.shared.look.notify_one();
            let _ = timeout(A_LOOK, state.wait_for(|state| state.looks > looks)).await;
        }
        State::show(&self.shared.state);

        let (shared, name) = (Arc::clone(&self.shared), client.to_owned());
        let mut asked = tokio::spawn(async move { shared.list(&name).await });
        if let Ok(Ok(tools)) = timeout(LIST_TIME, &mut asked).await {
            return tools.unwrap_or_else(built_in_tools);
        }
        let (shared, ended) = (Arc::clone(&self.shared), self.ended.clone());
        let before = shared.held();
        let tools = before.clone().unwrap_or_else(built_in_tools);
        tokio::spawn(ended.run_until_cancelled_owned(async move {
            let _ = timeout(LATE_LIST_TIME, asked).await;
            if shared.held() != before {
                State::improve(&shared.state);
            }
        }));
        tools
    }
}
