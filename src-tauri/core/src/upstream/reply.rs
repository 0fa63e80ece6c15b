//! What a tool call gave. This API reports most failures as a success with a sad text
//! (upstream-api.md 9.4); here they become what MCP calls an error.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::{Unexpected, UpstreamError};
use super::rpc::ToolResult;
use super::sanitise;
use crate::api_key::ApiKey;

/// The result of a tool call in the words of MCP.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolReply {
    /// The content items, each an object with a `type`; otherwise as the upstream sent them.
    pub content: Vec<Value>,
    /// `structuredContent`, if there was any.
    pub structured_content: Option<Value>,
    /// Whether the tool failed, by its own account or by its text.
    pub is_error: bool,
}

/// How the texts begin with which a tool reports a failure, tool by tool (upstream-api.md 9.4).
const FAILURES: [(&str, &[&str]); 4] = [
    ("store_document", &["❌ "]),
    ("get_document_status", &["❌ "]),
    (
        "deep_memory_query",
        &["Error performing deep search: ", "Error: ", "Deep memory search timed out for query '"],
    ),
    (
        "jean_memory",
        &[
            "Error: ",
            "I had trouble processing your message: ",
            "I apologize, but I encountered an issue while retrieving your context.",
        ],
    ),
];

/// The text of a tool that failed: a JSON object in a string.
#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
}

/// Applies protocol.md 7.28, rows 1 and 2.
pub(super) fn read(tool: &str, result: ToolResult, key: &ApiKey) -> Result<ToolReply, UpstreamError> {
    if result.result_type.is_some_and(|kind| kind != "complete") {
        return Err(UpstreamError::Unexpected(Unexpected::Incomplete));
    }
    let malformed = UpstreamError::Unexpected(Unexpected::Malformed);
    let mut content = match (result.content, &result.structured_content) {
        (Some(content), _) => content,
        (None, Some(_)) => Vec::new(),
        (None, None) => return Err(malformed),
    };
    if !content.iter().all(|item| item.get("type").is_some_and(Value::is_string)) {
        return Err(malformed);
    }
    let mut structured_content = result.structured_content;
    let is_error = result.is_error.unwrap_or(false) || is_logical_failure(tool, &content);
    for value in content.iter_mut().chain(&mut structured_content) {
        if is_error {
            clean(value);
        } else {
            sanitise::hide_key(value, key);
        }
    }
    Ok(ToolReply { content, structured_content, is_error })
}

fn is_logical_failure(tool: &str, content: &[Value]) -> bool {
    let [only] = content else { return false };
    let Some(text) = text_of(only) else { return false };
    is_status_error(text)
        || FAILURES
            .iter()
            .any(|(name, prefixes)| *name == tool && prefixes.iter().any(|prefix| text.starts_with(prefix)))
}

fn text_of(item: &Value) -> Option<&str> {
    if item.get("type")? == "text" { item.get("text")?.as_str() } else { None }
}

fn is_status_error(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && serde_json::from_str::<Status<'_>>(text)
            .is_ok_and(|it| it.status.is_some_and(|status| status == "error"))
}

/// Takes keys, SQL and length out of a failure; what has none of these stays as it was.
fn clean(item: &mut Value) {
    let status = text_of(item).filter(|text| is_status_error(text)).map(clean_status);
    match (status, item.get_mut("text")) {
        (Some(cleaned), Some(text)) => *text = Value::String(cleaned),
        _ => sanitise::clean(item),
    }
}

/// The same JSON shape with a clean message; unchanged when there was nothing to clean.
fn clean_status(text: &str) -> String {
    if matches!(sanitise::error_text(text), Cow::Borrowed(_)) {
        return text.to_owned();
    }
    let object: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let member = |name: &str| object.get(name).and_then(Value::as_str).map(sanitise::short_message);
    json!({
        "status": "error",
        "error": member("error").unwrap_or_else(|| sanitise::short_message("")),
        "operation": member("operation"),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "jean_sk_EXAMPLE_abcDEF-0123456789";

    fn read_value(tool: &str, result: Value) -> Result<ToolReply, UpstreamError> {
        read(tool, serde_json::from_value(result).unwrap(), &ApiKey::parse(KEY).unwrap())
    }

    fn text(tool: &str, text: &str) -> ToolReply {
        read_value(tool, json!({ "content": [{ "type": "text", "text": text }] })).unwrap()
    }

    fn text_in(reply: &ToolReply) -> &str {
        reply.content[0]["text"].as_str().unwrap()
    }

    #[test]
    fn the_failure_texts_of_a_tool_are_errors_of_that_tool_only() {
        // upstream-api.md 9.4
        let samples = [
            ("store_document", "❌ Error: Document content too short"),
            ("get_document_status", "❌ Job ID 'doc_1' not found. Please check the job ID."),
            ("deep_memory_query", "Error performing deep search: boom"),
            ("deep_memory_query", "Deep memory search timed out for query 'x'. Try again"),
            ("deep_memory_query", "Error: boom"),
            ("jean_memory", "Error: boom"),
            ("jean_memory", "I had trouble processing your message: boom"),
            ("jean_memory", "I apologize, but I encountered an issue while retrieving your context. Sorry"),
        ];
        for (tool, sample) in samples {
            let reply = text(tool, sample);
            assert!(reply.is_error, "{tool}: {sample}");
            assert_eq!(text_in(&reply), sample);
            for other in ["ask_memory", "search_memory_v2", "list_memories", "add_memories", "unknown"] {
                assert!(!text(other, sample).is_error, "{other}: {sample}");
            }
            assert!(!text(tool, &format!("a note: {sample}")).is_error, "only at the start: {sample}");
        }
        assert!(!text("jean_memory", "❌ Error").is_error);
        assert!(!text("store_document", "Error: boom").is_error);
    }

    #[test]
    fn a_json_text_with_status_error_is_an_error_of_any_tool() {
        // protocol.md 7.28 row 2
        let sample = r#"{"status": "error", "error": "App x is paused", "operation": "add_memories"}"#;
        for tool in ["add_memories", "jean_memory", "unknown"] {
            let reply = text(tool, sample);
            assert!(reply.is_error);
            assert_eq!(text_in(&reply), sample, "the same content");
        }
        for harmless in [
            r#"{"status": "success", "memories": []}"#,
            r#"{"status": "success", "memories": [{"status": "error"}]}"#,
            r#"{"status": ["error"]}"#,
            r#"{"status": "error""#,
            r#"["status", "error"]"#,
            r#""{\"status\": \"error\"}""#,
            r"no JSON",
            "",
        ] {
            assert!(!text("add_memories", harmless).is_error, "{harmless}");
        }
        assert!(text("ask_memory", r#"{"st\u0061tus": "err\u006fr"}"#).is_error, "escapes count");
    }

    #[test]
    fn a_failure_text_with_sql_a_key_or_too_much_keeps_its_shape_and_loses_the_rest() {
        let sql = json!({
            "status": "error",
            "error": "Failed to list memories: (psycopg2.Error) [SQL: SELECT 1 FROM x]",
            "operation": "list_memories",
        });
        let reply = text("list_memories", &sql.to_string());
        let cleaned: Value = serde_json::from_str(text_in(&reply)).unwrap();
        assert_eq!(cleaned["status"], "error");
        assert_eq!(cleaned["operation"], "list_memories");
        assert!(reply.is_error && !text_in(&reply).contains("SELECT"), "{cleaned}");

        let long = json!({ "status": "error", "error": "x".repeat(100_000) }).to_string();
        let reply = text("ask_memory", &long);
        assert!(text_in(&reply).len() < 1_000);
        assert!(is_status_error(text_in(&reply)));

        let reply = text("jean_memory", &format!("Error: the key {KEY} is odd"));
        assert_eq!(text_in(&reply), "Error: the key [redacted] is odd");
        let reply = text("deep_memory_query", "Error: SELECT a FROM b");
        assert!(reply.is_error && !text_in(&reply).contains("SELECT"));
    }

    #[test]
    fn a_success_passes_unchanged_but_for_the_key_of_the_request() {
        // protocol.md 6.10
        let content = json!([
            { "type": "text", "text": format!("SELECT a FROM b; {KEY}; jean_sk_another_0123456789") },
            { "type": "image", "data": "aGk=", "mimeType": "image/png" },
        ]);
        let reply =
            read_value("x", json!({ "content": content, "structuredContent": { "k": [KEY] } })).unwrap();
        assert!(!reply.is_error);
        assert_eq!(text_in(&reply), "SELECT a FROM b; [redacted]; jean_sk_another_0123456789");
        assert_eq!(reply.content[1], content[1]);
        assert_eq!(reply.structured_content, Some(json!({ "k": ["[redacted]"] })));
    }

    #[test]
    fn a_declared_error_stays_one_and_an_incomplete_result_is_refused() {
        let item = json!([{ "type": "text", "text": "sorry" }]);
        assert!(read_value("x", json!({ "content": item, "isError": true })).unwrap().is_error);
        assert!(read_value("x", json!({ "content": item, "resultType": "complete" })).is_ok());
        // protocol.md 7.28: resultType other than complete
        assert_eq!(
            read_value("x", json!({ "content": item, "resultType": "input_required" })),
            Err(UpstreamError::Unexpected(Unexpected::Incomplete))
        );
    }

    #[test]
    fn content_of_an_unknown_shape_is_refused() {
        for result in [
            json!({}),
            json!({ "content": ["text"] }),
            json!({ "content": [{ "text": "no type" }] }),
            json!({ "content": [{ "type": 1 }] }),
        ] {
            assert_eq!(read_value("x", result), Err(UpstreamError::Unexpected(Unexpected::Malformed)));
        }
    }
}
