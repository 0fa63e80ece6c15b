//! Arguments that a tool wants to see in headers as well (SEP-2243, protocol.md 8.14): the bridge compares them, so a
//! call without them would be refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use rmcp::transport::common::http_header::{
    BASE64_HEADER_PREFIX, BASE64_HEADER_SUFFIX, HEADER_MCP_PARAM_PREFIX,
};
use serde_json::{Map, Value};

/// What a property is marked with.
const MARK: &str = "x-mcp-header";

/// The headers that a tool with this schema wants for these arguments.
pub(super) fn of_arguments(
    schema: &Map<String, Value>,
    arguments: &Map<String, Value>,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    collect(schema, arguments, &mut headers);
    headers
}

fn collect(
    schema: &Map<String, Value>,
    arguments: &Map<String, Value>,
    headers: &mut Vec<(HeaderName, HeaderValue)>,
) {
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    for (name, property) in properties {
        let (Value::Object(property), Some(argument)) = (property, arguments.get(name)) else { continue };
        if let Some(Value::String(mark)) = property.get(MARK) {
            headers.extend(header(mark, argument));
        }
        if let Value::Object(inner) = argument {
            collect(property, inner, headers);
        }
    }
}

fn header(mark: &str, argument: &Value) -> Option<(HeaderName, HeaderValue)> {
    let text = match argument {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => argument.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let name = HeaderName::try_from(format!("{HEADER_MCP_PARAM_PREFIX}{mark}")).ok()?;
    Some((name, HeaderValue::try_from(disguised(&text)).ok()?))
}

/// What does not survive in a header travels in disguise.
pub(super) fn disguised(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && text.trim() == text;
    if is_plain && !text.starts_with(BASE64_HEADER_PREFIX) {
        text.to_owned()
    } else {
        format!("{BASE64_HEADER_PREFIX}{}{BASE64_HEADER_SUFFIX}", STANDARD.encode(text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("{value}") };
        object
    }

    #[test]
    fn text_travels_in_headers_whatever_is_in_it() {
        for plain in ["", "list_memories", "two words"] {
            assert_eq!(disguised(plain), plain);
        }
        for odd in ["é", " x", "x\n", "x\t", "=?base64?eA==?="] {
            let value = disguised(odd);
            let inner = value.strip_prefix("=?base64?").and_then(|value| value.strip_suffix("?=")).unwrap();
            assert_eq!(STANDARD.decode(inner).unwrap(), odd.as_bytes());
        }
    }

    #[test]
    fn marked_arguments_are_found_at_any_depth_and_others_stay_out_of_it() {
        let schema = object(json!({"properties": {
            "who": {"type": "string", "x-mcp-header": "Who"},
            "secret": {"type": "string"},
            "left_out": {"type": "string", "x-mcp-header": "Left-Out"},
            "odd": {"type": "string", "x-mcp-header": "not a token"},
            "inner": {"type": "object", "properties": {"count": {"type": "integer", "x-mcp-header": "Count"}}},
        }}));
        let arguments = object(json!({"who": "é", "secret": "s", "odd": "o", "inner": {"count": 5}}));
        let found = of_arguments(&schema, &arguments);
        let mut found: Vec<_> =
            found.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        found.sort_unstable();
        assert_eq!(found, [("mcp-param-count", "5"), ("mcp-param-who", "=?base64?w6k=?=")]);
    }
}
