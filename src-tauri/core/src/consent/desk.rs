//! The desk itself: what waits, the deadline, at most one answer.

mod room;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::refused::Refused;
use super::{Asker, Decision, MatchingCode, Outcome, Question};
use crate::api_key::ApiKey;
use crate::clock::Clock;
use crate::ids::{AccountId, ClientId, QuestionId};
use crate::scope::Scopes;

/// How long a question waits for a person (design.md 4).
pub(super) const DEADLINE: Duration = Duration::from_secs(600);
/// How often the wall clock is looked at while a question waits: after the computer slept, a question whose
/// time is over is gone before a person has found the mouse.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(1);

/// Why a question is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Too many questions wait already.
    #[error("too many apps are waiting for an answer")]
    DeskFull,
    /// A person has refused this client over and over, lately.
    #[error("this app was refused several times and is not asked about for a while")]
    Resting,
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
    since: Instant,
    /// A yes was taken and is being carried out: nobody else's answer counts unless that fails.
    is_settling: bool,
    /// Nobody can answer it any more: should that yes fail, it is refused.
    is_abandoned: bool,
    /// A key that was given for it and could not be checked.
    key: Option<ApiKey>,
}

/// The desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    waiting: Mutex<Vec<Waiting>>,
    questions: watch::Sender<Vec<Arc<Question>>>,
    refused: Mutex<Refused>,
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
            refused: Mutex::default(),
            deadline,
        }))
    }

    /// Puts a question on the desk; the same question again is the one that waits already. A client that asks
    /// too often takes the place of its own oldest question: the newest is the one a person looks at, and
    /// abandoned ones must not lock its client out. What a web page brought about makes room first, and takes nobody's place
    /// but that of such a question.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(&self, asker: Asker, now: SystemTime) -> Result<Ticket, AskError> {
        let mut waiting = self.lock();
        if let Some(same) = waiting.iter().find(|waiting| waiting.question.asker.key == asker.key) {
            return Ok(same.ticket());
        }
        if self.refused().rests(&asker, now) {
            return Err(AskError::Resting);
        }
        room::make(&mut waiting, &asker)?;
        let question = Arc::new(Question {
            id: QuestionId::random(),
            code: free_code(&waiting),
            asker,
            asked_at: now,
            expires_at: now + self.0.deadline,
        });
        let outcome = watch::Sender::new(None);
        let since = Instant::now();
        let new = Waiting { question, outcome, since, is_settling: false, is_abandoned: false, key: None };
        let ticket = new.ticket();
        waiting.push(new);
        self.show(&waiting);
        Ok(ticket)
    }

    /// Refuses a question.
    ///
    /// # Errors
    /// [`AnswerError::Unknown`].
    pub fn deny(&self, id: &QuestionId, now: SystemTime) -> Result<(), AnswerError> {
        let mut waiting = self.lock();
        let asker = self.open(&mut waiting, id, now)?.question.asker.clone();
        self.refused().remember(&asker, now);
        self.end(&mut waiting, id, Outcome::Answered(Decision::Deny));
        Ok(())
    }

    /// Refuses a question that nobody can answer any more: now, or if a yes that is being carried out fails, then.
    /// True if it is refused now.
    #[must_use]
    pub fn abandon(&self, id: &QuestionId, now: SystemTime) -> bool {
        let mut waiting = self.lock();
        let Some(abandoned) = waiting.iter_mut().find(|waiting| waiting.question.id == *id) else {
            return false;
        };
        abandoned.is_abandoned = true;
        if abandoned.is_settling {
            return false;
        }
        self.refused().remember(&abandoned.question.asker, now);
        self.end(&mut waiting, id, Outcome::Answered(Decision::Deny))
    }

    /// Refuses every question that waits; tells how many.
    #[must_use]
    pub fn deny_all(&self, now: SystemTime) -> usize {
        let ids: Vec<_> = self.lock().iter().map(|waiting| waiting.question.id.clone()).collect();
        ids.iter().filter(|id| self.deny(id, now).is_ok()).count()
    }

    /// Takes a yes that needs something done first, such as keeping a new key. Until the [`Settling`] ends,
    /// the question waits on, but takes no other answer and no deadline.
    ///
    /// # Errors
    /// [`AnswerError`]; then it still waits, if it did.
    pub fn settle(&self, id: &QuestionId, scopes: Scopes, now: SystemTime) -> Result<Settling, AnswerError> {
        let mut waiting = self.lock();
        let question = self.open(&mut waiting, id, now)?;
        if scopes.is_empty() || !scopes.is_subset_of(question.question.asker.scopes) {
            return Err(AnswerError::NotAsked);
        }
        question.is_settling = true;
        Ok(Settling { desk: self.clone(), id: id.clone(), scopes })
    }

    /// Keeps a key that could not be checked until the question ends, so that nobody has to give it twice.
    pub fn keep_key(&self, id: &QuestionId, key: ApiKey) {
        if let Some(waiting) = self.lock().iter_mut().find(|waiting| waiting.question.id == *id) {
            waiting.key = Some(key);
        }
    }

    /// The key that was kept for a question.
    #[must_use]
    pub fn kept_key(&self, id: &QuestionId) -> Option<ApiKey> {
        self.lock().iter().find(|waiting| waiting.question.id == *id)?.key.clone()
    }

    /// The question that waits with this id.
    #[must_use]
    pub fn question(&self, id: &QuestionId) -> Option<Ticket> {
        self.lock().iter().find(|waiting| waiting.question.id == *id).map(Waiting::ticket)
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
        self.end_where(&Outcome::Answered(Decision::Deny), |waiting| {
            waiting.question.asker.client_id == *client
        });
    }

    /// Ends what nobody answered in time.
    pub fn end_overdue(&self, now: SystemTime) {
        self.end_where(&Outcome::TimedOut, |waiting| {
            !waiting.is_settling && waiting.is_overdue(self.0.deadline, now)
        });
    }

    fn end_where(&self, outcome: &Outcome, condition: impl Fn(&Waiting) -> bool) {
        let mut waiting = self.lock();
        let before = waiting.len();
        waiting.retain(|one| {
            let ends = condition(one);
            if ends {
                one.end(outcome.clone());
            }
            !ends
        });
        if waiting.len() < before {
            self.show(&waiting);
        }
    }

    /// The question that takes an answer: it waits, is in time, and nobody's yes is being carried out.
    fn open<'a>(
        &self,
        waiting: &'a mut [Waiting],
        id: &QuestionId,
        now: SystemTime,
    ) -> Result<&'a mut Waiting, AnswerError> {
        waiting
            .iter_mut()
            .find(|waiting| waiting.question.id == *id)
            .filter(|waiting| !waiting.is_settling && !waiting.is_overdue(self.0.deadline, now))
            .ok_or(AnswerError::Unknown)
    }

    /// True for the one call that ends it.
    fn end(&self, waiting: &mut Vec<Waiting>, id: &QuestionId, outcome: Outcome) -> bool {
        let Some(ended) = take(waiting, id) else { return false };
        ended.end(outcome);
        self.show(waiting);
        true
    }

    fn show(&self, waiting: &[Waiting]) {
        self.0.questions.send_replace(waiting.iter().map(|waiting| waiting.question.clone()).collect());
    }

    fn refused(&self) -> MutexGuard<'_, Refused> {
        self.0.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A yes that is being carried out. Dropped without [`Settling::allow`], the question waits as before, or ends if it was
/// abandoned meanwhile.
#[must_use]
pub struct Settling {
    desk: Desk,
    id: QuestionId,
    scopes: Scopes,
}

impl Settling {
    /// Allows it.
    ///
    /// # Errors
    /// [`AnswerError::Unknown`]: its client was revoked meanwhile.
    pub fn allow(self, account: AccountId) -> Result<(), AnswerError> {
        let decision = Decision::Allow { account, scopes: self.scopes };
        if let Some(ticket) = self.desk.question(&self.id) {
            self.desk.refused().forget(&ticket.question.asker);
        }
        let ended = self.desk.end(&mut self.desk.lock(), &self.id, Outcome::Answered(decision));
        if ended { Ok(()) } else { Err(AnswerError::Unknown) }
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        let mut waiting = self.desk.lock();
        let Some(settled) = waiting.iter_mut().find(|waiting| waiting.question.id == self.id) else { return };
        settled.is_settling = false;
        if settled.is_abandoned {
            self.desk.end(&mut waiting, &self.id, Outcome::Answered(Decision::Deny));
        }
    }
}

/// Ends questions in time, until `shutdown`.
pub async fn keep_time(desk: Desk, clock: Arc<dyn Clock>, shutdown: CancellationToken) {
    let mut questions = desk.questions();
    loop {
        let next_look = async {
            // The sender lives in the desk, so waiting cannot fail.
            let _ = questions.wait_for(|waiting| !waiting.is_empty()).await;
            tokio::time::sleep(LOOK_AT_THE_CLOCK.min(desk.0.deadline)).await;
        };
        tokio::select! {
            () = next_look => desk.end_overdue(clock.now()),
            () = shutdown.cancelled() => return,
        }
    }
}

impl Waiting {
    /// By the wall clock, which goes on while the computer sleeps; and by time spent waiting, which a clock that
    /// was set back does not lengthen.
    fn is_overdue(&self, deadline: Duration, now: SystemTime) -> bool {
        now >= self.question.expires_at || self.since.elapsed() >= deadline
    }

    fn end(&self, outcome: Outcome) {
        self.outcome.send_replace(Some(outcome));
    }

    fn ticket(&self) -> Ticket {
        Ticket { question: self.question.clone(), outcome: self.outcome.subscribe() }
    }
}

fn take(waiting: &mut Vec<Waiting>, id: &QuestionId) -> Option<Waiting> {
    let at = waiting.iter().position(|waiting| waiting.question.id == *id)?;
    Some(waiting.remove(at))
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
