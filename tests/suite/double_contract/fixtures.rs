//! The tools of the conformance suite (protocol.md 11.5), compared with what its 0.2.0-alpha.12 expects.

use serde_json::{Value, json};

use super::caller::Caller;
use crate::double::{ALICE, Double};

const KEY: [(&str, &str); 1] = [("X-API-Key", ALICE.key)];

#[tokio::test]
async fn fixtures_come_before_the_real_tools_and_only_read() {
    let double = Double::with_fixtures().await;
    let caller = Caller::new(&double);
    let reply = caller.list_tools(&KEY).await;
    let names = reply.tool_names();
    assert_eq!(
        names[..10],
        [
            "test_simple_text",
            "test_image_content",
            "test_audio_content",
            "test_embedded_resource",
            "test_multiple_content_types",
            "test_error_handling",
            "json_schema_2020_12_tool",
            "test_custom_header",
            "test_logging_tool",
            "test_streaming_elicitation",
        ]
    );
    assert_eq!(names.len(), 17);
    let list = reply.json();
    for tool in &list["result"]["tools"].as_array().unwrap()[..10] {
        assert_eq!(tool["annotations"]["readOnly"], true);
        assert!(tool["description"].is_string() && tool["inputSchema"]["type"] == "object");
    }
}

#[tokio::test]
async fn without_fixtures_there_are_none() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    assert_eq!(caller.list_tools(&KEY).await.tool_names().len(), 7);
    assert_eq!(caller.call(ALICE.key, "test_simple_text", &json!({})).await.status, 500);
}

#[tokio::test]
async fn schemas_keep_their_keywords() {
    let double = Double::with_fixtures().await;
    let list = Caller::new(&double).list_tools(&KEY).await.json();
    let tools = list["result"]["tools"].as_array().unwrap();
    let schema = |name: &str| &tools.iter().find(|tool| tool["name"] == name).unwrap()["inputSchema"];
    let modern = schema("json_schema_2020_12_tool");
    assert_eq!(modern["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(modern["$defs"]["address"]["$anchor"], "addressDef");
    assert_eq!(modern["additionalProperties"], false);
    for keyword in ["allOf", "if", "then", "else"] {
        assert!(!modern[keyword].is_null(), "{keyword}");
    }
    let header = schema("test_custom_header");
    assert_eq!(header["properties"]["value"]["type"], "string");
    assert_eq!(header["properties"]["value"]["x-mcp-header"], "Value");
}

#[tokio::test]
async fn each_kind_of_content_is_returned_in_plain_json() {
    let double = Double::with_fixtures().await;
    let caller = Caller::new(&double);
    let result = async |name: &str, arguments: Value| {
        let reply = caller.call(ALICE.key, name, &arguments).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
        reply.json()["result"].clone()
    };
    let text = |text: &str| json!({ "type": "text", "text": text });
    let simple = result("test_simple_text", json!({})).await;
    assert_eq!(simple, json!({ "content": [text("This is a simple text response for testing.")] }));
    let image = result("test_image_content", json!({})).await["content"][0].clone();
    assert_eq!((&image["type"], &image["mimeType"]), (&json!("image"), &json!("image/png")));
    assert!(decoded(&image["data"]).starts_with(b"\x89PNG\r\n"));
    let audio = result("test_audio_content", json!({})).await["content"][0].clone();
    assert_eq!((&audio["type"], &audio["mimeType"]), (&json!("audio"), &json!("audio/wav")));
    let wav = decoded(&audio["data"]);
    assert_eq!((&wav[..4], &wav[8..12], wav.len()), (&b"RIFF"[..], &b"WAVE"[..], 44));
    let embedded = result("test_embedded_resource", json!({})).await;
    let expected = json!({
        "uri": "test://embedded-resource",
        "mimeType": "text/plain",
        "text": "This is an embedded resource content.",
    });
    assert_eq!(embedded["content"], json!([{ "type": "resource", "resource": expected }]));
    let mixed = result("test_multiple_content_types", json!({})).await;
    assert_eq!(mixed["content"][0], text("Multiple content types test:"));
    assert_eq!(mixed["content"][1], image);
    assert_eq!(
        mixed["content"][2]["resource"],
        json!({
            "uri": "test://mixed-content-resource",
            "mimeType": "application/json",
            "text": r#"{"test":"data","value":123}"#,
        })
    );
    let failed = result("test_error_handling", json!({})).await;
    let message = "This tool intentionally returns an error for testing";
    assert_eq!(failed, json!({ "content": [text(message)], "isError": true }));
    let header = result("test_custom_header", json!({ "value": "Hello" })).await;
    assert_eq!(header["content"], json!([text("value: Hello")]));
    for tool in ["json_schema_2020_12_tool", "test_logging_tool", "test_streaming_elicitation"] {
        assert_eq!(result(tool, json!({})).await["content"][0]["type"], "text");
    }
    assert!(caller.data(ALICE.key, "list_memories", &json!({})).await["status"] == "success");
}

fn decoded(data: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(data.as_str().unwrap()).expect("base64")
}
