//! Arguments as a Python function takes them: schemas are not enforced, and what does not fit raises an
//! exception whose text travels (upstream-api.md 9.1).

use serde_json::{Map, Value};

use super::catalogue::Tool;
use super::python::{truth, type_name};

/// An uncaught exception: HTTP 500 with this text in a JSON-RPC error (upstream-api.md 8.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exception(pub(super) String);

/// Arguments whose names fit the tool.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(&'a Map<String, Value>);

impl<'a> Arguments<'a> {
    /// Binds `arguments` to the parameters of `tool`: unknown names first, then missing ones.
    pub(super) fn bind(tool: &Tool, arguments: &'a Value) -> Result<Self, Exception> {
        let name = tool.name;
        let Value::Object(given) = arguments else {
            let found = type_name(arguments);
            return Err(Exception(format!("{name}() argument after ** must be a mapping, not {found}")));
        };
        let known = |word: &str| {
            tool.parameters.iter().any(|parameter| parameter.name == word) || tool.hidden.contains(&word)
        };
        if let Some(unknown) = given.keys().find(|word| !known(word)) {
            return Err(Exception(format!("{name}() got an unexpected keyword argument '{unknown}'")));
        }
        let missing: Vec<_> = tool
            .parameters
            .iter()
            .filter(|parameter| parameter.required && !given.contains_key(parameter.name))
            .map(|parameter| format!("'{}'", parameter.name))
            .collect();
        match missing.len() {
            0 => Ok(Self(given)),
            1 => Err(Exception(format!("{name}() missing 1 required positional argument: {}", missing[0]))),
            count => Err(Exception(format!(
                "{name}() missing {count} required positional arguments: {}",
                missing.join(" and ")
            ))),
        }
    }

    /// A string that must be there.
    pub(super) fn text(self, name: &str) -> Result<&'a str, Exception> {
        let value = self.0.get(name).unwrap_or(&Value::Null);
        value.as_str().ok_or_else(|| no_method(value, "strip"))
    }

    /// A string that may be left out or null.
    pub(super) fn optional_text(self, name: &str) -> Result<Option<&'a str>, Exception> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => {
                Err(no_method(value, "strip"))
            }
        }
    }

    /// Any value, as true or false.
    pub(super) fn flag(self, name: &str, default: bool) -> bool {
        self.0.get(name).map_or(default, truth)
    }

    /// A whole number, moved into 1 to `most` (upstream-api.md 10).
    pub(super) fn limit(self, name: &str, default: usize, most: usize) -> Result<usize, Exception> {
        let value = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(default),
            Some(value) => value,
        };
        let number = match value {
            Value::Bool(flag) => i128::from(*flag),
            Value::Number(number) if number.is_f64() => {
                return Err(Exception("'float' object cannot be interpreted as an integer".to_owned()));
            }
            Value::Number(number) => {
                number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).unwrap_or(1)
            }
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                let found = type_name(value);
                return Err(Exception(format!("'>' not supported between instances of '{found}' and 'int'")));
            }
        };
        Ok(usize::try_from(number.max(1)).unwrap_or(most).min(most))
    }

    /// A list of strings that may be left out.
    pub(super) fn labels(self, name: &str) -> Result<Vec<&'a str>, Exception> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().ok_or_else(|| no_method(item, "strip"))).collect()
            }
            Some(value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_))) => {
                Err(Exception(format!("'{}' object is not a list of tags", type_name(value))))
            }
        }
    }

    /// An object that may be left out.
    pub(super) fn fields(self, name: &str) -> Result<Map<String, Value>, Exception> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(fields)) => Ok(fields.clone()),
            Some(value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_))) => {
                Err(Exception(format!("'{}' object is not a mapping", type_name(value))))
            }
        }
    }

    /// Whether `found` says yes to any string in here, at any depth.
    pub(super) fn any_text(self, found: impl Fn(&str) -> bool + Copy) -> bool {
        fn search(value: &Value, found: impl Fn(&str) -> bool + Copy) -> bool {
            match value {
                Value::String(text) => found(text),
                Value::Array(items) => items.iter().any(|item| search(item, found)),
                Value::Object(members) => {
                    members.iter().any(|(name, value)| found(name) || search(value, found))
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => false,
            }
        }
        self.0.values().any(|value| search(value, found))
    }
}

fn no_method(value: &Value, method: &str) -> Exception {
    Exception(format!("'{}' object has no attribute '{method}'", type_name(value)))
}
