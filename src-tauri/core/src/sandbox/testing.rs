//! A small vocabulary for the tests: a sandbox in a folder of its own, a clock moved by hand, calls as one line.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::Sandbox;
use crate::clock::Clock;

/// 2025-12-09T10:00:00Z.
const START: u64 = 1_765_274_400;
/// Longer than any delay of the sandbox.
pub(super) const LATER: Duration = Duration::from_secs(5);

pub(super) struct HandClock(Mutex<SystemTime>);

impl Clock for HandClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

pub(super) struct Bench {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Arc<HandClock>,
    folder: tempfile::TempDir,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock(Mutex::new(UNIX_EPOCH + Duration::from_secs(START))));
        let path = folder.path().join("data").join("sandbox.db");
        let sandbox = Sandbox::open(&path, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        Self { sandbox, clock, folder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("data").join("sandbox.db")
    }

    /// What a start of the program does.
    pub(super) fn reopen(&mut self) -> Result<(), super::SandboxError> {
        self.sandbox = Sandbox::open(&self.path(), Arc::clone(&self.clock) as Arc<dyn Clock>)?;
        Ok(())
    }

    pub(super) fn advance(&self, by: Duration) {
        *self.clock.0.lock().unwrap() += by;
    }

    pub(super) fn step_back(&self, by: Duration) {
        *self.clock.0.lock().unwrap() -= by;
    }

    /// A raw request.
    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.sandbox.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// A body with a good key and a client name.
    pub(super) async fn post(&self, body: impl Into<Body>) -> Answer {
        let key = self.sandbox.key();
        self.post_with(&[("x-api-key", key.expose()), ("x-client-name", "bridge")], body).await
    }

    /// A body with these headers and no others.
    pub(super) async fn post_with(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::post("/mcp/messages/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(super) async fn message(&self, message: Value) -> Answer {
        self.post(message.to_string()).await
    }

    pub(super) async fn raw_call(&self, tool: &str, arguments: Value) -> Answer {
        let params = json!({"name": tool, "arguments": arguments});
        self.message(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})).await
    }

    /// The text of a result.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> String {
        let answer = self.raw_call(tool, arguments).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let reply = answer.json();
        assert!(reply["result"].get("isError").is_none());
        assert_eq!(reply["result"]["content"].as_array().unwrap().len(), 1);
        assert_eq!(reply["result"]["content"][0]["type"], "text");
        reply["result"]["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// The text of a result, which is JSON.
    pub(super) async fn call_json(&self, tool: &str, arguments: Value) -> Value {
        let text = self.call(tool, arguments).await;
        assert!(text.is_ascii(), "JSON texts are ASCII (upstream-api.md 9.3)");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
    }

    /// The message of a JSON-RPC error with status 500.
    pub(super) async fn exception(&self, tool: &str, arguments: Value) -> String {
        let answer = self.raw_call(tool, arguments).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.text);
        let reply = answer.json();
        assert_eq!(reply["error"]["code"], -32603);
        assert_eq!(reply["id"], 1);
        reply["error"]["message"].as_str().unwrap().to_owned()
    }

    /// Adds memories and lets them become searchable.
    pub(super) async fn remember(&self, texts: &[&str]) {
        for text in texts {
            let added = self.call_json("add_memories", json!({"text": text})).await;
            assert_eq!(added["status"], "success");
            self.advance(Duration::from_millis(1));
        }
        self.advance(LATER);
    }

    /// Contents found by search, best first.
    pub(super) async fn found(&self, query: &str) -> Vec<String> {
        let reply = self.call_json("search_memory_v2", json!({"query": query})).await;
        contents(&reply)
    }
}

pub(super) fn contents(reply: &Value) -> Vec<String> {
    reply["memories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|memory| memory["content"].as_str().unwrap().to_owned())
        .collect()
}
