//! Accepting connections: one task each, with limits on how long and how much a stranger may send before
//! anything is known of them, and on how long an answer waits for somebody who does not read it.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a client may take to send its headers.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long an answer may stand still because nobody reads it. A client that is suspended while it has unread answers
/// loses its connection, as by any server.
const UNREAD_TIME: Duration = Duration::from_secs(60);
/// Bytes of request line and headers.
const HEADER_BYTES: usize = 64 * 1024;
/// Header lines.
const HEADER_LINES: usize = 100;
/// Connections at once; loopback clients keep a few each, and half of the usual limit on open files is left for
/// the store, the socket and Jean Memory.
const CONNECTIONS: usize = 512;
/// After a failed accept, such as no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);
/// How long open requests may go on after the end has begun.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Serves until `shutdown`, then lets open requests end.
pub(crate) async fn serve(listeners: Vec<TcpListener>, router: Router, shutdown: CancellationToken) {
    let connections = TaskTracker::new();
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, router.clone(), connections.clone(), shutdown.clone())))
        .collect();
    for task in accepting {
        let _ = task.await;
    }
    connections.close();
    if tokio::time::timeout(LAST_WORDS, connections.wait()).await.is_err() {
        tracing::debug!("connections were still open at the end");
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    connections: TaskTracker,
    shutdown: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) if connections.len() < CONNECTIONS => {
                // Small answers must not wait for more (protocol.md 7.22).
                let _ = stream.set_nodelay(true);
                connections.spawn(connection(stream, router.clone(), shutdown.clone()));
            }
            // Too many: this one is closed at once.
            Ok(_) => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    router: Router,
    shutdown: CancellationToken,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(UNREAD_TIME));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADER_LINES)
        .max_buf_size(HEADER_BYTES);
    let serving = http.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router));
    tokio::pin!(serving);
    // A connection that ends badly is the client's affair.
    tokio::select! {
        _ = serving.as_mut() => {}
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::Instant;

    use super::*;

    const LONG: usize = 1 << 20;

    fn router() -> Router {
        Router::new().route("/", get(async || "x".repeat(LONG)))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_given_up() {
        let (mut client, server) = duplex(1024);
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let begun = Instant::now();
        connection(server, router(), CancellationToken::new()).await;
        assert_eq!(begun.elapsed().as_secs(), UNREAD_TIME.as_secs());
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        assert_eq!(got.len(), 1024, "what the pipe holds");
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_gets_all_of_it() {
        let (mut client, server) = duplex(64 * 1024);
        let serving = tokio::spawn(connection(server, router(), CancellationToken::new()));
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let (mut got, mut piece) = (0, vec![0; 64 * 1024]);
        loop {
            match client.read(&mut piece).await.unwrap() {
                0 => break,
                count => got += count,
            }
            tokio::time::sleep(UNREAD_TIME / 2).await;
        }
        assert!(got > LONG, "{got}");
        serving.await.unwrap();
    }
}
