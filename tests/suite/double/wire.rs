//! The TCP level: accepts, counts, resets and closes connections where HTTP alone cannot.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::bell::Bell;

/// Connections the kernel may hold before we accept them.
const BACKLOG: u32 = 1024;

/// A port that stays ours even while nobody listens on it: connecting is then refused.
pub(super) struct Port {
    /// Bound, never listening; keeps the number from being given to another program.
    _anchor: TcpSocket,
    pub(super) address: SocketAddr,
}

impl Port {
    pub(super) fn take() -> io::Result<Self> {
        let anchor = bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = anchor.local_addr()?;
        Ok(Self { _anchor: anchor, address })
    }

    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        bind(self.address)?.listen(BACKLOG)
    }
}

/// Two sockets may share a port only if both say so beforehand.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// One connection, as the rest of the double can handle it.
pub(super) struct Line {
    pub(super) number: usize,
    reset: AtomicBool,
    stale: AtomicBool,
    served: AtomicUsize,
    busy: AtomicUsize,
    orders: Notify,
}

impl Line {
    /// Ends the connection with a reset, whatever is under way.
    pub(super) fn reset(&self) {
        self.reset.store(true, SeqCst);
        self.orders.notify_one();
    }

    /// Ends the connection after the reply that is under way.
    pub(super) fn close(&self) {
        self.orders.notify_one();
    }

    /// The next request will find the connection dead.
    pub(super) fn go_stale(&self) {
        self.stale.store(true, SeqCst);
    }

    pub(super) fn is_stale(&self) -> bool {
        self.stale.load(SeqCst)
    }

    fn is_idle(&self) -> bool {
        self.busy.load(SeqCst) == 0 && self.served.load(SeqCst) > 0
    }

    pub(super) fn work(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, SeqCst);
        Busy(self.clone())
    }
}

/// A request is being handled on the line.
pub(super) struct Busy(Arc<Line>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.served.fetch_add(1, SeqCst);
        self.0.busy.fetch_sub(1, SeqCst);
    }
}

/// All connections, past and present.
pub(super) struct Lines {
    accepted: AtomicUsize,
    open: Mutex<HashMap<usize, Arc<Line>>>,
    bell: Bell,
}

impl Lines {
    pub(super) fn new(bell: Bell) -> Self {
        Self { accepted: AtomicUsize::new(0), open: Mutex::default(), bell }
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }

    pub(super) fn open(&self) -> usize {
        self.open.lock().unwrap().len()
    }

    /// Closes what is idle and waits until it is closed.
    pub(super) async fn close_idle(&self) {
        let idle: Vec<_> =
            self.open.lock().unwrap().values().filter(|line| line.is_idle()).cloned().collect();
        for line in &idle {
            line.close();
        }
        let gone = || {
            let open = self.open.lock().unwrap();
            idle.iter().all(|line| !open.contains_key(&line.number)).then_some(())
        };
        self.bell.until("the idle connections to close", gone).await;
    }

    fn add(&self) -> Arc<Line> {
        let number = self.accepted.fetch_add(1, SeqCst) + 1;
        let line = Arc::new(Line {
            number,
            reset: AtomicBool::new(false),
            stale: AtomicBool::new(false),
            served: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            orders: Notify::new(),
        });
        self.open.lock().unwrap().insert(number, line.clone());
        self.bell.ring();
        line
    }
}

/// Accepts until dropped; the connections go with it.
pub(super) async fn accept(listener: TcpListener, lines: Arc<Lines>, router: Router) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, _)) = accepted else { continue };
                // Small pieces have to leave when they are written, or a stalled reply looks different.
                let _ = tcp.set_nodelay(true);
                let entry = Entry { line: lines.add(), lines: lines.clone() };
                tasks.spawn(serve(Stream { tcp, entry }, router.clone()));
            }
            Some(_) = tasks.join_next() => {}
        }
    }
}

async fn serve(stream: Stream, router: Router) {
    let line = stream.entry.line.clone();
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(line.clone());
        router.call(request)
    });
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = line.orders.notified() => {
                if line.reset.load(SeqCst) {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The socket below HTTP: on a reset it is dropped without a farewell.
struct Stream {
    // Declared, and so dropped, first: a line is off the list only when its socket is closed.
    tcp: TcpStream,
    entry: Entry,
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.entry.line.reset.load(SeqCst) {
            // Nothing to be done about a failure: then it is an ordinary close.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

/// A line's place in the list of open ones.
struct Entry {
    line: Arc<Line>,
    lines: Arc<Lines>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.lines.open.lock().unwrap().remove(&self.line.number);
        self.lines.bell.ring();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
