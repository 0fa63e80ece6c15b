//! One MCP request to the bridge, as MCP 2026-07-28 over HTTP has it: what the client spoke stays between it and the
//! adapter (protocol.md 8.13–8.18).

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use rmcp::model::{
    ClientCapabilities, ProgressNotificationParam, ProgressToken, ProtocolVersion, RequestMetaObject,
};
use rmcp::transport::common::http_header::{
    EVENT_STREAM_MIME_TYPE, HEADER_MCP_METHOD, HEADER_MCP_NAME, HEADER_MCP_PROTOCOL_VERSION, JSON_MIME_TYPE,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sse_stream::SseStream;

use super::answer::Answer;
use super::headers::disguised;
use super::link::Link;
use crate::control::{self, ClientError, adapter_wire};

/// Of one answer, or of one stream.
const MAX_ANSWER: usize = 32 * 1024 * 1024;
/// What every request speaks.
const REVISION: ProtocolVersion = ProtocolVersion::V_2026_07_28;

/// Ids of our own; the client's need not be unique among all clients of the bridge.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// What is asked.
pub(super) struct Question<'a> {
    /// Whose name stands on it.
    pub(super) client: &'a str,
    pub(super) method: &'static str,
    /// `params.name`, which is a header as well.
    pub(super) name: Option<&'a str>,
    pub(super) params: Map<String, Value>,
    /// Of the arguments.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// Wants to hear of progress under this token.
    pub(super) progress: Option<ProgressToken>,
}

impl Question<'_> {
    /// Asks, and hands over what is heard of the progress meanwhile. Dropping this gives the request up.
    pub(super) async fn ask<R, P>(
        self,
        link: &Link,
        on_progress: impl Fn(ProgressNotificationParam) -> P,
    ) -> Result<Answer<R>, ClientError>
    where
        R: DeserializeOwned,
        P: Future<Output = ()>,
    {
        let (response, connection) = link.send(self.request()?).await?;
        if is_stream(&response) {
            return last_of(response, on_progress).await;
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect();
        let body = body.await.map_err(|_| ClientError::Lost)?.to_bytes();
        link.keep(connection);
        Answer::read(&body)
    }

    fn request(mut self) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut meta = RequestMetaObject::new();
        meta.set_protocol_version(REVISION);
        meta.set_client_capabilities(ClientCapabilities::default());
        if let Some(token) = self.progress {
            meta.set_progress_token(token);
        }
        self.params.insert("_meta".to_owned(), Value::Object(meta.0.0));
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let body = json!({"jsonrpc": "2.0", "id": id, "method": self.method, "params": self.params});
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(adapter_wire::target(adapter_wire::MCP, self.client))
            .header(HOST, control::HOST)
            .header(CONTENT_TYPE, JSON_MIME_TYPE)
            .header(ACCEPT, "application/json, text/event-stream")
            .header(HEADER_MCP_PROTOCOL_VERSION, REVISION.as_str())
            .header(HEADER_MCP_METHOD, self.method);
        if let Some(name) = self.name {
            request = request.header(HEADER_MCP_NAME, disguised(name));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        // Only what cannot be a request fails, and all of this is our own.
        request.body(Full::new(body.to_string().into())).map_err(|_| ClientError::Garbled)
    }
}

fn is_stream<B>(response: &Response<B>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(EVENT_STREAM_MIME_TYPE.as_bytes()))
}

/// The answer at the end of a stream.
async fn last_of<R, P>(
    response: Response<Incoming>,
    on_progress: impl Fn(ProgressNotificationParam) -> P,
) -> Result<Answer<R>, ClientError>
where
    R: DeserializeOwned,
    P: Future<Output = ()>,
{
    /// All that a stream may bring besides the answer.
    #[derive(Deserialize)]
    struct Notification {
        method: String,
        params: ProgressNotificationParam,
    }

    let mut events =
        SseStream::new(Limited::new(response.into_body(), MAX_ANSWER).map_err(std::io::Error::other));
    while let Some(event) = events.next().await {
        let data = event.map_err(|_| ClientError::Lost)?.data.unwrap_or_default();
        if data.is_empty() {
            continue;
        }
        match serde_json::from_str::<Notification>(&data) {
            Ok(heard) if heard.method == "notifications/progress" => on_progress(heard.params).await,
            Ok(_) => {}
            Err(_) => return Answer::read(data.as_bytes()),
        }
    }
    Err(ClientError::Lost)
}
