//! `POST /mcp/messages/`: one JSON-RPC message in, one reply out, with every departure from JSON-RPC and MCP
//! that the service has (upstream-api.md 5.1, 8).

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::arguments::Exception;
use super::reply::Reply;
use super::tools::{self, Sender};
use super::{Shared, apps, catalogue, person, python};

/// Characters of a client's name that are kept.
const MAX_APP_NAME: usize = 100;

/// What the headers say of the sender. Nothing else in them is read (upstream-api.md 4).
pub(super) struct Credentials {
    pub(super) key: Option<String>,
    pub(super) client_name: Option<String>,
}

/// Answers one message. Blocks.
pub(super) fn answer(shared: &Shared, credentials: &Credentials, body: &[u8]) -> Reply {
    // The body is parsed before the key is checked, and its shape is looked at afterwards (upstream-api.md 5.1).
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return Reply::crashed();
    };
    // Without a key of this sandbox nothing else counts: no identity header replaces it (upstream-api.md 5.2).
    let key = credentials.key.as_deref().and_then(person::exact_key);
    let person = match key.map_or(Ok(None), |key| shared.person_with(&key)) {
        Ok(person) => person,
        Err(error) => {
            tools::report(&error, "authentication");
            return Reply::crashed();
        }
    };
    let name = credentials.client_name.as_deref().unwrap_or(apps::UNNAMED);
    let (Some(person), false) = (person, name.is_empty()) else {
        return Reply::json(400, &json!({"error": "Missing user authentication details"}));
    };
    let app_name = if tools::holds_a_key(name) { apps::UNNAMED } else { python::first(name, MAX_APP_NAME) };
    match message {
        Value::Object(message) => dispatch(shared, Sender { person, app_name }, &message),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Reply::crashed()
        }
    }
}

fn dispatch(shared: &Shared, sender: Sender<'_>, message: &Map<String, Value>) -> Reply {
    static NONE: Value = Value::Null;
    let id = message.get("id").unwrap_or(&NONE);
    let method = message.get("method").unwrap_or(&NONE);
    match method.as_str() {
        Some("initialize") => {
            with_params(message, |params| result(id, &initialize(params.get("protocolVersion"))))
        }
        Some("tools/list") => with_params(message, |_| result(id, &Tools { tools: &catalogue::LISTED })),
        Some("tools/call") => with_params(message, |params| {
            let empty = Value::Object(Map::new());
            let arguments = params.get("arguments").unwrap_or(&empty);
            match tools::call(shared, sender, params.get("name").unwrap_or(&NONE), arguments) {
                Ok(text) => result(id, &Content { content: [Text { kind: "text", text }] }),
                Err(exception) => raised(id, &exception),
            }
        }),
        Some("notifications/initialized" | "notifications/cancelled") => {
            Reply::json(200, &json!({"status": "acknowledged"}))
        }
        Some("resources/list") => result(id, &json!({"resources": []})),
        Some("prompts/list") => result(id, &json!({"prompts": []})),
        // The specification's key is another one; the service's is this (upstream-api.md 8.1).
        Some("resources/templates/list") => result(id, &json!({"templates": []})),
        Some(_) | None => {
            let method = python::text(method);
            Reply::json(404, &json!({"error": format!("Method '{method}' not found")}))
        }
    }
}

fn with_params(message: &Map<String, Value>, then: impl FnOnce(&Map<String, Value>) -> Reply) -> Reply {
    match message.get("params") {
        None => then(&Map::new()),
        Some(Value::Object(params)) => then(params),
        Some(
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)),
        ) => {
            let found = python::type_name(other);
            Reply::json(500, &json!({"error": format!("'{found}' object has no attribute 'get'")}))
        }
    }
}

/// The table of upstream-api.md 8.3. The capabilities are as untrue there as they are here.
fn initialize(asked: Option<&Value>) -> Initialized {
    let (protocol_version, capabilities) = match asked.and_then(Value::as_str) {
        Some("2025-06-18") => {
            ("2025-06-18", json!({"tools": {"listChanged": true}, "logging": {}, "sampling": {}}))
        }
        Some("2025-03-26") => {
            ("2025-03-26", json!({"tools": {"listChanged": false}, "logging": {}, "sampling": {}}))
        }
        Some(_) | None => ("2024-11-05", json!({"tools": {}})),
    };
    Initialized {
        protocol_version,
        capabilities,
        server_info: json!({"name": "Jean Memory", "version": "1.0.0"}),
    }
}

fn result(id: &Value, result: &impl Serialize) -> Reply {
    #[derive(Serialize)]
    struct Success<'a, R> {
        jsonrpc: &'static str,
        result: &'a R,
        id: &'a Value,
    }
    Reply::json(200, &Success { jsonrpc: "2.0", result, id })
}

fn raised(id: &Value, exception: &Exception) -> Reply {
    #[derive(Serialize)]
    struct Failure<'a> {
        jsonrpc: &'static str,
        error: Value,
        id: &'a Value,
    }
    Reply::json(500, &Failure { jsonrpc: "2.0", error: json!({"code": -32603, "message": exception.0}), id })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Initialized {
    protocol_version: &'static str,
    capabilities: Value,
    server_info: Value,
}

#[derive(Serialize)]
struct Tools {
    tools: &'static [catalogue::Tool],
}

#[derive(Serialize)]
struct Content {
    content: [Text; 1],
}

#[derive(Serialize)]
struct Text {
    #[serde(rename = "type")]
    kind: &'static str,
    text: String,
}
