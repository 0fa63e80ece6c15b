//! Asking over HTTP: exactly the headers a test names, no redirects, no proxies, no TLS.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than anything takes here; a test that reaches it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A client of one server.
#[derive(Clone)]
pub(crate) struct Http {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// A request that is being put together.
pub(crate) struct Asking {
    http: Http,
    request: http::request::Builder,
    body: Bytes,
}

/// What came back, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    pub(crate) fn new(base: &str) -> Self {
        Self { base: base.to_owned(), client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub(crate) fn get(&self, path: &str) -> Asking {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Asking {
        self.ask(Method::POST, path)
    }

    /// `path` is below the server, or a whole URL.
    pub(crate) fn ask(&self, method: Method, path: &str) -> Asking {
        let uri = if path.starts_with("http://") { path.to_owned() } else { format!("{}{path}", self.base) };
        Asking { http: self.clone(), request: Request::builder().method(method).uri(uri), body: Bytes::new() }
    }

    /// Sends these bytes on a connection of their own and hangs up at once.
    pub(crate) async fn send_and_leave(&self, bytes: &[u8]) {
        let authority = self.base.strip_prefix("http://").expect("a plain base URL");
        let mut stream = TcpStream::connect(authority).await.expect("a server that listens");
        stream.write_all(bytes).await.expect("a server that reads");
    }

    /// Sends these bytes on a connection of their own and returns what comes back until the server closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let authority = self.base.strip_prefix("http://").expect("a plain base URL");
        let mut stream = TcpStream::connect(authority).await.expect("a server that listens");
        // The server may answer and close before everything is written.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        read.expect("the server closes the connection").ok();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Asking {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// User and password, plainly encoded (RFC 7617 §2).
    pub(crate) fn basic(self, user: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// As a browser that navigates.
    #[expect(clippy::wrong_self_convention, reason = "reads as what it does to the request")]
    pub(crate) fn as_browser(self) -> Self {
        self.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").body(encoded(pairs))
    }

    /// Sends it and waits for the whole answer.
    pub(crate) async fn send(self) -> Answer {
        self.try_send().await.expect("a server that answers")
    }

    /// The same, of a server that may end meanwhile; nothing when it did before the answer was whole.
    pub(crate) async fn try_send(self) -> Option<Answer> {
        let request = self.request.body(Full::new(self.body)).expect("a request that can be sent");
        let sent = tokio::time::timeout(PATIENCE, self.http.client.request(request)).await;
        let (parts, body) = sent.expect("an answer in time").ok()?.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await.expect("a body that ends").ok()?;
        Some(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }

    /// Sends it and returns as soon as the headers are there, for answers that stream.
    pub(crate) async fn begin(self) -> http::Response<hyper::body::Incoming> {
        let request = self.request.body(Full::new(self.body)).expect("a request that can be sent");
        self.http.client.request(request).await.expect("a server that answers")
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// `{"error": …}` with that status.
    #[track_caller]
    pub(crate) fn assert_error(self, status: u16, error: &str) -> Self {
        let answer = self.assert_status(status);
        assert_eq!(answer.json()["error"], error, "{}", answer.text());
        answer
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The one header of that name.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} came twice");
        Some(value.to_str().expect("a header that is text"))
    }

    /// The URL of a redirect and its query.
    #[track_caller]
    pub(crate) fn redirect(&self) -> Redirect {
        assert!(matches!(self.status.as_u16(), 302 | 303), "{} {}", self.status, self.text());
        Redirect::of(self.header("location").expect("a redirect says where to"))
    }
}

/// Where a redirect goes.
#[derive(Clone, Debug)]
pub(crate) struct Redirect {
    pub(crate) url: String,
    pairs: Vec<(String, String)>,
}

impl Redirect {
    pub(crate) fn of(url: &str) -> Self {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        Self { url: url.to_owned(), pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect() }
    }

    /// The one parameter of that name.
    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.pairs.iter().filter(|(pair, _)| pair == name);
        let value = values.next();
        assert!(values.next().is_none(), "{name} came twice in {}", self.url);
        value.map(|(_, value)| value.as_str())
    }
}

pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
