//! The tools that the official conformance suite wants to call (protocol.md 11.5).
//!
//! They answer in one plain JSON reply, as upstream's tools do, and are marked as reading only, so that
//! a bridge offers them without being asked.

use serde_json::{Value, json};

/// One red pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// No sample at all, correctly framed.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

/// Name, description and input schema; the first one takes no arguments.
fn tools() -> Vec<(&'static str, &'static str, Value)> {
    let nothing = || json!({ "type": "object", "properties": {} });
    vec![
        ("test_simple_text", "Returns one text.", nothing()),
        ("test_image_content", "Returns an image.", nothing()),
        ("test_audio_content", "Returns a sound.", nothing()),
        ("test_embedded_resource", "Returns an embedded resource.", nothing()),
        ("test_multiple_content_types", "Returns a text, an image and a resource.", nothing()),
        ("test_error_handling", "Always fails.", nothing()),
        ("json_schema_2020_12_tool", "Tool with JSON Schema 2020-12 features", json_schema_2020_12()),
        (
            "test_custom_header",
            "Takes a parameter that is repeated in a header.",
            json!({
                "type": "object",
                "properties": {
                    "value": { "type": "string", "description": "Repeated in Mcp-Param-Value.", "x-mcp-header": "Value" }
                },
                "required": ["value"],
            }),
        ),
        ("test_logging_tool", "Would log, if it were asked to.", nothing()),
        ("test_streaming_elicitation", "Would ask, if it could.", nothing()),
    ]
}

/// Word for word what the scenario `json-schema-2020-12` compares with.
fn json_schema_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}

pub(super) fn listing() -> Vec<String> {
    tools()
        .into_iter()
        .map(|(name, description, schema)| {
            json!({
                "name": name,
                "description": description,
                "inputSchema": schema,
                "annotations": { "readOnly": true, "sensitive": false, "destructive": false },
            })
            .to_string()
        })
        .collect()
}

pub(super) fn call(name: &str, arguments: &Value) -> Option<Value> {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let content = match name {
        "test_simple_text" => json!([text("This is a simple text response for testing.")]),
        "test_image_content" => json!([image()]),
        "test_audio_content" => json!([{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }]),
        "test_embedded_resource" => {
            let body = "This is an embedded resource content.";
            json!([resource("test://embedded-resource", "text/plain", body)])
        }
        "test_multiple_content_types" => {
            let body = r#"{"test":"data","value":123}"#;
            let resource = resource("test://mixed-content-resource", "application/json", body);
            json!([text("Multiple content types test:"), image(), resource])
        }
        "test_error_handling" => {
            let failure = json!([text("This tool intentionally returns an error for testing")]);
            return Some(json!({ "content": failure, "isError": true }));
        }
        "json_schema_2020_12_tool" => json!([text("The arguments fit the schema.")]),
        "test_custom_header" => {
            json!([text(&format!("value: {}", super::python::text(&arguments["value"])))])
        }
        "test_logging_tool" => json!([text("Nothing was logged.")]),
        "test_streaming_elicitation" => json!([text("Nothing was asked.")]),
        _ => return None,
    };
    Some(json!({ "content": content }))
}

fn image() -> Value {
    json!({ "type": "image", "data": PNG, "mimeType": "image/png" })
}

fn resource(uri: &str, mime_type: &str, text: &str) -> Value {
    json!({ "type": "resource", "resource": { "uri": uri, "mimeType": mime_type, "text": text } })
}
