//! The MCP server behind the endpoint: what may go on to rmcp, and how it goes.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::Extensions;
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use super::body;
use super::caller::Caller;
use super::message::Head;
use super::refusal::Refusal;
use crate::mcp::{Memories, MemoryServer};
use crate::oauth::Access;
use crate::oauth::access::Load;
use crate::view::Via;

type Rmcp = StreamableHttpService<MemoryServer, LocalSessionManager>;
pub(super) type RmcpResponse = Response<BoxBody<Bytes, Infallible>>;

/// What rmcp checks once more behind the door (protocol.md 7.3).
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `host:port` in every spelling of this bridge.
    pub hosts: Vec<String>,
    /// The origins that may send, each with its port.
    pub origins: Vec<String>,
}

/// rmcp with the memories behind it, for every caller.
pub(super) struct Server {
    memories: Arc<Memories>,
    sessions: Arc<LocalSessionManager>,
    config: StreamableHttpServerConfig,
}

impl Server {
    pub(super) fn new(memories: Arc<Memories>, sessions: Arc<LocalSessionManager>, options: Options) -> Self {
        let config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(options.hosts)
            .with_allowed_origins(options.origins)
            .enforce_origin_validation()
            // 2026-07-28 answers in plain JSON; rmcp changes to SSE by itself when there is progress (7.23).
            .with_json_response(true)
            .with_max_request_body_bytes(body::MAX_BODY)
            .with_cancellation_token(memories.shutdown().clone());
        Self { memories, sessions, config }
    }

    /// Hands a message to rmcp; dropping this is the client's disconnect, which rmcp takes for a
    /// cancel in 2026-07-28 and only there (protocol.md 7.18, 7.19). What the message weighs counts until its work is done,
    /// whether anybody still waits for it or not.
    pub(super) async fn forward(
        &self,
        caller: &Caller,
        parts: Parts,
        body: Bytes,
        load: Option<&Arc<Load>>,
    ) -> Result<RmcpResponse, Refusal> {
        let access = &caller.access;
        let rmcp = self.rmcp(access);
        tokio::select! {
            biased;
            () = access.grant.cancelled.cancelled() => Err(caller.ended()),
            response = rmcp.handle(request(access, parts, body, load)) => Ok(response),
        }
    }

    /// rmcp compares `Mcp-Param-*` with the tool's schema before our server is asked (7.11), so the
    /// tools have to be known by then; if they cannot be, the call fails later and says why. In 2026-07-28
    /// only: a legacy client could not cancel while this waits.
    pub(super) async fn prepare(&self, caller: &Caller) -> Result<(), Refusal> {
        let grant = &caller.access.grant;
        tokio::select! {
            biased;
            () = grant.cancelled.cancelled() => Err(caller.ended()),
            _ = self.memories.prepare(&grant.account) => Ok(()),
        }
    }

    /// protocol.md 6.6, 6.7: decided on the body's tool, before rmcp has a chance to run it. A tool
    /// that is not known yet is left to the server, which offers nothing beyond the scopes.
    pub(super) fn check_scope(&self, caller: &Caller, head: &Head<'_>) -> Result<(), Refusal> {
        if head.method.as_deref() != Some("tools/call") {
            return Ok(());
        }
        let Some(tool) = &head.name else { return Ok(()) };
        let access = &caller.access;
        // Whoever reads the answer there knows nothing of HTTP: the server says that there is no such tool.
        if access.grant.via == Via::Stdio {
            return Ok(());
        }
        match self.memories.scope_of(&access.grant.account, tool) {
            Some(scope) if !access.scopes.contains(scope) => Err(caller.lacks(scope)),
            _ => Ok(()),
        }
    }

    /// rmcp for one request of this caller.
    pub(super) fn rmcp(&self, access: &Access) -> Rmcp {
        let server = MemoryServer::new(Arc::clone(&self.memories), access.clone());
        StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::clone(&self.sessions),
            self.config.clone(),
        )
    }
}

/// The request as rmcp sees it: the client's token stays here (protocol.md 6.10), and the
/// verified grant goes along (7.2), and so does what the message weighs.
pub(super) fn request(
    access: &Access,
    mut parts: Parts,
    body: Bytes,
    load: Option<&Arc<Load>>,
) -> http::Request<Full<Bytes>> {
    parts.headers.remove(AUTHORIZATION);
    parts.headers.remove(COOKIE);
    parts.extensions = Extensions::new();
    parts.extensions.insert(access.clone());
    if let Some(load) = load {
        parts.extensions.insert(Arc::clone(load));
    }
    http::Request::from_parts(parts, Full::new(body))
}
