//! Who was refused, and is not asked again: a client that calls once a second must not raise a question once a second.
//!
//! A refusal is for one name in one program, and lasts as long as that program runs: whoever starts it anew has
//! changed their mind, or may have.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::ids::ClientId;
use crate::process::ProcessId;

/// Refusals remembered at once.
const MOST_REFUSALS: usize = 256;
/// Names under which one program may be refused before it is not asked under any other.
const MOST_NAMES: usize = 5;
/// How long a refusal lasts for a program that the system does not tell.
const UNKNOWN_HOLDS: Duration = Duration::from_secs(600);
/// Refusals of one name within [`UNKNOWN_HOLDS`], in however many programs, before it is asked about in no other: one
/// that is started anew for each call would have a question for each.
const MOST_TIMES: usize = 5;

/// What is remembered.
#[derive(Default)]
pub(super) struct Refusals(Vec<Refusal>);

struct Refusal {
    client: ClientId,
    /// None where the system does not tell which program it is.
    process: Option<ProcessId>,
    at: SystemTime,
}

impl Refusals {
    /// Remembers one. Where there are too many, those of programs that ended go first, then the oldest.
    pub(super) fn remember(
        &mut self,
        client: &ClientId,
        process: Option<ProcessId>,
        now: SystemTime,
        runs: impl Fn(ProcessId) -> bool,
    ) {
        self.0.retain(|known| (&known.client, known.process) != (client, process));
        if self.0.len() >= MOST_REFUSALS {
            self.0.retain(|known| known.process.map_or_else(|| known.is_recent(now), &runs));
        }
        if self.0.len() >= MOST_REFUSALS {
            self.0.remove(0);
        }
        self.0.push(Refusal { client: client.clone(), process, at: now });
    }

    /// Whether a client in this program is not asked again.
    pub(super) fn hold(&self, client: &ClientId, process: Option<ProcessId>, now: SystemTime) -> bool {
        let of_the_program = || {
            let known = self.0.iter().filter(move |known| known.process == process);
            known.filter(move |known| process.is_some() || known.is_recent(now))
        };
        let times = || {
            let recent = self.0.iter().filter(|known| known.client == *client && known.is_recent(now));
            // One answer refuses all programs that wait for it.
            recent.map(|known| known.at).collect::<HashSet<_>>().len()
        };
        of_the_program().any(|known| known.client == *client)
            || of_the_program().count() >= MOST_NAMES
            || times() >= MOST_TIMES
    }

    /// A person has allowed the client since.
    pub(super) fn forget(&mut self, client: &ClientId) {
        self.0.retain(|known| known.client != *client);
    }
}

impl Refusal {
    fn is_recent(&self, now: SystemTime) -> bool {
        now.duration_since(self.at).is_ok_and(|age| age < UNKNOWN_HOLDS)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const LATER: Duration = Duration::from_secs(24 * 3600);

    fn client(name: &str) -> ClientId {
        ClientId::new(name)
    }

    fn process(pid: usize) -> ProcessId {
        ProcessId::new(u32::try_from(pid).unwrap(), 1)
    }

    fn refused(all: impl IntoIterator<Item = (&'static str, Option<ProcessId>)>) -> Refusals {
        let mut refusals = Refusals::default();
        for (name, process) in all {
            refusals.remember(&client(name), process, UNIX_EPOCH, |_| true);
        }
        refusals
    }

    #[test]
    fn a_refusal_is_for_one_name_in_one_program_and_does_not_wear_off() {
        let refusals = refused([("Claude", Some(process(1)))]);
        let later = UNIX_EPOCH + LATER;
        assert!(refusals.hold(&client("Claude"), Some(process(1)), later));
        assert!(!refusals.hold(&client("Claude"), Some(process(2)), later));
        assert!(!refusals.hold(&client("Cursor"), Some(process(1)), later));
        let successor = Some(ProcessId::new(1, 2));
        assert!(!refusals.hold(&client("Claude"), successor, later));
        assert!(!refusals.hold(&client("Claude"), None, later));
    }

    #[test]
    fn what_is_allowed_since_is_refused_nowhere() {
        let mut refusals = refused([
            ("Claude", Some(process(1))),
            ("Claude", Some(process(2))),
            ("Cursor", Some(process(1))),
        ]);
        refusals.forget(&client("Claude"));
        assert!(!refusals.hold(&client("Claude"), Some(process(2)), UNIX_EPOCH));
        assert!(refusals.hold(&client("Cursor"), Some(process(1)), UNIX_EPOCH));
    }

    #[test]
    fn a_program_that_is_refused_under_many_names_is_asked_under_no_other() {
        let names = ["a", "b", "c", "d", "e"];
        let refusals = refused(names.into_iter().map(|name| (name, Some(process(1)))));
        assert!(refusals.hold(&client("f"), Some(process(1)), UNIX_EPOCH));
        assert!(!refusals.hold(&client("f"), Some(process(2)), UNIX_EPOCH));
        // The same one again and again is one.
        let refusals = refused([("a", Some(process(1))); MOST_NAMES + 1]);
        assert!(!refusals.hold(&client("f"), Some(process(1)), UNIX_EPOCH));
    }

    #[test]
    fn a_name_that_is_refused_again_and_again_rests_for_a_while() {
        let mut refusals = Refusals::default();
        let at = |minute: u64| UNIX_EPOCH + Duration::from_secs(60 * minute);
        // One answer for many programs is one.
        for pid in 10..20 {
            refusals.remember(&client("Claude"), Some(process(pid)), at(0), |_| true);
        }
        for minute in 1..5 {
            let program = Some(process(usize::try_from(minute).unwrap()));
            assert!(!refusals.hold(&client("Claude"), program, at(minute)), "{minute}");
            refusals.remember(&client("Claude"), program, at(minute), |_| true);
        }
        let last = at(4);
        assert!(refusals.hold(&client("Claude"), Some(process(99)), last));
        assert!(!refusals.hold(&client("Cursor"), Some(process(99)), last));
        assert!(!refusals.hold(&client("Claude"), Some(process(99)), at(0) + UNKNOWN_HOLDS));
    }

    #[test]
    fn where_the_program_is_not_known_a_refusal_wears_off() {
        let refusals = refused([("Claude", None)]);
        assert!(refusals.hold(&client("Claude"), None, UNIX_EPOCH + UNKNOWN_HOLDS - Duration::from_secs(1)));
        assert!(!refusals.hold(&client("Claude"), None, UNIX_EPOCH + UNKNOWN_HOLDS));
        // A clock that stepped back extends nothing.
        assert!(!refusals.hold(&client("Claude"), None, UNIX_EPOCH - Duration::from_secs(1)));
    }

    #[test]
    fn when_there_are_too_many_those_of_ended_programs_go_first_and_then_the_oldest() {
        let mut refusals = refused((0..MOST_REFUSALS).map(|pid| ("Claude", Some(process(pid)))));
        let odd = |id: ProcessId| id.pid % 2 == 1;
        refusals.remember(&client("Cursor"), Some(process(1)), UNIX_EPOCH, odd);
        assert_eq!(refusals.0.len(), MOST_REFUSALS / 2 + 1);
        assert!(refusals.hold(&client("Claude"), Some(process(1)), UNIX_EPOCH));
        assert!(!refusals.hold(&client("Claude"), Some(process(2)), UNIX_EPOCH));

        let mut refusals = refused((0..MOST_REFUSALS).map(|pid| ("Claude", Some(process(pid)))));
        refusals.remember(&client("Cursor"), Some(process(1)), UNIX_EPOCH, |_| true);
        assert_eq!(refusals.0.len(), MOST_REFUSALS);
        assert!(!refusals.hold(&client("Claude"), Some(process(0)), UNIX_EPOCH));
        assert!(refusals.hold(&client("Cursor"), Some(process(1)), UNIX_EPOCH));
    }
}
