//! Authorization requests that wait for a person, each with its question and its one outcome
//! (protocol.md 3.21, 3.22).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::Arriving;
use super::authorize::AuthorizationRequest;
use crate::consent::{Decision, Outcome, Ticket};
use crate::ids::{ClientId, TransactionId};
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
    taken_back: bool,
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

impl Entry {
    fn is_kept(&self, now: SystemTime) -> bool {
        self.transaction.ticket.question.expires_at + KEPT_AFTER_THE_QUESTION > now
    }
}

impl Transactions {
    /// The transaction of the same request, if there is one that can still be waited for.
    pub(super) fn same(&self, key: &str, now: SystemTime) -> Option<TransactionId> {
        let key = Digest::of(key);
        let entries = self.lock();
        let same = entries.values().find(|entry| entry.key == key && entry.is_kept(now))?;
        Some(same.transaction.id.clone())
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
        entries.retain(|_, entry| entry.is_kept(now));
        if let Some(same) = entries.values().find(|entry| entry.key == key) {
            return same.transaction.id.clone();
        }
        let id = TransactionId::random();
        let transaction = Transaction { id: id.clone(), request, ticket };
        entries.insert(id.clone(), Entry { transaction, key, finished: false, taken_back: false });
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
        let outcome = match entry.transaction.ticket.outcome() {
            Some(Outcome::Answered(_)) if entry.taken_back => Outcome::Answered(Decision::Deny),
            Some(outcome) => outcome,
            None => return Taken::Waiting,
        };
        entry.finished = true;
        Taken::Outcome(Box::new(entry.transaction.clone()), outcome)
    }

    /// Whom the outcomes are for that allow something and can still be fetched.
    pub(super) fn allowed(&self, now: SystemTime) -> Vec<Arriving> {
        let entries = self.lock();
        let to_fetch =
            entries.values().filter(|entry| !entry.finished && !entry.taken_back && entry.is_kept(now));
        to_fetch
            .filter_map(|entry| match entry.transaction.ticket.outcome()? {
                Outcome::Answered(Decision::Allow { account, scopes }) => Some(Arriving {
                    client_id: entry.transaction.request.client.id.clone(),
                    client_name: entry.transaction.request.client.name.clone(),
                    account,
                    scopes,
                }),
                Outcome::Answered(Decision::Deny) | Outcome::TimedOut | Outcome::Displaced => None,
            })
            .collect()
    }

    /// Takes back what a client was allowed and has not fetched: it is told that it was refused.
    pub(super) fn take_back(&self, client: &ClientId) {
        let mut entries = self.lock();
        for entry in entries.values_mut().filter(|entry| entry.transaction.request.client.id == *client) {
            entry.taken_back = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TransactionId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::authorize::KnownClient;
    use super::super::pkce::Challenge;
    use super::super::redirect_uri::RedirectUri;
    use super::super::resource::Resource;
    use super::*;
    use crate::consent::{AnswerGoesTo, Asker, Desk, SentBy};
    use crate::origin::Origin;
    use crate::scope::Scopes;
    use crate::store::ClientKind;
    use crate::view::Via;

    fn request(state: Option<&str>) -> AuthorizationRequest {
        AuthorizationRequest {
            client: KnownClient {
                id: ClientId::new("c"),
                name: "App".into(),
                kind: ClientKind::Dynamic,
                confirmed_by: None,
                redirect_uris: vec!["http://localhost/cb".into()],
                may_refresh: true,
                registered_at: None,
            },
            redirect: RedirectUri::parse("http://localhost:1/cb").unwrap(),
            state: state.map(str::to_owned),
            challenge: Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
            scopes: Scopes::ALL,
            asked: None,
            resource: Resource::Mcp,
            origin: Origin::canonical(1),
        }
    }

    fn asker(key: &str) -> Asker {
        Asker {
            key: key.into(),
            client_id: ClientId::new("c"),
            client_name: "App".into(),
            kind: ClientKind::Dynamic,
            confirmed_by: None,
            registered_at: None,
            via: Via::Oauth,
            goes_to: AnswerGoesTo::ThisComputer,
            scopes: Scopes::ALL,
            allowed_before: None,
            program: None,
            sent_by: SentBy::Unknown,
        }
    }

    #[tokio::test]
    async fn the_same_request_is_the_same_transaction_until_nobody_can_wait_for_it_any_more() {
        // protocol.md 3.21
        let (desk, transactions) = (Desk::default(), Transactions::default());
        let key = key_of(&request(None));
        let ticket = desk.ask(asker(&key), UNIX_EPOCH).unwrap();
        let gone = ticket.question.expires_at + KEPT_AFTER_THE_QUESTION;
        let id = transactions.add(&key, request(None), ticket, UNIX_EPOCH);
        assert_eq!(transactions.same(&key, UNIX_EPOCH), Some(id));
        assert_eq!(transactions.same(&key, gone), None);
        assert_eq!(transactions.same(&key_of(&request(Some("s"))), UNIX_EPOCH), None);
    }

    #[tokio::test]
    async fn an_outcome_is_taken_once() {
        // protocol.md 3.22
        let (desk, transactions) = (Desk::default(), Transactions::default());
        let ticket = desk.ask(asker("k"), UNIX_EPOCH).unwrap();
        let question = ticket.question.id.clone();
        let id = transactions.add("k", request(None), ticket, UNIX_EPOCH);
        assert!(matches!(transactions.take(&id), Taken::Waiting));
        desk.deny(&question, UNIX_EPOCH).unwrap();
        assert!(matches!(transactions.take(&id), Taken::Outcome(..)));
        assert!(matches!(transactions.take(&id), Taken::Finished));
        assert!(matches!(transactions.take(&TransactionId::random()), Taken::Unknown));
    }
}
