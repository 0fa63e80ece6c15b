//! The desk, with a clock of its own.

use std::time::UNIX_EPOCH;

use super::room::{MOST_OF_ONE_CLIENT, MOST_OF_PAGES, MOST_WAITING};
use super::*;
use crate::consent::{AnswerGoesTo, SentBy};
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
async fn a_yes_that_is_being_carried_out_makes_room_for_nobody() {
    let desk = Desk::default();
    let answered = desk.ask(from_page("client", "answered"), at(0)).unwrap();
    let settling = desk.settle(&answered.question.id, Scopes::ALL, at(0)).unwrap();
    for n in 1..=MOST_OF_PAGES {
        desk.ask(from_page(&format!("other {n}"), "k"), at(0)).unwrap();
    }
    assert_eq!(settling.allow(AccountId::new("a")), Ok(()), "it has not gone for a question of a page");
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
