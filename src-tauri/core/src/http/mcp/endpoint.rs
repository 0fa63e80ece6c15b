//! A request of somebody who proved who they are: session, body, scope, then rmcp
//! (protocol.md 6.1 from the session on).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use rmcp::model::ProtocolVersion;

use super::caller::Caller;
use super::headers::{PROTOCOL_VERSION, SESSION_ID};
use super::message::{Content, Head};
use super::refusal::Refusal;
use super::reply::Asked;
use super::server::{Options, RmcpResponse, Server, request};
use super::sessions::Sessions;
use super::stream::{GrantBody, PlacedBody};
use super::{accept, batch, body};
use crate::mcp::Memories;
use crate::oauth::access::{Lane, Pass};
use crate::oauth::{Access, LiveGrant};

/// Requests of one grant that may be open at once.
const MAX_CALLS: usize = 64;
/// Streams of one grant on which a client listens.
const MAX_STREAMS: usize = 128;

/// The MCP server over HTTP; one per process.
pub struct Endpoint {
    server: Server,
    sessions: Arc<Sessions>,
}

impl Endpoint {
    /// An endpoint without sessions yet. It ends with the shutdown of `memories`.
    #[must_use]
    pub fn new(memories: Arc<Memories>, options: Options) -> Arc<Self> {
        let sessions = Sessions::new();
        Arc::new(Self { server: Server::new(memories, sessions.manager(), options), sessions })
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
        let caller = Caller::new(access, &parts);
        let answer = if parts.method == Method::POST {
            self.post(&caller, parts, body, version).await
        } else {
            self.get_or_delete(&caller, parts).await
        };
        let mut answer = answer.unwrap_or_else(IntoResponse::into_response);
        // Memories are in it (RFC 6819 §4.6.6).
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
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
        let mut load = caller.load();
        let body = body::read_counted(&parts.headers, body, &mut load).await?;
        let load = Arc::new(load);
        accept::expand(&mut parts.headers);
        match Content::read(&body)? {
            Content::One(head) => {
                if is_modern(&parts.headers) && head.is_request("tools/call") {
                    self.server.prepare(caller).await?;
                }
                self.server.check_scope(caller, &head)?;
                let asked = Asked::of(&parts.headers, head.id.clone());
                let response = if head.is_request("initialize") && session.is_none() {
                    self.initialize(caller, parts, body.clone(), &head).await?
                } else {
                    self.server.forward(caller, parts, body.clone(), Some(&load)).await?
                };
                Ok(finish(response, &asked, &caller.access.grant, pass))
            }
            Content::Batch(elements) if session == Some(ProtocolVersion::V_2025_03_26) => {
                let response = batch::serve(&self.server, caller, &parts, elements, &load).await?;
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
        let response = self.server.forward(caller, parts, Bytes::new(), None).await?;
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
        let rmcp = self.server.rmcp(&caller.access);
        let request = request(&caller.access, parts, body, None);
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
