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
async fn an_id_that_is_open_is_not_opened_again_and_every_request_has_one_answer() {
    let (_home, paths) = home();
    let mut bridge = super::bridge::Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", super::bridge::Reply::Never);
    let mut client = Client::open(&paths, "2025-03-26").await;
    let call = |id: u64| request(id, "tools/call", json!({"name": "list_memories", "arguments": {}}));
    client.say(call(7)).await;
    bridge.asked().await;
    client.say(call(7)).await;
    assert_eq!(client.answer(7).await["error"]["code"], -32600);
    // Nor in a batch, where the answer of the first would be taken for the second's.
    client.say(json!([request(7, "ping", json!({})), request(8, "ping", json!({}))])).await;
    let answers = client.hear().await;
    let of = |id: u64| answers.as_array().unwrap().iter().find(|answer| answer["id"] == id).cloned();
    assert_eq!(of(7).unwrap()["error"]["code"], -32600, "{answers}");
    assert_eq!(of(8).unwrap()["result"], json!({}), "{answers}");
    // A text is another id, and an id that was answered or taken back is free.
    client.say(request("7", "ping", json!({}))).await;
    assert_eq!(client.answer("7").await["result"], json!({}));
    client
        .say(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}))
        .await;
    bridge.given_up().await;
    for _ in 0..2 {
        client.say(request(7, "ping", json!({}))).await;
        assert_eq!(client.answer(7).await["result"], json!({}));
    }
}

#[tokio::test]
async fn a_batch_with_one_id_twice_is_refused_whole() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-03-26").await;
    for id in [json!(7), json!("a")] {
        let ping = || json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
        client.say(json!([ping(), ping()])).await;
        let answer = client.hear().await;
        assert_eq!((answer["error"]["code"].as_i64(), answer.get("id")), (Some(-32600), None), "{answer}");
        // And holds nothing back afterwards.
        client.say(ping()).await;
        assert_eq!(client.answer(id).await["result"], json!({}));
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
