//! What an app's entry for this bridge says, as data and as text.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::ser::{PrettyFormatter, Serializer as Json};
use serde_json::{Map, Value};

use super::form::{Part, Target};
use crate::secret::Digest;

/// Under which name the bridge is entered: short, because apps put it in front of every tool's name.
pub const ENTRY_NAME: &str = "jean-memory";

/// The members of an entry, in the order in which people are used to read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry(Vec<(String, Value)>);

impl Entry {
    /// From an app's form; none where the form asks for the other kind of target, or the program's path is not
    /// Unicode.
    pub(super) fn new(form: &[(&'static str, Part)], target: Target<'_>) -> Option<Self> {
        let members = form.iter().map(|(name, part)| Some(((*name).to_owned(), part.value(target)?)));
        members.collect::<Option<_>>().map(Self)
    }

    /// One that was in a file before; none of what is no table.
    pub(super) fn of(value: &Value) -> Option<Self> {
        value.as_object().map(|table| Self(table.clone().into_iter().collect()))
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(super) fn value(&self) -> Value {
        Value::Object(self.members().map(|(name, value)| (name.to_owned(), value.clone())).collect())
    }

    /// Whether an entry says all that this one says; what a person or the app has added does not matter.
    pub(super) fn is_said_by(&self, found: &Value) -> bool {
        self.members().all(|(name, value)| found.get(name) == Some(value) || says_nothing(name, value, found))
    }

    /// On one line.
    pub(super) fn compact(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// On several lines, all but the first indented by `outer`.
    pub(super) fn pretty(&self, unit: &str, outer: &str, line_end: &str) -> String {
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(unit.as_bytes());
        let written = self.serialize(&mut Json::with_formatter(&mut bytes, formatter));
        let text = String::from_utf8(bytes).unwrap_or_default();
        debug_assert!(written.is_ok(), "plain data can always be written");
        text.replace('\n', &format!("{line_end}{outer}"))
    }
}

/// What apps leave out or write by themselves: an empty list or table.
fn says_nothing(name: &str, wanted: &Value, found: &Value) -> bool {
    let is_empty = |value: &Value| match value {
        Value::Array(list) => list.is_empty(),
        Value::Object(table) => table.is_empty(),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    is_empty(wanted) && found.get(name).is_none_or(is_empty)
}

/// Identifies an entry without keeping what is in it.
pub(super) fn fingerprint(entry: &Value) -> String {
    Digest::of(&sorted(entry).to_string()).short_hex()
}

/// The same whatever order a file has.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(table) => {
            let mut names: Vec<_> = table.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            Value::Object(
                names.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A string as JSON has it, which TOML and YAML understand too.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.members() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
