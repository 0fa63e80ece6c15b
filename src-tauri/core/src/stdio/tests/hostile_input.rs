use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::client::{Client, PATIENCE, hello, home, request};
use crate::stdio::lines::MAX_LINE;

#[tokio::test]
async fn junk_never_ends_it() {
    let (_home, paths) = home();
    let mut client = Client::start(&paths);
    for line in
        [&b"nonsense\n"[..], b"\n", b"\r\n", b"{\"jsonrpc\"\n", b"\"\xff\xfe\"\n", b"\0\0\n", b"\x1b[0m\n"]
    {
        client.type_in(line).await;
    }
    client.type_in(&[b"[".repeat(50_000), b"\n".to_vec()].concat()).await;
    for line in [&b"5\n"[..], b"{}\n", b"null\n", b"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}\n"]
    {
        client.type_in(line).await;
        let answer = client.hear().await;
        assert_eq!((answer["error"]["code"].as_i64(), answer.get("id")), (Some(-32600), None), "{answer}");
    }
    let answer = client.ask("initialize", hello("2025-06-18")).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    client.type_in(b"more nonsense\n").await;
    assert_eq!(client.ask("ping", json!({})).await["result"], json!({}));
    assert!(client.close().await.is_empty());
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_answered_to_whoever_waits() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-06-18").await;
    for params in [json!("no object"), json!({"name": "list_memories", "_meta": 5})] {
        client.say(request("x", "tools/call", params)).await;
        assert_eq!(client.answer("x").await["error"]["code"], -32600);
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_and_the_next_one_is_read() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-06-18").await;
    client.type_in(&vec![b'x'; MAX_LINE + 1]).await;
    client.type_in(b"\n").await;
    assert_eq!(client.hear().await["error"]["code"], -32600);
    assert_eq!(client.ask("ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn the_end_of_input_is_the_end() {
    let (_home, paths) = home();
    assert!(Client::start(&paths).close().await.is_empty());
    let mut client = Client::start(&paths);
    // The last line has no end, and its answer still gets out.
    client.type_in(request(0, "initialize", hello("2025-06-18")).to_string().as_bytes()).await;
    let rest = client.close().await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["result"]["protocolVersion"], "2025-06-18");
}

#[tokio::test]
async fn it_ends_when_nobody_reads_its_answers() {
    let (_home, paths) = home();
    let client = Client::open(&paths, "2025-06-18").await;
    let (mut input, adapter) = client.stop_reading();
    input.write_all(format!("{}\n", request(1, "ping", json!({}))).as_bytes()).await.unwrap();
    timeout(PATIENCE, adapter).await.expect("an end in time").unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_its_answers_is_not_listened_to_for_ever() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-06-18").await;
    let questions: Vec<_> = (0..20_000).map(|id| request(id, "ping", json!({})).to_string() + "\n").collect();
    let questions = questions.concat();
    timeout(PATIENCE, client.type_all(&questions)).await.expect_err("it reads on and on");
    // Whoever reads again is served on.
    while client.hear().await["id"] != 1000 {}
}

#[tokio::test]
async fn it_ends_at_once_even_while_a_call_runs() {
    let (_home, paths) = home();
    let mut bridge = super::bridge::Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", super::bridge::Reply::Never);
    let mut client = Client::open(&paths, "2025-06-18").await;
    client.say(request(3, "tools/call", json!({"name": "list_memories"}))).await;
    bridge.asked().await;
    // Far below the five seconds that rmcp would wait for its handlers.
    timeout(Duration::from_secs(2), client.close()).await.expect("an end in time");
    bridge.given_up().await;
}
