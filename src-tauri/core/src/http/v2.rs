//! `POST /mcp/v2/{client}/{user_id}`: setups from before OAuth, with a key in `X-API-Key` (design.md 4).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use axum::routing::post;

use super::mcp::{Endpoint, check};
use super::oauth_reply::json_error;
use crate::api_key::ApiKey;
use crate::api_key_clients::{ApiKeyClients, KeyRefused};
use crate::clock::Clock;
use crate::origin::path;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

#[derive(Clone)]
struct V2 {
    endpoint: Arc<Endpoint>,
    clients: Arc<ApiKeyClients>,
    clock: Arc<dyn Clock>,
}

/// The route; behind it is the same MCP server.
pub(crate) fn routes(endpoint: Arc<Endpoint>, clients: Arc<ApiKeyClients>, clock: Arc<dyn Clock>) -> Router {
    Router::new().route(&format!("{}/{{client}}/{{user_id}}", path::MCP_V2), post(serve)).with_state(V2 {
        endpoint,
        clients,
        clock,
    })
}

async fn serve(
    State(v2): State<V2>,
    Path((client, user_id)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(refusal) = check(&parts) {
        return axum::response::IntoResponse::into_response(refusal);
    }
    let Some(key) = key_of(&parts.headers) else { return refused(KeyRefused::NotAccepted) };
    match v2.clients.authenticate(&key, &client, &user_id, v2.clock.now()).await {
        Ok(access) => v2.endpoint.serve(access, Request::from_parts(parts, body)).await,
        Err(error) => refused(error),
    }
}

fn key_of(headers: &HeaderMap) -> Option<ApiKey> {
    let mut keys = headers.get_all(X_API_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else { return None };
    ApiKey::parse(key.to_str().ok()?).ok()
}

/// No `WWW-Authenticate`: these clients know no OAuth, and one that does must not start it here.
fn refused(error: KeyRefused) -> Response {
    match error {
        KeyRefused::NotAccepted => json_error(
            StatusCode::UNAUTHORIZED,
            "invalid_key",
            "this address needs an X-API-Key that belongs to the user in it",
        ),
        KeyRefused::TooMany => {
            json_error(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", &error.to_string())
        }
        KeyRefused::TooManyNames => json_error(StatusCode::FORBIDDEN, "too_many_names", &error.to_string()),
        KeyRefused::CouldNotCheck | KeyRefused::Paused | KeyRefused::Store(_) => {
            json_error(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", &error.to_string())
        }
    }
}
