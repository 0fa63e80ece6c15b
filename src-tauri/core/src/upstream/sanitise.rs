//! What may be repeated of what the upstream says: no key, no SQL, no driver, no novel
//! (protocol.md 7.28, 9.10; upstream-api.md 9.4, 14.8).

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::api_key::{ApiKey, KEY_PREFIX};

/// Characters of an error message of one line.
const MAX_MESSAGE: usize = 200;
/// Characters of the text of a failed tool.
const MAX_ERROR_TEXT: usize = 2_000;
/// Bytes of a message that are looked at, however long it is: far more than are shown.
const MAX_EXAMINED: usize = 64 * 1024;
/// In place of a key.
const REDACTED: &str = "[redacted]";
/// In place of a message about the upstream's inside.
const INTERNAL: &str = "internal error at Jean Memory";
/// In place of no message.
const NO_MESSAGE: &str = "no reason given";
/// How secrets begin that an upstream message may carry, and how many more characters make one: our
/// keys, those of the AI services behind it, tokens.
const SECRETS: [(&str, usize); 3] = [(KEY_PREFIX, 1), ("sk-", 12), ("Bearer ", 8)];
/// Of the above.
const FIRST_LETTERS: [char; 3] = ['j', 's', 'B'];

/// Words that only a database, a driver or a stack trace says, in lower case.
const INTERNALS: [&str; 22] = [
    "[sql:",
    "[parameters:",
    "insert into ",
    "delete from ",
    "alter table ",
    "sqlalchemy",
    "sqlalche.me",
    "psycopg",
    "asyncpg",
    "sqlite3.",
    "operationalerror",
    "integrityerror",
    "programmingerror",
    "duplicate key value",
    "violates foreign key",
    "violates unique",
    "connection to server at",
    "password authentication failed",
    "no such table",
    "traceback (most recent call last)",
    "postgres://",
    "postgresql://",
];
/// Pairs of words that make SQL together, in this order, in lower case.
const SQL: [(&str, &str); 3] = [("select ", " from "), ("update ", " set "), ("select ", " where ")];

/// One short line out of a message of the upstream.
pub(super) fn short_message(raw: &str) -> String {
    let raw = examined(raw);
    let cleaned = if reveals_internals(raw) { Cow::Borrowed(INTERNAL) } else { redact(raw) };
    let words = cleaned.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.is_empty() { NO_MESSAGE.to_owned() } else { shorten(&line, MAX_MESSAGE).into_owned() }
}

/// The text of a failed tool; borrowed when there is nothing to take out.
pub(super) fn error_text(text: &str) -> Cow<'_, str> {
    let text = examined(text);
    if reveals_internals(text) {
        return Cow::Owned(INTERNAL.to_owned());
    }
    match redact(text) {
        Cow::Borrowed(text) => shorten(text, MAX_ERROR_TEXT),
        Cow::Owned(text) => Cow::Owned(shorten(&text, MAX_ERROR_TEXT).into_owned()),
    }
}

/// Takes the key of this very request out of a value: it never comes back to a client
/// (protocol.md 6.10), even where the upstream repeats it. Other text stays untouched.
pub(super) fn hide_key(value: &mut Value, key: &ApiKey) {
    rewrite(value, &without(key));
}

/// The same for the members of an object, their names included.
pub(super) fn hide_key_in(members: &mut Map<String, Value>, key: &ApiKey) {
    rewrite_members(members, &without(key));
}

fn without(key: &ApiKey) -> impl Fn(&str) -> Option<String> {
    let key = key.expose();
    move |text| text.contains(key).then(|| text.replace(key, REDACTED))
}

/// Makes every string in a value fit for an error, names of members included.
pub(super) fn clean(value: &mut Value) {
    rewrite(value, &|text| match error_text(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(cleaned) => Some(cleaned),
    });
}

/// Replaces the strings of a value for which there is a replacement.
fn rewrite(value: &mut Value, replacement: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(new) = replacement(text) {
                *text = new;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, replacement)),
        Value::Object(members) => rewrite_members(members, replacement),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn rewrite_members(members: &mut Map<String, Value>, replacement: &impl Fn(&str) -> Option<String>) {
    members.values_mut().for_each(|member| rewrite(member, replacement));
    let renamed: Vec<_> =
        members.keys().filter_map(|name| Some((name.clone(), replacement(name)?))).collect();
    for (old, new) in renamed {
        if let Some(member) = members.remove(&old) {
            members.insert(new, member);
        }
    }
}

fn reveals_internals(text: &str) -> bool {
    let text = text.to_lowercase();
    let has_pair = |(first, second): &(&str, &str)| {
        text.find(first).is_some_and(|at| text[at + first.len() - 1..].contains(second))
    };
    INTERNALS.iter().any(|word| text.contains(word)) || SQL.iter().any(has_pair)
}

/// The beginning of a long text, which stays longer than what is shown of it.
fn examined(text: &str) -> &str {
    if text.len() <= MAX_EXAMINED {
        return text;
    }
    let end = (0..=MAX_EXAMINED).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let beginning = &text[..end];
    // A piece of a secret is not known as one where the cut leaves little of it.
    let uncut = beginning.trim_end_matches(is_key_char);
    if uncut.len() > MAX_EXAMINED / 2 { uncut } else { beginning }
}

/// The text without secrets, in one pass; borrowed when there are none.
fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = text[at..].find(FIRST_LETTERS) {
        let start = at + found;
        at = start + 1;
        if let Some(end) = secret_end(text, start) {
            out.push_str(&text[kept..start]);
            out.push_str(REDACTED);
            (kept, at) = (end, end);
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// Where the secret that starts at `start` ends.
fn secret_end(text: &str, start: usize) -> Option<usize> {
    let (prefix, least) = SECRETS.into_iter().find(|(prefix, _)| text[start..].starts_with(prefix))?;
    // "task-management" is a word; a Jean Memory key is one wherever it stands.
    if prefix != KEY_PREFIX && text[..start].ends_with(char::is_alphanumeric) {
        return None;
    }
    let body = &text[start + prefix.len()..];
    let length = body.find(|c| !is_key_char(c)).unwrap_or(body.len());
    (length >= least).then_some(start + prefix.len() + length)
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.'
}

fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "jean_sk_EXAMPLE_abcDEF-0123456789";

    #[test]
    fn a_key_is_hidden_in_names_of_members_too() {
        let key = ApiKey::parse("jean_sk_0123456789abcdef0123").unwrap();
        let mut tool = serde_json::json!({ "name": "a", key.expose(): [{ key.expose(): key.expose() }] });
        hide_key_in(tool.as_object_mut().unwrap(), &key);
        assert_eq!(tool, serde_json::json!({ "name": "a", REDACTED: [{ REDACTED: REDACTED }] }));
    }

    #[test]
    fn an_ordinary_message_stays_as_it_is() {
        for text in [
            "Tool 'nope' not found",
            "add_memories() missing 1 required positional argument: 'text'",
            "'>' not supported between instances of 'str' and 'int'",
            "App task-management-and-more is paused",
            "please select one of these; an update is on the way",
        ] {
            assert_eq!(short_message(text), text);
            assert!(matches!(error_text(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        // protocol.md 9.10
        for text in [
            format!("bad key {KEY}"),
            format!("x{KEY}x"),
            format!("{KEY}{KEY} and {KEY}"),
            "Incorrect API key provided: sk-proj-abcdefghijklmnop".to_owned(),
            "header Bearer eyJhbGciOi.abc.def".to_owned(),
        ] {
            let message = short_message(&text);
            assert!(message.contains(REDACTED), "{message}");
            for secret in ["EXAMPLE", "0123456789", "abcdefgh", "eyJ"] {
                assert!(!message.contains(secret), "{message}");
                assert!(!error_text(&text).contains(secret));
            }
        }
        assert_eq!(short_message(&format!("a {KEY} b")), "a [redacted] b");
    }

    #[test]
    fn sql_and_drivers_are_replaced_by_a_short_message() {
        // protocol.md 7.28
        for text in [
            "(psycopg2.errors.UndefinedTable) relation does not exist [SQL: SELECT id FROM users]",
            "SELECT memories.id FROM memories WHERE user_id = 'u'",
            "select 1 where true",
            "UPDATE apps SET paused = true",
            "INSERT INTO memories (id) VALUES (1)",
            "(Background on this error at: https://sqlalche.me/e/20/e3q8)",
            "connection to server at \"10.1.2.3\", port 5432 failed",
            "Traceback (most recent call last):\n File \"/opt/x.py\"",
            "could not connect to postgresql://user:secret@db/prod",
        ] {
            assert_eq!(short_message(text), INTERNAL, "{text}");
            assert_eq!(error_text(text), INTERNAL, "{text}");
        }
    }

    #[test]
    fn a_message_is_one_line_of_limited_length_and_never_empty() {
        assert_eq!(short_message("a\r\n\tb\u{1b}[31m c\0"), "a b [31m c");
        assert_eq!(short_message(" \n "), NO_MESSAGE);
        let long = short_message(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), MAX_MESSAGE + 1);
        assert!(long.ends_with('…'));
        assert_eq!(error_text(&"x".repeat(10_000)).chars().count(), MAX_ERROR_TEXT + 1);
    }

    #[test]
    fn megabytes_of_secrets_take_no_longer_than_megabytes_of_words() {
        // Looking for each of them in all that follows would take hours.
        for piece in ["jean_sk_a ", "task-", "sk-abcdefghijkl ", "Bearer ", "j"] {
            let text = piece.repeat(1024 * 1024 / piece.len());
            redact(&text);
            assert_eq!(error_text(&text).chars().count(), MAX_ERROR_TEXT + 1, "{piece}");
        }
    }

    #[test]
    fn no_piece_of_a_secret_is_left_where_a_long_text_is_cut() {
        for cut in 0..40 {
            let text =
                format!("{} sk-SECRETSECRETSECRETSECRET{}", "x".repeat(MAX_EXAMINED - cut), " y".repeat(10));
            assert!(!redact(examined(&text)).contains("SEC"), "{cut}");
        }
        assert_eq!(examined(&"x".repeat(MAX_EXAMINED + 1)).len(), MAX_EXAMINED);
        assert!(matches!(error_text(&format!("a {}", "x".repeat(MAX_EXAMINED))), Cow::Owned(_)));
        assert_eq!(examined(&"é".repeat(MAX_EXAMINED)).len(), MAX_EXAMINED);
    }

    #[test]
    fn only_the_key_of_the_request_is_hidden_in_content_and_at_any_depth() {
        let other = "jean_sk_another_key_0123456789";
        let mut value = json!({ "a": [{ KEY: format!("<{KEY}>") }], "b": other, "c": 1 });
        hide_key(&mut value, &ApiKey::parse(KEY).unwrap());
        assert_eq!(value, json!({ "a": [{ REDACTED: "<[redacted]>" }], "b": other, "c": 1 }));
    }
}
