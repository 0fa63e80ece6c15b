//! TOML. A new table goes to the end of the file, where it cannot come between a table and its values. The library
//! only says where things are: printing its document would turn CRLF into LF.

use std::ops::Range;

use serde_json::{Map, Value};
use toml_edit::{Document, Item, Table, TableLike};

use super::{Place, Splice, Unreadable, line_end, line_of};
use crate::connect::entry::{Entry, quoted};

pub(super) fn value(text: &str, place: Place<'_>) -> Result<Value, Unreadable> {
    let document = parse(text, place)?;
    Ok(table_value(document.as_table()))
}

pub(super) fn put(text: &str, place: Place<'_>, entry: &Entry) -> Result<Splice, Unreadable> {
    let document = parse(text, place)?;
    let end = line_end(text);
    if let Some(present) = found(&document, place) {
        let Some(region) = Region::of(text, &document, place, present)? else {
            let range = present.span().ok_or_else(|| unusual(place))?;
            return Ok(Splice::replace(text, range, inline(entry)));
        };
        let between = region.kept(text);
        return Ok(Splice::replace(text, region.range(), format!("{}{between}", table(place, entry, end))));
    }
    if let Some(Item::Value(servers)) = document.get(place.container) {
        let open = servers.span().ok_or_else(|| unusual(place))?.start + 1;
        let is_empty = servers.as_inline_table().is_some_and(toml_edit::InlineTable::is_empty);
        let comma = if is_empty { " " } else { "," };
        return Ok(Splice::insert(open, format!(" {} = {}{comma}", place.name, inline(entry))));
    }
    let lead = match text {
        "" => String::new(),
        text if text.ends_with('\n') => end.to_owned(),
        _ => end.repeat(2),
    };
    Ok(Splice::insert(text.len(), format!("{lead}{}", table(place, entry, end))))
}

pub(super) fn take(text: &str, place: Place<'_>) -> Result<Option<Splice>, Unreadable> {
    let document = parse(text, place)?;
    let Some(present) = found(&document, place) else { return Ok(None) };
    if let Some(region) = Region::of(text, &document, place, present)? {
        return Ok(Some(Splice::replace(text, region.range(), region.kept(text))));
    }
    let container = document.get(place.container).ok_or_else(|| unusual(place))?;
    let table = container.as_table_like().ok_or_else(|| unusual(place))?;
    let key = table.key(place.name).and_then(toml_edit::Key::span).ok_or_else(|| unusual(place))?;
    let value = present.span().ok_or_else(|| unusual(place))?;
    let range = if container.is_value() {
        with_comma(text, key.start..value.end)
    } else {
        line_start(text, key.start)..after_line(text, value.end)
    };
    Ok(Some(Splice::replace(text, range, "")))
}

/// A member on one line with others, and the comma that is not needed without it.
fn with_comma(text: &str, member: Range<usize>) -> Range<usize> {
    const BLANKS: [char; 2] = [' ', '\t'];
    let after = text[member.end..].trim_start_matches(BLANKS);
    match after.strip_prefix(',') {
        Some(rest) => member.start..text.len() - rest.trim_start_matches(BLANKS).len(),
        None => text[..member.start].trim_end_matches(BLANKS).trim_end_matches(',').len()..member.end,
    }
}

/// The pieces of the file that make up an entry with headers of its own, from header to last value.
struct Region(Vec<Range<usize>>);

impl Region {
    /// None for an entry that is a value on a line.
    fn of(
        text: &str,
        document: &Document<&str>,
        place: Place<'_>,
        entry: &Item,
    ) -> Result<Option<Self>, Unreadable> {
        let table = match entry {
            Item::Table(table) if !table.is_dotted() => table,
            Item::Value(_) => return Ok(None),
            Item::Table(_) | Item::ArrayOfTables(_) | Item::None => return Err(unusual(place)),
        };
        let mut all = headers(document.as_table());
        all.sort_unstable();
        let mut own = headers(table);
        own.extend(header(table));
        own.sort_unstable();
        let pieces = own.into_iter().map(|start| {
            let next = all.iter().find(|other| **other > start);
            let next = next.map_or(text.len(), |next| line_start(text, *next));
            let start = line_start(text, start);
            start..start + without_last_comments(&text[start..next])
        });
        Ok(Some(Self(pieces.collect())))
    }

    fn range(&self) -> Range<usize> {
        let start = self.0.first().map_or(0, |piece| piece.start);
        start..self.0.last().map_or(start, |piece| piece.end)
    }

    /// What others have written between the pieces.
    fn kept(&self, text: &str) -> String {
        self.0.windows(2).map(|pair| &text[pair[0].end..pair[1].start]).collect()
    }
}

/// Where the headers of all tables in it begin.
fn headers(table: &Table) -> Vec<usize> {
    let mut found = Vec::new();
    for (_, item) in table {
        match item {
            Item::Table(inner) => {
                found.extend(header(inner));
                found.extend(headers(inner));
            }
            Item::ArrayOfTables(list) => {
                for inner in list {
                    found.extend(header(inner));
                    found.extend(headers(inner));
                }
            }
            Item::None | Item::Value(_) => {}
        }
    }
    found
}

fn header(table: &Table) -> Option<usize> {
    let has_one = !table.is_dotted() && !table.is_implicit();
    table.span().filter(|_| has_one).map(|span| span.start)
}

/// Up to the end of the last line that is neither blank nor a comment: those belong to what follows.
fn without_last_comments(piece: &str) -> usize {
    let mut end = 0;
    let mut at = 0;
    for line in piece.split_inclusive('\n') {
        at += line.len();
        let said = line.trim_start();
        if !said.is_empty() && !said.starts_with('#') {
            end = at;
        }
    }
    end
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn after_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

fn table(place: Place<'_>, entry: &Entry, end: &str) -> String {
    let members = entry.members().map(|(name, value)| format!("{} = {}{end}", key(name), written(value)));
    format!("[{}.{}]{end}{}", place.container, place.name, members.collect::<String>())
}

fn inline(entry: &Entry) -> String {
    let members: Vec<_> =
        entry.members().map(|(name, value)| format!("{} = {}", key(name), written(value))).collect();
    format!("{{ {} }}", members.join(", "))
}

/// Without quotes where it needs none.
fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_bare) { name.to_owned() } else { quoted(name) }
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => {
            let members = table.iter().map(|(name, value)| format!("{} = {}", key(name), written(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        // TOML has no word for nothing; the check of the whole finds that out.
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn parse<'a>(text: &'a str, place: Place<'_>) -> Result<Document<&'a str>, Unreadable> {
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Unreadable::Damaged { line: line_of(text, at) }
    })?;
    match document.get(place.container) {
        Some(container) if !container.is_table_like() => {
            Err(Unreadable::NotATable(place.container.to_owned()))
        }
        _ => Ok(document),
    }
}

fn found<'a>(document: &'a Document<&str>, place: Place<'_>) -> Option<&'a Item> {
    document.get(place.container).and_then(|container| container.get(place.name))
}

fn unusual(place: Place<'_>) -> Unreadable {
    Unreadable::Unusual(place.container.to_owned())
}

fn table_value(table: &dyn TableLike) -> Value {
    Value::Object(table.iter().map(|(name, item)| (name.to_owned(), item_value(item))).collect::<Map<_, _>>())
}

fn item_value(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Table(table) => table_value(table),
        Item::ArrayOfTables(list) => Value::Array(list.iter().map(|table| table_value(table)).collect()),
        Item::Value(value) => plain_value(value),
    }
}

fn plain_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::String(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::String(format!("{:?}", number.value())),
        toml_edit::Value::Boolean(flag) => Value::Bool(*flag.value()),
        toml_edit::Value::Datetime(time) => Value::String(time.value().to_string()),
        toml_edit::Value::Array(list) => Value::Array(list.iter().map(plain_value).collect()),
        toml_edit::Value::InlineTable(table) => table_value(table),
    }
}
