//! What a stdio adapter says on the local socket, in exactly the words a test wants.

use std::path::Path;
use std::process::Stdio;

use bridge_core::control::HOST;
use bridge_core::control::adapter_wire::{AdapterEvent, EVENTS, MCP, target};
use bridge_core::paths::Paths;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::http::{Answer, PATIENCE};
use super::node::CLIENTS;

/// A program that starts another one, which carries what comes in to the socket and back.
const PROGRAM: &str = r"
const relay = `
const socket = require('net').connect(process.argv[1]);
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('close', () => process.exit());`;
const { spawn } = require('child_process');
const adapter = spawn(process.execPath, ['-e', relay, process.argv[1]], { stdio: 'inherit' });
adapter.on('exit', (code) => process.exit(code ?? 1));
";

/// A connection, as one that adapters of a client hold open.
pub(crate) struct Adapter {
    client: String,
    sender: SendRequest<Full<Bytes>>,
    program: Option<Child>,
}

/// Lines of the stream of events.
pub(crate) struct Told {
    body: Incoming,
    read: Vec<u8>,
}

impl Adapter {
    /// One that the program started which runs the tests: all of them are of the same client process.
    pub(crate) async fn connect(home: &Path, client: &str) -> Self {
        let socket = UnixStream::connect(Paths::under(home).socket()).await.expect("a bridge that listens");
        Self::over(socket, client, None).await
    }

    /// One of another program, which was started for it.
    pub(crate) async fn of_another_program(home: &Path, client: &str) -> Self {
        let mut program = Command::new(CLIENTS.node())
            .args(["-e", PROGRAM])
            .arg(Paths::under(home).socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be started");
        let output = program.stdout.take().expect("it is piped");
        let input = program.stdin.take().expect("it is piped");
        Self::over(tokio::io::join(output, input), client, Some(program)).await
    }

    async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        client: &str,
        program: Option<Child>,
    ) -> Self {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        Self { client: client.to_owned(), sender, program }
    }

    /// The process id of the other program.
    pub(crate) fn program(&self) -> u32 {
        self.program.as_ref().and_then(Child::id).expect("another program that runs")
    }

    /// The next request on this connection is for a client of another name.
    pub(crate) fn rename(&mut self, client: &str) {
        client.clone_into(&mut self.client);
    }

    /// A request of MCP 2026-07-28, sent when the answer is awaited; dropped before, its connection is closed.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> impl Future<Output = Answer> + Send + use<> {
        let begun = self.begin(method, params);
        async move { whole(begun.await).await }
    }

    /// The same, for answers that stream.
    pub(crate) fn begin(
        &mut self,
        method: &str,
        mut params: Value,
    ) -> impl Future<Output = http::Response<Incoming>> + Send + use<> {
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
        params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({ "name": "suite", "version": "1" });
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        headers.extend(params["name"].as_str().map(|name| ("mcp-name", name)));
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.post(&headers, message.to_string())
    }

    /// Any request at all.
    pub(crate) fn post(
        &mut self,
        headers: &[(&str, &str)],
        body: String,
    ) -> impl Future<Output = http::Response<Incoming>> + Send + use<> {
        let mut request = Request::post(target(MCP, &self.client))
            .header("host", HOST)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Full::new(body.into())).expect("a request"))
    }

    /// A tool call.
    pub(crate) fn call(
        &mut self,
        tool: &str,
        arguments: &Value,
    ) -> impl Future<Output = Answer> + Send + use<> {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Follows what the client is offered; this connection does nothing else any more.
    pub(crate) async fn listen(&mut self) -> Told {
        let response = self.begin_listening().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        Told { body: response.into_body(), read: Vec::new() }
    }

    /// The same, refused or not.
    pub(crate) async fn begin_listening(&mut self) -> http::Response<Incoming> {
        let request = Request::get(target(EVENTS, &self.client)).header("host", HOST);
        self.send(request.body(Full::default()).expect("a request")).await
    }

    fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> impl Future<Output = http::Response<Incoming>> + Send + use<> {
        let sent = self.sender.send_request(request);
        async move {
            let response = tokio::time::timeout(PATIENCE, sent).await;
            response.expect("an answer in time").expect("a bridge that answers")
        }
    }
}

/// All of an answer.
pub(crate) async fn whole(response: http::Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = tokio::time::timeout(PATIENCE, body.collect()).await.expect("a body that ends");
    Answer { status: parts.status, headers: parts.headers, body: body.expect("a whole body").to_bytes() }
}

impl Told {
    /// The next event; none when the stream has ended, well or not.
    pub(crate) async fn next(&mut self) -> Option<AdapterEvent> {
        let next = tokio::time::timeout(PATIENCE, self.line());
        let line = next.await.expect("an event in time")?;
        Some(serde_json::from_slice(&line).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&line))))
    }

    /// The next digest, where the client is allowed.
    #[track_caller]
    pub(crate) fn digest(&mut self) -> impl Future<Output = Option<String>> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            match self.next().await {
                Some(AdapterEvent::Tools { digest }) => digest,
                other => panic!("{other:?} instead of tools at {caller}"),
            }
        }
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                return Some(self.read.drain(..=end).collect());
            }
            self.read.extend(self.body.frame().await?.ok()?.into_data().unwrap_or_default());
        }
    }
}
