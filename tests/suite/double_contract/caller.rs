//! A client without opinions: sends what it is told, follows nothing, retries nothing.

use axum::body::Bytes;
use axum::http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::double::Double;

pub(super) const MESSAGES: &str = "/mcp/messages/";
pub(super) const VALIDATE: &str = "/sdk/validate-developer";

/// Byte for byte what upstream says to every kind of bad key on `/mcp/messages/`.
pub(super) const NO_KEY: &str = r#"{"error":"Missing user authentication details"}"#;

/// Keeps its connections open, as the bridge does.
pub(super) struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
}

/// A complete reply.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

/// How far an incomplete reply got.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    BeforeHeaders,
    /// After so many bytes of the body.
    InBody(usize),
}

impl Caller {
    pub(super) fn new(double: &Double) -> Self {
        let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
        Self { client, base: double.base_url() }
    }

    pub(super) async fn attempt(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, Broken> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        let reply = self.client.request(request).await.map_err(|_| Broken::BeforeHeaders)?;
        let (head, mut body) = reply.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Broken::InBody(bytes.len()))?;
            bytes.extend(frame.into_data().unwrap_or_default());
        }
        let text = String::from_utf8(bytes).expect("replies are UTF-8");
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, text })
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.attempt(method, path, headers, body).await.expect("a whole reply")
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, "").await
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send("POST", path, headers, body).await
    }

    /// One message to `/mcp/messages/`.
    pub(super) async fn message(&self, key: &str, message: &Value) -> Answer {
        self.post(MESSAGES, &[("X-API-Key", key)], &message.to_string()).await
    }

    pub(super) async fn list_tools(&self, headers: &[(&str, &str)]) -> Answer {
        self.post(MESSAGES, headers, &request("tools/list", &json!({})).to_string()).await
    }

    pub(super) async fn call(&self, key: &str, tool: &str, arguments: &Value) -> Answer {
        self.message(key, &call(tool, arguments)).await
    }

    /// The text of a call that came back as a result.
    #[track_caller]
    pub(super) fn text_of(answer: &Answer) -> String {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let result = &answer.json()["result"];
        let content = result["content"].as_array().expect("content");
        assert_eq!(content.len(), 1, "exactly one item");
        assert_eq!(content[0]["type"], "text");
        assert!(result.get("isError").is_none(), "upstream never sets isError");
        content[0]["text"].as_str().unwrap().to_owned()
    }

    pub(super) async fn text(&self, key: &str, tool: &str, arguments: &Value) -> String {
        Self::text_of(&self.call(key, tool, arguments).await)
    }

    /// For the tools whose text is JSON.
    pub(super) async fn data(&self, key: &str, tool: &str, arguments: &Value) -> Value {
        serde_json::from_str(&self.text(key, tool, arguments).await).expect("the text is JSON")
    }

    pub(super) async fn validate(&self, key: &str) -> Answer {
        let body = json!({ "api_key": key, "client_name": "jean-memory-bridge" });
        self.post(VALIDATE, &[("Content-Type", "application/json")], &body.to_string()).await
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the reply is JSON")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(super) fn is(&self, status: u16, text: &str) {
        assert_eq!((self.status, self.text.as_str()), (status, text));
    }

    /// The names in a `tools/list`.
    #[track_caller]
    pub(super) fn tool_names(&self) -> Vec<String> {
        let list = self.json();
        let tools = list["result"]["tools"].as_array().expect("a list of tools");
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

pub(super) fn request(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

pub(super) fn call(tool: &str, arguments: &Value) -> Value {
    request("tools/call", &json!({ "name": tool, "arguments": arguments }))
}
