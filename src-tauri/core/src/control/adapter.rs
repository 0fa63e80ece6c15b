//! The routes of the stdio adapter ([`super::adapter_wire`]).

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::{Stream, stream};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::adapter_wire::{AdapterEvent, EVENTS, MCP};
use super::failure::Failure;
use super::peer::Peer;
use crate::adapter_clients::{AdapterClient, Caller, NotAdmitted};
use crate::bridge::Bridge;
use crate::http::mcp::{check, is_modern, read_body};

const METHOD: &str = "mcp-method";
/// The one request that is a reason to ask a person.
const CALL: &str = "tools/call";

pub(super) fn routes() -> Router<Arc<Bridge>> {
    Router::new().route(MCP, post(mcp)).route(EVENTS, get(events))
}

/// As [`super::adapter_wire::target`] writes it.
#[derive(Deserialize)]
struct Asker {
    client: String,
}

type Named = Result<Query<Asker>, axum::extract::rejection::QueryRejection>;

async fn mcp(
    State(bridge): State<Arc<Bridge>>,
    Extension(peer): Extension<Peer>,
    named: Named,
    request: Request,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    // All of it first: of a client that hangs up in the middle nothing would be heard while a person thinks.
    let read = match check(&parts) {
        Ok(()) => read_body(&parts.headers, body).await,
        Err(refusal) => Err(refusal),
    };
    let body = match read {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    if !is_modern(&parts.headers) {
        return Err(Failure::not_understood());
    }
    let caller = caller(&bridge, &peer, named).await?;
    let access = tokio::select! {
        biased;
        () = bridge.ending().cancelled() => return Err(NotAdmitted::Ending.into()),
        admitted = bridge.adapters().admit(&caller, is_call(&parts.headers)) => admitted?,
    };
    let ended = access.grant.cancelled.clone();
    let serving = bridge.serve_mcp(access, Request::from_parts(parts, Body::from(body)));
    let response = tokio::select! {
        biased;
        () = ended.cancelled() => None,
        response = serving => Some(response),
    };
    // The endpoint may have seen the end first, and says so in words for HTTP.
    match response.filter(|response| response.status() != StatusCode::UNAUTHORIZED) {
        Some(response) => Ok(response),
        None if bridge.ending().is_cancelled() => Err(NotAdmitted::Ending.into()),
        None => Err(Failure::revoked(&caller.client.name)),
    }
}

async fn events(
    State(bridge): State<Arc<Bridge>>,
    Extension(peer): Extension<Peer>,
    named: Named,
) -> Result<Response, Failure> {
    let client = caller(&bridge, &peer, named).await?.client;
    let place = bridge.adapters().listen()?;
    let changes = bridge.changes();
    let listening = Listening { bridge, client, changes, told: None, _place: place };
    let mut response = Response::new(Body::from_stream(listening.lines()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

async fn caller(bridge: &Bridge, peer: &Peer, named: Named) -> Result<Caller, Failure> {
    let Query(Asker { client }) = named.map_err(|_| Failure::not_understood())?;
    Ok(peer.visitor(bridge.adapters()).await.caller(&client)?)
}

/// Whoever says this and sends something else is refused afterwards: rmcp compares the two (protocol.md 7.10).
fn is_call(headers: &HeaderMap) -> bool {
    headers.get(METHOD).is_some_and(|method| method == CALL)
}

/// A stream of events. What is told is found out when the client reads on: one that does not read costs nothing.
struct Listening {
    bridge: Arc<Bridge>,
    client: AdapterClient,
    changes: watch::Receiver<u64>,
    /// The last line.
    told: Option<AdapterEvent>,
    _place: OwnedSemaphorePermit,
}

impl Listening {
    fn lines(self) -> impl Stream<Item = Result<String, Infallible>> {
        stream::unfold(self, async |mut listening| {
            let event = listening.next().await?;
            // An event is text and lists of text.
            let line = serde_json::to_string(&event).ok()? + "\n";
            Some((Ok(line), listening))
        })
    }

    async fn next(&mut self) -> Option<AdapterEvent> {
        if self.told == Some(AdapterEvent::Ending) {
            return None;
        }
        let bridge = Arc::clone(&self.bridge);
        let event = tokio::select! {
            biased;
            () = bridge.ending().cancelled() => AdapterEvent::Ending,
            tools = self.other_tools() => tools,
        };
        self.told = Some(event.clone());
        Some(event)
    }

    /// Waits until the client is offered something else than it was told.
    async fn other_tools(&mut self) -> AdapterEvent {
        loop {
            self.changes.mark_unchanged();
            match self.bridge.adapters().offered(&self.client).await {
                Ok(digest) => {
                    let tools = AdapterEvent::Tools { digest };
                    if self.told.as_ref() != Some(&tools) {
                        return tools;
                    }
                }
                // It is looked at again when anything changes, as at the end of what troubles the store.
                Err(error) => tracing::debug!(%error, "what a client is offered could not be found out"),
            }
            // The sender lives in the bridge, which this holds.
            let _ = self.changes.changed().await;
        }
    }
}
