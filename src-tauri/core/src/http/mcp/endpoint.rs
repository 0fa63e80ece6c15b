//! A request of somebody who proved who they are: session, body, scope, then rmcp
//! (protocol.md 6.1 from the session on).

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri};
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use rmcp::model::ProtocolVersion;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use super::challenge::Challenge;
use super::headers::{PROTOCOL_VERSION, SESSION_ID};
use super::message::{Content, Head};
use super::refusal::Refusal;
use super::reply::Asked;
use super::sessions::Sessions;
use super::stream::{GrantBody, PlacedBody};
use super::{accept, batch, body};
use crate::mcp::{Memories, MemoryServer};
use crate::oauth::access::{Lane, Pass};
use crate::oauth::{Access, LiveGrant};
use crate::scope::Scope;
use crate::view::Via;

/// Requests of one grant that may be open at once.
const MAX_CALLS: usize = 64;
/// Streams of one grant on which a client listens.
const MAX_STREAMS: usize = 128;

pub(super) type Rmcp = StreamableHttpService<MemoryServer, LocalSessionManager>;
type RmcpResponse = Response<BoxBody<Bytes, Infallible>>;

/// What rmcp checks once more behind the door (protocol.md 7.3).
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `host:port` in every spelling of this bridge.
    pub hosts: Vec<String>,
    /// The origins that may send, each with its port.
    pub origins: Vec<String>,
}

/// The MCP server over HTTP; one per process.
pub struct Endpoint {
    memories: Arc<Memories>,
    sessions: Arc<Sessions>,
    config: StreamableHttpServerConfig,
}

impl Endpoint {
    /// An endpoint without sessions yet. It ends with the shutdown of `memories`.
    #[must_use]
    pub fn new(memories: Arc<Memories>, options: Options) -> Arc<Self> {
        let config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(options.hosts)
            .with_allowed_origins(options.origins)
            .enforce_origin_validation()
            // 2026-07-28 answers in plain JSON; rmcp changes to SSE by itself when there is progress (7.23).
            .with_json_response(true)
            .with_max_request_body_bytes(body::MAX_BODY)
            .with_cancellation_token(memories.shutdown().clone());
        Arc::new(Self { memories, sessions: Sessions::new(), config })
    }

    /// Answers a request of `access`. The method is one of ours and no header came twice:
    /// whoever calls this without [`super::routes`] sees to it with [`super::check`].
    pub async fn serve(&self, access: Access, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let version = if is_modern(&parts.headers) {
            // 2026-07-28, Streamable HTTP: sessions do not exist, whatever the client still sends.
            parts.headers.remove(SESSION_ID);
            None
        } else if let Some(id) = parts.headers.get(SESSION_ID) {
            let Ok(id) = id.to_str() else { return Refusal::NoSuchSession.into_response() };
            let Some(version) = self.sessions.check(id, &access.grant.id).await else {
                return Refusal::NoSuchSession.into_response();
            };
            Some(version)
        } else {
            None
        };
        let caller = Caller { access, host: parts.headers.get(HOST).cloned(), uri: parts.uri.clone() };
        let answer = if parts.method == Method::POST {
            self.post(&caller, parts, body, version).await
        } else {
            self.get_or_delete(&caller, parts).await
        };
        answer.unwrap_or_else(IntoResponse::into_response)
    }

    async fn post(
        &self,
        caller: &Caller,
        mut parts: Parts,
        body: Body,
        session: Option<ProtocolVersion>,
    ) -> Result<Response, Refusal> {
        body::check_type(&parts.headers)?;
        let pass = caller.enter(Lane::Call, MAX_CALLS)?;
        let body = body::read(&parts.headers, body).await?;
        accept::expand(&mut parts.headers);
        match Content::read(&body)? {
            Content::One(head) => {
                if is_modern(&parts.headers) && head.is_request("tools/call") {
                    self.prepare(caller).await?;
                }
                self.check_scope(caller, &head)?;
                let asked = Asked::of(&parts.headers, head.id.clone());
                let response = if head.is_request("initialize") && session.is_none() {
                    self.initialize(caller, parts, body.clone(), &head).await?
                } else {
                    self.forward(caller, parts, body.clone()).await?
                };
                Ok(finish(response, &asked, &caller.access.grant, pass))
            }
            Content::Batch(elements) if session == Some(ProtocolVersion::V_2025_03_26) => {
                let response = batch::serve(self, caller, &parts, elements).await?;
                Ok(response.map(|body| Body::new(PlacedBody::new(body, pass))))
            }
            // protocol.md 7.6
            Content::Batch(_) => Err(Refusal::BatchElsewhere),
        }
    }

    async fn get_or_delete(&self, caller: &Caller, parts: Parts) -> Result<Response, Refusal> {
        let pass = caller.enter(Lane::Stream, MAX_STREAMS)?;
        let asked = Asked::of(&parts.headers, None);
        let ends = (parts.method == Method::DELETE).then(|| parts.headers.get(SESSION_ID).cloned()).flatten();
        let response = self.forward(caller, parts, Bytes::new()).await?;
        if let Some(Ok(id)) = ends.as_ref().map(HeaderValue::to_str)
            && response.status().is_success()
        {
            self.sessions.forget(id);
        }
        Ok(finish(response, &asked, &caller.access.grant, pass))
    }

    /// Opens a session and records whose it is before its id leaves (protocol.md 7.15).
    async fn initialize(
        &self,
        caller: &Caller,
        parts: Parts,
        body: Bytes,
        head: &Head<'_>,
    ) -> Result<RmcpResponse, Refusal> {
        let grant = Arc::clone(&caller.access.grant);
        let version = negotiated(head.protocol_version.as_deref());
        let sessions = Arc::clone(&self.sessions);
        let rmcp = self.rmcp(&caller.access);
        let request = request(&caller.access, parts, body);
        sessions.make_room(&grant.id).await;
        // On a task of its own: a client that leaves in the middle must not leave a session
        // behind that is nobody's.
        let opening = tokio::spawn(async move {
            let response = rmcp.handle(request).await;
            if let Some(Ok(id)) = response.headers().get(SESSION_ID).map(HeaderValue::to_str) {
                sessions.bind(id, &grant, version);
            }
            response
        });
        opening.await.map_err(|_| Refusal::Internal(head.id.clone()))
    }

    /// Hands a message to rmcp; dropping this is the client's disconnect, which rmcp takes for a
    /// cancel in 2026-07-28 and only there (protocol.md 7.18, 7.19).
    pub(super) async fn forward(
        &self,
        caller: &Caller,
        parts: Parts,
        body: Bytes,
    ) -> Result<RmcpResponse, Refusal> {
        let access = &caller.access;
        let rmcp = self.rmcp(access);
        tokio::select! {
            biased;
            () = access.grant.cancelled.cancelled() => Err(caller.ended()),
            response = rmcp.handle(request(access, parts, body)) => Ok(response),
        }
    }

    /// rmcp compares `Mcp-Param-*` with the tool's schema before our server is asked (7.11), so the
    /// tools have to be known by then; if they cannot be, the call fails later and says why. In 2026-07-28
    /// only: a legacy client could not cancel while this waits.
    async fn prepare(&self, caller: &Caller) -> Result<(), Refusal> {
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

    fn rmcp(&self, access: &Access) -> Rmcp {
        let server = MemoryServer::new(Arc::clone(&self.memories), access.clone());
        StreamableHttpService::new(move || Ok(server.clone()), self.sessions.manager(), self.config.clone())
    }
}

#[cfg(test)]
impl Endpoint {
    pub(super) async fn sessions_in_rmcp(&self) -> usize {
        self.sessions.manager().sessions.read().await.len()
    }

    /// As rmcp does by itself when a session was idle for too long.
    pub(super) async fn close_in_rmcp(&self, id: &str) {
        use rmcp::transport::streamable_http_server::session::SessionManager as _;
        self.sessions.manager().close_session(&id.into()).await.unwrap();
    }
}

/// Who asks, and what they are told when they may not.
pub(super) struct Caller {
    access: Access,
    host: Option<HeaderValue>,
    uri: Uri,
}

impl Caller {
    /// Whether the client can get another token when this one does not do.
    fn has_authorization_server(&self) -> bool {
        match self.access.grant.via {
            Via::Oauth => true,
            Via::Stdio | Via::ApiKey => false,
        }
    }

    fn ended(&self) -> Refusal {
        if self.has_authorization_server() {
            Refusal::InvalidToken(Box::new(self.challenge()))
        } else {
            Refusal::Revoked
        }
    }

    fn lacks(&self, scope: Scope) -> Refusal {
        if self.has_authorization_server() {
            Refusal::InsufficientScope(Box::new(self.challenge()), self.access.scopes.union(scope.into()))
        } else {
            Refusal::Forbidden
        }
    }

    fn challenge(&self) -> Challenge {
        Challenge::new(self.host.clone(), self.uri.clone())
    }

    fn enter(&self, lane: Lane, most: usize) -> Result<Pass, Refusal> {
        self.access.grant.enter(lane, most).ok_or(Refusal::Busy)
    }
}

/// The request as rmcp sees it: the client's token stays here (protocol.md 6.10), and the
/// verified grant goes along (7.2).
pub(super) fn request(access: &Access, mut parts: Parts, body: Bytes) -> http::Request<Full<Bytes>> {
    parts.headers.remove(AUTHORIZATION);
    parts.headers.remove(COOKIE);
    parts.extensions = Extensions::new();
    parts.extensions.insert(access.clone());
    http::Request::from_parts(parts, Full::new(body))
}

fn finish(response: RmcpResponse, asked: &Asked, grant: &LiveGrant, pass: Pass) -> Response {
    if let Some(reworded) = asked.reword(&response) {
        return reworded;
    }
    let is_stream = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    if is_stream {
        response.map(|body| Body::new(GrantBody::new(body, grant, pass)))
    } else {
        response.map(|body| Body::new(PlacedBody::new(body, pass)))
    }
}

/// Whether a request is of a revision without sessions: 2026-07-28 or later. ISO dates compare as text.
#[must_use]
pub fn is_modern(headers: &HeaderMap) -> bool {
    headers
        .get(PROTOCOL_VERSION)
        .is_some_and(|version| version.as_bytes() >= ProtocolVersion::NO_INITIALIZE.as_str().as_bytes())
}

/// What rmcp answers to an `initialize` that asks for this revision (protocol.md 7.9).
fn negotiated(asked: Option<&str>) -> ProtocolVersion {
    ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .find(|known| known.has_initialize() && Some(known.as_str()) == asked)
        .cloned()
        .unwrap_or(ProtocolVersion::LATEST_WITH_INITIALIZE)
}
