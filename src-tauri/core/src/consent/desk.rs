//! The desk itself: what waits, the deadline, at most one answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::refused::Refused;
use super::{Asker, Decision, MatchingCode, Outcome, Question, SentBy};
use crate::api_key::ApiKey;
use crate::clock::Clock;
use crate::ids::{AccountId, ClientId, QuestionId};
use crate::scope::Scopes;

/// How long a question waits for a person (design.md 4).
pub(super) const DEADLINE: Duration = Duration::from_secs(600);
/// Questions that wait at once; more would be a flood, not a choice (protocol.md 9.21).
const MOST_WAITING: usize = 20;
/// Questions of one client that wait at once; several windows of one client are normal (protocol.md 3.21).
const MOST_OF_ONE_CLIENT: usize = 5;
/// Questions that web pages brought about and that wait at once: an open page can send the browser here over and over,
/// for one client or for many, and must leave the places alone that programs need.
const MOST_OF_PAGES: usize = 5;

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
        make_room(&mut waiting, &asker)?;
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
    /// [`AnswerError::Unknown`]: its client was revoked, or has asked for something newer, meanwhile.
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

/// Where there is room, nobody goes; otherwise the oldest of those that may make room, pages' first.
fn make_room(waiting: &mut Vec<Waiting>, asker: &Asker) -> Result<(), AskError> {
    let is_by_page = |waiting: &Waiting| waiting.question.asker.sent_by == SentBy::Page;
    let is_of_client = |waiting: &Waiting| waiting.question.asker.client_id == asker.client_id;
    let of_client = waiting.iter().filter(|waiting| is_of_client(waiting)).count();
    let of_pages = waiting.iter().filter(|waiting| is_by_page(waiting)).count();
    let from_page = asker.sent_by == SentBy::Page;
    let oldest = |goes: &dyn Fn(&Waiting) -> bool| waiting.iter().position(goes);
    let goes = if of_client >= MOST_OF_ONE_CLIENT {
        let own = oldest(&|waiting| is_of_client(waiting) && is_by_page(waiting));
        own.or_else(|| oldest(&is_of_client).filter(|_| !from_page))
    } else if (from_page && of_pages >= MOST_OF_PAGES) || waiting.len() >= MOST_WAITING {
        oldest(&is_by_page)
    } else {
        return Ok(());
    };
    let gone = waiting.remove(goes.ok_or(AskError::DeskFull)?);
    gone.end(Outcome::Displaced);
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::consent::AnswerGoesTo;
    use crate::scope::Scope;
    use crate::store::ClientKind;
    use crate::view::Via;

    fn asker(client: &str, key: &str) -> Asker {
        Asker {
            key: key.into(),
            client_id: ClientId::new(client),
            client_name: client.into(),
            kind: ClientKind::Dynamic,
            registered_at: None,
            confirmed_by: None,
            via: Via::Oauth,
            goes_to: AnswerGoesTo::ThisComputer,
            scopes: Scopes::ALL,
            allowed_before: None,
            program: None,
            sent_by: SentBy::Unknown,
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    fn allow(desk: &Desk, id: &QuestionId, scopes: Scopes) -> Result<(), AnswerError> {
        desk.settle(id, scopes, at(0))?.allow(AccountId::new("a"))
    }

    #[tokio::test]
    async fn the_first_answer_counts_and_the_second_is_refused() {
        let desk = Desk::default();
        let mut ticket = desk.ask(asker("c", "k"), at(0)).unwrap();
        let id = ticket.question.id.clone();
        assert_eq!(allow(&desk, &id, Scopes::ALL), Ok(()));
        assert_eq!(desk.deny(&id, at(0)), Err(AnswerError::Unknown));
        assert_eq!(allow(&desk, &id, Scopes::ALL), Err(AnswerError::Unknown));
        let allowed = Decision::Allow { account: AccountId::new("a"), scopes: Scopes::ALL };
        assert_eq!(ticket.ended().await, Outcome::Answered(allowed));
        assert!(desk.questions().borrow().is_empty());
    }

    #[tokio::test]
    async fn the_same_question_again_is_one_question() {
        let desk = Desk::default();
        let one = desk.ask(asker("c", "k"), at(0)).unwrap();
        let two = desk.ask(asker("c", "k"), at(0)).unwrap();
        assert_eq!(one.question, two.question);
        assert_eq!(desk.questions().borrow().len(), 1);
    }

    #[tokio::test]
    async fn no_more_may_be_allowed_than_was_asked() {
        let desk = Desk::default();
        let read_only = Asker { scopes: Scope::Read.into(), ..asker("c", "k") };
        let id = desk.ask(read_only, at(0)).unwrap().question.id.clone();
        assert_eq!(allow(&desk, &id, Scopes::ALL), Err(AnswerError::NotAsked));
        assert_eq!(allow(&desk, &id, Scopes::NONE), Err(AnswerError::NotAsked));
        assert_eq!(allow(&desk, &id, Scope::Read.into()), Ok(()));
    }

    #[tokio::test]
    async fn a_yes_that_is_carried_out_keeps_everybody_else_out_and_a_yes_that_failed_does_not() {
        let desk = Desk::default();
        let ticket = desk.ask(asker("c", "k"), at(0)).unwrap();
        let id = ticket.question.id.clone();
        let first = desk.settle(&id, Scopes::ALL, at(0)).unwrap();
        assert!(desk.settle(&id, Scopes::ALL, at(0)).is_err(), "one at a time");
        assert_eq!(desk.deny(&id, at(0)), Err(AnswerError::Unknown));
        desk.end_overdue(at(600));
        assert_eq!(ticket.outcome(), None);
        drop(first);
        let second = desk.settle(&id, Scopes::ALL, at(0)).unwrap();
        desk.refuse_all_of(&ClientId::new("c"));
        assert_eq!(second.allow(AccountId::new("a")), Err(AnswerError::Unknown), "revoked meanwhile");
        assert_eq!(ticket.outcome(), Some(Outcome::Answered(Decision::Deny)));
    }

    #[tokio::test]
    async fn what_is_abandoned_while_a_yes_is_carried_out_ends_when_that_fails() {
        let desk = Desk::default();
        let ticket = desk.ask(asker("c", "k"), at(0)).unwrap();
        let id = ticket.question.id.clone();
        let failing = desk.settle(&id, Scopes::ALL, at(0)).unwrap();
        assert!(!desk.abandon(&id, at(0)), "a yes is being carried out");
        assert_eq!(ticket.outcome(), None);
        drop(failing);
        assert_eq!(ticket.outcome(), Some(Outcome::Answered(Decision::Deny)));
        assert!(desk.questions().borrow().is_empty());

        let id = desk.ask(asker("c", "k"), at(0)).unwrap().question.id.clone();
        let carried_out = desk.settle(&id, Scopes::ALL, at(0)).unwrap();
        assert!(!desk.abandon(&id, at(0)));
        assert_eq!(carried_out.allow(AccountId::new("a")), Ok(()), "the yes came first");

        let id = desk.ask(asker("c", "k"), at(0)).unwrap().question.id.clone();
        assert!(desk.abandon(&id, at(0)));
        assert!(!desk.abandon(&id, at(0)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_is_over_by_the_wall_clock_although_the_computer_slept() {
        let desk = Desk::default();
        let ticket = desk.ask(asker("c", "k"), at(0)).unwrap();
        desk.end_overdue(at(599));
        assert_eq!(ticket.outcome(), None);
        // Nothing has looked at the clock since it woke up: too late is too late.
        assert_eq!(desk.deny(&ticket.question.id, at(600)), Err(AnswerError::Unknown));
        assert!(desk.settle(&ticket.question.id, Scopes::ALL, at(600)).is_err());
        desk.end_overdue(at(600));
        assert_eq!(ticket.outcome(), Some(Outcome::TimedOut));
        assert!(desk.questions().borrow().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stepped_back_gives_no_more_time() {
        let desk = Desk::default();
        let ticket = desk.ask(asker("c", "k"), at(100_000)).unwrap();
        tokio::time::advance(DEADLINE.saturating_sub(Duration::from_millis(1))).await;
        desk.end_overdue(at(0));
        assert_eq!(ticket.outcome(), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        desk.end_overdue(at(0));
        assert_eq!(ticket.outcome(), Some(Outcome::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_answering_is_a_refusal() {
        struct Standing;
        impl Clock for Standing {
            fn now(&self) -> SystemTime {
                at(0)
            }
        }
        let (desk, shutdown) = (Desk::default(), CancellationToken::new());
        let keeping = tokio::spawn(keep_time(desk.clone(), Arc::new(Standing), shutdown.clone()));
        let mut ticket = desk.ask(asker("c", "k"), at(0)).unwrap();
        assert_eq!(ticket.ended().await, Outcome::TimedOut);
        assert_eq!(desk.deny(&ticket.question.id, at(0)), Err(AnswerError::Unknown));
        shutdown.cancel();
        keeping.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_asks_too_often_loses_its_oldest_question() {
        // protocol.md 9.21
        let desk = Desk::default();
        let other = desk.ask(asker("other", "k"), at(0)).unwrap();
        let mut tickets = Vec::new();
        for n in 0..MOST_OF_ONE_CLIENT + 2 {
            tickets.push(desk.ask(asker("one", &format!("one {n}")), at(0)).unwrap());
        }
        let ended: Vec<_> = tickets.iter().map(Ticket::outcome).collect();
        assert_eq!(ended[..2], [Some(Outcome::Displaced), Some(Outcome::Displaced)]);
        assert!(ended[2..].iter().all(Option::is_none), "{ended:?}");
        assert_eq!(other.outcome(), None);
        assert_eq!(desk.questions().borrow().len(), 1 + MOST_OF_ONE_CLIENT);
    }

    fn from_page(client: &str, key: &str) -> Asker {
        Asker { sent_by: SentBy::Page, ..asker(client, key) }
    }

    #[tokio::test]
    async fn what_pages_bring_about_takes_nobodys_place_but_their_own() {
        // protocol.md 9.21
        let desk = Desk::default();
        let own = desk.ask(asker("one", "own"), at(0)).unwrap();
        let of_pages: Vec<_> = (0..=MOST_OF_PAGES)
            .map(|n| desk.ask(from_page(&format!("page {n}"), &format!("p{n}")), at(0)).unwrap())
            .collect();
        assert_eq!(of_pages[0].outcome(), Some(Outcome::Displaced));
        assert!(of_pages[1..].iter().all(|ticket| ticket.outcome().is_none()));
        for n in 1..MOST_OF_ONE_CLIENT {
            desk.ask(asker("one", &format!("own {n}")), at(0)).unwrap();
        }
        assert_eq!(desk.ask(from_page("one", "p"), at(0)).err(), Some(AskError::DeskFull));
        assert_eq!(own.outcome(), None);
    }

    #[tokio::test]
    async fn what_pages_bring_about_makes_room_first() {
        // protocol.md 9.21
        let desk = Desk::default();
        let by_page = desk.ask(from_page("page", "p"), at(0)).unwrap();
        let first = desk.ask(asker("one", "0"), at(0)).unwrap();
        for n in 1..MOST_WAITING {
            desk.ask(asker(&format!("c{n}"), &format!("k{n}")), at(0)).unwrap();
        }
        assert_eq!(by_page.outcome(), Some(Outcome::Displaced));
        assert_eq!(first.outcome(), None);

        let desk = Desk::default();
        let first = desk.ask(asker("one", "0"), at(0)).unwrap();
        let by_page = desk.ask(from_page("one", "p"), at(0)).unwrap();
        for n in 2..=MOST_OF_ONE_CLIENT {
            desk.ask(asker("one", &n.to_string()), at(0)).unwrap();
        }
        assert_eq!(by_page.outcome(), Some(Outcome::Displaced));
        assert_eq!(first.outcome(), None);
    }

    fn refused(desk: &Desk, client: &str, second: u64) -> Result<(), AskError> {
        let ticket = desk.ask(asker(client, &second.to_string()), at(second))?;
        desk.deny(&ticket.question.id, at(second)).unwrap();
        Ok(())
    }

    #[tokio::test]
    async fn who_is_refused_again_and_again_rests_for_a_while() {
        // protocol.md 9.21
        let desk = Desk::default();
        for second in 0..5 {
            refused(&desk, "App", second).unwrap();
        }
        assert_eq!(refused(&desk, "App", 5), Err(AskError::Resting));
        for same in ["aPP", "\u{410}pp"] {
            assert_eq!(refused(&desk, same, 5), Err(AskError::Resting), "the same in other letters: {same}");
        }
        assert_eq!(refused(&desk, "Other", 5), Ok(()));
        assert_eq!(refused(&desk, "App", 600), Ok(()), "the first is ten minutes ago");
        let with_host = |key: &str| Asker { confirmed_by: Some("evil.example".into()), ..asker(key, key) };
        for (second, name) in (0..).zip(["a", "b", "c", "d", "e"]) {
            let ticket = desk.ask(with_host(name), at(second)).unwrap();
            assert!(desk.abandon(&ticket.question.id, at(second)), "a window that is closed is a no");
        }
        assert_eq!(desk.ask(with_host("f"), at(5)).err(), Some(AskError::Resting));
    }

    #[tokio::test]
    async fn a_page_that_asks_in_the_name_of_an_app_does_not_make_the_app_rest() {
        // protocol.md 9.21
        let desk = Desk::default();
        for second in 0..5 {
            let ticket = desk.ask(from_page("App", &second.to_string()), at(second)).unwrap();
            desk.deny(&ticket.question.id, at(second)).unwrap();
        }
        assert_eq!(desk.ask(from_page("App", "again"), at(5)).err(), Some(AskError::Resting));
        for second in 5..10 {
            refused(&desk, "App", second).unwrap();
        }
        assert_eq!(refused(&desk, "App", 10), Err(AskError::Resting));
    }

    #[tokio::test]
    async fn one_click_that_refuses_many_is_one_refusal_and_a_yes_forgets_them_all() {
        let desk = Desk::default();
        for n in 0..MOST_OF_ONE_CLIENT {
            desk.ask(asker("App", &n.to_string()), at(0)).unwrap();
        }
        assert_eq!(desk.deny_all(at(0)), MOST_OF_ONE_CLIENT);
        for second in 1..4 {
            refused(&desk, "App", second).unwrap();
        }
        let ticket = desk.ask(asker("App", "yes"), at(4)).unwrap();
        let settling = desk.settle(&ticket.question.id, ticket.question.asker.scopes, at(4)).unwrap();
        settling.allow(AccountId::new("a")).unwrap();
        for second in 5..9 {
            refused(&desk, "App", second).unwrap();
        }
    }

    #[tokio::test]
    async fn a_flood_of_clients_is_refused() {
        // protocol.md 9.21
        let desk = Desk::default();
        for n in 0..MOST_WAITING {
            desk.ask(asker(&format!("c{n}"), &format!("k{n}")), at(0)).unwrap();
        }
        assert_eq!(desk.ask(asker("last", "k"), at(0)).err(), Some(AskError::DeskFull));
        assert!(desk.ask(asker("c0", "k0"), at(0)).is_ok(), "it waits already");
        desk.refuse_all_of(&ClientId::new("c1"));
        assert!(desk.ask(asker("last", "k"), at(0)).is_ok());
        assert_eq!(desk.deny_all(at(0)), MOST_WAITING);
        assert!(desk.questions().borrow().is_empty());
    }

    #[tokio::test]
    async fn a_key_is_kept_no_longer_than_its_question() {
        let desk = Desk::default();
        let key = ApiKey::parse("jean_sk_EXAMPLE_0123456789").unwrap();
        let id = desk.ask(asker("c", "k"), UNIX_EPOCH).unwrap().question.id.clone();
        let other = desk.ask(asker("d", "l"), UNIX_EPOCH).unwrap().question.id.clone();
        desk.keep_key(&id, key.clone());
        assert_eq!(desk.kept_key(&id).map(|kept| kept.digest()), Some(key.digest()));
        assert!(desk.kept_key(&other).is_none());
        desk.deny(&id, UNIX_EPOCH).unwrap();
        assert!(desk.kept_key(&id).is_none());
    }

    #[tokio::test]
    async fn a_question_is_found_by_its_code() {
        let desk = Desk::default();
        let ticket = desk.ask(asker("c", "k"), at(0)).unwrap();
        let typed = ticket.question.code.to_string().to_lowercase();
        assert_eq!(desk.question_by_code(&typed), Some(ticket.question));
    }
}
