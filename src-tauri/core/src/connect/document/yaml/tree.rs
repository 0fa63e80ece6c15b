//! A YAML file as a tree that knows where its nodes are. Aliases stay names, so none can grow without end; what they mean
//! is known by the anchor's number, which is its place among all anchors of the file.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Value};

use super::super::Unreadable;

/// Deeper is no configuration.
const MAX_DEPTH: usize = 64;

pub(super) struct Node {
    pub(super) kind: Kind,
    /// Counted from 1.
    pub(super) line: usize,
    /// Counted from 0.
    pub(super) column: usize,
    /// Whether it has an anchor or a tag: text that belongs to it and is in front of it, perhaps on another line.
    pub(super) is_marked: bool,
    /// In characters.
    span: Range<usize>,
}

pub(super) enum Kind {
    Table(Vec<(Node, Node)>),
    List(Vec<Node>),
    Scalar(Value),
    /// With the number of its anchor.
    Alias(usize),
}

/// The only document in the file, if it has one with something in it.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Unreadable> {
    let mut open: Vec<(Node, Vec<Node>)> = Vec::new();
    let mut root: Option<Node> = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Unreadable::Damaged { line: error.marker().line() })?;
        let done = match event {
            Event::MappingStart(anchor, tag) => {
                let node = Node::new(Kind::Table(Vec::new()), span).marked(anchor, tag.is_some());
                open.push((node, Vec::new()));
                None
            }
            Event::SequenceStart(anchor, tag) => {
                let node = Node::new(Kind::List(Vec::new()), span).marked(anchor, tag.is_some());
                open.push((node, Vec::new()));
                None
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop().map(|(node, parts)| node.filled(parts, span))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                let value = if is_plain { plain(&text) } else { Value::String(text.into_owned()) };
                Some(Node::new(Kind::Scalar(value), span).marked(anchor, tag.is_some()))
            }
            Event::Alias(anchor) => Some(Node::new(Kind::Alias(anchor), span)),
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Unreadable::Unexpected("a YAML configuration"));
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => None,
        };
        if open.len() > MAX_DEPTH {
            return Err(Unreadable::Damaged { line: span.start.line() });
        }
        if let Some(node) = done {
            match open.last_mut() {
                Some((_, parts)) => parts.push(node),
                None => root = Some(node),
            }
        }
    }
    Ok(root.filter(|root| root.is_marked || !matches!(root.kind, Kind::Scalar(Value::Null))))
}

impl Node {
    fn new(kind: Kind, span: Span) -> Self {
        let (line, column) = (span.start.line(), span.start.col());
        Self { kind, line, column, is_marked: false, span: span.start.index()..span.end.index() }
    }

    /// Anchors are counted from 1; 0 is none.
    fn marked(self, anchor: usize, has_tag: bool) -> Self {
        Self { is_marked: anchor > 0 || has_tag, ..self }
    }

    fn filled(mut self, parts: Vec<Node>, end: Span) -> Self {
        // A brace is one character, whatever the parser has read behind it: blanks, and a comment.
        let brace = usize::from(end.end.index() > end.start.index());
        self.span.end = end.start.index() + brace;
        self.kind = match self.kind {
            Kind::Table(_) => {
                let mut members = Vec::with_capacity(parts.len() / 2);
                let mut parts = parts.into_iter();
                while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                    members.push((key, value));
                }
                Kind::Table(members)
            }
            Kind::List(_) | Kind::Scalar(_) | Kind::Alias(_) => Kind::List(parts),
        };
        self
    }

    /// None of what is no table.
    pub(super) fn members(&self) -> &[(Node, Node)] {
        match &self.kind {
            Kind::Table(members) => members,
            Kind::List(_) | Kind::Scalar(_) | Kind::Alias(_) => &[],
        }
    }

    pub(super) fn is_text(&self, wanted: &str) -> bool {
        matches!(&self.kind, Kind::Scalar(Value::String(text)) if text == wanted)
    }

    /// Whether it is written with braces.
    pub(super) fn is_flow(&self, text: &str) -> bool {
        text[byte(text, self.span.start)..].starts_with('{')
    }

    /// Whether it or anything in it has an anchor or a tag.
    pub(super) fn has_marks(&self) -> bool {
        let is_in = match &self.kind {
            Kind::Table(members) => members.iter().any(|(key, value)| key.has_marks() || value.has_marks()),
            Kind::List(parts) => parts.iter().any(Node::has_marks),
            Kind::Scalar(_) | Kind::Alias(_) => false,
        };
        self.is_marked || is_in
    }

    /// Its bytes.
    pub(super) fn written(&self, text: &str) -> Range<usize> {
        byte(text, self.span.start)..byte(text, self.span.end)
    }

    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::Alias(anchor) => Value::String(format!("*{anchor}")),
            Kind::List(parts) => Value::Array(parts.iter().map(Node::value).collect()),
            Kind::Table(members) => {
                let named = |(key, value): &(Node, Node)| match key.value() {
                    Value::String(name) => (name, value.value()),
                    key @ (Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Object(_)) => (key.to_string(), value.value()),
                };
                Value::Object(members.iter().map(named).collect::<Map<_, _>>())
            }
        }
    }
}

/// The byte at which a character begins.
fn byte(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// A scalar without quotes, as YAML 1.2 reads it (core schema, 10.3.2); numbers that are no whole ones stay text.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text => text.parse::<i64>().map_or_else(|_| Value::String(text.to_owned()), Value::from),
    }
}
