//! What gives the upstream away as Python: how it spells JSON, values and its exceptions.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

/// `json.dumps(value)`: spaces after separators, nothing but ASCII (upstream-api.md 9.3).
pub(super) fn dumps(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, Dumps)).expect("the value is JSON");
    String::from_utf8(text).expect("JSON is UTF-8")
}

struct Dumps;

impl Formatter for Dumps {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        for character in text.chars() {
            if (' '..='~').contains(&character) {
                write!(out, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// `str(value)`, near enough for messages.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// `type(value).__name__`.
pub(super) fn kind(value: &Value) -> &'static str {
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
pub(super) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// What `**` accepts.
pub(super) fn mapping(name: &str, arguments: Value) -> Result<Map<String, Value>, String> {
    match arguments {
        Value::Object(arguments) => Ok(arguments),
        other => Err(format!("{name}() argument after ** must be a mapping, not {}", kind(&other))),
    }
}

/// The part of a Python function's signature that decides whether a call fits.
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) required: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
}

impl Signature {
    /// `name(**arguments)`, up to the `TypeError` it would raise (upstream-api.md 8.2, 9.1).
    pub(super) fn bind(&self, arguments: Value) -> Result<Map<String, Value>, String> {
        let name = self.name;
        let given = mapping(name, arguments)?;
        let known =
            |word: &String| self.required.contains(&word.as_str()) || self.optional.contains(&word.as_str());
        if let Some(stranger) = given.keys().find(|word| !known(word)) {
            return Err(format!("{name}() got an unexpected keyword argument '{stranger}'"));
        }
        let missing: Vec<String> = self
            .required
            .iter()
            .filter(|word| !given.contains_key(**word))
            .map(|word| format!("'{word}'"))
            .collect();
        let plural = if missing.len() == 1 { "" } else { "s" };
        match missing.as_slice() {
            [] => Ok(given),
            names => Err(format!(
                "{name}() missing {} required positional argument{plural}: {}",
                names.len(),
                names.join(" and ")
            )),
        }
    }
}
