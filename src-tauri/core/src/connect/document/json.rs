//! JSON with comments and trailing commas. A new property goes in front of the others, straight after the brace: no
//! comma of theirs changes, and no comment ends up beside somebody else's property.

use std::ops::Range;

use jsonc_parser::ast::{self, Object};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Number, Value};

use super::{Place, Splice, Unreadable, indentation, line_end, line_of};
use crate::connect::entry::{Entry, quoted};

const TWO_BLANKS: &str = "  ";

pub(super) fn value(text: &str, place: Place<'_>) -> Result<Value, Unreadable> {
    let root = parse(text, place)?;
    Ok(root.map_or_else(|| Value::Object(Map::new()), |root| object_value(&root)))
}

pub(super) fn put(text: &str, place: Place<'_>, entry: &Entry) -> Result<Splice, Unreadable> {
    let style = Style { end: line_end(text), unit: TWO_BLANKS };
    let Some(root) = parse(text, place)? else {
        let lead = if text.is_empty() || text.ends_with('\n') { "" } else { style.end };
        let whole = style.object(place.container, &style.object(place.name, &style.lines(entry, 2), 1), 0);
        return Ok(Splice::insert(text.len(), format!("{lead}{whole}{}", style.end)));
    };
    let style =
        Style { unit: own_line(text, &root).filter(|unit| !unit.is_empty()).unwrap_or(TWO_BLANKS), ..style };
    let Some(container) = property(&root, place.container) else {
        return Ok(insertion(text, &root, style, "", |compact, indent| {
            if compact {
                format!("{}: {{{}: {}}}", quoted(place.container), quoted(place.name), entry.compact())
            } else {
                let entry = entry.pretty(style.unit, &format!("{indent}{}", style.unit), style.end);
                let (name, end, unit) = (quoted(place.name), style.end, style.unit);
                format!("{}: {{{end}{indent}{unit}{name}: {entry}{end}{indent}}}", quoted(place.container))
            }
        }));
    };
    let ast::Value::Object(servers) = &container.value else {
        return Err(Unreadable::NotATable(place.container.to_owned()));
    };
    let Some(present) = property(servers, place.name) else {
        let outer = indentation(text, container.start()).unwrap_or_default();
        return Ok(insertion(text, servers, style, outer, |compact, indent| {
            let entry = if compact { entry.compact() } else { entry.pretty(style.unit, indent, style.end) };
            format!("{}: {entry}", quoted(place.name))
        }));
    };
    let range = range_of(&present.value);
    let rendered = match indentation(text, present.start()) {
        Some(indent) => entry.pretty(style.unit, indent, style.end),
        None => entry.compact(),
    };
    Ok(Splice::replace(text, range, rendered))
}

pub(super) fn take(text: &str, place: Place<'_>) -> Result<Option<Splice>, Unreadable> {
    let root = parse(text, place)?;
    let container = root.as_ref().and_then(|root| property(root, place.container));
    let Some(ast::Value::Object(servers)) = container.map(|container| &container.value) else {
        return Ok(None);
    };
    let Some(index) = servers.properties.iter().position(|property| property.name.as_str() == place.name)
    else {
        return Ok(None);
    };
    let Range { mut start, mut end } = range_of(&servers.properties[index]);
    let comma_after = next_comma(text, end);
    if let Some(comma) = comma_after {
        end = comma + 1;
    }
    // With its line, if it has lines of its own.
    if indentation(text, start).is_some() && rest_is_blank(text, end) {
        start = text[..start]
            .rfind('\n')
            .map_or(start, |newline| newline - usize::from(text[..newline].ends_with('\r')));
    } else if comma_after.is_some() {
        end += text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
    }
    // The last one takes the comma in front of it along.
    let previous = index.checked_sub(1).map(|before| range_of(&servers.properties[before]).end);
    match previous.and_then(|end| next_comma(text, end)).filter(|_| comma_after.is_none()) {
        Some(comma) => {
            Ok(Some(Splice::replace(text, comma..end, text[comma + 1..start].trim_end_matches([' ', '\t']))))
        }
        None => Ok(Some(Splice::replace(text, start..end, ""))),
    }
}

/// How the file is laid out.
#[derive(Clone, Copy)]
struct Style<'a> {
    end: &'a str,
    unit: &'a str,
}

impl Style<'_> {
    fn object(self, name: &str, value: &str, depth: usize) -> String {
        let (end, indent) = (self.end, self.unit.repeat(depth));
        format!("{{{end}{indent}{}{}: {value}{end}{indent}}}", self.unit, quoted(name))
    }

    fn lines(self, entry: &Entry, depth: usize) -> String {
        entry.pretty(self.unit, &self.unit.repeat(depth), self.end)
    }
}

/// A new first property of `object`, whose own line is indented by `outer`. `render` gets whether it must fit into a
/// line, and how its line is indented.
fn insertion(
    text: &str,
    object: &Object<'_>,
    style: Style<'_>,
    outer: &str,
    render: impl Fn(bool, &str) -> String,
) -> Splice {
    let open = range_of(object).start + 1;
    let Some(first) = object.properties.first() else {
        let at = end_of_first_line(text, open);
        let indent = format!("{outer}{}", style.unit);
        let rest = if starts_line_end(&text[at..]) { String::new() } else { format!("{}{outer}", style.end) };
        return Splice::insert(at, format!("{}{indent}{}{rest}", style.end, render(false, &indent)));
    };
    let between = &text[open..range_of(first).start];
    if between.contains('\n') {
        let indent = indentation(text, range_of(first).start).unwrap_or_default();
        let at = end_of_first_line(text, open);
        return Splice::insert(at, format!("{}{indent}{},", style.end, render(false, indent)));
    }
    let blanks: String = between.chars().take_while(|letter| letter.is_whitespace()).collect();
    Splice::insert(open, format!("{blanks}{},", render(true, "")))
}

/// How the first property is indented, if it has a line of its own.
fn own_line<'a>(text: &'a str, object: &Object<'_>) -> Option<&'a str> {
    object.properties.first().and_then(|first| indentation(text, range_of(first).start))
}

/// Where the line ends, or what goes on beyond it begins; comments that end on the line belong to it.
fn end_of_first_line(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &text[at..];
        if rest.starts_with([' ', '\t']) {
            at += 1;
        } else if rest.starts_with("//") {
            return at + rest.find(['\n', '\r']).unwrap_or(rest.len());
        } else if let Some(comment) = rest.strip_prefix("/*").and_then(|inner| inner.split_once("*/"))
            && !comment.0.contains('\n')
        {
            at += comment.0.len() + "/**/".len();
        } else {
            return if starts_line_end(rest) { at } else { from + blanks_or_comments(&text[from..at]) };
        }
    }
}

/// Without the blanks at the end, which belong to what follows.
fn blanks_or_comments(line: &str) -> usize {
    line.trim_end_matches([' ', '\t']).len()
}

fn starts_line_end(text: &str) -> bool {
    text.starts_with('\n') || text.starts_with("\r\n")
}

fn rest_is_blank(text: &str, from: usize) -> bool {
    text[from..].chars().take_while(|letter| *letter != '\n').all(char::is_whitespace)
}

/// The comma that follows, past blanks and comments.
fn next_comma(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let letter = rest.chars().next()?;
        if rest.starts_with("//") {
            at += rest.find('\n')?;
        } else if let Some(inner) = rest.strip_prefix("/*") {
            at += inner.find("*/")? + "/**/".len();
        } else if letter.is_whitespace() {
            at += letter.len_utf8();
        } else {
            return (letter == ',').then_some(at);
        }
    }
}

/// The object that the file is; none if it holds nothing.
fn parse<'a>(text: &'a str, place: Place<'_>) -> Result<Option<Object<'a>>, Unreadable> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
    let parsed = parsed.map_err(|error| Unreadable::Damaged { line: line_of(text, error.range().start) })?;
    let root = match parsed.value {
        None => return Ok(None),
        Some(ast::Value::Object(root)) => root,
        Some(_) => return Err(Unreadable::Unexpected("a JSON configuration")),
    };
    once(&root, place.container)?;
    match property(&root, place.container).map(|container| &container.value) {
        Some(ast::Value::Object(servers)) => once(servers, place.name)?,
        Some(_) => return Err(Unreadable::NotATable(place.container.to_owned())),
        None => {}
    }
    Ok(Some(root))
}

fn once(object: &Object<'_>, name: &str) -> Result<(), Unreadable> {
    let count = object.properties.iter().filter(|property| property.name.as_str() == name).count();
    if count > 1 { Err(Unreadable::Twice(name.to_owned())) } else { Ok(()) }
}

fn property<'a, 'b>(object: &'b Object<'a>, name: &str) -> Option<&'b ast::ObjectProp<'a>> {
    object.properties.iter().find(|property| property.name.as_str() == name)
}

fn range_of(node: &impl Ranged) -> Range<usize> {
    node.start()..node.end()
}

fn object_value(object: &Object<'_>) -> Value {
    let members = object.properties.iter();
    Value::Object(
        members.map(|member| (member.name.as_str().to_owned(), node_value(&member.value))).collect(),
    )
}

fn node_value(node: &ast::Value<'_>) -> Value {
    match node {
        ast::Value::StringLit(text) => Value::String(text.value.to_string()),
        // A number that is too large for us is still the same number afterwards.
        ast::Value::NumberLit(number) => {
            number.value.parse::<Number>().map_or_else(|_| Value::String(number.value.into()), Value::Number)
        }
        ast::Value::BooleanLit(flag) => Value::Bool(flag.value),
        ast::Value::Object(object) => object_value(object),
        ast::Value::Array(array) => Value::Array(array.elements.iter().map(node_value).collect()),
        ast::Value::NullKeyword(_) => Value::Null,
    }
}
