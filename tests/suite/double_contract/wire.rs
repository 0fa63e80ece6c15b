//! Connections: held, dropped, reset and refused (upstream-api.md 13.2).

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::caller::{Broken, Caller, MESSAGES, call, request};
use crate::double::{ALICE, CutAt, Double, Fault, Outcome, tool};

const KEY: [(&str, &str); 1] = [("X-API-Key", ALICE.key)];

fn add() -> String {
    call("add_memories", &json!({ "text": "tea" })).to_string()
}

#[tokio::test]
async fn a_hanging_call_goes_on_when_released() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::Hang.on(tool("add_memories")).times(1));
    let body = add();
    let (reply, ()) = tokio::join!(caller.post(MESSAGES, &KEY, &body), async {
        let seen = double.wait_for_call("add_memories").await;
        assert_eq!(seen.outcome(), Outcome::Pending);
        assert!(double.memories(ALICE.id).is_empty());
        double.release();
    });
    assert_eq!(reply.status, 200);
    assert_eq!(double.memories(ALICE.id), ["tea"]);
    assert_eq!(double.requests().last().outcome(), Outcome::Answered(200));
}

#[tokio::test]
async fn a_call_given_up_is_noticed_and_done_all_the_same() {
    // upstream-api.md 8.2: nothing is cancelled.
    let double = Double::start().await;
    double.fault(Fault::Hang.on(tool("add_memories")));
    let caller = Caller::new(&double);
    let body = add();
    tokio::select! {
        _ = caller.post(MESSAGES, &KEY, &body) => panic!("nobody answers"),
        _ = double.wait_for_call("add_memories") => {}
    }
    drop(caller);
    let seen = double.call_aborted("add_memories").await;
    assert_eq!(seen.outcome(), Outcome::Aborted);
    double.wait_for_open_connections(0).await;
    double.release();
    double.wait_for_memories(ALICE.id, 1).await;
    assert_eq!(double.memories(ALICE.id), ["tea"]);
}

#[tokio::test]
async fn a_connection_can_be_reset_at_three_points_after_the_work_is_done() {
    let double = Double::start().await;
    let whole = Caller::new(&double).post(MESSAGES, &KEY, &add()).await.text.len();
    for (at, broken) in [
        (CutAt::BeforeHeaders, Broken::BeforeHeaders),
        (CutAt::AfterHeaders, Broken::InBody(0)),
        (CutAt::MidBody, Broken::InBody(whole / 2)),
    ] {
        let before = double.memories(ALICE.id).len();
        double.fault(Fault::Cut(at).times(1));
        let reply = Caller::new(&double).attempt("POST", MESSAGES, &KEY, &add()).await;
        assert_eq!(reply.unwrap_err(), broken);
        assert_eq!(double.memories(ALICE.id).len(), before + 1, "{at:?}");
        assert_eq!(double.requests().last().outcome(), Outcome::Cut);
    }
    double.wait_for_open_connections(0).await;
}

#[tokio::test]
async fn a_cut_is_a_reset_and_not_a_farewell() {
    let double = Double::start().await;
    double.fault(Fault::Cut(CutAt::BeforeHeaders));
    let mut socket = connect(&double).await;
    socket.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let error = socket.read(&mut [0; 64]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_reply_can_stall_until_the_caller_leaves() {
    let double = Double::start().await;
    double.fault(Fault::Stall.times(1));
    let list = request("tools/list", &json!({})).to_string();
    let mut socket = connect(&double).await;
    let head = format!(
        "POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Length: {}\r\n\r\n{list}",
        ALICE.key,
        list.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    // Half of the body arrives, and nothing after it.
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains(r#""name":"add_memories""#) {
        assert_ne!(socket.read_buf(&mut received).await.unwrap(), 0);
    }
    assert!(received.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(double.requests().last().outcome(), Outcome::Pending);
    drop(socket);
    double.wait_for("the stalled reply to be given up", |seen| seen.outcome() == Outcome::Aborted).await;
}

#[tokio::test]
async fn a_connection_can_be_closed_after_a_whole_reply() {
    let double = Double::start().await;
    double.fault(Fault::IdleClose.times(1));
    let caller = Caller::new(&double);
    let reply = caller.list_tools(&KEY).await;
    assert_eq!(reply.tool_names().len(), 7);
    assert_eq!(reply.header("connection"), None, "unannounced");
    double.wait_for_open_connections(0).await;
    assert_eq!(double.requests().last().outcome(), Outcome::Answered(200));
}

#[tokio::test]
async fn a_connection_can_die_in_the_pool() {
    let double = Double::start().await;
    double.fault(Fault::Stale.times(1));
    let caller = Caller::new(&double);
    assert_eq!(caller.list_tools(&KEY).await.tool_names().len(), 7);
    let broken = caller.attempt("POST", MESSAGES, &KEY, &add()).await.unwrap_err();
    assert_eq!(broken, Broken::BeforeHeaders);
    assert!(double.memories(ALICE.id).is_empty(), "that one was not handled");
    assert_eq!(double.requests().last().outcome(), Outcome::Cut);
    assert_eq!(caller.post(MESSAGES, &KEY, &add()).await.status, 200);
    assert_eq!(double.connections(), 2);
}

#[tokio::test]
async fn connections_are_counted_and_kept_open() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    assert_eq!((double.connections(), double.open_connections()), (0, 0));
    for _ in 0..3 {
        caller.list_tools(&KEY).await;
    }
    assert_eq!((double.connections(), double.open_connections()), (1, 1));
    Caller::new(&double).list_tools(&KEY).await;
    assert_eq!(double.connections(), 2);
    let numbers: Vec<_> = double.requests().iter().map(|seen| seen.connection).collect();
    assert_eq!(numbers, [1, 1, 1, 2]);
}

#[tokio::test]
async fn idle_connections_can_be_closed_at_will() {
    let double = Double::start().await;
    let (idle, busy) = (Caller::new(&double), Caller::new(&double));
    idle.list_tools(&KEY).await;
    double.fault(Fault::Hang.on(tool("add_memories")));
    let body = add();
    let (reply, ()) = tokio::join!(busy.post(MESSAGES, &KEY, &body), async {
        double.wait_for_call("add_memories").await;
        double.close_idle_connections().await;
        assert_eq!(double.open_connections(), 1, "the one at work stays");
        double.release();
    });
    assert_eq!(reply.status, 200);
    idle.list_tools(&KEY).await;
    assert_eq!(double.connections(), 3);
}

#[tokio::test]
async fn the_double_can_go_away_and_come_back_at_the_same_address() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    assert_eq!(caller.get("/health", &[]).await.status, 200);
    double.go_away().await;
    assert_eq!(double.open_connections(), 0);
    let refused = TcpStream::connect(address(&double)).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    double.come_back();
    assert_eq!(Caller::new(&double).get("/health", &[]).await.status, 200);
}

#[tokio::test]
async fn nothing_answers_once_the_double_is_dropped() {
    let double = Double::start().await;
    let address = address(&double);
    let mut socket = connect(&double).await;
    drop(double);
    assert!(matches!(socket.read(&mut [0; 64]).await, Ok(0) | Err(_)));
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn calls_run_side_by_side() {
    let double = Double::start().await;
    double.fault(Fault::Hang.on(tool("add_memories")));
    let caller = Caller::new(&double);
    let body = add();
    let one = || caller.post(MESSAGES, &KEY, &body);
    let (first, second, third, ()) = tokio::join!(one(), one(), one(), async {
        double.wait_for_calls("add_memories", 3).await;
        double.release();
    });
    let statuses = [first, second, third].map(|reply| reply.status);
    assert_eq!(statuses, [200; 3]);
    assert_eq!(double.memories(ALICE.id).len(), 3);
}

#[tokio::test]
async fn header_names_may_have_any_case_on_the_wire() {
    // upstream-api.md 4: a client library might hide this by lowering them itself.
    let double = Double::start().await;
    let list = request("tools/list", &json!({})).to_string();
    for name in ["X-API-KEY", "x-Api-kEy"] {
        let mut socket = connect(&double).await;
        let message = format!(
            "POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: {}\r\nContent-Length: {}\r\n\r\n{list}",
            ALICE.key,
            list.len()
        );
        socket.write_all(message.as_bytes()).await.unwrap();
        let mut reply = String::new();
        socket.read_to_string(&mut reply).await.unwrap();
        let (_, body) = reply.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["result"]["tools"].as_array().unwrap().len(), 7);
    }
}

fn address(double: &Double) -> String {
    double.base_url().replace("http://", "")
}

async fn connect(double: &Double) -> TcpStream {
    TcpStream::connect(address(double)).await.unwrap()
}
