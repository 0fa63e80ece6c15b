//! `POST /sdk/validate-developer`: whose key is this? (upstream-api.md 6.2)

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::reply::Reply;
use super::{Shared, person, tools};
use crate::api_key::KEY_PREFIX;

/// Answers the call. Blocks.
pub(super) fn answer(shared: &Shared, content_type: Option<&str>, body: &[u8]) -> Reply {
    let request = match Request::parse(content_type, body) {
        Ok(request) => request,
        Err(faults) => return Reply::json(422, &json!({"detail": faults})),
    };
    if !request.key.starts_with(KEY_PREFIX) {
        return Reply::json(401, &json!({"detail": "Invalid API key format"}));
    }
    let owner = person::exact_key(&request.key).map_or(Ok(None), |key| {
        shared.with(|connection| {
            person::find(connection, &key)?.map(|person| person::user_id(connection, person)).transpose()
        })
    });
    match owner {
        Ok(Some(developer_id)) => Reply::json(
            200,
            &Accepted {
                status: "valid",
                developer_id,
                message: format!("Developer authenticated for client: {}", request.client_name),
                client_name: request.client_name,
            },
        ),
        Ok(None) => Reply::json(401, &json!({"detail": "Invalid or inactive API key"})),
        Err(error) => {
            tools::report(&error, "validation");
            Reply::json(500, &json!({"detail": "Developer validation failed"}))
        }
    }
}

#[derive(Serialize)]
struct Accepted {
    status: &'static str,
    developer_id: String,
    client_name: String,
    message: String,
}

struct Request {
    key: String,
    client_name: String,
}

/// One entry of a 422. The service echoes what was sent in `input`, the key with it; this one never does.
#[derive(Serialize)]
struct Fault {
    #[serde(rename = "type")]
    kind: &'static str,
    loc: Vec<Value>,
    msg: &'static str,
    input: Option<()>,
}

impl Fault {
    fn new(kind: &'static str, loc: &[&str], msg: &'static str) -> Self {
        Self { kind, loc: loc.iter().map(|part| Value::from(*part)).collect(), msg, input: None }
    }
}

impl Request {
    fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Self, Vec<Fault>> {
        if body.is_empty() {
            return Err(vec![Fault::new("missing", &["body"], "Field required")]);
        }
        let not_an_object = || {
            vec![Fault::new(
                "model_attributes_type",
                &["body"],
                "Input should be a valid dictionary or object to extract fields from",
            )]
        };
        if !content_type.is_none_or(is_json) {
            return Err(not_an_object());
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            let mut fault = Fault::new("json_invalid", &["body"], "JSON decode error");
            fault.loc.push(Value::from(error.column()));
            vec![fault]
        })?;
        let Value::Object(body) = body else {
            return Err(not_an_object());
        };
        match (field(&body, "api_key"), field(&body, "client_name")) {
            (Ok(key), Ok(client_name)) => Ok(Self { key, client_name }),
            (key, client_name) => Err(key.err().into_iter().chain(client_name.err()).collect()),
        }
    }
}

fn field(body: &Map<String, Value>, name: &'static str) -> Result<String, Fault> {
    match body.get(name) {
        None => Err(Fault::new("missing", &["body", name], "Field required")),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Fault::new("string_type", &["body", name], "Input should be a valid string"))
        }
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
