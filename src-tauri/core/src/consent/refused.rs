//! Who was refused over and over, and rests: asking until somebody clicks the wrong button must not pay.
//!
//! A client of OAuth only: the local socket knows which program asks, and remembers that (`adapter_clients`).

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use unicode_security::skeleton;

use super::{AnswerGoesTo, Asker, SentBy};
use crate::oauth::display_name;
use crate::view::Via;

/// How far back refusals count, and so how long a rest lasts at most.
const WINDOW: Duration = Duration::from_secs(600);
/// Refusals within [`WINDOW`] before a client rests; as many as for a name at the local socket.
const MOST: usize = 5;
/// Refusals that are remembered; a person does not give more within [`WINDOW`].
const MOST_REMEMBERED: usize = 1024;

/// What is remembered.
#[derive(Default)]
pub(super) struct Refused(Vec<Refusal>);

struct Refusal {
    who: Who,
    sent_by: SentBy,
    at: SystemTime,
}

/// Who it is that rests. An id would not do: another one is a registration away.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    /// Everybody that this host vouches for.
    Host(String),
    /// Everybody that says this name, in whatever letters that look like it (UTS #39 §4).
    Name(String),
    /// Everybody without a name whose answer goes there.
    Nameless(AnswerGoesTo),
}

impl Refused {
    pub(super) fn remember(&mut self, asker: &Asker, now: SystemTime) {
        let Some(who) = Who::of(asker) else { return };
        self.0.retain(|refusal| is_recent(refusal.at, now));
        if self.0.len() < MOST_REMEMBERED {
            self.0.push(Refusal { who, sent_by: asker.sent_by, at: now });
        }
    }

    /// A person has allowed it since.
    pub(super) fn forget(&mut self, asker: &Asker) {
        if let Some(who) = Who::of(asker) {
            self.0.retain(|refusal| refusal.who != who);
        }
    }

    /// What pages brought about counts against pages only: any page can ask in the name of any app that describes itself at
    /// an address, and must not keep the app itself from asking.
    pub(super) fn rests(&self, asker: &Asker, now: SystemTime) -> bool {
        let Some(who) = Who::of(asker) else { return false };
        let counts = |refusal: &&Refusal| {
            refusal.who == who
                && is_recent(refusal.at, now)
                && (asker.sent_by == SentBy::Page || refusal.sent_by != SentBy::Page)
        };
        // One click refuses all that wait.
        self.0.iter().filter(counts).map(|refusal| refusal.at).collect::<HashSet<_>>().len() >= MOST
    }
}

impl Who {
    fn of(asker: &Asker) -> Option<Self> {
        match asker.via {
            Via::Oauth => Some(match &asker.confirmed_by {
                Some(host) => Self::Host(host.clone()),
                None if asker.client_name == display_name("") => Self::Nameless(asker.goes_to.clone()),
                None => Self::Name(skeleton(&asker.client_name.to_lowercase()).collect()),
            }),
            Via::Stdio | Via::ApiKey => None,
        }
    }
}

/// A clock that was set back makes nobody rest longer.
fn is_recent(at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(at).is_ok_and(|age| age < WINDOW)
}
