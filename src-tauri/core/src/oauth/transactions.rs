//! Authorization requests that wait for a person, each with its question and its one outcome
//! (protocol.md 3.21, 3.22).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::authorize::AuthorizationRequest;
use crate::consent::{Outcome, Ticket};
use crate::ids::TransactionId;
use crate::secret::Digest;

/// How long an outcome can still be fetched after its question has ended.
const KEPT_AFTER_THE_QUESTION: Duration = Duration::from_secs(120);

/// One request with its question.
#[derive(Clone)]
pub(super) struct Transaction {
    /// Its id: whoever knows it may wait for the outcome.
    pub id: TransactionId,
    /// What was asked.
    pub request: AuthorizationRequest,
    /// The question at the desk.
    pub ticket: Ticket,
}

/// What fetching an outcome leads to.
pub(super) enum Taken {
    /// The one time it is handed over.
    Outcome(Box<Transaction>, Outcome),
    /// A person has not answered yet.
    Waiting,
    /// It was handed over before.
    Finished,
    /// No such transaction.
    Unknown,
}

struct Entry {
    transaction: Transaction,
    key: Digest,
    finished: bool,
}

/// All of them.
#[derive(Default)]
pub(super) struct Transactions(Mutex<HashMap<TransactionId, Entry>>);

/// What makes two requests the same (protocol.md 3.21).
#[must_use]
pub(super) fn key_of(request: &AuthorizationRequest) -> String {
    let parts = [
        request.client.id.as_str(),
        request.redirect.as_str(),
        request.state.as_deref().unwrap_or_default(),
        request.challenge.as_str(),
        request.asked.as_deref().unwrap_or_default(),
        &format!("{:?}", request.resource),
        &request.origin.to_string(),
    ];
    // Lengths keep the parts apart whatever characters they contain.
    parts.map(|part| format!("{}:{part}", part.len())).join(";")
}

impl Transactions {
    /// The transaction of the same request, if there is one.
    pub(super) fn same(&self, key: &str) -> Option<TransactionId> {
        let key = Digest::of(key);
        self.lock().values().find(|entry| entry.key == key).map(|entry| entry.transaction.id.clone())
    }

    /// Adds a request with its question; of two that add the same, the second gets the first one's id.
    pub(super) fn add(
        &self,
        key: &str,
        request: AuthorizationRequest,
        ticket: Ticket,
        now: SystemTime,
    ) -> TransactionId {
        let key = Digest::of(key);
        let mut entries = self.lock();
        entries
            .retain(|_, entry| entry.transaction.ticket.question.expires_at + KEPT_AFTER_THE_QUESTION > now);
        if let Some(same) = entries.values().find(|entry| entry.key == key) {
            return same.transaction.id.clone();
        }
        let id = TransactionId::random();
        let transaction = Transaction { id: id.clone(), request, ticket };
        entries.insert(id.clone(), Entry { transaction, key, finished: false });
        id
    }

    /// The transaction, and whether its outcome was already handed over.
    pub(super) fn get(&self, id: &TransactionId) -> Option<(Transaction, bool)> {
        self.lock().get(id).map(|entry| (entry.transaction.clone(), entry.finished))
    }

    /// Takes the outcome: of any number of requests, one gets it.
    pub(super) fn take(&self, id: &TransactionId) -> Taken {
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(id) else { return Taken::Unknown };
        if entry.finished {
            return Taken::Finished;
        }
        let Some(outcome) = entry.transaction.ticket.outcome() else { return Taken::Waiting };
        entry.finished = true;
        Taken::Outcome(Box::new(entry.transaction.clone()), outcome)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TransactionId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
