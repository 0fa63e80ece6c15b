//! Batches of 2025-03-26, which rmcp does not have: each element goes through it alone, and the answers leave as one
//! array (protocol.md 7.6, 8.10).

use rmcp::model::{JsonRpcMessage, RequestId};
use serde_json::Value;

/// Messages in one batch; as over HTTP.
pub(super) const MAX_BATCH: usize = 50;

/// The batches whose answers are not complete.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: Vec<Batch>,
}

#[derive(Debug)]
struct Batch {
    waits_for: Vec<RequestId>,
    answers: Vec<Value>,
}

/// What becomes of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Placed {
    /// It is no part of a batch.
    Alone,
    /// Others of its batch are still to come.
    Kept,
    /// Its batch is complete.
    Complete(Vec<Value>),
}

/// The request that an answer is for.
pub(super) fn answered<A, B, C>(message: &JsonRpcMessage<A, B, C>) -> Option<&RequestId> {
    match message {
        JsonRpcMessage::Response(response) => Some(&response.id),
        JsonRpcMessage::Error(error) => error.id.as_ref(),
        JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
    }
}

impl Batches {
    /// Opens a batch; what of it was answered already is in `answers`. Gives those back if nothing is to come.
    pub(super) fn open(&mut self, waits_for: Vec<RequestId>, answers: Vec<Value>) -> Option<Vec<Value>> {
        if waits_for.is_empty() {
            return (!answers.is_empty()).then_some(answers);
        }
        self.open.push(Batch { waits_for, answers });
        None
    }

    /// Puts an answer where it belongs.
    pub(super) fn place<A, B, C: serde::Serialize>(&mut self, message: &JsonRpcMessage<A, B, C>) -> Placed
    where
        JsonRpcMessage<A, B, C>: serde::Serialize,
    {
        let Some((position, id)) = answered(message).and_then(|id| Some((self.position(id)?, id))) else {
            return Placed::Alone;
        };
        self.open[position].answers.extend(serde_json::to_value(message).ok());
        self.settle(position, id).map_or(Placed::Kept, Placed::Complete)
    }

    /// A request that is cancelled gets no answer; what is complete without it.
    pub(super) fn give_up(&mut self, id: &RequestId) -> Option<Vec<Value>> {
        let position = self.position(id)?;
        self.settle(position, id).filter(|answers| !answers.is_empty())
    }

    fn position(&self, id: &RequestId) -> Option<usize> {
        self.open.iter().position(|batch| batch.waits_for.contains(id))
    }

    fn settle(&mut self, position: usize, id: &RequestId) -> Option<Vec<Value>> {
        let batch = &mut self.open[position];
        if let Some(found) = batch.waits_for.iter().position(|other| other == id) {
            batch.waits_for.swap_remove(found);
        }
        batch.waits_for.is_empty().then(|| self.open.swap_remove(position).answers)
    }
}
