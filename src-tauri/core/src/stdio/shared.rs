//! What an adapter knows of the bridge, shared with what runs beside it.

use std::sync::{Mutex, PoisonError};

use http::{HeaderName, HeaderValue};
use rmcp::model::{ListToolsResult, Tool};
use serde_json::{Map, Value};
use tokio::sync::{Notify, watch};

use super::answer::Answer;
use super::exchange::Question;
use super::headers::of_arguments;
use super::link::Link;
use super::offer::State;
use crate::control::adapter_wire::Refused;

/// What is known of the bridge, for what also runs on its own.
pub(super) struct Shared {
    pub(super) link: Link,
    pub(super) state: watch::Sender<State>,
    /// Has the bridge looked for at once.
    pub(super) look: Notify,
    /// The last list that the bridge gave.
    last: Mutex<Option<Vec<Tool>>>,
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

    /// The last list.
    pub(super) fn held(&self) -> Option<Vec<Tool>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
