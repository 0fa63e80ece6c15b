//! An MCP client that says exactly what a test wants it to say.

use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::http::{Answer, Asking, Http, PATIENCE};
use super::serving::Serving;

/// A session of a revision before 2026-07-28.
pub(crate) struct Session {
    http: Http,
    pub(crate) token: String,
    pub(crate) id: String,
    pub(crate) version: String,
    /// No id may be used twice in a session.
    last_id: AtomicU64,
}

/// A POST to `/mcp` as every client sends it, before era and session.
pub(crate) fn post(http: &Http, token: &str, message: &Value) -> Asking {
    http.post("/mcp").bearer(token).header("accept", "application/json, text/event-stream").json(message)
}

/// A request of the modern era, complete with `_meta` and headers (protocol.md 7A).
pub(crate) fn modern(http: &Http, token: &str, method: &str, mut params: Value) -> Asking {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let asking =
        post(http, token, &message).header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
    match params["name"].as_str() {
        Some(name) => asking.header("mcp-name", name),
        None => asking,
    }
}

impl Session {
    /// `initialize` and `initialized`.
    pub(crate) async fn open(bridge: &Serving, token: &str, version: &str) -> Self {
        let http = bridge.http();
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "suite", "version": "1" } } });
        let answer = post(&http, token, &hello).send().await.assert_status(200);
        let id = answer.header("mcp-session-id").expect("a session").to_owned();
        let version = reply(&answer)["result"]["protocolVersion"].as_str().expect("a revision").to_owned();
        let session = Self { http, token: token.to_owned(), id, version, last_id: AtomicU64::new(1000) };
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        session.post(&ready).send().await.assert_status(202);
        session
    }

    /// Any message in this session.
    pub(crate) fn post(&self, message: &Value) -> Asking {
        post(&self.http, &self.token, message)
            .header("mcp-session-id", &self.id)
            .header("mcp-protocol-version", &self.version)
    }

    /// A request; the whole JSON-RPC answer.
    pub(crate) async fn request(&self, method: &str, params: Value) -> Value {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        reply(&self.post(&message).send().await.assert_status(200))
    }

    /// A tool call; its result.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await["result"].clone()
    }

    /// The listen stream.
    pub(crate) fn listen(&self) -> Asking {
        self.http
            .get("/mcp")
            .bearer(&self.token)
            .header("accept", "text/event-stream")
            .header("mcp-session-id", &self.id)
            .header("mcp-protocol-version", &self.version)
    }
}

/// An answer that streams, read event by event.
pub(crate) struct Events {
    body: Incoming,
    read: Vec<u8>,
}

/// One event of a stream (the HTML standard's server-sent events).
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    /// `None` for an event without a message, as rmcp opens streams with one.
    pub(crate) message: Option<Value>,
}

impl Events {
    #[track_caller]
    pub(crate) fn of(response: http::Response<Incoming>) -> Self {
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        assert_eq!(kind, Some("text/event-stream"), "{}", response.status());
        Self { body: response.into_body(), read: Vec::new() }
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let next = tokio::time::timeout(PATIENCE, self.read_event());
        next.await.expect("an event in time")
    }

    async fn read_event(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.read.drain(..end + 2).collect();
                let event = String::from_utf8(event).expect("events are text");
                let field = |name: &str| {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    lines.map(|value| value.trim().to_owned()).reduce(|all, line| all + "\n" + &line)
                };
                let (id, data) = (field("id"), field("data"));
                if data.is_none() {
                    continue;
                }
                return Some(Event { id, message: data.and_then(|data| serde_json::from_str(&data).ok()) });
            }
            // A connection that breaks ends a stream as well.
            self.read.extend(self.body.frame().await?.ok()?.into_data().unwrap_or_default());
        }
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.next().await?.message {
                return Some(message);
            }
        }
    }

    /// Waits for the end; all messages until then.
    pub(crate) async fn rest(mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(message) = self.message().await {
            messages.push(message);
        }
        messages
    }
}

/// The JSON-RPC answer in a JSON body, or the last one in an event stream.
#[track_caller]
pub(crate) fn reply(answer: &Answer) -> Value {
    let is_stream = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    if !is_stream {
        return answer.json();
    }
    let text = answer.text();
    let mut messages =
        text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok());
    messages
        .rfind(|message: &Value| message.get("id").is_some() && message.get("method").is_none())
        .unwrap_or_else(|| panic!("no answer in {text}"))
}

/// The first text of a tool result.
#[track_caller]
pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}
