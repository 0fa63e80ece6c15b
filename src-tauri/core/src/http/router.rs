//! Every route, on one screen.

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{Extension, Router};

use super::app::App;
use super::door::{self, Door};
use super::{authorize, cors, pages, register, revoke, status, token, unread, well_known};
use crate::origin::path;

/// Bytes of a registration, form or query; an MCP request has its own limit (protocol.md 2.11, 7.8).
const MAX_BODY: usize = 64 * 1024;

/// The whole server; `mcp` answers below `/mcp`.
pub fn router(app: App, mcp: Router, port: u16, allowed_origins: Vec<String>) -> Router {
    let register = || post(register::post);
    let authorize = || get(authorize::get).post(authorize::post);
    let token = || post(token::post);
    let revoke = || post(revoke::post);
    let door = Door::new(port, allowed_origins);
    let for_clients = Router::new()
        .route(path::SERVER_METADATA, get(well_known::server))
        .route(path::RESOURCE_METADATA, get(well_known::resource))
        .route(&format!("{}{}", path::RESOURCE_METADATA, path::MCP), get(well_known::resource))
        .route(
            &format!("{}{}/{{user_id}}", path::RESOURCE_METADATA, path::MCP_OAUTH),
            get(well_known::resource_of_user),
        )
        .route("/.well-known/{*unknown}", any(well_known::nothing))
        .route(path::REGISTER, register())
        .route(path::TOKEN, token())
        .route(path::REVOKE, revoke())
        // protocol.md D15: for clients of 2025-03-26 that find no metadata.
        .route("/register", register())
        .route("/token", token())
        .route("/revoke", revoke())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(app.clone())
        .merge(mcp)
        // Inside the layer, or preflights would end here.
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(door.clone(), cors::share));
    let for_browsers = Router::new()
        .route(path::AUTHORIZE, authorize())
        .route("/authorize", authorize())
        .route(&format!("{}/{{id}}", path::WAIT), get(authorize::wait))
        .route(&format!("{}/{{id}}/state", path::WAIT), get(authorize::state))
        .route(path::CALLBACK, post(authorize::callback))
        .route(path::STATUS, get(status::get))
        .route("/fastmcp/status", get(status::get))
        .route("/", get(pages::home))
        .route(pages::STYLE, get(pages::style))
        .route(pages::SCRIPT, get(pages::script))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(app);
    for_clients
        .merge(for_browsers)
        .fallback(well_known::nothing)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn(harden))
        .layer(middleware::from_fn_with_state(door, door::guard))
        .layer(middleware::from_fn(unread::discard))
}

async fn not_allowed(Extension(_): Extension<crate::origin::Origin>) -> Response {
    super::oauth_reply::json_error(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address does not answer that method",
    )
}

/// Nothing of ours is sniffed, framed or run, unless a page says what it needs.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
