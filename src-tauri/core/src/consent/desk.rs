//! The desk itself: what waits, the deadline, at most one answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::{Asker, Decision, MatchingCode, Outcome, Question};
use crate::ids::{ClientId, QuestionId};

/// How long a question waits for a person (design.md 4).
pub(super) const DEADLINE: Duration = Duration::from_secs(600);
/// Questions that wait at once; more would be a flood, not a choice (protocol.md 9.21).
const MOST_WAITING: usize = 20;
/// Questions of one client that wait at once; several windows of one client are normal (protocol.md 3.21).
const MOST_OF_ONE_CLIENT: usize = 5;

/// Why a question is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Too many questions wait already.
    #[error("too many apps are waiting for an answer")]
    DeskFull,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// No such question waits: never asked, answered, or out of time.
    #[error("no app waits for this answer")]
    Unknown,
    /// More than was asked for, or nothing.
    #[error("only what the app asked for can be allowed")]
    NotAsked,
}

/// Whoever asked waits with this.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The question.
    pub question: Arc<Question>,
    outcome: watch::Receiver<Option<Outcome>>,
}

impl Ticket {
    /// How it ended, if it did.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome.borrow().clone()
    }

    /// Waits for the end.
    pub async fn ended(&mut self) -> Outcome {
        match self.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Outcome::TimedOut),
            // The desk is gone: the bridge is ending.
            Err(_) => Outcome::TimedOut,
        }
    }
}

struct Waiting {
    question: Arc<Question>,
    outcome: watch::Sender<Option<Outcome>>,
}

/// The desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    waiting: Mutex<Vec<Waiting>>,
    questions: watch::Sender<Vec<Arc<Question>>>,
    deadline: Duration,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new(DEADLINE)
    }
}

impl Desk {
    /// An empty desk whose questions wait for `deadline`.
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self(Arc::new(Inner {
            waiting: Mutex::default(),
            questions: watch::Sender::new(Vec::new()),
            deadline,
        }))
    }

    /// Puts a question on the desk; the same question again is the one that waits already.
    ///
    /// # Errors
    /// [`AskError::DeskFull`].
    pub fn ask(&self, asker: Asker, now: SystemTime) -> Result<Ticket, AskError> {
        let ticket = {
            let mut waiting = self.lock();
            if let Some(same) = waiting.iter().find(|waiting| waiting.question.asker.key == asker.key) {
                return Ok(same.ticket());
            }
            let of_this_client =
                waiting.iter().filter(|waiting| waiting.question.asker.client_id == asker.client_id);
            if waiting.len() >= MOST_WAITING || of_this_client.count() >= MOST_OF_ONE_CLIENT {
                return Err(AskError::DeskFull);
            }
            let question = Arc::new(Question {
                id: QuestionId::random(),
                code: free_code(&waiting),
                asker,
                asked_at: now,
                expires_at: now + self.0.deadline,
            });
            let new = Waiting { question, outcome: watch::Sender::new(None) };
            let ticket = new.ticket();
            waiting.push(new);
            self.show(&waiting);
            ticket
        };
        let (desk, id) = (self.clone(), ticket.question.id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(desk.0.deadline).await;
            desk.end(&id, Outcome::TimedOut);
        });
        Ok(ticket)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`AnswerError`]; then it still waits, if it did.
    pub fn answer(&self, id: &QuestionId, decision: Decision) -> Result<(), AnswerError> {
        if let Decision::Allow { scopes, .. } = &decision {
            let asked = self.question(id).ok_or(AnswerError::Unknown)?.asker.scopes;
            if scopes.is_empty() || !scopes.is_subset_of(asked) {
                return Err(AnswerError::NotAsked);
            }
        }
        if self.end(id, Outcome::Answered(decision)) { Ok(()) } else { Err(AnswerError::Unknown) }
    }

    /// The question that waits with this id.
    #[must_use]
    pub fn question(&self, id: &QuestionId) -> Option<Arc<Question>> {
        self.lock().iter().find(|waiting| waiting.question.id == *id).map(|waiting| waiting.question.clone())
    }

    /// The question whose matching code a person typed.
    #[must_use]
    pub fn question_by_code(&self, typed: &str) -> Option<Arc<Question>> {
        let waiting = self.lock();
        let found = waiting.iter().find(|waiting| waiting.question.code.is_typed_as(typed))?;
        Some(found.question.clone())
    }

    /// What waits, oldest first, and every change of it.
    #[must_use]
    pub fn questions(&self) -> watch::Receiver<Vec<Arc<Question>>> {
        self.0.questions.subscribe()
    }

    /// Refuses everything a client asks, as when it is revoked.
    pub fn refuse_all_of(&self, client: &ClientId) {
        let ids: Vec<_> = self
            .lock()
            .iter()
            .filter(|waiting| waiting.question.asker.client_id == *client)
            .map(|waiting| waiting.question.id.clone())
            .collect();
        for id in ids {
            self.end(&id, Outcome::Answered(Decision::Deny));
        }
    }

    /// True for the one call that ends it.
    fn end(&self, id: &QuestionId, outcome: Outcome) -> bool {
        let mut waiting = self.lock();
        let Some(at) = waiting.iter().position(|waiting| waiting.question.id == *id) else { return false };
        waiting.remove(at).outcome.send_replace(Some(outcome));
        self.show(&waiting);
        true
    }

    fn show(&self, waiting: &[Waiting]) {
        self.0.questions.send_replace(waiting.iter().map(|waiting| waiting.question.clone()).collect());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn ticket(&self) -> Ticket {
        Ticket { question: self.question.clone(), outcome: self.outcome.subscribe() }
    }
}

/// There are far more codes than questions, so this ends soon.
fn free_code(waiting: &[Waiting]) -> MatchingCode {
    loop {
        let code = MatchingCode::random();
        if waiting.iter().all(|waiting| waiting.question.code != code) {
            return code;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::consent::AnswerGoesTo;
    use crate::ids::AccountId;
    use crate::scope::{Scope, Scopes};
    use crate::store::ClientKind;
    use crate::view::Via;

    fn asker(client: &str, key: &str) -> Asker {
        Asker {
            key: key.into(),
            client_id: ClientId::new(client),
            client_name: client.into(),
            kind: ClientKind::Dynamic,
            confirmed_by: None,
            via: Via::Oauth,
            goes_to: AnswerGoesTo::ThisComputer,
            scopes: Scopes::ALL,
            allowed_before: None,
            program: None,
        }
    }

    fn allow(scopes: Scopes) -> Decision {
        Decision::Allow { account: AccountId::new("a"), scopes }
    }

    #[tokio::test]
    async fn the_first_answer_counts_and_the_second_is_refused() {
        let desk = Desk::default();
        let mut ticket = desk.ask(asker("c", "k"), UNIX_EPOCH).unwrap();
        let id = ticket.question.id.clone();
        assert_eq!(desk.answer(&id, allow(Scopes::ALL)), Ok(()));
        assert_eq!(desk.answer(&id, Decision::Deny), Err(AnswerError::Unknown));
        assert_eq!(ticket.ended().await, Outcome::Answered(allow(Scopes::ALL)));
        assert!(desk.questions().borrow().is_empty());
    }

    #[tokio::test]
    async fn the_same_question_again_is_one_question() {
        let desk = Desk::default();
        let one = desk.ask(asker("c", "k"), UNIX_EPOCH).unwrap();
        let two = desk.ask(asker("c", "k"), UNIX_EPOCH).unwrap();
        assert_eq!(one.question, two.question);
        assert_eq!(desk.questions().borrow().len(), 1);
    }

    #[tokio::test]
    async fn no_more_may_be_allowed_than_was_asked() {
        let desk = Desk::default();
        let read_only = Asker { scopes: Scope::Read.into(), ..asker("c", "k") };
        let id = desk.ask(read_only, UNIX_EPOCH).unwrap().question.id.clone();
        assert_eq!(desk.answer(&id, allow(Scopes::ALL)), Err(AnswerError::NotAsked));
        assert_eq!(desk.answer(&id, allow(Scopes::NONE)), Err(AnswerError::NotAsked));
        assert_eq!(desk.answer(&id, allow(Scope::Read.into())), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_answering_is_a_refusal() {
        let desk = Desk::new(Duration::from_secs(600));
        let mut ticket = desk.ask(asker("c", "k"), UNIX_EPOCH).unwrap();
        assert_eq!(ticket.ended().await, Outcome::TimedOut);
        assert_eq!(desk.answer(&ticket.question.id, Decision::Deny), Err(AnswerError::Unknown));
    }

    #[tokio::test]
    async fn a_flood_of_questions_is_refused() {
        // protocol.md 9.21
        let desk = Desk::default();
        for n in 0..MOST_OF_ONE_CLIENT {
            desk.ask(asker("one", &format!("one {n}")), UNIX_EPOCH).unwrap();
        }
        assert_eq!(desk.ask(asker("one", "more"), UNIX_EPOCH).err(), Some(AskError::DeskFull));
        for n in MOST_OF_ONE_CLIENT..MOST_WAITING {
            desk.ask(asker(&format!("c{n}"), &format!("k{n}")), UNIX_EPOCH).unwrap();
        }
        assert_eq!(desk.ask(asker("last", "k"), UNIX_EPOCH).err(), Some(AskError::DeskFull));
        desk.refuse_all_of(&ClientId::new("one"));
        assert!(desk.ask(asker("last", "k"), UNIX_EPOCH).is_ok());
    }

    #[tokio::test]
    async fn a_question_is_found_by_its_code() {
        let desk = Desk::default();
        let ticket = desk.ask(asker("c", "k"), UNIX_EPOCH).unwrap();
        let typed = ticket.question.code.to_string().to_lowercase();
        assert_eq!(desk.question_by_code(&typed), Some(ticket.question));
    }
}
