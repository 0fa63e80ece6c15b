//! Configuration files as text that belongs to somebody else: what is in them, and the one piece of text that puts
//! our entry in or takes it out. All other bytes stay as they are, because nothing is ever printed anew.

#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod json;
mod splice;
#[cfg(test)]
mod tests;
mod toml;
mod yaml;

use serde_json::{Map, Value};

pub(super) use self::splice::Splice;
use super::entry::Entry;

/// What a text editor may put at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON; comments and trailing commas are understood everywhere, because some apps allow them.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

/// Where an entry is: `container.name`. Neither is ever taken apart at dots or slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) container: &'a str,
    pub(super) name: &'a str,
}

/// Why a file is left alone. What it holds is not quoted: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The parser stopped here.
    #[error("it is damaged in line {line}")]
    Damaged {
        /// Counted from 1.
        line: usize,
    },
    /// The whole file is not a table of names and values.
    #[error("it does not hold what {0} should")]
    Unexpected(&'static str),
    /// `container` is something else than a table.
    #[error("\"{0}\" in it is not a table")]
    NotATable(String),
    /// A name is there twice, and programs differ in which of the two they take.
    #[error("\"{0}\" is in it twice")]
    Twice(String),
    /// Written in a way that is valid and that we do not edit.
    #[error("\"{0}\" in it is written in a way that only its author should change")]
    Unusual(String),
}

impl Format {
    /// Our entry's value, if there is one.
    pub(super) fn entry(self, text: &str, place: Place<'_>) -> Result<Option<Value>, Unreadable> {
        let whole = self.value(text, place)?;
        Ok(whole.get(place.container).and_then(|container| container.get(place.name)).cloned())
    }

    /// Puts the entry in, or in the place of the one that is there.
    pub(super) fn put(self, text: &str, place: Place<'_>, entry: &Entry) -> Result<Splice, Unreadable> {
        let before = self.value(text, place)?;
        let (mark, body) = split_mark(text);
        let splice = match self {
            Self::Json => json::put(body, place, entry),
            Self::Toml => toml::put(body, place, entry),
            Self::Yaml => yaml::put(body, place, entry),
        }?;
        let splice = splice.after(mark.len());
        self.checked(text, &before, splice, place, Some(&entry.value()))
    }

    /// Takes the entry out; nothing to do when there is none.
    pub(super) fn take(self, text: &str, place: Place<'_>) -> Result<Option<Splice>, Unreadable> {
        let before = self.value(text, place)?;
        let (mark, body) = split_mark(text);
        let splice = match self {
            Self::Json => json::take(body, place),
            Self::Toml => toml::take(body, place),
            Self::Yaml => yaml::take(body, place),
        }?;
        let Some(splice) = splice else { return Ok(None) };
        self.checked(text, &before, splice.after(mark.len()), place, None).map(Some)
    }

    /// Undoes an earlier splice wherever its text is now, if that gives exactly what is wanted: the entry as it was
    /// before (`previous`), and all others as they are now.
    pub(super) fn undo(
        self,
        text: &str,
        place: Place<'_>,
        made: &Splice,
        previous: Option<&Value>,
    ) -> Result<Option<Splice>, Unreadable> {
        let before = self.value(text, place)?;
        Ok(made.undone_in(text).find_map(|splice| self.checked(text, &before, splice, place, previous).ok()))
    }

    fn value(self, text: &str, place: Place<'_>) -> Result<Value, Unreadable> {
        let (_, body) = split_mark(text);
        match self {
            Self::Json => json::value(body, place),
            Self::Toml => toml::value(body, place),
            Self::Yaml => yaml::value(body, place),
        }
    }

    /// The splice, if the file then says what it should: this is what stands between a mistake in an editor and
    /// somebody's file.
    fn checked(
        self,
        text: &str,
        before: &Value,
        splice: Splice,
        place: Place<'_>,
        wanted: Option<&Value>,
    ) -> Result<Splice, Unreadable> {
        let unusual = || Unreadable::Unusual(place.container.to_owned());
        let after = self.value(&splice.applied_to(text), place).map_err(|_| unusual())?;
        let (_, others_before) = parted(before, place);
        let (entry, others_after) = parted(&after, place);
        if entry.as_ref() == wanted && others_before == others_after { Ok(splice) } else { Err(unusual()) }
    }
}

/// The entry, and the whole without it. A container that holds nothing else is as good as none.
fn parted(whole: &Value, place: Place<'_>) -> (Option<Value>, Value) {
    let mut others = whole.clone();
    let Value::Object(root) = &mut others else { return (None, others) };
    let container = root.get_mut(place.container).and_then(Value::as_object_mut);
    let entry = container.and_then(|container| container.remove(place.name));
    let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    if root.get(place.container).is_some_and(is_empty) {
        root.remove(place.container);
    }
    (entry, others)
}

fn split_mark(text: &str) -> (&str, &str) {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    (&text[..text.len() - body.len()], body)
}

/// How the file ends its lines.
fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// What stands between the start of the line and `at`, if that is only blanks.
fn indentation(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = &text[start..at];
    before.chars().all(|letter| letter == ' ' || letter == '\t').then_some(before)
}

/// Counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}
