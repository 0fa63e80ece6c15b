//! A server on a free port that records what it is asked and answers, or misbehaves, as it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// One request as it arrived; names of headers in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether this request is for the path of the key check.
    pub(crate) fn is_validation(&self) -> bool {
        self.line.starts_with("POST /sdk/validate-developer ")
    }

    /// A good JSON-RPC answer to it.
    pub(crate) fn result(&self, result: &Value) -> Answer {
        Answer::json(200, &json!({ "jsonrpc": "2.0", "result": result, "id": self.json()["id"] }))
    }

    /// A good answer to a tool call.
    pub(crate) fn text(&self, text: &str) -> Answer {
        self.result(&json!({ "content": [{ "type": "text", "text": text }] }))
    }
}

/// What the server does with a request.
pub(crate) enum Answer {
    /// Writes this and keeps the connection.
    Write(Vec<u8>),
    /// Writes this and closes the connection in the proper way.
    WriteAndClose(Vec<u8>),
    /// Closes the connection by force.
    Reset,
    /// Says nothing until the client goes away.
    Hang,
    /// Waits for a permit, then writes this.
    After(Arc<Semaphore>, Vec<u8>),
}

impl Answer {
    pub(crate) fn with(status: u16, headers: &str, body: &[u8]) -> Self {
        Self::Write(response(status, headers, body))
    }

    /// What it writes; for building another answer of it.
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Write(bytes) | Self::WriteAndClose(bytes) | Self::After(_, bytes) => bytes,
            Self::Reset | Self::Hang => Vec::new(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::with(status, "Content-Type: application/json\r\n", body.to_string().as_bytes())
    }

    pub(crate) fn html(status: u16) -> Self {
        Self::with(status, "Content-Type: text/html; charset=utf-8\r\n", b"<html>jean_sk_secret_page</html>")
    }
}

pub(crate) fn response(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    changed: Notify,
    connections: AtomicUsize,
    gone: AtomicUsize,
}

/// A running server; it ends with its value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers each request by `script`, which is given the request and how many came before it.
    pub(crate) async fn start(script: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_with(|socket| async { Some(socket) }, script).await
    }

    /// The same behind something that makes a stream of a socket: TLS.
    pub(crate) async fn start_with<S, F>(
        accept: impl Fn(TcpStream) -> F + Send + Sync + 'static,
        script: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Linger + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve_on(listener, accept, script)
    }

    /// The same over TLS, with a certificate for `name` that only its own copy can vouch for.
    pub(crate) async fn start_tls(
        name: &str,
        script: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    ) -> (Self, CertificateDer<'static>) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        let certificate = cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let accept = move |socket| {
            let handshake = acceptor.accept(socket);
            async move { handshake.await.ok() }
        };
        (Self::start_with(accept, script).await, certificate)
    }

    /// The same on a listener that is already there.
    pub(crate) fn serve_on<S, F>(
        listener: TcpListener,
        accept: impl Fn(TcpStream) -> F + Send + Sync + 'static,
        script: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Linger + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(run(listener, shared.clone(), Arc::new(accept), Arc::new(script)));
        Self { address, shared, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many requests have arrived.
    pub(crate) async fn wait_for_requests(&self, count: usize) {
        self.wait(|shared| shared.seen.lock().unwrap().len() >= count).await;
    }

    /// Waits until so many clients have left a request that hangs.
    pub(crate) async fn wait_for_departures(&self, count: usize) {
        self.wait(|shared| shared.gone.load(Ordering::SeqCst) >= count).await;
    }

    async fn wait(&self, is_so: impl Fn(&Shared) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            if is_so(&self.shared) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A stream that can be closed by force.
pub(crate) trait Linger {
    fn close_by_force(&self);
}

impl Linger for TcpStream {
    fn close_by_force(&self) {
        self.set_zero_linger().unwrap();
    }
}

impl Linger for tokio_rustls::server::TlsStream<TcpStream> {
    fn close_by_force(&self) {
        self.get_ref().0.close_by_force();
    }
}

async fn run<S, F>(
    listener: TcpListener,
    shared: Arc<Shared>,
    accept: Arc<impl Fn(TcpStream) -> F + Send + Sync + 'static>,
    script: Arc<impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + Linger + 'static,
    F: Future<Output = Option<S>> + Send + 'static,
{
    let mut open = tokio::task::JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let (shared, accept, script) = (shared.clone(), accept.clone(), script.clone());
        open.spawn(async move {
            if let Some(stream) = accept(socket).await {
                serve(stream, &shared, &*script).await;
            }
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Linger>(
    mut stream: S,
    shared: &Shared,
    script: &impl Fn(&Seen, usize) -> Answer,
) {
    let mut buffer = Vec::new();
    while let Some(seen) = read_request(&mut stream, &mut buffer).await {
        let before = {
            let mut all = shared.seen.lock().unwrap();
            all.push(seen.clone());
            all.len() - 1
        };
        shared.changed.notify_waiters();
        match script(&seen, before) {
            Answer::Write(bytes) => {
                // The client may have stopped reading: a reply over the limit.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Answer::WriteAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Answer::Reset => return stream.close_by_force(),
            Answer::Hang => {
                let mut rest = [0; 64];
                while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
                shared.gone.fetch_add(1, Ordering::SeqCst);
                shared.changed.notify_waiters();
                return;
            }
            Answer::After(gate, bytes) => {
                gate.acquire().await.unwrap().forget();
                stream.write_all(&bytes).await.unwrap();
            }
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Seen> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..head_end).collect()).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<_> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { line, headers, body: buffer.drain(..length).collect() })
}
