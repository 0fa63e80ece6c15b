//! A bridge with three clients and a Jean Memory that does as it is told; the vocabulary of the
//! tests beside this file.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::clock::SystemClock;
use crate::http::mcp::{Bearers, Endpoint, Options, routes};
use crate::ids::{AccountId, ClientId, GrantId, UserId};
use crate::mcp::{CallRecord, Future, Memories, MemoryError, MemoryService, Pace, ToolPolicy, ToolReply};
use crate::oauth::{Access, BearerError, LiveGrant};
use crate::scope::{Scope, Scopes};
use crate::view::Via;

pub(super) const HOST: &str = "127.0.0.1:5326";
pub(super) const USER: &str = "0f5c1e2a-0000-4000-8000-000000000001";
pub(super) const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
pub(super) const MODERN: &str = "2026-07-28";

/// A bearer of a client with everything, a second bearer of the same grant, a client of its own,
/// and one that may only read.
pub(super) const FULL: &str = "token-full";
pub(super) const REFRESHED: &str = "token-refreshed";
pub(super) const OTHER: &str = "token-other";
pub(super) const READER: &str = "token-reader";

pub(super) struct World {
    pub(super) app: Router,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) memories: Arc<Memories>,
    pub(super) jean: Arc<Jean>,
    pub(super) shutdown: CancellationToken,
    tokens: HashMap<&'static str, Access>,
}

/// Jean Memory.
pub(super) struct Jean {
    pub(super) tools: Mutex<Result<Value, MemoryError>>,
    pub(super) lists: AtomicUsize,
    /// One after the other; when there is none, calls are answered with their arguments.
    pub(super) replies: Mutex<VecDeque<Reply>>,
    pub(super) calls: Mutex<Vec<(String, Value)>>,
    pub(super) records: Mutex<Vec<CallRecord>>,
    pub(super) policy: Mutex<Arc<ToolPolicy>>,
    started: watch::Sender<usize>,
    dropped: watch::Sender<usize>,
}

pub(super) enum Reply {
    With(Result<ToolReply, MemoryError>),
    /// Never, until somebody drops it.
    Hang,
    /// When the token fires.
    After(CancellationToken, ToolReply),
}

impl World {
    pub(super) fn new() -> Self {
        let jean = Arc::new(Jean::new());
        let shutdown = CancellationToken::new();
        let pace = Pace { first: Duration::from_millis(5), every: Duration::from_millis(5) };
        let memories =
            Memories::with_pace(Arc::clone(&jean) as _, Arc::new(SystemClock), shutdown.clone(), pace);
        let endpoint = Endpoint::new(
            Arc::clone(&memories),
            Options {
                hosts: vec![HOST.to_owned(), "localhost:5326".to_owned()],
                origins: vec![format!("http://{HOST}")],
            },
        );
        let account = AccountId::random();
        let grant = |name: &str, via| {
            Arc::new(LiveGrant::new(
                GrantId::random(),
                ClientId::random(),
                name.to_owned(),
                account.clone(),
                UserId::new(USER),
                via,
            ))
        };
        let full = Access { grant: grant("full", Via::Oauth), scopes: Scopes::ALL };
        let tokens = HashMap::from([
            (FULL, full.clone()),
            (REFRESHED, full),
            (OTHER, Access { grant: grant("other", Via::Oauth), scopes: Scopes::ALL }),
            (READER, Access { grant: grant("reader", Via::Oauth), scopes: Scope::Read.into() }),
        ]);
        let app = routes(Arc::clone(&endpoint), Arc::new(Tokens(tokens.clone())), Arc::new(SystemClock));
        Self { app, endpoint, memories, jean, shutdown, tokens }
    }

    pub(super) fn access(&self, token: &str) -> Access {
        self.tokens[token].clone()
    }

    pub(super) fn grant(&self, token: &str) -> Arc<LiveGrant> {
        self.access(token).grant
    }

    pub(super) fn ask(&self, method: Method) -> Ask {
        Ask {
            app: self.app.clone(),
            method,
            path: "/mcp".to_owned(),
            headers: HeaderMap::new(),
            body: Body::empty(),
        }
        .header("host", HOST)
        .header("authorization", &format!("Bearer {FULL}"))
    }

    /// A POST as every client sends it.
    pub(super) fn post(&self, body: &Value) -> Ask {
        let mut ask = self
            .ask(Method::POST)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        ask.body = Body::from(body.to_string());
        ask
    }

    /// A request of 2026-07-28 with all that it requires.
    pub(super) fn modern(&self, method: &str, params: &Value) -> Ask {
        let ask = self
            .post(&modern_body(method, params.clone()))
            .header("mcp-protocol-version", MODERN)
            .header("mcp-method", method);
        match params.get("name").or_else(|| params.get("uri")).and_then(Value::as_str) {
            Some(name) if method != "completion/complete" => ask.header("mcp-name", name),
            _ => ask,
        }
    }

    /// Opens a session and says that it is initialized.
    pub(super) async fn session(&self, token: &str, version: &str) -> Session<'_> {
        let answer = self.post(&initialize(version)).bearer(token).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let id = answer.header("mcp-session-id").unwrap().to_owned();
        let session = Session { world: self, id, version: version.to_owned(), token: token.to_owned() };
        let done =
            session.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).send().await;
        assert_eq!(done.status, StatusCode::ACCEPTED, "{done:?}");
        session
    }
}

pub(super) fn modern_body(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

pub(super) fn initialize(version: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}})
}

pub(super) fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

pub(super) fn call(tool: &str, arguments: &Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}

/// A legacy session.
pub(super) struct Session<'a> {
    pub(super) world: &'a World,
    pub(super) id: String,
    version: String,
    token: String,
}

impl Session<'_> {
    pub(super) fn ask(&self, method: Method) -> Ask {
        self.dress(self.world.ask(method))
    }

    pub(super) fn post(&self, body: &Value) -> Ask {
        self.dress(self.world.post(body))
    }

    fn dress(&self, ask: Ask) -> Ask {
        let ask = ask.bearer(&self.token).header("mcp-session-id", &self.id);
        // protocol.md 7A: the header exists from 2025-06-18 on.
        if *self.version >= *"2025-06-18" { ask.header("mcp-protocol-version", &self.version) } else { ask }
    }
}

/// A request in the making.
pub(super) struct Ask {
    app: Router,
    method: Method,
    path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

impl Ask {
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(super) fn twice(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        self.headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    fn into_request(self) -> (Router, Request<Body>) {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers;
        (self.app, request)
    }

    pub(super) fn request(self) -> Request<Body> {
        self.into_request().1
    }

    /// The head of the answer; the body still flows.
    pub(super) async fn open(self) -> http::Response<Body> {
        let (app, request) = self.into_request();
        app.oneshot(request).await.unwrap()
    }

    pub(super) async fn send(self) -> Answer {
        Answer::of(self.open().await).await
    }
}

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) async fn of(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// All messages, from plain JSON or SSE.
    pub(super) fn messages(&self) -> Vec<Value> {
        if self.header("content-type") == Some("text/event-stream") {
            return self
                .text()
                .lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .filter_map(|data| serde_json::from_str(data.trim()).ok())
                .collect();
        }
        serde_json::from_slice(&self.body).into_iter().collect()
    }

    /// The one message there is.
    #[track_caller]
    pub(super) fn message(&self) -> Value {
        let messages = self.messages();
        assert_eq!(messages.len(), 1, "{self:?}");
        messages[0].clone()
    }

    #[track_caller]
    pub(super) fn result(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        let message = self.message();
        message.get("result").unwrap_or_else(|| panic!("{message}")).clone()
    }

    /// Status and JSON-RPC code of a refusal.
    #[track_caller]
    pub(super) fn refusal(&self) -> (u16, i64) {
        let message = self.message();
        (self.status.as_u16(), message["error"]["code"].as_i64().unwrap_or_else(|| panic!("{self:?}")))
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

struct Tokens(HashMap<&'static str, Access>);

impl Bearers for Tokens {
    fn authenticate<'a>(
        &'a self,
        bearer: &'a str,
        _now: SystemTime,
    ) -> BoxFuture<'a, Result<Access, BearerError>> {
        // As the real one: a token is good while its grant lives.
        let access = self.0.get(bearer).filter(|access| !access.grant.cancelled.is_cancelled());
        Box::pin(std::future::ready(access.cloned().ok_or(BearerError::Invalid)))
    }
}

impl Jean {
    fn new() -> Self {
        Self {
            tools: Mutex::new(Ok(profile())),
            lists: AtomicUsize::new(0),
            replies: Mutex::default(),
            calls: Mutex::default(),
            records: Mutex::default(),
            policy: Mutex::default(),
            started: watch::Sender::new(0),
            dropped: watch::Sender::new(0),
        }
    }

    pub(super) fn next(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    pub(super) fn list(&self, tools: Value) {
        *self.tools.lock().unwrap() = Ok(tools);
    }

    pub(super) fn fail_lists(&self, error: MemoryError) {
        *self.tools.lock().unwrap() = Err(error);
    }

    pub(super) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    pub(super) fn lists(&self) -> usize {
        self.lists.load(Ordering::SeqCst)
    }

    pub(super) fn outcomes(&self) -> Vec<&'static str> {
        self.records.lock().unwrap().iter().map(|record| record.outcome.as_str()).collect()
    }

    /// Waits until this many calls have reached Jean Memory.
    pub(super) async fn until_started(&self, calls: usize) {
        self.started.subscribe().wait_for(|started| *started >= calls).await.unwrap();
    }

    /// Waits until this many calls were given up.
    pub(super) async fn until_dropped(&self, calls: usize) {
        self.dropped.subscribe().wait_for(|dropped| *dropped >= calls).await.unwrap();
    }

    pub(super) fn dropped(&self) -> usize {
        *self.dropped.borrow()
    }
}

impl MemoryService for Jean {
    fn list_tools<'a>(
        &'a self,
        _: &'a AccountId,
    ) -> Future<'a, Result<Vec<Map<String, Value>>, MemoryError>> {
        Box::pin(async {
            self.lists.fetch_add(1, Ordering::SeqCst);
            // Long enough for others to ask meanwhile.
            tokio::task::yield_now().await;
            let tools = self.tools.lock().unwrap().clone()?;
            Ok(serde_json::from_value(tools).unwrap())
        })
    }

    fn call_tool<'a>(
        &'a self,
        _: &'a AccountId,
        tool: &'a str,
        arguments: Map<String, Value>,
    ) -> Future<'a, Result<ToolReply, MemoryError>> {
        Box::pin(async move {
            let arguments = Value::Object(arguments);
            self.calls.lock().unwrap().push((tool.to_owned(), arguments.clone()));
            self.started.send_modify(|started| *started += 1);
            let mut dropping = Dropping(Some(&self.dropped));
            let reply = self.replies.lock().unwrap().pop_front();
            let reply = match reply {
                None => Ok(text(&arguments.to_string())),
                Some(Reply::With(reply)) => reply,
                Some(Reply::Hang) => std::future::pending().await,
                Some(Reply::After(when, reply)) => {
                    when.cancelled().await;
                    Ok(reply)
                }
            };
            dropping.0 = None;
            reply
        })
    }

    fn tool_policy(&self, _: &LiveGrant) -> Arc<ToolPolicy> {
        self.policy.lock().unwrap().clone()
    }

    fn record(&self, call: CallRecord) {
        self.records.lock().unwrap().push(call);
    }
}

struct Dropping<'a>(Option<&'a watch::Sender<usize>>);

impl Drop for Dropping<'_> {
    fn drop(&mut self) {
        if let Some(dropped) = self.0 {
            dropped.send_modify(|dropped| *dropped += 1);
        }
    }
}

pub(super) fn text(text: &str) -> ToolReply {
    ToolReply { content: vec![json!({"type": "text", "text": text})], ..ToolReply::default() }
}

/// The tools of upstream-api.md 9.1, as far as the tests need them.
pub(super) fn profile() -> Value {
    json!([
        {"name": "jean_memory", "description": "d", "inputSchema": {"type": "object",
         "required": ["user_message", "is_new_conversation"],
         "properties": {"user_message": {"type": "string"}, "is_new_conversation": {"type": "boolean"}}},
         "annotations": {"readOnly": false, "sensitive": true, "destructive": false, "intelligent": true}},
        {"name": "ask_memory", "description": "d", "inputSchema": {"type": "object", "required": ["question"],
         "properties": {"question": {"type": "string"}}},
         "annotations": {"readOnly": true, "sensitive": false, "destructive": false}},
        {"name": "add_memories", "description": "d", "inputSchema": {"type": "object", "required": ["text"],
         "properties": {"text": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}}},
         "annotations": {"readOnly": false, "sensitive": true, "destructive": false}},
        {"name": "list_memories", "description": "d", "inputSchema": {"type": "object",
         "properties": {"limit": {"type": "integer"}}},
         "annotations": {"readOnly": true, "sensitive": true, "destructive": false}},
    ])
}
