//! Stdin and stdout as rmcp's transport: one message a line, whatever else comes is survived, and nothing else leaves
//! (protocol.md 8.1–8.4, 8.9, 8.10).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    ClientNotification, ClientRequest, ErrorData, JsonRpcMessage, JsonRpcRequest, ProtocolVersion, RequestId,
};
use rmcp::service::TxJsonRpcMessage;
use rmcp::transport::Transport;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::batch::{Batches, MAX_BATCH, Placed, answered};
use super::lines::{Line, Lines};
use super::message::{Heard, Incoming};

/// Messages that were read and wait for rmcp.
const QUEUE: usize = 64;
/// After stdin ended: calls that are answered meanwhile still get out, as for `printf … | jean-bridge stdio`.
const LAST_CALLS: Duration = Duration::from_millis(20);
/// Everything else is answered within the adapter, which may take so long on a busy computer.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How long nothing is read from a client that does not read its answers, before one more message is: the end of the
/// input must be seen too.
const UNREAD: Duration = Duration::from_secs(5);
const ID_IN_USE: &str = "Another request with this id is open";

type Outgoing = TxJsonRpcMessage<RoleServer>;
type Request = JsonRpcRequest<ClientRequest>;

/// Both ends; the clones share them.
pub(super) struct Pipe<W> {
    input: Arc<Mutex<mpsc::Receiver<Incoming>>>,
    output: Arc<Output<W>>,
}

impl<W> Clone for Pipe<W> {
    fn clone(&self) -> Self {
        Self { input: Arc::clone(&self.input), output: Arc::clone(&self.output) }
    }
}

struct Output<W> {
    open: Open,
    inner: Mutex<Inner<W>>,
    /// Whether the client opened with 2025-03-26, the one revision with batches, which is always agreed to.
    takes_batches: AtomicBool,
    /// Fired when nobody reads any more.
    ended: CancellationToken,
}

struct Inner<W> {
    writer: W,
    batches: Batches,
}

/// Requests that have no answer yet: of two with one id nobody could tell whose an answer is. Not behind the lock of the
/// output, which is held for as long as nobody reads.
#[derive(Default)]
struct Open(watch::Sender<HashMap<RequestId, Work>>);

/// What a request leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// An answer of the adapter itself.
    Answer,
    /// A call of a tool, which may take minutes.
    Call,
    /// What lasts until it is taken back.
    Subscription,
}

impl Work {
    fn of(request: &ClientRequest) -> Self {
        if matches!(request, ClientRequest::CallToolRequest(_)) {
            Self::Call
        } else if matches!(request, ClientRequest::SubscriptionsListenRequest(_)) {
            Self::Subscription
        } else {
            Self::Answer
        }
    }
}

impl Open {
    /// Whether there was none of that id before.
    fn begin(&self, request: &Request) -> bool {
        let mut is_new = false;
        self.0.send_if_modified(|open| {
            let entry = open.entry(request.id.clone());
            is_new = matches!(entry, Entry::Vacant(_));
            entry.or_insert(Work::of(&request.request));
            is_new
        });
        is_new
    }

    fn end(&self, id: &RequestId) {
        self.0.send_if_modified(|open| open.remove(id).is_some());
    }

    /// Until no such work is left.
    async fn none_of(&self, work: Work) {
        let _ = self.0.subscribe().wait_for(|open| open.values().all(|open| *open != work)).await; // we hold the sender
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Pipe<W> {
    /// Begins to read. `ended` is fired soon after the input ended, and when nobody reads the output.
    pub(super) fn open<R>(input: R, output: W, ended: CancellationToken) -> Self
    where
        R: AsyncRead + Send + Unpin + 'static,
    {
        let (heard, receiver) = mpsc::channel(QUEUE);
        let output = Arc::new(Output {
            open: Open::default(),
            inner: Mutex::new(Inner { writer: output, batches: Batches::default() }),
            takes_batches: AtomicBool::new(false),
            ended,
        });
        tokio::spawn(listen(Lines::new(input), heard, Arc::clone(&output)));
        Self { input: Arc::new(Mutex::new(receiver)), output }
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Transport<RoleServer> for Pipe<W> {
    type Error = io::Error;

    fn send(&mut self, item: Outgoing) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let output = Arc::clone(&self.output);
        async move { output.send(&item).await }
    }

    async fn receive(&mut self) -> Option<Incoming> {
        self.input.lock().await.recv().await
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads until the end.
async fn listen<R, W>(mut lines: Lines<R>, heard: mpsc::Sender<Incoming>, output: Arc<Output<W>>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Send + Unpin,
{
    loop {
        output.wait_for_reader().await;
        let read = match lines.next().await {
            Ok(Some(Line::Whole(line))) => Heard::read(line),
            Ok(Some(Line::TooLong)) => Heard::Invalid(None),
            Ok(None) | Err(_) => break,
        };
        let messages = match read {
            Heard::One(message) => {
                if let JsonRpcMessage::Request(request) = &*message
                    && !output.open.begin(request)
                {
                    output.refuse(ID_IN_USE, Some(request.id.clone())).await;
                    continue;
                }
                vec![*message]
            }
            Heard::Batch(elements) => output.unpack(elements).await,
            Heard::Invalid(id) => {
                output.refuse("Not a JSON-RPC message", id).await;
                continue;
            }
            Heard::Nothing => continue,
        };
        for message in messages {
            if let Some(version) = opens(&message) {
                output.takes_batches.store(*version == ProtocolVersion::V_2025_03_26, Ordering::Relaxed);
            }
            if let Some(id) = cancels(&message) {
                output.give_up(id).await;
            }
            if heard.send(message).await.is_err() {
                return;
            }
        }
    }
    // rmcp takes the end of its input for the end of its service, so it does not hear of it before it has answered.
    let _ = timeout(LAST_ANSWERS, output.until_none_of(Work::Answer)).await;
    let _ = timeout(LAST_CALLS, output.until_none_of(Work::Call)).await;
    output.ended.cancel();
}

/// The revision that a message opens with.
fn opens(message: &Incoming) -> Option<&ProtocolVersion> {
    if let JsonRpcMessage::Request(request) = message
        && let ClientRequest::InitializeRequest(hello) = &request.request
    {
        Some(&hello.params.protocol_version)
    } else {
        None
    }
}

/// The id of a request.
fn asks(message: &Incoming) -> Option<&RequestId> {
    match message {
        JsonRpcMessage::Request(request) => Some(&request.id),
        JsonRpcMessage::Notification(_) | JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => None,
    }
}

/// The request that a message takes back.
fn cancels(message: &Incoming) -> Option<&RequestId> {
    match message {
        JsonRpcMessage::Notification(notification) => match &notification.notification {
            ClientNotification::CancelledNotification(cancelled) => cancelled.params.request_id.as_ref(),
            ClientNotification::ProgressNotification(_)
            | ClientNotification::InitializedNotification(_)
            | ClientNotification::RootsListChangedNotification(_)
            | ClientNotification::CustomNotification(_)
            | _ => None,
        },
        JsonRpcMessage::Request(_) | JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => None,
    }
}

impl<W: AsyncWrite + Send + Unpin> Output<W> {
    async fn send(&self, item: &Outgoing) -> io::Result<()> {
        let mut inner = self.inner.lock().await;
        if let Some(id) = answered(item) {
            self.open.end(id);
        }
        match inner.batches.place(item) {
            Placed::Alone => self.write(&mut inner.writer, item).await,
            Placed::Kept => Ok(()),
            Placed::Complete(answers) => self.write(&mut inner.writer, &answers).await,
        }
    }

    /// Until all such work is answered, and the answers are written.
    async fn until_none_of(&self, work: Work) {
        self.open.none_of(work).await;
        drop(self.inner.lock().await);
    }

    /// Whoever does not read what is said would else have all answers to what it goes on asking kept for it.
    async fn wait_for_reader(&self) {
        // Answers are written in the order in which they come to the lock.
        let _ = timeout(UNREAD, self.inner.lock()).await;
    }

    /// The messages of a batch, after what cannot be one of them is answered.
    async fn unpack(&self, elements: Vec<Value>) -> Vec<Incoming> {
        if !self.takes_batches.load(Ordering::Relaxed) {
            self.refuse("Batches exist only in 2025-03-26", None).await;
            return Vec::new();
        }
        if elements.is_empty() || elements.len() > MAX_BATCH {
            self.refuse(&format!("A batch has 1 to {MAX_BATCH} messages"), None).await;
            return Vec::new();
        }
        let elements: Vec<_> = elements.iter().map(Heard::element).collect();
        let ids = elements
            .iter()
            .filter_map(|element| if let Heard::One(one) = element { asks(one) } else { None });
        let mut seen = HashSet::new();
        if !ids.into_iter().all(|id| seen.insert(id)) {
            self.refuse("Two requests of a batch have the same id", None).await;
            return Vec::new();
        }
        let (mut messages, mut waits_for, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for element in elements {
            match element {
                Heard::One(message) => match &*message {
                    // 2025-03-26 lifecycle: never inside a batch.
                    JsonRpcMessage::Request(request)
                        if matches!(request.request, ClientRequest::InitializeRequest(_)) =>
                    {
                        let words = "initialize cannot be part of a batch";
                        answers.extend(serde_json::to_value(refusal(words, Some(request.id.clone()))).ok());
                    }
                    JsonRpcMessage::Request(request) if !self.open.begin(request) => {
                        answers
                            .extend(serde_json::to_value(refusal(ID_IN_USE, Some(request.id.clone()))).ok());
                    }
                    JsonRpcMessage::Request(request) => {
                        waits_for.push(request.id.clone());
                        messages.push(*message);
                    }
                    JsonRpcMessage::Notification(_)
                    | JsonRpcMessage::Response(_)
                    | JsonRpcMessage::Error(_) => {
                        messages.push(*message);
                    }
                },
                Heard::Invalid(id) => {
                    answers.extend(serde_json::to_value(refusal("Not a JSON-RPC message", id)).ok());
                }
                Heard::Batch(_) => {
                    answers.extend(serde_json::to_value(refusal("Not a JSON-RPC message", None)).ok());
                }
                Heard::Nothing => {}
            }
        }
        let mut inner = self.inner.lock().await;
        if let Some(answers) = inner.batches.open(waits_for, answers) {
            // Who does not read is noticed in there.
            let _ = self.write(&mut inner.writer, &answers).await;
        }
        messages
    }

    async fn give_up(&self, id: &RequestId) {
        self.open.end(id);
        let mut inner = self.inner.lock().await;
        if let Some(answers) = inner.batches.give_up(id) {
            let _ = self.write(&mut inner.writer, &answers).await;
        }
    }

    /// Answers what rmcp never hears of.
    async fn refuse(&self, words: &str, id: Option<RequestId>) {
        let mut inner = self.inner.lock().await;
        let _ = self.write(&mut inner.writer, &refusal(words, id)).await;
    }

    /// One line, whole and at once; whoever does not read it has gone.
    async fn write(&self, writer: &mut W, message: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let written = async {
            writer.write_all(&line).await?;
            writer.flush().await
        };
        let written = written.await;
        if written.is_err() {
            self.ended.cancel();
        }
        written
    }
}

fn refusal(words: &str, id: Option<RequestId>) -> Outgoing {
    Outgoing::error(ErrorData::invalid_request(words.to_owned(), None), id)
}
