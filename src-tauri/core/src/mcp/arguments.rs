//! What a tool takes, checked before Jean Memory is asked: it passes arguments straight to a
//! function and answers a wrong one with a 500 (upstream-api.md 9.1, 14.9).
//!
//! Only what a schema says plainly is checked: names, types, required, enum, bounds, items.
//! Whatever is composed (`$ref`, `anyOf`, …) passes.

use serde_json::{Map, Number, Value};

use super::tool_name::is_tool_name;

/// Whole numbers up to here are exact in a float (2^53).
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The rules of one tool.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    properties: Vec<(String, Rule)>,
    required: Vec<String>,
    /// Whether names beyond `properties` may pass.
    open: bool,
}

/// Why arguments do not fit; the words are for the model that has to call again
/// (SEP-1303: such a mistake is a result, not a protocol error).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ArgumentError {
    #[error("`{name}` is required")]
    Missing { name: String },
    #[error("there is no argument `{name}`; {takes}")]
    UnknownName { name: String, takes: String },
    #[error("there is no such argument; {takes}")]
    Unknown { takes: String },
    #[error("`{name}` must be {wanted}")]
    WrongType { name: String, wanted: String },
    #[error("`{name}` must be one of the listed values")]
    NotListed { name: String },
    #[error("`{name}` is out of range")]
    OutOfRange { name: String },
}

#[derive(Debug, Default)]
struct Rule {
    /// Any of these; none means anything.
    kinds: Vec<Kind>,
    items: Option<Box<Rule>>,
    listed: Option<Vec<Value>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    /// Cut to this range instead of refused.
    clamp: Option<(i64, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Arguments {
    /// Reads an input schema; `limit` is the range that an argument of this name is cut to.
    pub(super) fn read(schema: &Map<String, Value>, limit: Option<(i64, i64)>) -> Self {
        let Some(Value::Object(properties)) = schema.get("properties") else {
            return Self { open: true, ..Self::default() };
        };
        let properties = properties
            .iter()
            .map(|(name, schema)| {
                let mut rule = Rule::read(schema);
                rule.clamp = limit.filter(|_| name == "limit");
                (name.clone(), rule)
            })
            .collect();
        let required = match schema.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        // Without the member JSON Schema lets anything pass, but Jean Memory's schemas never have
        // it and its functions refuse unknown names (upstream-api.md 9.1).
        let composed = ["allOf", "anyOf", "oneOf", "$ref", "$dynamicRef", "if", "patternProperties"];
        let open = !matches!(schema.get("additionalProperties"), None | Some(Value::Bool(false)))
            || composed.iter().any(|keyword| schema.contains_key(*keyword));
        Self { properties, required, open }
    }

    /// The arguments as they may be sent on.
    pub(super) fn check(&self, arguments: Map<String, Value>) -> Result<Map<String, Value>, ArgumentError> {
        let mut checked = Map::new();
        for (name, value) in arguments {
            let Some(rule) = self.rule(&name) else {
                if self.open {
                    checked.insert(name, value);
                    continue;
                }
                return Err(self.unknown(name));
            };
            // Models often write `null` for what they leave out.
            if value.is_null() && !rule.accepts(&Value::Null) && !self.required.contains(&name) {
                continue;
            }
            let value = rule.check(&name, value)?;
            checked.insert(name, value);
        }
        match self.required.iter().find(|name| !checked.contains_key(*name)) {
            Some(name) => Err(ArgumentError::Missing { name: name.clone() }),
            None => Ok(checked),
        }
    }

    fn rule(&self, name: &str) -> Option<&Rule> {
        self.properties.iter().find(|(other, _)| other == name).map(|(_, rule)| rule)
    }

    fn unknown(&self, name: String) -> ArgumentError {
        let names: Vec<_> = self.properties.iter().map(|(name, _)| format!("`{name}`")).collect();
        let takes = if names.is_empty() {
            "this tool takes none".to_owned()
        } else {
            format!("this tool takes {}", names.join(", "))
        };
        if is_tool_name(&name) {
            ArgumentError::UnknownName { name, takes }
        } else {
            ArgumentError::Unknown { takes }
        }
    }
}

impl Rule {
    fn read(schema: &Value) -> Self {
        let Value::Object(schema) = schema else { return Self::default() };
        let kinds = match schema.get("type") {
            Some(Value::String(kind)) => Kind::parse(kind).into_iter().collect(),
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).filter_map(Kind::parse).collect()
            }
            _ => Vec::new(),
        };
        Self {
            kinds,
            items: schema.get("items").map(|items| Box::new(Self::read(items))),
            listed: match schema.get("enum") {
                Some(Value::Array(values)) => Some(values.clone()),
                _ => None,
            },
            minimum: schema.get("minimum").and_then(Value::as_f64),
            maximum: schema.get("maximum").and_then(Value::as_f64),
            clamp: None,
        }
    }

    fn accepts(&self, value: &Value) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.fits(value))
    }

    fn check(&self, name: &str, value: Value) -> Result<Value, ArgumentError> {
        if !self.accepts(&value) {
            return Err(ArgumentError::WrongType { name: name.to_owned(), wanted: self.wanted() });
        }
        if self.listed.as_ref().is_some_and(|values| !values.contains(&value)) {
            return Err(ArgumentError::NotListed { name: name.to_owned() });
        }
        match value {
            Value::Number(number) => self.number(name, number).map(Value::Number),
            Value::Array(values) => match &self.items {
                Some(items) => {
                    let name = format!("{name}[]");
                    values
                        .into_iter()
                        .map(|value| items.check(&name, value))
                        .collect::<Result<_, _>>()
                        .map(Value::Array)
                }
                None => Ok(Value::Array(values)),
            },
            value @ (Value::Null | Value::Bool(_) | Value::String(_) | Value::Object(_)) => Ok(value),
        }
    }

    fn number(&self, name: &str, number: Number) -> Result<Number, ArgumentError> {
        // `5.0` is an integer in JSON Schema, but not to a Python function.
        let number = match whole(&number) {
            Some(integer) if self.kinds.contains(&Kind::Integer) => Number::from(integer),
            _ => number,
        };
        if let Some((least, most)) = self.clamp {
            let wanted = number.as_i64().unwrap_or(if number.as_f64().is_some_and(|n| n < 0.0) {
                least
            } else {
                most
            });
            return Ok(Number::from(wanted.clamp(least, most)));
        }
        let value = number.as_f64().unwrap_or(f64::NAN);
        if self.minimum.is_some_and(|least| value < least) || self.maximum.is_some_and(|most| value > most) {
            return Err(ArgumentError::OutOfRange { name: name.to_owned() });
        }
        Ok(number)
    }

    fn wanted(&self) -> String {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| kind.article()).collect();
        kinds.join(" or ")
    }
}

impl Kind {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }

    fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null)
            | (Self::Boolean, Value::Bool(_))
            | (Self::Number, Value::Number(_))
            | (Self::String, Value::String(_))
            | (Self::Array, Value::Array(_))
            | (Self::Object, Value::Object(_)) => true,
            (Self::Integer, Value::Number(number)) => {
                number.is_i64() || number.is_u64() || whole(number).is_some()
            }
            _ => false,
        }
    }

    fn article(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "a list",
            Self::Object => "an object",
        }
    }
}

/// The whole number that a float stands for.
#[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
fn whole(number: &Number) -> Option<i64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() < MAX_EXACT).then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // upstream-api.md 14.9 for all of them.

    #[test]
    fn what_fits_passes_unchanged() {
        let tools = document();
        let given = json!({"title": "t", "content": "c", "metadata": {"a": [1, null]}, "tags": ["x", "y"]});
        assert_eq!(check(&tools, given.clone()), Ok(given));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = check(&document(), json!({"title": "t"})).unwrap_err();
        assert_eq!(error.to_string(), "`content` is required");
    }

    #[test]
    fn null_counts_as_left_out() {
        assert_eq!(
            check(&document(), json!({"title": "t", "content": "c", "tags": null})),
            Ok(json!({"title": "t", "content": "c"}))
        );
        let error = check(&document(), json!({"title": null, "content": "c"})).unwrap_err();
        assert_eq!(error.to_string(), "`title` must be a string");
    }

    #[test]
    fn unknown_names_are_refused_with_those_that_exist() {
        let error = check(&document(), json!({"title": "t", "content": "c", "depth": 2})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no argument `depth`; this tool takes `content`, `count`, `metadata`, `tags`, `title`"
        );
        let error = check(&document(), json!({"title": "t", "content": "c", "<b>\n": 2})).unwrap_err();
        assert!(!error.to_string().contains('<'));
    }

    #[test]
    fn types_are_checked_in_lists_too() {
        let error = check(&document(), json!({"title": "t", "content": "c", "tags": ["x", 1]})).unwrap_err();
        assert_eq!(error.to_string(), "`tags[]` must be a string");
        let error = check(&document(), json!({"title": "t", "content": "c", "count": "5"})).unwrap_err();
        assert_eq!(error.to_string(), "`count` must be a whole number");
        let error = check(&document(), json!({"title": "t", "content": "c", "count": 1.5})).unwrap_err();
        assert_eq!(error.to_string(), "`count` must be a whole number");
    }

    #[test]
    fn a_whole_float_becomes_the_integer_it_is() {
        let passed = check(&document(), json!({"title": "t", "content": "c", "count": 5.0})).unwrap();
        assert_eq!(passed["count"].to_string(), "5");
    }

    #[test]
    fn limit_is_cut_to_what_jean_memory_serves() {
        let rules =
            Arguments::read(&object(json!({"properties": {"limit": {"type": "integer"}}})), Some((1, 200)));
        for (given, sent) in [(json!(0), 1), (json!(7), 7), (json!(5000), 200), (json!(u64::MAX), 200)] {
            assert_eq!(check(&rules, json!({"limit": given})), Ok(json!({"limit": sent})));
        }
        assert!(check(&rules, json!({"limit": "7"})).is_err());
    }

    #[test]
    fn lists_of_values_and_bounds_hold() {
        let rules = Arguments::read(
            &object(
                json!({"properties": {"how": {"enum": ["a", "b"]}, "n": {"type": "number", "minimum": 0, "maximum": 1}}}),
            ),
            None,
        );
        assert!(check(&rules, json!({"how": "a", "n": 0.5})).is_ok());
        assert_eq!(
            check(&rules, json!({"how": "c"})),
            Err(ArgumentError::NotListed { name: "how".to_owned() })
        );
        assert_eq!(check(&rules, json!({"n": 2})), Err(ArgumentError::OutOfRange { name: "n".to_owned() }));
    }

    #[test]
    fn what_a_schema_does_not_say_plainly_passes() {
        for schema in [
            json!({"type": "object"}),
            json!({"properties": {"a": {"type": "string"}}, "additionalProperties": true}),
            json!({"properties": {"a": {"type": "string"}}, "anyOf": []}),
        ] {
            let rules = Arguments::read(&object(schema), None);
            assert!(check(&rules, json!({"b": 1})).is_ok());
        }
        let rules =
            Arguments::read(&object(json!({"properties": {"a": {"$ref": "#/$defs/a"}, "b": true}})), None);
        assert!(check(&rules, json!({"a": {"x": 1}, "b": null})).is_ok());
    }

    fn document() -> Arguments {
        Arguments::read(
            &object(json!({
                "type": "object",
                "required": ["title", "content"],
                "properties": {
                    "title": {"type": "string"},
                    "content": {"type": "string"},
                    "count": {"type": "integer"},
                    "metadata": {"type": "object"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            })),
            None,
        )
    }

    fn check(rules: &Arguments, given: Value) -> Result<Value, ArgumentError> {
        rules.check(object(given)).map(Value::Object)
    }

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("an object") };
        object
    }
}
