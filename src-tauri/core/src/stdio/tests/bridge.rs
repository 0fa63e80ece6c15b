//! The stand-in of a bridge: its socket, with answers that a test decides on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::client::PATIENCE;
use crate::control::Listener;
use crate::control::adapter_wire::{AdapterEvent, EVENTS, MCP};
use crate::paths::Paths;

/// How a request is answered.
#[derive(Clone)]
pub(super) enum Reply {
    /// With this result.
    Result(Value),
    /// With this status and body.
    Status(u16, Value),
    /// With these pieces of a stream of events.
    Stream(Vec<String>),
    /// Not, until the client gives up.
    Never,
}

/// A request as it arrived.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) client: String,
    pub(super) headers: HeaderMap,
    pub(super) message: Value,
}

pub(super) struct Bridge {
    shared: Arc<Shared>,
    asked: mpsc::UnboundedReceiver<Asked>,
    given_up: mpsc::UnboundedReceiver<()>,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    events: watch::Sender<AdapterEvent>,
    asked: mpsc::UnboundedSender<Asked>,
    given_up: mpsc::UnboundedSender<()>,
}

impl Bridge {
    /// One whose offer has this digest; without one nobody is allowed.
    pub(super) fn start(paths: &Paths, digest: Option<&str>) -> Self {
        let (asked_sender, asked) = mpsc::unbounded_channel();
        let (given_up_sender, given_up) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            replies: Mutex::default(),
            events: watch::Sender::new(tools(digest)),
            asked: asked_sender,
            given_up: given_up_sender,
        });
        let app =
            Router::new().route(MCP, post(mcp)).route(EVENTS, get(events)).with_state(Arc::clone(&shared));
        let stop = CancellationToken::new();
        let served = tokio::spawn(Listener::claim(paths).unwrap().serve(app, stop.clone()));
        Self { shared, asked, given_up, stop, served }
    }

    /// How requests of this method are answered from now on.
    pub(super) fn reply(&self, method: &str, reply: Reply) {
        self.shared.replies.lock().unwrap().insert(method.to_owned(), reply);
    }

    pub(super) fn tell(&self, event: AdapterEvent) {
        self.shared.events.send_replace(event);
    }

    pub(super) fn offer(&self, digest: Option<&str>) {
        self.tell(tools(digest));
    }

    /// The next request.
    pub(super) async fn asked(&mut self) -> Asked {
        tokio::time::timeout(PATIENCE, self.asked.recv()).await.expect("a request in time").unwrap()
    }

    /// Waits until a client gave a request up.
    pub(super) async fn given_up(&mut self) {
        tokio::time::timeout(PATIENCE, self.given_up.recv()).await.expect("it is given up in time").unwrap();
    }

    /// Ends without a word, as by `kill -9`.
    pub(super) async fn crash(self) {
        self.served.abort();
        let _ = self.served.await;
    }

    /// Ends as a person wants it.
    pub(super) async fn end(self) {
        self.tell(AdapterEvent::Ending);
        self.stop.cancel();
        self.served.await.unwrap();
    }
}

pub(super) fn tools(digest: Option<&str>) -> AdapterEvent {
    AdapterEvent::Tools { digest: digest.map(str::to_owned) }
}

/// A list of one tool.
pub(super) fn list(tool: &str) -> Reply {
    let tool = json!({"name": tool, "description": "d", "inputSchema": {"type": "object"}});
    Reply::Result(json!({"resultType": "complete", "ttlMs": 5, "cacheScope": "private", "tools": [tool]}))
}

/// What a tool answered.
pub(super) fn text(words: &str) -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": words}], "isError": false})
}

type Name = Query<HashMap<String, String>>;

async fn mcp(
    State(shared): State<Arc<Shared>>,
    Query(query): Name,
    headers: HeaderMap,
    body: String,
) -> Response {
    let message: Value = serde_json::from_str(&body).unwrap();
    let (id, method) = (message["id"].clone(), message["method"].as_str().unwrap().to_owned());
    let given_up = GivenUp(Some(shared.given_up.clone()));
    shared.asked.send(Asked { client: query["client"].clone(), headers, message }).unwrap();
    let reply = shared.replies.lock().unwrap().get(&method).cloned();
    let response = match reply.expect("a reply for this method") {
        Reply::Result(result) => {
            axum::Json(json!({"jsonrpc": "2.0", "id": id, "result": result})).into_response()
        }
        Reply::Status(status, body) => {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            (status, axum::Json(body)).into_response()
        }
        Reply::Stream(pieces) => {
            let pieces = pieces
                .into_iter()
                .map(move |piece| Ok::<_, std::io::Error>(piece.replace("$ID", &id.to_string())));
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            ([("content-type", "text/event-stream")], body).into_response()
        }
        Reply::Never => std::future::pending().await,
    };
    given_up.not();
    response
}

/// Tells that a handler was dropped before it answered.
struct GivenUp(Option<mpsc::UnboundedSender<()>>);

impl GivenUp {
    fn not(mut self) {
        self.0 = None;
    }
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(());
        }
    }
}

async fn events(State(shared): State<Arc<Shared>>) -> Body {
    let mut events = shared.events.subscribe();
    events.mark_changed();
    let lines = futures_util::stream::unfold(events, async |mut events| {
        events.changed().await.ok()?;
        let line = serde_json::to_string(&*events.borrow_and_update()).unwrap() + "\n";
        Some((Ok::<_, std::io::Error>(line), events))
    });
    Body::from_stream(lines.boxed())
}
