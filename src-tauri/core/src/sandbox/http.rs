//! The routes, and what the service's framework says around them (upstream-api.md 3, 4).

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, HOST, LOCATION};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, any, get, post};
use serde_json::json;

use super::reply::{MEMORY_USAGE, NO_MEMORY, Reply};
use super::rpc::{self, Credentials};
use super::{Shared, times, validation};

/// Larger bodies are refused; the service took 20 MB (upstream-api.md 8.2).
const MAX_BODY: usize = 20 * 1024 * 1024;
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const CLIENT_NAME: HeaderName = HeaderName::from_static("x-client-name");

const MESSAGES: &str = "/mcp/messages/";
const VALIDATION: &str = "/sdk/validate-developer";
const HEALTH: &str = "/health";

/// All routes. No CORS: a page in a browser must not reach the sandbox (upstream-api.md 13.1).
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(MESSAGES, only("POST", post(messages)))
        .route(VALIDATION, only("POST", post(validate)))
        .route(HEALTH, only("GET, HEAD", get(health)))
        .route("/mcp/messages", moved_to(MESSAGES))
        .route("/sdk/validate-developer/", moved_to(VALIDATION))
        .route("/health/", moved_to(HEALTH))
        .fallback(|| async { Reply::json(404, &json!({"detail": "Not Found"})) })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

fn only(methods: &'static str, route: MethodRouter<Arc<Shared>>) -> MethodRouter<Arc<Shared>> {
    route.fallback(move || async move {
        let mut response = Reply::json(405, &json!({"detail": "Method Not Allowed"})).into_response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        response
    })
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply {
    let text = |name: &HeaderName| {
        headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let credentials = Credentials { key: text(&API_KEY), client_name: text(&CLIENT_NAME) };
    apart(body, move |body| rpc::answer(&shared, &credentials, &body)).await
}

async fn validate(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default().to_owned());
    apart(body, move |body| validation::answer(&shared, content_type.as_deref(), &body)).await
}

async fn health(State(shared): State<Arc<Shared>>) -> Reply {
    Reply::json(200, &json!({"status": "healthy", "timestamp": times::with_offset(shared.now())}))
}

/// Runs what parses large bodies and waits for SQLite away from the async threads.
async fn apart(
    body: Result<Bytes, BytesRejection>,
    work: impl FnOnce(Bytes) -> Reply + Send + 'static,
) -> Reply {
    let Ok(body) = body else {
        return Reply::json(413, &json!({"detail": "Request body too large"}));
    };
    tokio::task::spawn_blocking(move || work(body)).await.unwrap_or_else(|_| Reply::crashed())
}

fn moved_to(path: &'static str) -> MethodRouter<Arc<Shared>> {
    any(move |uri: Uri, headers: HeaderMap| async move { moved(path, &uri, &headers) })
}

/// A missing or surplus slash at the end: 307, with an absolute `Location` (upstream-api.md 3).
fn moved(path: &str, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| uri.authority().map(Authority::as_str));
    let origin = host.map(|host| format!("http://{host}")).unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let headers = response.headers_mut();
    headers.insert(MEMORY_USAGE, NO_MEMORY);
    if let Ok(location) = HeaderValue::try_from(format!("{origin}{path}{query}")) {
        headers.insert(LOCATION, location);
    }
    response
}
