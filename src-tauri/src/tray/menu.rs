//! What the tray shows, as data: made from what is known, compared with `==`, and drawn elsewhere.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use bridge_core::ids::{AccountId, ClientId};
use bridge_core::scope::Scope;
use bridge_core::view::{AccountView, ClientView, KeyState, Settings, State, StatusView};

use crate::names;
use crate::words::Words;

/// Apps in the menu; a longer list is looked through in the window.
const MOST_APPS: usize = 20;

/// Everything a menu is made from.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) status: StatusView,
    pub(super) clients: Vec<ClientView>,
    pub(super) accounts: Vec<AccountView>,
    pub(super) settings: Settings,
    /// How many things are wrong that a person can do something about.
    pub(super) problems: usize,
    /// Whether a new version waits for a restart.
    pub(super) is_replaced: bool,
    /// None: this system does not tell.
    pub(super) start_at_login: Option<bool>,
}

/// The icon and the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tray {
    pub(super) state: State,
    pub(super) entries: Vec<Entry>,
}

/// One line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Only to be read.
    Words(String),
    /// Does something.
    Button(String, Action),
    /// Is on or off.
    Switch { text: String, is_on: bool, switch: Switch },
    /// Opens another menu.
    Menu(String, Vec<Entry>),
    /// Parts what does not belong together.
    Line,
}

/// What a click does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Brings the oldest question to the front.
    Answer,
    /// Opens the window where the account gets a new key.
    NewKey(AccountId),
    Revoke(ClientId),
    Connect,
    Apps,
    Open,
    /// Opens the page of releases.
    NewVersion,
    Turn {
        switch: Switch,
        on: bool,
    },
    Restart,
    Quit,
}

/// What is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    Pause,
    StartAtLogin,
}

/// The menu for what is known.
pub(super) fn tray(known: &Known, words: &Words, now: SystemTime) -> Tray {
    let mut entries = vec![Entry::Words(state_in_words(&known.status, words))];
    entries.extend(urgent(known, words));
    entries.push(Entry::Line);
    entries.push(apps(&known.clients, words, now));
    entries.push(Entry::Button(words.say("tray.connect", &[]), Action::Connect));
    entries.push(Entry::Button(words.say("tray.open", &[]), Action::Open));
    if let Some(update) = &known.status.update {
        let text = words.say("tray.new_version", &[("version", &update.version)]);
        entries.push(Entry::Button(text, Action::NewVersion));
    }
    entries.push(Entry::Line);
    let text = words.say("tray.pause", &[]);
    entries.push(Entry::Switch { text, is_on: known.settings.paused, switch: Switch::Pause });
    if let Some(is_on) = known.start_at_login {
        let text = words.say("tray.start_at_login", &[]);
        entries.push(Entry::Switch { text, is_on, switch: Switch::StartAtLogin });
    }
    entries.push(Entry::Line);
    entries.push(Entry::Button(words.say("tray.quit", &[]), Action::Quit));
    Tray { state: known.status.state, entries }
}

fn state_in_words(status: &StatusView, words: &Words) -> String {
    match status.state {
        State::Ready => words.say("tray.ready", &[]),
        State::Asking => words.count("tray.asking", status.requests as u64, &[]),
        State::NeedsKey => words.say("tray.needs_key", &[]),
        State::Offline => words.say("tray.offline", &[]),
        State::Paused => words.say("tray.paused", &[]),
    }
}

/// What somebody should do something about.
fn urgent(known: &Known, words: &Words) -> Vec<Entry> {
    let mut entries = Vec::new();
    let questions = known.status.requests as u64;
    if questions > 0 {
        entries.push(Entry::Button(words.count("tray.answer", questions, &[]), Action::Answer));
    }
    for account in known.accounts.iter().filter(|account| account.state == KeyState::Rejected) {
        let label = names::plain(&account.label);
        let text = words.say("tray.new_key", &[("account", &label)]);
        entries.push(Entry::Button(text, Action::NewKey(account.id.clone())));
    }
    if known.problems > 0 {
        let text = words.count("tray.problems", known.problems as u64, &[]);
        entries.push(Entry::Button(text, Action::Open));
    }
    if known.is_replaced {
        entries.push(Entry::Button(words.say("tray.replaced", &[]), Action::Restart));
    }
    entries
}

fn apps(clients: &[ClientView], words: &Words, now: SystemTime) -> Entry {
    if clients.is_empty() {
        return Entry::Words(words.say("tray.no_apps", &[]));
    }
    // Their last use decides which ones are left out, but not their order: an entry must not move while somebody
    // reaches for it.
    let mut by_use: Vec<&ClientView> = clients.iter().collect();
    by_use
        .sort_by_key(|client| std::cmp::Reverse(client.last_used_at.as_ref().unwrap_or(&client.created_at)));
    let shown = &by_use[..by_use.len().min(MOST_APPS)];
    let mut named = HashMap::new();
    let mut entries: Vec<Entry> = clients
        .iter()
        .filter(|client| shown.iter().any(|one| one.id == client.id))
        .map(|client| {
            let name = names::plain(&client.name);
            let same: &mut usize = named.entry(name.clone()).or_default();
            *same += 1;
            let name = if *same == 1 { name } else { format!("{name} ({same})") };
            app(client, name, words, now)
        })
        .collect();
    if shown.len() < clients.len() {
        entries.push(Entry::Button(words.say("tray.more_apps", &[]), Action::Apps));
    }
    Entry::Menu(words.say("tray.apps", &[]), entries)
}

/// What cannot be undone says so before, in a menu of its own: one click must not end an app's access.
fn app(client: &ClientView, name: String, words: &Words, now: SystemTime) -> Entry {
    let revoke = words.say("tray.revoke_now", &[("app", &name)]);
    let entries = vec![
        Entry::Words(last_use(client, words, now)),
        Entry::Words(may(client, words)),
        Entry::Line,
        Entry::Menu(
            words.say("tray.revoke", &[]),
            vec![
                Entry::Words(words.say("tray.revoke_means", &[])),
                Entry::Button(revoke, Action::Revoke(client.id.clone())),
            ],
        ),
    ];
    Entry::Menu(name, entries)
}

fn may(client: &ClientView, words: &Words) -> String {
    let key = match (client.scopes.contains(Scope::Read), client.scopes.contains(Scope::Write)) {
        (true, true) => "tray.may_read_and_write",
        (false, true) => "tray.may_write",
        (true | false, false) => "tray.may_read",
    };
    words.say(key, &[])
}

fn last_use(client: &ClientView, words: &Words, now: SystemTime) -> String {
    let used = client.last_used_at.as_ref().and_then(|at| humantime::parse_rfc3339_weak(at).ok());
    let Some(used) = used else { return words.say("tray.not_used", &[]) };
    // A clock that was set back makes "just now" of the future.
    let (key, count) = rounded(now.duration_since(used).unwrap_or_default());
    if count == 0 { words.say(key, &[]) } else { words.count(key, count, &[]) }
}

/// In the largest unit that is full; 0 where there is nothing to count.
fn rounded(age: Duration) -> (&'static str, u64) {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match age.as_secs() {
        seconds if seconds < MINUTE => ("tray.used_now", 0),
        seconds if seconds < HOUR => ("tray.used_minutes", seconds / MINUTE),
        seconds if seconds < DAY => ("tray.used_hours", seconds / HOUR),
        seconds => ("tray.used_days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use bridge_core::scope::Scopes;
    use bridge_core::view::{AccountKind, NewVersion, Via};

    use super::*;

    fn status(state: State, requests: usize) -> StatusView {
        StatusView {
            state,
            url: String::new(),
            instance: String::new(),
            version: String::new(),
            pid: 1,
            requests,
            clients: 0,
            accounts: 0,
            notices: Vec::new(),
            update: None,
        }
    }

    fn client(id: &str, name: &str) -> ClientView {
        ClientView {
            id: ClientId::new(id),
            name: name.into(),
            via: Via::Oauth,
            scopes: Scopes::ALL,
            account: None,
            grant: None,
            created_at: "1970-01-01T00:00:00Z".into(),
            last_used_at: None,
            calls: 0,
        }
    }

    fn known() -> Known {
        Known {
            status: status(State::Ready, 0),
            clients: Vec::new(),
            accounts: Vec::new(),
            settings: Settings::default(),
            problems: 0,
            is_replaced: false,
            start_at_login: Some(false),
        }
    }

    fn drawn(known: &Known) -> Tray {
        tray(known, &Words::of(Some("en")), UNIX_EPOCH + Duration::from_secs(10_000))
    }

    /// As a person reads it: submenus indented, `[x]` for what is on.
    fn text(entries: &[Entry]) -> Vec<String> {
        entries
            .iter()
            .flat_map(|entry| match entry {
                Entry::Words(text) => vec![format!("({text})")],
                Entry::Button(text, _) => vec![text.clone()],
                Entry::Switch { text, is_on, .. } => {
                    vec![format!("[{}] {text}", if *is_on { "x" } else { " " })]
                }
                Entry::Line => vec!["-".into()],
                Entry::Menu(name, entries) => std::iter::once(name.clone())
                    .chain(text(entries).into_iter().map(|line| format!("  {line}")))
                    .collect(),
            })
            .collect()
    }

    #[test]
    fn a_fresh_bridge_says_how_to_begin() {
        assert_eq!(
            text(&drawn(&known()).entries),
            [
                "(Ready)",
                "-",
                "(No app has access yet)",
                "Connect an app…",
                "Open",
                "-",
                "[ ] Pause",
                "[ ] Start at login",
                "-",
                "Quit",
            ]
        );
    }

    #[test]
    fn a_newer_version_has_an_entry_that_says_its_number() {
        let mut known = known();
        known.status.update =
            Some(NewVersion { version: "0.2.0".into(), page: "https://example.com/releases".into() });
        let Some(Entry::Button(text, Action::NewVersion)) = drawn(&known).entries.into_iter().nth(5) else {
            panic!("an entry")
        };
        assert_eq!(text, "Version 0.2.0 is out…");
    }

    #[test]
    fn an_app_is_revoked_in_two_steps_that_say_what_happens() {
        let used =
            ClientView { last_used_at: Some("1970-01-01T02:43:00Z".into()), ..client("c", "Claude Code") };
        let read_only = ClientView { scopes: Scope::Read.into(), ..client("d", "Cursor") };
        let known = Known { clients: vec![used, read_only], ..known() };
        assert_eq!(
            text(&drawn(&known).entries)[2..15],
            [
                "Connected apps",
                "  Claude Code",
                "    (Used 3 min ago)",
                "    (May read and write)",
                "    -",
                "    Revoke…",
                "      (It must ask again. This cannot be undone.)",
                "      Revoke Claude Code now",
                "  Cursor",
                "    (Not used yet)",
                "    (May only read)",
                "    -",
                "    Revoke…",
            ]
        );
    }

    #[test]
    fn questions_and_rejected_keys_come_first() {
        let account = AccountView {
            id: AccountId::new("a"),
            label: "Work_&".into(),
            user_id: String::new(),
            key_hint: String::new(),
            kind: AccountKind::Key,
            state: KeyState::Rejected,
        };
        let known =
            Known { status: status(State::Asking, 2), accounts: vec![account], problems: 1, ..known() };
        assert_eq!(
            text(&drawn(&known).entries)[..5],
            [
                "(2 apps wait for your answer)",
                "Answer 2 questions…",
                "Give Work + a new key…",
                "Look at 1 problem…",
                "-"
            ]
        );
    }

    #[test]
    fn a_new_version_is_offered_and_takes_over_at_a_click() {
        let tray = drawn(&Known { is_replaced: true, ..known() });
        assert_eq!(text(&tray.entries)[..3], ["(Ready)", "Restart: a new version is installed", "-"]);
        assert!(matches!(tray.entries[1], Entry::Button(_, Action::Restart)));
    }

    #[test]
    fn a_name_can_neither_forge_an_entry_nor_flood_the_menu() {
        let clients = vec![
            client("1", "Quit\n&Quit_"),
            client("2", &"x".repeat(80)),
            client("3", "Same"),
            client("4", "Same"),
        ];
        let known = Known { clients, ..known() };
        let lines = text(&drawn(&known).entries);
        assert!(lines.contains(&"  Quit +Quit".to_owned()), "{lines:#?}");
        assert!(lines.contains(&format!("  {}…", "x".repeat(40))), "{lines:#?}");
        assert!(
            lines.contains(&"  Same".to_owned()) && lines.contains(&"  Same (2)".to_owned()),
            "{lines:#?}"
        );
        assert_eq!(lines.iter().filter(|line| *line == "Quit").count(), 1);
    }

    #[test]
    fn of_many_apps_the_last_used_are_listed() {
        let mut clients: Vec<_> = (0..100).map(|n| client(&n.to_string(), &format!("App {n}"))).collect();
        clients[0].last_used_at = Some("1970-01-01T01:00:00Z".into());
        let known = Known { clients, ..known() };
        let Some(Entry::Menu(_, apps)) = drawn(&known).entries.into_iter().nth(2) else { panic!("apps") };
        assert_eq!(apps.len(), MOST_APPS + 1);
        assert!(matches!(&apps[0], Entry::Menu(name, _) if name == "App 0"));
        assert_eq!(apps.last(), Some(&Entry::Button("More apps…".into(), Action::Apps)));
    }

    #[test]
    fn switches_show_what_is_known() {
        let settings = Settings { paused: true, ..Settings::default() };
        let known = Known { settings, start_at_login: None, ..known() };
        let tray = drawn(&known);
        assert!(tray.entries.contains(&Entry::Switch {
            text: "Pause".into(),
            is_on: true,
            switch: Switch::Pause
        }));
        assert!(
            !text(&tray.entries).iter().any(|line| line.contains("login")),
            "what is not known is not claimed"
        );
    }

    #[test]
    fn ages_are_rounded_down_to_one_unit() {
        for (seconds, expected) in [
            (0, ("tray.used_now", 0)),
            (59, ("tray.used_now", 0)),
            (60, ("tray.used_minutes", 1)),
            (3599, ("tray.used_minutes", 59)),
            (86_399, ("tray.used_hours", 23)),
            (400 * 86_400, ("tray.used_days", 400)),
        ] {
            assert_eq!(rounded(Duration::from_secs(seconds)), expected);
        }
    }
}
