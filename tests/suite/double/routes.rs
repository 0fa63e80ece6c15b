//! The routes, and what the framework says to everything that is none (upstream-api.md 3, 5.3).

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{AUTHORIZATION, HOST, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use axum::{Extension, Router};

use super::clock::naive;
use super::faults::Struck;
use super::leaks::VALIDATE;
use super::record::text;
use super::reply::{Reply, detail, json_text};
use super::rpc::{Door, answer};
use super::stage::stage;
use super::validate;
use super::world::World;

const MESSAGES: &str = "/mcp/messages/";
const AGENT: &str = "/agent/v1/mcp/messages/";
const HEALTH: &str = "/health";
const CHAT_HEALTH: &str = "/api/jean-chat/health";
const MCP: &str = "/mcp";
/// Paths without parameters, for the redirect of a wrong trailing slash.
const FIXED: [&str; 6] = [MESSAGES, AGENT, HEALTH, CHAT_HEALTH, MCP, VALIDATE];

type Struckness = Extension<Arc<Struck>>;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route(MESSAGES, post(messages))
        .route("/mcp/v2/{client}/{user}", post(v2))
        .route("/mcp/{client}/messages/{user}", post(legacy))
        .route(AGENT, post(agent))
        .route(VALIDATE, post(validate::post))
        .route(HEALTH, get(health))
        .route(CHAT_HEALTH, get(chat_health))
        .route(MCP, any(mcp))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_path)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(world.clone(), stage))
        .with_state(world)
}

async fn messages(
    State(world): State<Arc<World>>,
    Extension(struck): Struckness,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let identity = world.identify(&struck, &headers, None);
    answer(&world, &struck, Door::Messages, identity, &body)
}

/// Trusts the path as much as `/mcp/messages/` trusts the headers (upstream-api.md 5.2).
async fn v2(
    State(world): State<Arc<World>>,
    Extension(struck): Struckness,
    Path(pair): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let identity = world.identify(&struck, &headers, Some(pair));
    answer(&world, &struck, Door::V2, identity, &body)
}

/// As `/mcp/messages/`, except that the answer may go to an SSE stream instead.
async fn legacy(
    state: State<Arc<World>>,
    struck: Struckness,
    Path(pair): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let streamed = state.streams.lock().unwrap().contains(&pair);
    let reply = messages(state, struck, headers, body).await;
    if !streamed || reply.status() != StatusCode::OK {
        return reply;
    }
    let mut empty = Response::new(Body::empty());
    *empty.status_mut() = StatusCode::NO_CONTENT;
    empty
}

/// A bearer key, and then everything again.
async fn agent(
    state: State<Arc<World>>,
    Extension(struck): Struckness,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    if let Err(refusal) = state.require_bearer(&struck, &headers) {
        return *refusal;
    }
    messages(state, Extension(struck), headers, body).await
}

async fn health(State(world): State<Arc<World>>) -> Reply {
    let timestamp = naive(world.clock.now());
    json_text(StatusCode::OK, format!(r#"{{"status":"healthy","timestamp":"{timestamp}"}}"#))
}

async fn chat_health(
    State(world): State<Arc<World>>,
    Extension(struck): Struckness,
    headers: HeaderMap,
) -> Reply {
    if let Err(refusal) = world.require_bearer(&struck, &headers) {
        return *refusal;
    }
    let text = r#"{"status":"healthy","service":"Jean Memory SDK MCP","integration":"Native MCP with jean_memory tool"}"#;
    json_text(StatusCode::OK, text)
}

/// Wants a token of upstream's own OAuth; no API key will do.
async fn mcp(method: Method, headers: HeaderMap) -> Reply {
    if ![Method::POST, Method::GET, Method::HEAD, Method::OPTIONS].contains(&method) {
        let mut reply = wrong_method().await;
        reply.headers_mut().insert("allow", HeaderValue::from_static("POST, GET, HEAD, OPTIONS"));
        return reply;
    }
    let authorization = headers.get(AUTHORIZATION).map(|value| text(value.as_bytes()));
    let message = match authorization.as_deref().and_then(|value| value.strip_prefix("Bearer ")) {
        Some(_) => "Could not validate credentials",
        None => "MCP OAuth 2.1 authentication required. Missing Authorization: Bearer <access-token> header.",
    };
    let mut reply = detail(StatusCode::UNAUTHORIZED, message);
    reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    reply
}

async fn wrong_method() -> Reply {
    detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

/// A path that only lacks its slash, or has one too many, is redirected; to `http:` unless told better.
async fn no_such_path(State(world): State<Arc<World>>, uri: Uri, headers: HeaderMap) -> Reply {
    let path = uri.path();
    let toggled = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
    if !is_route(&toggled) {
        return detail(StatusCode::NOT_FOUND, "Not Found");
    }
    let forwarded = headers.get("x-forwarded-proto").map(|value| text(value.as_bytes()));
    let scheme = match forwarded {
        Some(scheme) if world.trusts_proxy.load(SeqCst) => scheme,
        _ => "http".to_owned(),
    };
    let host = headers.get(HOST).map(|value| text(value.as_bytes())).unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    redirect(&format!("{scheme}://{host}{toggled}{query}"))
}

pub(super) fn redirect(location: &str) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let location = HeaderValue::from_str(location).expect("addresses are header values");
    reply.headers_mut().insert(LOCATION, location);
    reply
}

fn is_route(path: &str) -> bool {
    let segments: Vec<_> = path.split('/').skip(1).collect();
    let filled = segments.iter().all(|segment| !segment.is_empty());
    let shaped = matches!(segments.as_slice(), ["mcp", "v2", _, _] | ["mcp", _, "messages", _]);
    FIXED.contains(&path) || (shaped && filled)
}
