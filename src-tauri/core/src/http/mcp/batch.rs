//! Batches: 2025-03-26 has them, rmcp does not. Each element goes through rmcp alone; the answers
//! leave as one array (protocol.md 7.6).

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::future::join_all;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

use super::caller::Caller;
use super::message::Head;
use super::refusal::Refusal;
use super::reply::Asked;
use super::rpc_error::{self, Code};
use super::server::Server;
use crate::oauth::access::Load;

/// Messages in one batch.
const MAX_BATCH: usize = 50;

pub(super) async fn serve(
    server: &Server,
    caller: &Caller,
    parts: &Parts,
    elements: Vec<Value>,
    load: &Arc<Load>,
) -> Result<Response, Refusal> {
    if elements.is_empty() || elements.len() > MAX_BATCH {
        return Err(Refusal::BatchSize(MAX_BATCH));
    }
    // Each goes when it is written: parsed, it is many times as long.
    let bodies: Vec<_> = elements.into_iter().map(|element| Bytes::from(element.to_string())).collect();
    let heads: Vec<_> = bodies.iter().map(|body| Head::read(body)).collect();
    // One tool beyond the token's scopes stops the batch before any of it runs.
    for head in heads.iter().flatten() {
        server.check_scope(caller, head)?;
    }
    // rmcp would answer the second and leave the first without an end.
    let mut ids = HashSet::new();
    let requests = heads.iter().flatten().filter(|head| head.method.is_some());
    if !requests.filter_map(|head| head.id.as_ref()).all(|id| ids.insert(spelled(id))) {
        return Err(Refusal::BatchRepeatsId);
    }

    let mut answers = Vec::new();
    let mut pending = Vec::new();
    for (body, head) in bodies.iter().zip(heads) {
        match head {
            // 2025-03-26 lifecycle: never inside a batch.
            Ok(head) if head.is_request("initialize") => {
                answers.push(rpc_error::error_value(
                    Code::InvalidRequest,
                    "initialize cannot be part of a batch",
                    head.id.as_ref(),
                ));
            }
            Ok(head) => {
                // In order, so that a cancellation finds the request in front of it; the answers
                // are awaited together.
                let response = server.forward(caller, parts.clone(), body.clone(), Some(load)).await?;
                let asked = Asked::of(&parts.headers, head.id);
                let response = asked.reword(&response).unwrap_or_else(|| response.map(Body::new));
                pending.push(answers_of(response));
            }
            Err(_) => {
                answers.push(rpc_error::error_value(Code::InvalidRequest, "Not a JSON-RPC message", None));
            }
        }
    }
    answers.extend(join_all(pending).await.into_iter().flatten());

    if answers.is_empty() {
        let mut accepted = Response::new(Body::empty());
        *accepted.status_mut() = StatusCode::ACCEPTED;
        return Ok(accepted);
    }
    let mut response = Response::new(Body::from(Value::Array(answers).to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// `1` and `1.0` are one id, and so are `0` and `-0`.
fn spelled(id: &Value) -> String {
    id.as_f64().filter(|_| id.is_f64()).map_or_else(|| id.to_string(), |whole| format!("{:.0}", whole + 0.0))
}

/// The answers in one of rmcp's responses, JSON or SSE.
async fn answers_of(response: Response) -> Vec<Value> {
    let is_stream = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    let Ok(body) = response.into_body().collect().await else { return Vec::new() };
    let body = body.to_bytes();
    if is_stream {
        std::str::from_utf8(&body).map(messages).unwrap_or_default().into_iter().filter(is_answer).collect()
    } else {
        serde_json::from_slice(&body).into_iter().collect()
    }
}

/// Notifications on the way, such as progress, have no place in the array.
fn is_answer(message: &Value) -> bool {
    message.get("id").is_some() && message.get("method").is_none()
}

/// The messages in a finished stream as rmcp writes it: `data:` lines, events parted by empty ones.
fn messages(stream: &str) -> Vec<Value> {
    stream
        .split("\n\n")
        .filter_map(|event| {
            let data: Vec<_> = event
                .lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .map(|data| data.strip_prefix(' ').unwrap_or(data))
                .collect();
            serde_json::from_str(&data.join("\n")).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_found_between_priming_and_progress() {
        let stream = "id: 0\nretry: 3000\ndata: \n\n: keep-alive\n\nid: 1/0\ndata: {\"method\":\"x\"}\n\ndata: {\"id\":1}\n\n";
        let found: Vec<_> = messages(stream).into_iter().filter(is_answer).collect();
        assert_eq!(found, [json!({"id": 1})]);
    }
}
