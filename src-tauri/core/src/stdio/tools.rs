//! The list of tools: the bridge's if it gives one in time, else the last one, else what is known without asking.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use rmcp::model::{ListToolsResult, Tool};
use serde_json::{Map, Value};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::adapter::Adapter;
use super::answer::Answer;
use super::exchange::Question;
use super::headers::of_arguments;
use super::link::Link;
use super::offer::{Offer, State};
use crate::control::adapter_wire::Refused;
use crate::mcp::built_in_tools;

/// A list is answered within a second whatever the bridge or Jean Memory do (protocol.md 8.7).
const LIST_TIME: Duration = Duration::from_millis(600);
/// The same list, when it comes later and only the next one to ask gets it.
const LATE_LIST_TIME: Duration = Duration::from_secs(120);
/// How long a look for a bridge may take before a list is made without it.
const A_LOOK: Duration = Duration::from_millis(300);

/// What is known of the bridge, for what also runs on its own.
pub(super) struct Shared {
    pub(super) link: Link,
    pub(super) state: watch::Sender<State>,
    /// Has the bridge looked for at once.
    pub(super) look: Notify,
    /// The last list that the bridge gave.
    last: Mutex<Option<Vec<Tool>>>,
}

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

impl Shared {
    pub(super) fn new(link: Link) -> Self {
        Self { link, state: watch::Sender::default(), look: Notify::new(), last: Mutex::default() }
    }

    /// The tools as the bridge lists them; the last ones when it does not answer, none when there never were any.
    pub(super) async fn list(&self, client: &str) -> Option<Vec<Tool>> {
        let question = Question {
            client,
            method: "tools/list",
            name: None,
            params: Map::new(),
            headers: Vec::new(),
            progress: None,
        };
        let answer = question.ask::<ListToolsResult, _>(&self.link, |_| std::future::ready(())).await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(Answer::Result(now)) => *last = Some(now.tools),
            // What was listed for somebody who was allowed is not for somebody who is not.
            Ok(Answer::Refused {
                why: Some(Refused::NotAllowed | Refused::Denied | Refused::Asking),
                ..
            }) => {
                *last = None;
            }
            Ok(Answer::Refused { why: Some(Refused::Busy) | None, .. } | Answer::Error(_)) | Err(_) => {}
        }
        last.clone()
    }

    /// What a tool wants in headers, as far as the last list tells.
    pub(super) fn headers(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let listed = last.iter().flatten().find(|listed| listed.name == tool);
        listed.map(|listed| of_arguments(&listed.input_schema, arguments)).unwrap_or_default()
    }

    fn held(&self) -> Option<Vec<Tool>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
