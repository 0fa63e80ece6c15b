//! `POST /sdk/validate-developer`: whose key is this (upstream-api.md 6.2).

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::auth::DatabaseDown;
use super::faults::Struck;
use super::people::KEY_PREFIX;
use super::record::text;
use super::reply::{Reply, detail, json};
use super::world::World;

pub(super) async fn post(
    State(world): State<Arc<World>>,
    Extension(struck): Extension<Arc<Struck>>,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let (key, client) = match read(&headers, &body) {
        Ok(fields) => fields,
        Err(detail) => return json(StatusCode::UNPROCESSABLE_ENTITY, &Problems { detail }),
    };
    if !key.starts_with(KEY_PREFIX) {
        return detail(StatusCode::UNAUTHORIZED, "Invalid API key format");
    }
    match world.owner_of(&key, &struck) {
        Ok(Some(owner)) => json(StatusCode::OK, &Valid::new(&owner, &client)),
        Ok(None) => detail(StatusCode::UNAUTHORIZED, "Invalid or inactive API key"),
        Err(DatabaseDown) => detail(StatusCode::INTERNAL_SERVER_ERROR, "Developer validation failed"),
    }
}

#[derive(Serialize)]
struct Valid<'a> {
    status: &'a str,
    developer_id: &'a str,
    client_name: &'a str,
    message: String,
}

impl<'a> Valid<'a> {
    fn new(developer_id: &'a str, client_name: &'a str) -> Self {
        let message = format!("Developer authenticated for client: {client_name}");
        Self { status: "valid", developer_id, client_name, message }
    }
}

#[derive(Serialize)]
struct Problems {
    detail: Vec<Problem>,
}

/// One complaint of the framework. `input` repeats what was sent, keys included.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    loc: Vec<Value>,
    msg: &'static str,
    input: Value,
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<(String, String), Vec<Problem>> {
    if body.is_empty() {
        return Err(vec![missing(vec![json!("body")], Value::Null)]);
    }
    let is_json = headers.get(CONTENT_TYPE).is_none_or(|kind| text(kind.as_bytes()).contains("json"));
    if !is_json {
        return Err(vec![not_an_object(json!(text(body)))]);
    }
    let fields = match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => fields,
        Ok(other) => return Err(vec![not_an_object(other)]),
        Err(_) => {
            let loc = vec![json!("body"), json!(0)];
            let msg = "JSON decode error";
            return Err(vec![Problem { r#type: "json_invalid", loc, msg, input: json!({}) }]);
        }
    };
    let mut problems = Vec::new();
    let mut take = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => {
            let loc = vec![json!("body"), json!(name)];
            let msg = "Input should be a valid string";
            problems.push(Problem { r#type: "string_type", loc, msg, input: other.clone() });
            String::new()
        }
        None => {
            problems.push(missing(vec![json!("body"), json!(name)], json!(fields)));
            String::new()
        }
    };
    let read = (take("api_key"), take("client_name"));
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

fn missing(loc: Vec<Value>, input: Value) -> Problem {
    Problem { r#type: "missing", loc, msg: "Field required", input }
}

fn not_an_object(input: Value) -> Problem {
    let msg = "Input should be a valid dictionary or object to extract fields from";
    Problem { r#type: "model_attributes_type", loc: vec![json!("body")], msg, input }
}
