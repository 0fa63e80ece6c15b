//! What may be handed on to a stranger: no secret, nobody's id or name, no path of a private file.
//!
//! What is known to be private here goes wherever it stands; what looks like it goes too, because a log may speak of
//! other people's folders.

use std::cmp::Reverse;
use std::path::Path;

use crate::config::process_environment;
use crate::logging::redact;
use crate::paths::Paths;
use crate::view::{AccountKind, AccountView};

/// Names that many computers have and that say nothing of a person.
const ANYBODY: [&str; 4] = ["admin", "root", "ubuntu", "user"];
/// Where systems keep people's files; programs are elsewhere.
const PRIVATE_ROOTS: [&str; 12] =
    ["Users", "Volumes", "data", "home", "media", "mnt", "private", "root", "run", "srv", "tmp", "var"];
/// Lengths of the parts of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// Takes out what is private. Home is written `~`.
#[derive(Debug)]
pub struct Export {
    folders: Vec<String>,
    words: Vec<(String, String)>,
}

impl Export {
    /// For this user, the bridge of these paths, and its accounts.
    #[must_use]
    pub fn new(paths: &Paths, accounts: &[AccountView]) -> Self {
        let home = directories::BaseDirs::new().map(|user| user.home_dir().to_owned());
        let users = ["USER", "LOGNAME", "USERNAME"].iter().filter_map(|name| process_environment(name));
        Self::of(paths, home.as_deref(), users.collect(), accounts)
    }

    fn of(paths: &Paths, home: Option<&Path>, mut users: Vec<String>, accounts: &[AccountView]) -> Self {
        let ours = [&paths.data_dir, &paths.log_dir, &paths.sandbox_dir, &paths.run_dir, &paths.config_file];
        let mut folders: Vec<String> = ours.into_iter().filter_map(|path| path.parent()).map(shown).collect();
        folders.extend(home.map(shown));
        folders.retain(|folder| folder.len() > 1);
        // A home in a home goes whole.
        folders.sort_by_key(|folder| Reverse(folder.len()));
        users.extend(home.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()));
        users.retain(|name| !name.is_empty() && !ANYBODY.contains(&name.as_str()));
        let mut words: Vec<_> = users.into_iter().map(|name| (name, "(user)".to_owned())).collect();
        for (number, account) in (1..).zip(accounts) {
            let stands_for = format!("(account {number})");
            // Only a person's own words say anything of them.
            let label = (account.kind == AccountKind::Key).then_some(account.label.as_str());
            let known = [account.id.as_str(), &account.user_id].into_iter().chain(label);
            words.extend(
                known.filter(|text| !text.is_empty()).map(|text| (text.to_owned(), stands_for.clone())),
            );
        }
        words.sort_by_key(|(word, _)| Reverse(word.len()));
        Self { folders, words }
    }

    /// `text` without what is private.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let text = redact(text);
        let text =
            self.folders.iter().fold(text.into_owned(), |text, folder| text.replace(folder.as_str(), "~"));
        let text = without_paths(&text);
        let text =
            self.words.iter().fold(text, |text, (word, stands_for)| without_word(&text, word, stands_for));
        without_people(&text)
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Other people's files, and those on other disks.
fn without_paths(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    let mut before = None;
    while let Some(letter) = rest.chars().next() {
        let is_start = !before
            .is_some_and(|letter: char| letter.is_alphanumeric() || "/\\~.:_-".contains(letter))
            || before == Some(':') && !rest.starts_with("//");
        let length = if is_start { path_at(rest, before) } else { 0 };
        if length > 0 {
            kept.push_str("(path)");
            rest = &rest[length..];
            before = None;
        } else {
            kept.push(letter);
            rest = &rest[letter.len_utf8()..];
            before = Some(letter);
        }
    }
    kept
}

/// How long the private path is that begins here; 0 where none does. In quotes it may have blanks.
fn path_at(text: &str, before: Option<char>) -> usize {
    let is_unix = text.strip_prefix('/').is_some_and(|rest| {
        let root = rest.split(['/', ' ', '"', '\'', '\n']).next().unwrap_or_default();
        PRIVATE_ROOTS.contains(&root) && rest[root.len()..].starts_with('/')
    });
    let bytes = text.as_bytes();
    let is_windows = bytes.len() > 3
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/')
        && bytes[3] != b'/';
    let is_share = text.starts_with("\\\\") && bytes.get(2).is_some_and(u8::is_ascii_alphanumeric);
    if !is_unix && !is_windows && !is_share {
        return 0;
    }
    let quote = before.filter(|letter| "\"'`".contains(*letter));
    let ends = |letter: char| match quote {
        Some(quote) => letter == quote || letter == '\n',
        None => letter.is_whitespace() || "\"'`,;()[]{}<>|=".contains(letter),
    };
    // The colon of a drive is part of the path; one after it ends a clause.
    let path = text.find(ends).map_or(text, |end| &text[..end]);
    path.trim_end_matches([':', '.']).len()
}

/// A word is what stands between signs that a name does not have.
fn without_word(text: &str, word: &str, stands_for: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let end = at + word.len();
        let before = rest[..at].chars().next_back().or_else(|| kept.chars().next_back());
        let is_whole = !before.is_some_and(is_part) && !rest[end..].starts_with(is_part);
        kept.push_str(&rest[..at]);
        kept.push_str(if is_whole { stands_for } else { word });
        rest = &rest[end..];
    }
    kept + rest
}

/// Ids and addresses of people who are not known here.
fn without_people(text: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || "-_.@+".contains(letter);
    let mut kept = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let start = rest.find(is_part).unwrap_or(rest.len());
        let (between, from_word) = rest.split_at(start);
        let end = from_word.find(|letter| !is_part(letter)).unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        kept.push_str(between);
        kept.push_str(&if is_address(word) { "(address)".to_owned() } else { without_ids(word) });
        rest = after;
    }
    kept
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.trim_matches('.').contains('.'))
}

fn without_ids(word: &str) -> String {
    let length = UUID.iter().sum::<usize>() + UUID.len() - 1;
    let bytes = word.as_bytes();
    let starts = (0..bytes.len().saturating_sub(length - 1)).find(|at| is_uuid(&bytes[*at..*at + length]));
    match starts {
        Some(at) => {
            format!("{}(id){}", &word[..at], without_ids(&word[at + length..]))
        }
        None => word.to_owned(),
    }
}

fn is_uuid(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|byte| *byte == b'-');
    let fits = |length: &usize| {
        parts.next().is_some_and(|part| part.len() == *length && part.iter().all(u8::is_ascii_hexdigit))
    };
    UUID.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::AccountId;
    use crate::view::KeyState;

    const ID: &str = "google-oauth2|110169484474386276334";
    const LABEL: &str = "Jean's work";

    fn export() -> Export {
        let mut paths = Paths::under("/home/jeanette/bridge".as_ref());
        paths.config_file = "/elsewhere/jeanette/settings/config.toml".into();
        let account = AccountView {
            id: AccountId::new("jba0123456789"),
            label: LABEL.into(),
            user_id: ID.into(),
            key_hint: "…f3Qa".into(),
            kind: AccountKind::Key,
            state: KeyState::Ok,
        };
        Export::of(&paths, Some("/home/jeanette".as_ref()), vec!["jeanette".into()], &[account])
    }

    #[test]
    fn what_is_private_goes_and_the_rest_stays() {
        for (text, expected) in [
            ("/home/jeanette/.cursor/mcp.json is damaged", "~/.cursor/mcp.json is damaged"),
            ("key `port` in /elsewhere/jeanette/settings/config.toml, x", "key `port` in ~/config.toml, x"),
            ("see /home/eve/taxes.pdf: gone", "see (path): gone"),
            ("\"/media/My Stick/a b.txt\" is read", "\"(path)\" is read"),
            (r"C:\Users\Eve\x.txt is", "(path) is"),
            (
                "POST /mcp/messages/ and http://127.0.0.1:5326/mcp, /status",
                "POST /mcp/messages/ and http://127.0.0.1:5326/mcp, /status",
            ),
            ("https://host.example/home/x and /usr/bin/x", "https://host.example/home/x and /usr/bin/x"),
            ("the key of Jean's work (…f3Qa)", "the key of (account 1) (…f3Qa)"),
            ("account=jba0123456789 refused", "account=(account 1) refused"),
            (
                "jeanette, jeanettes and jean-bridge of Jean Memory",
                "(user), jeanettes and jean-bridge of Jean Memory",
            ),
            ("a 2f1b1c8e-0d6a-4c1d-9a55-0123456789ab b", "a (id) b"),
            ("by jean@example.com.", "by (address)"),
            ("key jean_sk_0123456789abcdef0123456789", "key jean_sk_…"),
            (
                "2026-08-01T12:00:00.000001Z  INFO bridge_core::x: y port=5326",
                "2026-08-01T12:00:00.000001Z  INFO bridge_core::x: y port=5326",
            ),
        ] {
            assert_eq!(export().clean(text), expected);
        }
    }

    /// What must not be handed on, and the piece of it that would give it away.
    fn planted() -> impl Strategy<Value = (String, String)> {
        let hex = |count: usize| format!("[0-9a-f]{{{count}}}");
        let uuid = format!("{}-{}-{}-{}-{}", hex(8), hex(4), hex(4), hex(4), hex(12));
        let same = |text: String| (text.clone(), text);
        prop_oneof![
            "[A-Za-z0-9_-]{16,40}".prop_map(|key| (format!("jean_sk_{key}"), key)),
            "[A-Za-z0-9_-]{20,40}".prop_map(|token| (format!("Bearer {token}"), token)),
            "[A-Za-z0-9_-]{20,40}".prop_map(|token| (format!("eyJ{token}.eyJ{token}.{token}"), token)),
            proptest::string::string_regex(&uuid).unwrap().prop_map(same),
            "[a-z]{3,10}@[a-z]{3,10}\\.(com|org)".prop_map(same),
            "[a-z]{4,10}".prop_map(|name| (format!("/home/{name}x/{name}.txt"), format!("{name}x"))),
            "[a-z]{4,10}".prop_map(|name| (format!("C:\\Users\\{name}x\\a.txt"), format!("{name}x"))),
            Just(("/home/jeanette/notes.txt".to_owned(), "jeanette".to_owned())),
            Just(("/elsewhere/jeanette/settings/x".to_owned(), "jeanette".to_owned())),
            Just(same(ID.to_owned())),
            Just(same(LABEL.to_owned())),
            Just(same("jeanette".to_owned())),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_planted_wherever_it_stands_is_gone(
            pieces in prop::collection::vec(("[ A-Z0-9.,]{0,12}", "( |\n|\"|\\(|=|, )", planted(), "( |\n|\"|\\)|, )"), 1..8),
        ) {
            let text: String =
                pieces.iter().map(|(words, open, (secret, _), close)| format!("{words}{open}{secret}{close}")).collect();
            let clean = export().clean(&text);
            for (_, _, (_, tell_tale), _) in &pieces {
                prop_assert!(!clean.contains(tell_tale.as_str()), "{tell_tale} of {text:?} is in {clean:?}");
            }
            prop_assert_eq!(export().clean(&clean), clean.clone(), "once is enough");
        }
    }
}
