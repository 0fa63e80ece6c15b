//! JSON-RPC as upstream understands it (upstream-api.md 8).

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::auth::{DatabaseDown, Identity};
use super::faults::{Fault, Struck};
use super::python::{kind, text};
use super::reply::{Reply, crash, error, json, result, rpc_error, rpc_error_with};
use super::tools::{self, Ran};
use super::world::World;

/// Which route a message came in by: they differ in how they fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Messages,
    V2,
}

/// Answers one body. It is parsed first, then the caller is identified, then its shape is looked at
/// (upstream-api.md 5.1).
pub(super) fn answer(
    world: &World,
    struck: &Struck,
    door: Door,
    identity: Result<Option<Identity>, DatabaseDown>,
    body: &[u8],
) -> Reply {
    let unreadable = |message: &str| match door {
        Door::Messages => crash(),
        Door::V2 => rpc_error(&Value::Null, message),
    };
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return unreadable("Expecting value: line 1 column 1 (char 0)");
    };
    let Ok(identity) = identity else { return crash() };
    let Some(identity) = identity else {
        return error(StatusCode::BAD_REQUEST, "Missing user authentication details");
    };
    let Value::Object(message) = message else {
        return unreadable(&format!("'{}' object has no attribute 'get'", kind(&message)));
    };
    let id = message.get("id").unwrap_or(&Value::Null);
    let method = message.get("method").map_or("None".to_owned(), text);
    let empty = json!({});
    let params = message.get("params").unwrap_or(&empty);
    let reads_params = ["initialize", "tools/list", "tools/call"].contains(&method.as_str());
    if reads_params && !params.is_object() {
        let message = format!("'{}' object has no attribute 'get'", kind(params));
        return error(StatusCode::INTERNAL_SERVER_ERROR, &message);
    }
    match method.as_str() {
        "initialize" => initialize(id, params),
        "tools/list" => result(id, &tools::list(world, struck, &identity)),
        "tools/call" => call(world, struck, &identity, id, params),
        "notifications/initialized" | "notifications/cancelled" => {
            json(StatusCode::OK, &json!({ "status": "acknowledged" }))
        }
        "resources/list" => result(id, r#"{"resources":[]}"#),
        "prompts/list" => result(id, r#"{"prompts":[]}"#),
        // Not the specification's key.
        "resources/templates/list" => result(id, r#"{"templates":[]}"#),
        unknown => error(StatusCode::NOT_FOUND, &format!("Method '{unknown}' not found")),
    }
}

/// upstream-api.md 8.3; the capabilities are not true.
fn initialize(id: &Value, params: &Value) -> Reply {
    let (version, capabilities) = match params["protocolVersion"].as_str() {
        Some("2025-06-18") => ("2025-06-18", r#"{"tools":{"listChanged":true},"logging":{},"sampling":{}}"#),
        Some("2025-03-26") => ("2025-03-26", r#"{"tools":{"listChanged":false},"logging":{},"sampling":{}}"#),
        _ => ("2024-11-05", r#"{"tools":{}}"#),
    };
    let server = r#"{"name":"Jean Memory","version":"1.0.0"}"#;
    result(
        id,
        &format!(r#"{{"protocolVersion":"{version}","capabilities":{capabilities},"serverInfo":{server}}}"#),
    )
}

fn call(world: &World, struck: &Struck, identity: &Identity, id: &Value, params: &Value) -> Reply {
    match &struck.tool {
        Some(Fault::ToolException(message)) => return rpc_error(id, message),
        Some(Fault::LogicalError(text)) => return text_result(id, text),
        Some(Fault::ToolResult(value)) => return result(id, &value.to_string()),
        Some(Fault::RpcError { code, message }) => {
            return rpc_error_with(StatusCode::OK, id, *code, message);
        }
        _ => {}
    }
    let name = params.get("name").map_or("None".to_owned(), text);
    let arguments = params.get("arguments").cloned().unwrap_or_else(|| json!({}));
    match tools::call(world, struck, identity, &name, arguments) {
        Ok(Ran::Text(text)) => text_result(id, &text),
        Ok(Ran::Result(value)) => result(id, &value.to_string()),
        Err(exception) => rpc_error(id, &exception),
    }
}

/// Exactly one text item, and no `isError`.
fn text_result(id: &Value, text: &str) -> Reply {
    let text = Value::from(text);
    result(id, &format!(r#"{{"content":[{{"type":"text","text":{text}}}]}}"#))
}
