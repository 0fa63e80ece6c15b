//! Makes what looks like a secret unprintable.

use std::borrow::Cow;

/// What a secret starts with: Jean Memory keys, JSON Web Tokens (a header that starts with `{"`), ids of
/// waiting requests (who knows one may wait for its outcome), credentials of a request header.
const STARTS: [&str; 5] = ["jean_sk_", "eyJ", "jbw", "Bearer ", "Basic "];
/// Our opaque tokens start with `jb`, letters for the kind, and an underscore.
const TOKEN: &str = "jb";
const LONGEST_KIND: usize = 8;
/// Fewer characters than this are no secret, or none any more: `eyJ` and `jbw` may be part of a word.
const SHORTEST: usize = 8;
const MARK: &str = "…";

/// `text` with every key and token cut down to what it starts with.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut rest = text;
    let mut at = 0;
    while let Some((start, end)) = next_secret(rest, at) {
        kept.push_str(&rest[..start]);
        kept.push_str(MARK);
        rest = &rest[end..];
        at = 0;
    }
    if kept.is_empty() && rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// The first secret from `at` on: where its part that must go begins and ends.
fn next_secret(text: &str, mut at: usize) -> Option<(usize, usize)> {
    // All starts are ASCII, so every place looked at is the border of a character.
    while let Some(found) = text[at..].find(['j', 'e', 'B']) {
        let place = at + found;
        if let Some(secret) = secret_at(text, place) {
            return Some(secret);
        }
        at = place + 1;
    }
    None
}

fn secret_at(text: &str, place: usize) -> Option<(usize, usize)> {
    let here = &text[place..];
    let start = STARTS.iter().find(|start| here.starts_with(**start)).map(|start| start.len());
    let start = place + start.or_else(|| token_start(here))?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.~+/=".contains(&byte);
    let length = text.as_bytes()[start..].iter().take_while(|byte| is_part(**byte)).count();
    // Even a short piece of a key is a piece of a key.
    let is_secret = length >= SHORTEST || (length > 0 && here.starts_with(STARTS[0]));
    is_secret.then_some((start, start + length))
}

fn token_start(here: &str) -> Option<usize> {
    let rest = here.strip_prefix(TOKEN)?;
    let kind = rest.bytes().take(LONGEST_KIND).take_while(u8::is_ascii_lowercase).count();
    (kind > 0 && rest[kind..].starts_with('_')).then_some(TOKEN.len() + kind + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (text, expected) in [
            ("key jean_sk_EXAMPLE-_0123456789 came", "key jean_sk_… came"),
            (r#"{"key":"jean_sk_EXAMPLE_0123456789"}"#, r#"{"key":"jean_sk_…"}"#),
            ("jean_sk_abc", "jean_sk_…"),
            ("two: jean_sk_EXAMPLE1,jean_sk_EXAMPLE2", "two: jean_sk_…,jean_sk_…"),
            ("it starts with jean_sk_, then", "it starts with jean_sk_, then"),
            ("token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln end", "token=eyJ… end"),
            ("jbrefresh_0123456789abcdef ok", "jbrefresh_… ok"),
            ("jbr_0123456789abcdef", "jbr_…"),
            ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer …"),
            ("Basic dXNlcjpwYXNzd29yZA==", "Basic …"),
            ("code?transaction=jbw0123456789abcdef", "code?transaction=jbw…"),
            ("ä jean_sk_EXAMPLE_0123456789 ö", "ä jean_sk_… ö"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn harmless_text_is_not_even_copied() {
        for text in ["", "client=jbcEXAMPLE0123456789", "Basic rules", "jb_ is no token", "obj_count=12 keyJ"]
        {
            assert!(matches!(redact(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_key_between_anything_is_gone(before in ".*", key in "[A-Za-z0-9_-]{16,40}", after in ".*") {
            let text = format!("{before}jean_sk_{key}{after}");
            let whole = format!("jean_sk_{key}");
            let redacted = redact(&text);
            prop_assert!(!redacted.contains(&whole));
            prop_assert_eq!(redact(&redacted), redacted.as_ref());
        }
    }
}
