//! A client that asks and does not listen: it reads none of its answers, or hangs up before there are any.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use socket2::{Domain, Socket, Type};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::bombs::resident;
use super::world::{World, calling};
use crate::double::{Fault, tool};
use crate::harness::http::PATIENCE;
use crate::harness::mcp::{Session, reply};
use crate::harness::oauth::Tokens;
use crate::harness::stdio::{done, failed};
use crate::harness::waiting::until_answer;

/// Requests of one grant at once, and calls that are carried out for it; see the core.
const PLACES: usize = 64;
/// More than the system keeps for somebody who does not read.
const LONG: usize = 512 * 1024;
/// What the answers of one client may cost, in KiB: all of them, several times over.
const COST: u64 = 192 * 1024;

/// A connection on which this was asked, with little room for the answer.
async fn asked(world: &World, tokens: &Tokens, headers: &str, body: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Small pieces: of large ones the system would keep several megabytes.
    socket.set_tcp_mss(536).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let port = world.bridge.port();
    socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).expect("it listens");
    socket.set_nonblocking(true).unwrap();
    let mut stream = TcpStream::from_std(socket.into()).unwrap();
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        tokens.access,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it reads");
    stream
}

#[tokio::test]
async fn answers_that_nobody_reads_keep_the_places_of_who_asked_and_nobody_elses() {
    let world = World::start().await;
    let honest = world.allowed("Honest").await;
    let long = json!({ "content": [{ "type": "text", "text": "x".repeat(LONG) }], "isError": false });
    world.double.fault(Fault::ToolResult(long).on(tool("list_memories")));
    for era in ["2026-07-28", "2025-06-18"] {
        let greedy = world.allowed(era).await;
        let session = Session::open(&world.bridge, &greedy.access, "2025-06-18").await;
        let (before, calls) =
            (resident(&world.bridge), world.double.requests().tool("list_memories").count());
        let mut unread = Vec::new();
        for id in 0..PLACES {
            let mut params = json!({ "name": "list_memories", "arguments": {} });
            let headers = if era == "2026-07-28" {
                params["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": era,
                    "io.modelcontextprotocol/clientInfo": { "name": "suite", "version": "1" },
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                format!(
                    "MCP-Protocol-Version: {era}\r\nMcp-Method: tools/call\r\nMcp-Name: list_memories\r\n"
                )
            } else {
                format!("MCP-Protocol-Version: {era}\r\nMcp-Session-Id: {}\r\n", session.id)
            };
            let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
            unread.push(asked(&world, &greedy, &headers, &call.to_string()).await);
        }
        until_answer(
            "all calls",
            async || world.double.requests().tool("list_memories").count() - calls,
            |count| *count == PLACES,
        )
        .await;
        // All were answered, and all of them count.
        let ping = json!({ "jsonrpc": "2.0", "id": "ping", "method": "ping" });
        let status = session.post(&ping).send().await.status.as_u16();
        assert_eq!(status, 429, "{era}");
        let grown = resident(&world.bridge).saturating_sub(before);
        assert!(grown < COST, "{grown} KiB for {era}");
        let found = calling(&world.bridge.http(), &honest, "ask_memory", &json!({ "question": "tea?" }));
        done(&reply(&found.send().await.assert_status(200))["result"]);
        // Places come back with those who leave.
        drop(unread);
        until_answer(
            "a place",
            async || session.post(&ping).send().await.status.as_u16(),
            |status| *status == 200,
        )
        .await;
    }
}

#[tokio::test]
async fn calls_that_were_left_alone_are_limited_like_those_that_are_awaited() {
    // Until 2026-07-28 who leaves cancels nothing (protocol.md 7.19), so that many may be under way.
    let world = World::start().await;
    let (greedy, honest) = (world.allowed("Greedy").await, world.allowed("Honest").await);
    let session = Arc::new(Session::open(&world.bridge, &greedy.access, "2025-06-18").await);
    world.double.fault(Fault::Hang.on(tool("ask_memory")));
    let question = json!({ "name": "ask_memory", "arguments": { "question": "slow" } });
    for id in 0..PLACES {
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": question });
        let answer = session.post(&call).begin().await;
        assert_eq!(answer.status(), 200);
        drop(answer);
    }
    let mut more = JoinSet::new();
    for _ in 0..PLACES {
        let session = Arc::clone(&session);
        more.spawn(async move { session.call("ask_memory", json!({ "question": "one more" })).await });
    }
    let refused = timeout(PATIENCE, more.join_next()).await.expect("a refusal").unwrap().unwrap();
    assert!(failed(&refused).contains("busy"), "{refused}");
    let answer = calling(&world.bridge.http(), &honest, "list_memories", &json!({})).send().await;
    done(&reply(&answer.assert_status(200))["result"]);
    assert_eq!(world.double.requests().tool("ask_memory").count(), 3);
    world.double.clear();
    world.double.release();
}
