//! Times, states and permissions in words (look.md, "Words").

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use bridge_core::scope::{Scope, Scopes};
use bridge_core::view::{AccountKind, Destination, KeyState, RequestView, State, Warning};

use crate::safe::safe;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `3 min ago`, from RFC 3339; as it is when it is not a time.
pub(crate) fn ago(time: &str, now: SystemTime) -> String {
    let Ok(then) = humantime::parse_rfc3339(time) else { return safe(time) };
    match now.duration_since(then) {
        Ok(past) if past.as_secs() < MINUTE => "just now".into(),
        Ok(past) => format!("{} ago", span(past)),
        // A clock that was set back.
        Err(_) => "just now".into(),
    }
}

/// `in 9 min`, from RFC 3339.
pub(crate) fn until(time: &str, now: SystemTime) -> String {
    let Ok(then) = humantime::parse_rfc3339(time) else { return safe(time) };
    match then.duration_since(now) {
        Ok(left) if left.as_secs() > 0 => format!("in {}", span(left)),
        _ => "now".into(),
    }
}

/// The largest unit that fits, without a fraction.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => counted(usize::try_from(seconds / DAY).unwrap_or(usize::MAX), "day", "days"),
    }
}

/// A sentence, from an error whose text begins in lower case and has no full stop.
pub(crate) fn sentence(error: impl Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

/// `1 day`, `2 days`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `read and write`.
pub(crate) fn scopes(scopes: Scopes) -> &'static str {
    match (scopes.contains(Scope::Read), scopes.contains(Scope::Write)) {
        (true, true) => "read and write",
        (true, false) => "read",
        (false, true) => "write",
        (false, false) => "nothing",
    }
}

/// What a permission lets an app do.
pub(crate) fn permission(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read: search and list memories",
        Scope::Write => "write: add memories and documents",
    }
}

/// How the bridge is.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::Ready => "ready",
        State::Asking => "an app asks for access",
        State::NeedsKey => "Jean Memory does not accept the key of an account; add a new one",
        State::Offline => "Jean Memory could not be reached at the last attempt",
        State::Paused => "paused; to go on: jean-bridge resume",
    }
}

/// Where an account's key comes from.
pub(crate) fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Key => "Jean Memory",
        AccountKind::Sandbox => "sandbox, on this computer",
        AccountKind::Environment => "Jean Memory, key from the environment",
    }
}

/// What is known of an account's key.
pub(crate) fn key_state(state: KeyState) -> &'static str {
    match state {
        KeyState::Ok => "accepted",
        KeyState::Rejected => "not accepted; add a new one",
        KeyState::Unchecked => "not checked yet",
    }
}

/// Who says that the app is called so: its own claim, or the host that vouches for it.
pub(crate) fn name_comes_from(request: &RequestView) -> String {
    match &request.confirmed_by {
        Some(host) => format!("confirmed by {}", safe(host)),
        None => "as the app gave it; nobody has confirmed it".into(),
    }
}

/// What there is to point out about a name whose letters look like those of another.
pub(crate) const LOOKS_ALIKE: &str =
    "some letters of the name only look like others, as in a name meant to be mistaken";

/// What there is to point out about where the answer goes.
pub(crate) fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::LoopbackOnly => "whatever program of this computer listens there gets the answer",
        Warning::UnknownScheme => {
            "whatever app opens such addresses gets the answer; it is not one that is known here"
        }
        Warning::ForeignWebsite => "the answer goes to a website, not to an app of this computer",
    }
}

/// Where the answer to a request goes: `this computer`, a host, or the app behind a scheme of its own.
pub(crate) fn goes_to(destination: &Destination) -> String {
    match destination {
        Destination::ThisComputer => "this computer".into(),
        Destination::Website { host } => safe(host),
        Destination::Scheme { scheme } => format!("the app for {}: addresses", safe(scheme)),
    }
}

/// The file and the number of a program of this computer, where there is no room for its path.
pub(crate) fn program(program: &str) -> String {
    let name = safe(program.rsplit(['/', '\\']).next().unwrap_or(program));
    // Its number alone, where the system does not tell more.
    if name.chars().all(|letter| letter.is_ascii_digit()) { format!("process {name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-08-01T12:00:00Z";

    fn noon_plus(seconds: u64) -> SystemTime {
        humantime::parse_rfc3339(NOON).expect("a time") + Duration::from_secs(seconds)
    }

    #[test]
    fn errors_become_sentences() {
        assert_eq!(sentence("the disk is full"), "The disk is full.");
        assert_eq!(sentence("übel"), "Übel.");
    }

    #[test]
    fn the_past_is_told_in_its_largest_unit() {
        for (seconds, words) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3599, "59 min ago"),
            (3600, "1 h ago"),
            (86_399, "23 h ago"),
            (86_400, "1 day ago"),
            (1_000_000, "11 days ago"),
        ] {
            assert_eq!(ago(NOON, noon_plus(seconds)), words);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_is_no_riddle() {
        assert_eq!(ago("2026-08-01T13:00:00Z", noon_plus(0)), "just now");
        assert_eq!(ago("yesterday", noon_plus(0)), "yesterday");
    }

    #[test]
    fn the_future_counts_down() {
        assert_eq!(until("2026-08-01T12:09:30Z", noon_plus(0)), "in 9 min");
        assert_eq!(until("2026-08-01T12:00:30Z", noon_plus(0)), "in 30 s");
        assert_eq!(until(NOON, noon_plus(0)), "now");
        assert_eq!(until(NOON, noon_plus(9)), "now");
    }

    #[test]
    fn where_an_answer_goes_is_named_by_whom_it_reaches() {
        let website = Destination::Website { host: "claude.ai".into() };
        let scheme = Destination::Scheme { scheme: "cursor".into() };
        for (destination, words) in [
            (Destination::ThisComputer, "this computer"),
            (website, "claude.ai"),
            (scheme, "the app for cursor: addresses"),
        ] {
            assert_eq!(goes_to(&destination), words);
        }
    }
}
