//! The MCP endpoint: a layer in front of rmcp that decides who may ask, reads the message first
//! and words every refusal (protocol.md 6.1, 7A–7D).
//!
//! The order is: Host and Origin (the door, in front of everything) → duplicate headers → method →
//! bearer → user id → session → content type, size, body → scope → rmcp. [`routes`] is `/mcp` and
//! `/mcp/oauth/{user_id}`; [`Endpoint::serve`] is everything after the bearer, for callers that
//! proved themselves in another way.
//!
//! There is no limit on failed bearers: checking one costs less than answering it, a token cannot
//! be guessed, and a limit would let any program of this computer keep an honest client from its
//! first 401.

mod accept;
mod batch;
mod body;
mod caller;
mod challenge;
mod credentials;
mod endpoint;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod headers;
mod message;
mod refusal;
mod reply;
mod rpc_error;
mod server;
mod sessions;
mod stream;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use futures_util::future::BoxFuture;
use http::request::Parts;

pub use body::read as read_body;
pub use challenge::{Challenge, metadata_url};
pub use endpoint::{Endpoint, is_modern};
pub use headers::check;
pub use refusal::Refusal;
pub use server::Options;

use crate::clock::Clock;
use crate::oauth::{Access, BearerError};
use crate::origin::path;
use credentials::Credentials;

/// Whoever can tell a good bearer from a bad one.
pub trait Bearers: Send + Sync + 'static {
    /// What the bearer stands for.
    fn authenticate<'a>(
        &'a self,
        bearer: &'a str,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Access, BearerError>>;
}

#[derive(Clone)]
struct Door {
    endpoint: Arc<Endpoint>,
    bearers: Arc<dyn Bearers>,
    clock: Arc<dyn Clock>,
}

/// `/mcp` and `/mcp/oauth/{user_id}` behind a bearer.
pub fn routes(endpoint: Arc<Endpoint>, bearers: Arc<dyn Bearers>, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route(path::MCP, any(serve))
        .route(&format!("{}/{{user_id}}", path::MCP_OAUTH), any(serve_user))
        .with_state(Door { endpoint, bearers, clock })
}

async fn serve(State(door): State<Door>, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let access = door.admit(&parts).await?;
    Ok(door.endpoint.serve(access, Request::from_parts(parts, body)).await)
}

async fn serve_user(State(door): State<Door>, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let access = door.admit(&parts).await?;
    // protocol.md 6.14: byte for byte as it was sent, and only for those who proved who they are.
    let user_id = parts.uri.path().strip_prefix(path::MCP_OAUTH).and_then(|rest| rest.strip_prefix('/'));
    if user_id != Some(access.grant.subject.as_str()) {
        return Err(Refusal::WrongUser);
    }
    Ok(door.endpoint.serve(access, Request::from_parts(parts, body)).await)
}

impl Door {
    /// protocol.md 6.1 up to the bearer.
    async fn admit(&self, parts: &Parts) -> Result<Access, Refusal> {
        headers::check(parts)?;
        let challenge = || Box::new(Challenge::of(&parts.headers, &parts.uri));
        let bearer = match Credentials::of(&parts.headers) {
            Credentials::Bearer(bearer) => bearer,
            Credentials::Absent => return Err(Refusal::Unauthorized(challenge())),
            Credentials::Malformed => return Err(Refusal::Malformed(challenge())),
        };
        self.bearers.authenticate(bearer, self.clock.now()).await.map_err(|error| match error {
            BearerError::Invalid => Refusal::InvalidToken(challenge()),
            BearerError::NoSigningKey | BearerError::Store(_) => {
                tracing::error!(%error, "a bearer could not be judged");
                Refusal::Unavailable
            }
        })
    }
}
