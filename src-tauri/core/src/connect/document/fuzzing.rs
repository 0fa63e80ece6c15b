//! Configuration files of apps, as people and programs leave them.

use serde_json::{Map, Value};

use super::{Format, Place};
use crate::connect::entry::Entry;
use crate::fuzzing::tells_nothing;

/// JSON with comments.
pub fn json_file(bytes: &[u8]) {
    file(Format::Json, bytes);
}

/// TOML.
pub fn toml_file(bytes: &[u8]) {
    file(Format::Toml, bytes);
}

/// YAML.
pub fn yaml_file(bytes: &[u8]) {
    file(Format::Yaml, bytes);
}

fn file(format: Format, bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        keeps_its_promises(format, text);
    }
}

pub(super) fn entry() -> Entry {
    let members = [("type", "http"), ("url", "http://127.0.0.1:5326/mcp")];
    let table: Map<String, Value> =
        members.map(|(name, value)| (name.into(), value.into())).into_iter().collect();
    let Some(entry) = Entry::of(&Value::Object(table)) else { panic!("a table is an entry") };
    entry
}

pub(super) fn place(format: Format) -> Place<'static> {
    let container = match format {
        Format::Json => "mcpServers",
        Format::Toml => "mcp_servers",
        Format::Yaml => "extensions",
    };
    Place { container, name: "jean-memory" }
}

/// What stands behind an empty table or a word for nothing.
pub(super) fn beyond_nothing(text: &str) -> &str {
    let braces = text.strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('}'));
    let words = || ["null", "Null", "NULL", "~"].iter().find_map(|nothing| text.strip_prefix(nothing));
    braces.or_else(words).unwrap_or(text)
}

/// All that is promised of a file, whether it can be edited or not.
#[track_caller]
pub(super) fn keeps_its_promises(format: Format, before: &str) {
    let place = place(format);
    let previous = match format.entry(before, place) {
        Ok(previous) => previous,
        Err(error) => return tells_nothing(&error),
    };
    let splice = match format.put(before, place, &entry()) {
        Ok(splice) => splice,
        Err(error) => return tells_nothing(&error),
    };
    let after = splice.applied_to(before);
    // Only what is replaced goes, and that is the previous entry or nothing that says anything.
    assert_eq!(&before[splice.at..splice.at + splice.removed.len()], &splice.removed);
    assert!(after.starts_with(&before[..splice.at]));
    assert!(after.ends_with(&before[splice.at + splice.removed.len()..]));
    let kept = beyond_nothing(&splice.removed).trim();
    assert!(previous.is_some() || splice.inserted.contains(kept), "{splice:?}");
    assert_eq!(format.entry(&after, place), Ok(Some(entry().value())));
    let undo = format.undo(&after, place, &splice, previous.as_ref());
    assert_eq!(undo.ok().flatten().map(|undo| undo.applied_to(&after)).as_deref(), Some(before), "{after:?}");
    match format.take(&after, place) {
        Ok(Some(take)) => assert_eq!(format.entry(&take.applied_to(&after), place), Ok(None), "{after:?}"),
        Ok(None) => panic!("it is there: {after:?}"),
        Err(error) => panic!("{error}: {after:?}"),
    }
}
