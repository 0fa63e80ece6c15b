//! How many questions may wait, and which one goes where there are too many.

use super::{AskError, Waiting};
use crate::consent::{Asker, Outcome, SentBy};

/// Questions that wait at once; more would be a flood, not a choice (protocol.md 9.21).
pub(super) const MOST_WAITING: usize = 20;
/// Questions of one client that wait at once; several windows of one client are normal (protocol.md 3.21).
pub(super) const MOST_OF_ONE_CLIENT: usize = 5;
/// Questions that web pages brought about and that wait at once: an open page can send the browser here over and over,
/// for one client or for many, and must leave the places alone that programs need.
pub(super) const MOST_OF_PAGES: usize = 5;

/// Where there is room, nobody goes; otherwise the oldest of those that may make room, pages' first. A yes that is being
/// carried out goes for nobody: a person has given it, and may have typed a key for it.
pub(super) fn make(waiting: &mut Vec<Waiting>, asker: &Asker) -> Result<(), AskError> {
    let is_by_page = |waiting: &Waiting| waiting.question.asker.sent_by == SentBy::Page;
    let is_of_client = |waiting: &Waiting| waiting.question.asker.client_id == asker.client_id;
    let of_client = waiting.iter().filter(|waiting| is_of_client(waiting)).count();
    let of_pages = waiting.iter().filter(|waiting| is_by_page(waiting)).count();
    let from_page = asker.sent_by == SentBy::Page;
    let oldest = |goes: &dyn Fn(&Waiting) -> bool| {
        waiting.iter().position(|waiting| !waiting.is_settling && goes(waiting))
    };
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
