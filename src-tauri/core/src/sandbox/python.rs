//! How Python writes things: the service is Python, and its spelling shows in texts that clients parse.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// `json.dumps`: `", "` and `": "`, everything but ASCII escaped (upstream-api.md 9.3).
pub(super) fn dumps(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    if value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)).is_err() {
        // As the service does with what it cannot write: a JSON string (upstream-api.md 9.3).
        return "\"<unserializable>\"".to_owned();
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// `str(value)`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => dumps(value).replace('"', "'"),
    }
}

/// `type(value).__name__`.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// `bool(value)`.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// `f"{number:,}"`.
pub(super) fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The first `length` characters.
pub(super) fn first(text: &str, length: usize) -> &str {
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}

/// `text[:length] + "..."` where it is longer.
pub(super) fn preview(text: &str, length: usize) -> String {
    let start = first(text, length);
    if start.len() == text.len() { text.to_owned() } else { format!("{start}...") }
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0; 2];
        let mut plain = 0;
        for (start, character) in fragment.char_indices() {
            if matches!(character, ' '..='~') {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[plain..start])?;
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = start + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_spaced_and_ascii() {
        let value =
            json!({"a": ["é", "\u{1f600}", "x\"\\\n\u{1}\u{7f}"], "b": {"c": 1.5, "d": null}, "e": []});
        assert_eq!(
            dumps(&value),
            r#"{"a": ["\u00e9", "\ud83d\ude00", "x\"\\\n\u0001\u007f"], "b": {"c": 1.5, "d": null}, "e": []}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&dumps(&value)).unwrap(), value);
    }

    #[test]
    fn values_read_as_in_python() {
        assert_eq!(text(&Value::Null), "None");
        assert_eq!(text(&json!(true)), "True");
        assert_eq!(text(&json!(5)), "5");
        assert_eq!(text(&json!("ping")), "ping");
        assert_eq!(type_name(&json!(1.0)), "float");
        assert_eq!(type_name(&json!(1)), "int");
        assert!(!truth(&json!(0)) && !truth(&json!("")) && truth(&json!("no")) && truth(&json!([0])));
    }

    #[test]
    fn numbers_have_commas_and_previews_dots() {
        let written = [0, 999, 1000, 1_234_567].map(with_commas);
        assert_eq!(written, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(preview("äöü", 3), "äöü");
        assert_eq!(preview("äöüß", 3), "äöü...");
    }
}
