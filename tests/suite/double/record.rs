//! Everything that arrived, for assertions afterwards and for waiting meanwhile.

use std::fmt;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, Version};
use serde_json::Value;

use super::bell::Bell;

/// One request as it came in, whatever became of it.
pub struct Seen {
    /// From 1 on, in order of arrival.
    pub number: usize,
    /// Which connection brought it, from 1 on.
    pub connection: usize,
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    version: Version,
    json: Option<Value>,
    outcome: Mutex<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing has been decided yet.
    Pending,
    /// A reply with this status left, or is leaving.
    Answered(u16),
    /// A fault cut the connection.
    Cut,
    /// The caller closed the connection first.
    Aborted,
}

impl Seen {
    /// `POST /mcp/messages/ HTTP/1.1`
    pub fn line(&self) -> String {
        format!("{} {} {:?}", self.method, self.uri, self.version)
    }

    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// A header's value; repeated headers are joined, so a stray repetition shows.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|value| text(value.as_bytes())).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> &Value {
        self.json.as_ref().expect("the request's body is JSON")
    }

    pub fn rpc_method(&self) -> Option<&str> {
        self.json.as_ref()?.get("method")?.as_str()
    }

    /// The name in a `tools/call`.
    pub fn tool(&self) -> Option<&str> {
        if self.rpc_method()? != "tools/call" {
            return None;
        }
        self.json.as_ref()?.pointer("/params/name")?.as_str()
    }

    /// The arguments of a `tools/call`.
    #[track_caller]
    pub fn arguments(&self) -> &Value {
        self.json().pointer("/params/arguments").expect("the call has arguments")
    }

    /// The key this request wants to be known by, wherever its route looks for it.
    pub fn key(&self) -> Option<String> {
        let in_body = || Some(self.json.as_ref()?.get("api_key")?.as_str()?.to_owned());
        let bearer = || self.header("authorization")?.strip_prefix("Bearer ").map(str::to_owned);
        self.header("x-api-key").or_else(in_body).or_else(bearer)
    }

    pub fn outcome(&self) -> Outcome {
        *self.outcome.lock().unwrap()
    }
}

/// What may appear in the output of a failing test: no headers, no body.
impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = super::leaks::redact(&self.line());
        write!(f, "#{} {line}", self.number)?;
        if let Some(method) = self.rpc_method() {
            write!(f, " {method}")?;
        }
        if let Some(tool) = self.tool() {
            write!(f, " {tool}")?;
        }
        write!(f, ": {:?}", self.outcome())
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A selection of requests: `double.requests().key(ALICE.key).tool("add_memories").count()`.
#[derive(Clone, Debug)]
pub struct Requests(Vec<Arc<Seen>>);

impl Requests {
    pub fn path(self, path: &str) -> Self {
        self.filter(|seen| seen.path() == path)
    }

    pub fn key(self, key: &str) -> Self {
        self.filter(|seen| seen.key().as_deref() == Some(key))
    }

    /// By JSON-RPC method.
    pub fn rpc(self, method: &str) -> Self {
        self.filter(|seen| seen.rpc_method() == Some(method))
    }

    pub fn tool(self, name: &str) -> Self {
        self.filter(|seen| seen.tool() == Some(name))
    }

    pub fn filter(mut self, keep: impl Fn(&Seen) -> bool) -> Self {
        self.0.retain(|seen| keep(seen));
        self
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    #[track_caller]
    pub fn last(&self) -> Arc<Seen> {
        self.0.last().expect("such a request arrived").clone()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Seen>> {
        self.0.iter()
    }
}

pub(super) struct Log {
    seen: Mutex<Vec<Arc<Seen>>>,
    bell: Bell,
}

impl Log {
    pub(super) fn new(bell: Bell) -> Self {
        Self { seen: Mutex::default(), bell }
    }

    pub(super) fn arrived(&self, connection: usize, parts: &Parts, body: &Bytes) -> Arc<Seen> {
        let mut all = self.seen.lock().unwrap();
        let seen = Arc::new(Seen {
            number: all.len() + 1,
            connection,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            body: body.clone(),
            version: parts.version,
            json: serde_json::from_slice(body).ok(),
            outcome: Mutex::new(Outcome::Pending),
        });
        all.push(seen.clone());
        drop(all);
        self.bell.ring();
        seen
    }

    pub(super) fn requests(&self) -> Requests {
        Requests(self.seen.lock().unwrap().clone())
    }
}

/// Follows one request; dropped before the outcome is known, the caller was the one who left.
pub(super) struct Watch {
    seen: Arc<Seen>,
    bell: Bell,
}

impl Watch {
    pub(super) fn new(seen: Arc<Seen>, bell: Bell) -> Self {
        Self { seen, bell }
    }

    pub(super) fn decide(&self, outcome: Outcome) {
        *self.seen.outcome.lock().unwrap() = outcome;
        self.bell.ring();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.seen.outcome() == Outcome::Pending {
            self.decide(Outcome::Aborted);
        }
    }
}
