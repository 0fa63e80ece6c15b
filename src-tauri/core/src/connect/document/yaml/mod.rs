//! YAML, by whole lines: a new entry is the first of its table, straight under the table's name. Only files that are
//! one table of tables in the indented style are edited; everything rarer is for its author. That is also our table with
//! an anchor or a tag, and an entry with one anywhere: what changes there changes wherever an alias stands.

mod tree;

use std::ops::Range;

use serde_json::Value;

use self::tree::{Kind, Node};
use super::{Place, Splice, Unreadable, line_end};
use crate::connect::entry::{Entry, quoted};

/// How much deeper than its table an entry is.
const INDENT: usize = 2;

pub(super) fn value(text: &str, place: Place<'_>) -> Result<Value, Unreadable> {
    Ok(parse(text, place)?.map_or_else(|| Value::Object(serde_json::Map::new()), |root| root.value()))
}

pub(super) fn put(text: &str, place: Place<'_>, entry: &Entry) -> Result<Splice, Unreadable> {
    // To YAML a carriage return alone ends a line too, to us it does not: what was put in could not be taken out.
    if text.replace("\r\n", "").contains('\r') {
        return Err(Unreadable::Unusual(place.container.to_owned()));
    }
    let end = line_end(text);
    let root = parse(text, place)?;
    let Some(root) = root.filter(|root| !root.members().is_empty()) else {
        let lead = if text.is_empty() || text.ends_with('\n') { "" } else { end };
        let entry = rendered(place, entry, INDENT, end);
        return Ok(Splice::insert(text.len(), format!("{lead}{}:{end}{entry}", place.container)));
    };
    let Some((name, container)) = member(&root, place.container) else {
        let lead = if text.ends_with('\n') { "" } else { end };
        let entry = rendered(place, entry, INDENT, end);
        return Ok(Splice::insert(text.len(), format!("{lead}{}:{end}{entry}", place.container)));
    };
    if let Some(previous) = member(container, place.name) {
        let (key, _) = previous;
        let lines = lines_of(text, &root, container, previous, place)?;
        return Ok(Splice::replace(text, lines, rendered(place, entry, key.column, end)));
    }
    if container.members().is_empty() {
        let entry = rendered(place, entry, name.column + INDENT, end);
        // `{}`, `~`, `null`, or nothing at all.
        let written = container.written(text);
        if container.line != name.line || written.is_empty() {
            let at = after_line(text, name.line);
            let lead = if text[..at].ends_with('\n') { "" } else { end };
            return Ok(Splice::insert(at, format!("{lead}{entry}")));
        }
        // A comment stays on the line that it is on; one between braces on several lines has no place left.
        let line = after_line(text, container.line);
        if line < written.end {
            return Err(Unreadable::Unusual(place.container.to_owned()));
        }
        let line = line - (text[..line].len() - text[..line].trim_end_matches(['\r', '\n']).len());
        let comment = text[written.end..line].trim();
        let lines = format!("{comment}{end}{}", entry.trim_end_matches(['\r', '\n']));
        return Ok(Splice::replace(text, written.start..line, lines));
    }
    let first = container.column;
    Ok(Splice::insert(after_line(text, name.line), rendered(place, entry, first, end)))
}

pub(super) fn take(text: &str, place: Place<'_>) -> Result<Option<Splice>, Unreadable> {
    let Some(root) = parse(text, place)? else { return Ok(None) };
    let Some((_, container)) = member(&root, place.container) else { return Ok(None) };
    let Some(entry) = member(container, place.name) else { return Ok(None) };
    let lines = lines_of(text, &root, container, entry, place)?;
    Ok(Some(Splice::replace(text, lines, "")))
}

fn parse(text: &str, place: Place<'_>) -> Result<Option<Node>, Unreadable> {
    let Some(root) = tree::parse(text)? else { return Ok(None) };
    match &root.kind {
        // In the first column, or the indentation may be a tab, about which parsers differ.
        Kind::Table(_) if root.is_flow(text) || root.column > 0 => {
            return Err(Unreadable::Unusual(place.container.to_owned()));
        }
        Kind::Table(_) => {}
        Kind::List(_) | Kind::Scalar(_) | Kind::Alias(_) => {
            return Err(Unreadable::Unexpected("a YAML configuration"));
        }
    }
    once(&root, place.container)?;
    if let Some((name, container)) = member(&root, place.container) {
        match &container.kind {
            Kind::Table(_) | Kind::Scalar(_) if name.is_marked || container.is_marked => {
                return Err(Unreadable::Unusual(place.container.to_owned()));
            }
            Kind::Table(members) if !members.is_empty() && container.is_flow(text) => {
                return Err(Unreadable::Unusual(place.container.to_owned()));
            }
            Kind::Table(_) | Kind::Scalar(Value::Null) => {}
            Kind::List(_) | Kind::Scalar(_) | Kind::Alias(_) => {
                return Err(Unreadable::NotATable(place.container.to_owned()));
            }
        }
        once(container, place.name)?;
    }
    Ok(Some(root))
}

fn once(table: &Node, name: &str) -> Result<(), Unreadable> {
    let count = table.members().iter().filter(|(key, _)| key.is_text(name)).count();
    if count > 1 { Err(Unreadable::Twice(name.to_owned())) } else { Ok(()) }
}

fn member<'a>(table: &'a Node, name: &str) -> Option<(&'a Node, &'a Node)> {
    table.members().iter().find(|(key, _)| key.is_text(name)).map(|(key, value)| (key, value))
}

/// The lines of an entry, without the comments that stand in front of the next one.
fn lines_of(
    text: &str,
    root: &Node,
    container: &Node,
    (key, value): (&Node, &Node),
    place: Place<'_>,
) -> Result<Range<usize>, Unreadable> {
    let start = start_of_line(text, key.line);
    let is_alone =
        text[start..].len() > key.column && text[start..].bytes().take(key.column).all(|b| b == b' ');
    if !is_alone || key.is_marked || value.has_marks() {
        return Err(Unreadable::Unusual(place.container.to_owned()));
    }
    let keys = container.members().iter().chain(root.members()).map(|(key, _)| key.line);
    let next = keys.filter(|line| *line > key.line).min();
    let limit = next.map_or(text.len(), |line| start_of_line(text, line));
    let mut end = start;
    let mut at = start;
    for line in text[start..limit].split_inclusive('\n') {
        at += line.len();
        let said = line.trim_start_matches(' ');
        let indent = line.len() - said.len();
        // A list may be as far to the left as its name.
        let is_deeper = indent > key.column || (indent == key.column && said.starts_with('-'));
        if !said.trim_end().is_empty() && (is_deeper || end == start) {
            end = at;
        }
    }
    Ok(start..end)
}

/// Where a line begins; lines are counted from 1.
fn start_of_line(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}

fn after_line(text: &str, line: usize) -> usize {
    start_of_line(text, line + 1)
}

fn rendered(place: Place<'_>, entry: &Entry, indent: usize, end: &str) -> String {
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + INDENT));
    let members =
        entry.members().map(|(name, value)| format!("{inner}{}: {}{end}", key(name), written(value)));
    format!("{outer}{}:{end}{}", place.name, members.collect::<String>())
}

/// Without quotes where it needs none.
fn key(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_word = !matches!(
        name.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if is_word && name.bytes().all(is_plain) { name.to_owned() } else { quoted(name) }
}

/// JSON is YAML, as long as it is on one line.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
