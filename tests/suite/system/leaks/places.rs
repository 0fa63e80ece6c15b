//! What is secret, and the places that are searched for it.

use std::path::Path;

/// A piece of a secret that is this long gives it away; a key's hint of four characters does not.
const PIECE: usize = 16;

/// Each with what it is.
#[derive(Default)]
pub(super) struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// Its first, middle and last piece count, too.
    #[track_caller]
    pub(super) fn add(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= PIECE, "{what} is too short to be looked for");
        let last = secret.len() - PIECE;
        // What comes before the random part tells nothing: `jean_sk_EXAMPLE_`, `jbrefresh_`.
        let from = secret.rfind("EXAMPLE_").map_or(last / 2, |at| (at + "EXAMPLE_".len()).min(last));
        for at in [from, usize::midpoint(from, last), last] {
            self.0.push((what.to_owned(), secret[at..at + PIECE].to_owned()));
        }
    }

    /// A JWT: what it says and its signature; its header is no secret.
    #[track_caller]
    pub(super) fn add_token(&mut self, what: &str, token: &str) {
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts.len(), 3, "{what} is no JWT");
        self.0.push((what.to_owned(), parts[1].to_owned()));
        self.add(what, parts[2]);
    }
}

/// How much a place may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Says nothing of persons.
    Log,
    /// Knows whose account it is (design.md 4).
    Store,
}

/// What was written or told, by the name of the place.
#[derive(Default)]
pub(super) struct Places(Vec<(String, Kind, String)>);

impl Places {
    pub(super) fn log(&mut self, name: &str, text: String) {
        self.0.push((name.to_owned(), Kind::Log, text));
    }

    pub(super) fn error(&mut self, name: &str, text: String) {
        self.log(name, text);
    }

    pub(super) fn output(&mut self, name: &str, text: String) {
        self.0.push((name.to_owned(), Kind::Store, text));
    }

    /// Every file below, byte for byte.
    pub(super) fn files(&mut self, when: &str, directory: &Path) {
        for entry in std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry"))
        {
            let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
            if kind.is_dir() {
                self.files(when, &path);
            } else if kind.is_file() {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
                let is_log = name == "stderr.txt" || name.contains(".log");
                self.0.push((format!("{when}: {name}"), if is_log { Kind::Log } else { Kind::Store }, text));
            }
        }
    }

    /// No secret is anywhere, and no user in a log or an error.
    #[track_caller]
    pub(super) fn assert_free_of(&self, secrets: &Secrets, users: &[&str]) {
        let mut found = Vec::new();
        for (place, kind, text) in &self.0 {
            let told = secrets.0.iter().filter(|(_, piece)| text.contains(piece));
            found.extend(told.map(|(what, piece)| format!("{place}: {what}: {}", around(text, piece))));
            if *kind == Kind::Log {
                let told = users.iter().filter(|user| text.contains(**user));
                found.extend(told.map(|user| format!("{place}: a user id: {}", around(text, user))));
            }
        }
        assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
    }

    /// `value` is in one of the places that are called so.
    #[track_caller]
    pub(super) fn assert_hold(&self, name: &str, value: &str) {
        let mut places = self.0.iter().filter(|(place, ..)| place.contains(name)).peekable();
        assert!(places.peek().is_some(), "nobody looked into {name}");
        assert!(places.any(|(.., text)| text.contains(value)), "{value} is not in {name}");
    }
}

/// The line in which it stands.
fn around<'a>(text: &'a str, piece: &str) -> &'a str {
    let line = text.lines().find(|line| line.contains(piece)).unwrap_or_default();
    match line.char_indices().nth(400) {
        Some((end, _)) => &line[..end],
        None => line,
    }
}
