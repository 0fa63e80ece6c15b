//! Plays the place where releases are published: records every byte it is sent, and answers as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::waiting::until;

/// The server; it ends when this goes.
pub(crate) struct Releases {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    answer: Mutex<Vec<u8>>,
    /// Of each connection, everything that came until its end.
    received: Mutex<Vec<Vec<u8>>>,
    connections: AtomicUsize,
}

impl Releases {
    /// With this version as the newest one.
    pub(crate) async fn start(version: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, serving.clone()));
            }
        });
        let releases = Self { port, shared, task };
        releases.publish(version);
        releases
    }

    /// The page of releases.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/releases", self.port)
    }

    /// From now on this version is the newest one.
    pub(crate) fn publish(&self, version: &str) {
        let manifest = serde_json::json!({ "version": version, "notes": "…", "platforms": {} });
        self.answer(&answer("200 OK", "Content-Type: application/octet-stream\r\n", &manifest.to_string()));
    }

    /// From now on these bytes are the answer; none: there is never one.
    pub(crate) fn answer(&self, bytes: &[u8]) {
        *self.shared.answer.lock().expect("no panic") = bytes.to_vec();
    }

    /// How often somebody connected.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits for the end of so many connections; gives what was received on each.
    pub(crate) async fn received(&self, count: usize) -> Vec<String> {
        until("requests for the newest version", async || {
            let all = self.shared.received.lock().expect("no panic");
            let texts = || all.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
            (all.len() >= count).then(texts)
        })
        .await
    }
}

impl Drop for Releases {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut received = Vec::new();
    let mut is_answered = false;
    loop {
        if !is_answered && received.ends_with(b"\r\n\r\n") {
            is_answered = true;
            let answer = shared.answer.lock().expect("no panic").clone();
            // Whoever has had enough goes.
            let _ = stream.write_all(&answer).await;
        }
        match stream.read_buf(&mut received).await {
            Ok(count) if count > 0 => {}
            Ok(_) | Err(_) => break,
        }
    }
    shared.received.lock().expect("no panic").push(received);
}
