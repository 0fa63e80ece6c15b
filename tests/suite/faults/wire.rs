//! A line to Jean Memory that breaks where a test wants it to: in front of the double, byte by byte.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::http::PATIENCE;

/// Where an exchange breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The connection is closed before a byte was read.
    Accepted,
    /// It is reset when the head of the request was read.
    HalfRequest,
    /// It is closed when the request was read.
    WholeRequest,
    /// In the middle of a header of the answer.
    HalfHeaders,
    /// After the last header.
    HeadersOnly,
    /// In the middle of the body.
    HalfBody,
    /// Before the last byte of the body.
    OneByteShort,
    /// There is more than was said.
    TooLong,
    /// Everything comes, byte by byte.
    Trickled,
    /// Everything comes, and then the connection is closed although nobody said so.
    ClosedAfter,
}

impl Phase {
    pub(super) const ALL: [Self; 10] = [
        Self::Accepted,
        Self::HalfRequest,
        Self::WholeRequest,
        Self::HalfHeaders,
        Self::HeadersOnly,
        Self::HalfBody,
        Self::OneByteShort,
        Self::TooLong,
        Self::Trickled,
        Self::ClosedAfter,
    ];

    /// Whether an answer comes that is good.
    pub(super) fn is_harmless(self) -> bool {
        matches!(self, Self::TooLong | Self::Trickled | Self::ClosedAfter)
    }
}

/// It runs until it is dropped.
pub(super) struct Wire {
    address: String,
    broken: watch::Sender<Option<Phase>>,
    /// Connections that are closed on this side only.
    half_closed: watch::Sender<usize>,
    accepting: JoinHandle<()>,
}

impl Wire {
    /// In front of this address, as `http://host:port`.
    pub(super) async fn to(base_url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let broken = watch::Sender::new(None);
        let beyond = base_url.strip_prefix("http://").expect("a plain base URL").to_owned();
        let half_closed = watch::Sender::new(0);
        let (phase, closing) = (broken.subscribe(), half_closed.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A line that breaks is what this is for.
                let (phase, closing, beyond) = (phase.clone(), closing.clone(), beyond.clone());
                tokio::spawn(async move { drop(serve(stream, phase, &closing, &beyond).await) });
            }
        });
        Self { address, broken, half_closed, accepting }
    }

    pub(super) fn url(&self) -> &str {
        &self.address
    }

    /// Waits until the caller has noticed every end that nobody announced: what it sends before is lost.
    pub(super) async fn ends_are_noticed(&self) {
        let mut half_closed = self.half_closed.subscribe();
        let noticed = half_closed.wait_for(|count| *count == 0);
        tokio::time::timeout(PATIENCE, noticed).await.expect("it notices in time").expect("it runs");
    }

    /// From the next exchange on.
    pub(super) fn breaks(&self, phase: Option<Phase>) {
        self.broken.send_replace(phase);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    mut broken: watch::Receiver<Option<Phase>>,
    half_closed: &watch::Sender<usize>,
    beyond: &str,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::new();
    loop {
        let head = tokio::select! {
            biased;
            // Those that are open already are closed as well.
            _ = broken.wait_for(|phase| *phase == Some(Phase::Accepted)) => return Ok(()),
            head = read_head(&mut stream, &mut read) => head?,
        };
        let Some(head) = head else { return Ok(()) };
        let phase = *broken.borrow();
        if phase == Some(Phase::HalfRequest) {
            return stream.set_zero_linger();
        }
        let whole = head + length_in(&read[..head]);
        while read.len() < whole {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        }
        let request: Vec<u8> = read.drain(..whole).collect();
        if phase == Some(Phase::WholeRequest) {
            return Ok(());
        }
        let answer = answer_of(beyond, &request).await?;
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("an answer has a head") + 4;
        let cut = match phase {
            Some(Phase::HalfHeaders) => head / 2,
            Some(Phase::HeadersOnly) => head,
            Some(Phase::HalfBody) => head + (answer.len() - head) / 2,
            Some(Phase::OneByteShort) => answer.len() - 1,
            _ => answer.len(),
        };
        if matches!(phase, Some(Phase::TooLong | Phase::ClosedAfter)) {
            // Before the answer, so that nobody who has it looks too early.
            half_closed.send_modify(|count| *count += 1);
            let rest: &[u8] = if phase == Some(Phase::TooLong) { b"and so on" } else { b"" };
            let ended = end(&mut stream, &[&answer, rest].concat()).await;
            half_closed.send_modify(|count| *count -= 1);
            return ended;
        }
        if phase == Some(Phase::Trickled) {
            for byte in &answer {
                stream.write_all(&[*byte]).await?;
            }
        } else {
            stream.write_all(&answer[..cut]).await?;
        }
        if phase.is_some_and(|phase| phase != Phase::Trickled) {
            return Ok(());
        }
    }
}

/// Says this and closes its side, until the caller has closed the other.
async fn end(stream: &mut TcpStream, last_words: &[u8]) -> io::Result<()> {
    stream.write_all(last_words).await?;
    stream.shutdown().await?;
    while stream.read(&mut [0; 64]).await? > 0 {}
    Ok(())
}

/// Reads until the head is whole; where it ends, or nothing at the end of the connection.
async fn read_head(stream: &mut TcpStream, read: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if let Some(end) = read.windows(4).position(|end| end == b"\r\n\r\n") {
            return Ok(Some(end + 4));
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

fn length_in(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.map_or(0, |length| length.trim().parse().expect("a number"))
}

/// What is said beyond, whole.
async fn answer_of(beyond: &str, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(beyond).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    let head = read_head(&mut stream, &mut answer).await?.expect("the double answers");
    let whole = head + length_in(&answer[..head]);
    while answer.len() < whole {
        assert!(stream.read_buf(&mut answer).await? > 0, "the double answers with a length, and keeps it");
    }
    Ok(answer)
}
