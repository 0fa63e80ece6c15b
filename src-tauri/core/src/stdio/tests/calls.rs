use serde_json::json;

use super::bridge::{Bridge, Reply, text};
use super::client::{Client, failed, home, modern, request};
use crate::stdio::Options;

#[tokio::test]
async fn a_call_travels_as_one_of_2026_07_28_whatever_the_client_speaks() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Result(text("tea")));
    let mut client = Client::open(&paths, "2024-11-05").await;
    let answer =
        client.ask("tools/call", json!({"name": "search_memory_v2", "arguments": {"query": "é"}})).await;
    assert_eq!(answer["result"]["content"][0]["text"], "tea");
    assert!(answer["result"].get("resultType").is_none(), "2024-11-05 knows none: {answer}");

    let asked = bridge.asked().await;
    assert_eq!(asked.client, "Claude Desktop");
    let header = |name: &str| asked.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("mcp-protocol-version"), "2026-07-28");
    assert_eq!(header("mcp-method"), "tools/call");
    assert_eq!(header("mcp-name"), "search_memory_v2");
    let params = &asked.message["params"];
    assert_eq!(params["arguments"], json!({"query": "é"}));
    assert_eq!(params["_meta"]["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    assert!(params["_meta"].get("progressToken").is_none());
}

#[tokio::test]
async fn the_name_is_the_one_given_at_the_start_or_the_one_of_the_request() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Result(text("tea")));
    let mut client = Client::start(&paths);
    client.ask("tools/call", modern(json!({"name": "list_memories"}))).await;
    assert_eq!(bridge.asked().await.client, "Codex");
    let options = Options { paths, client: Some("Desk & Co".to_owned()), app: None };
    let mut client = Client::start_with(options);
    client.ask("tools/call", modern(json!({"name": "list_memories"}))).await;
    assert_eq!(bridge.asked().await.client, "Desk & Co");
}

#[tokio::test]
async fn refusals_are_tool_errors_in_the_words_of_the_bridge() {
    let (_home, paths) = home();
    let bridge = Bridge::start(&paths, None);
    let mut client = Client::open(&paths, "2025-06-18").await;
    let refused = json!({"error": {"code": "asking", "message": "Answer the question with the code K7-42."}});
    bridge.reply("tools/call", Reply::Status(403, refused));
    assert_eq!(failed(&client.call("list_memories").await), "Answer the question with the code K7-42.");
    bridge.reply("tools/call", Reply::Status(401, json!({"error": "unauthorized"})));
    assert!(failed(&client.call("list_memories").await).contains("taken back"));
    bridge.reply("tools/call", Reply::Status(200, json!("<html>")));
    assert!(failed(&client.call("list_memories").await).contains("does not understand"));
    let unknown = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "Unknown tool: x"}});
    bridge.reply("tools/call", Reply::Status(200, unknown));
    assert_eq!(client.call("x").await["error"]["message"], "Unknown tool: x");
}

#[tokio::test]
async fn calls_run_beside_each_other_and_one_can_be_cancelled() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Never);
    let mut client = Client::open(&paths, "2025-06-18").await;
    for id in 10..13 {
        client.say(request(id, "tools/call", json!({"name": "list_memories"}))).await;
        bridge.asked().await;
    }
    bridge.reply("tools/call", Reply::Result(text("quick")));
    assert_eq!(client.call("list_memories").await["result"]["content"][0]["text"], "quick");
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 11}});
    client.say(cancel).await;
    bridge.given_up().await;
    assert_eq!(client.ask("ping", json!({})).await["id"], 1, "nothing comes for what was cancelled");
}

#[tokio::test]
async fn a_cancelled_call_of_2026_07_28_is_given_up_too() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Never);
    let mut client = Client::start(&paths);
    client.say(request("a", "tools/call", modern(json!({"name": "list_memories"})))).await;
    bridge.asked().await;
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "a"}});
    client.say(cancel).await;
    bridge.given_up().await;
}

#[tokio::test]
async fn progress_is_passed_on_with_the_clients_own_token() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
        "params": {"progressToken": "mine", "progress": 2.0, "message": "wait é"}});
    let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{}}}", text("late"));
    let stream = format!(": hello\n\ndata: {progress}\n\nevent: other\ndata: \n\ndata: {answer}\n\n");
    // Cut where it hurts: in the middle of a letter.
    let cut = stream.find('é').unwrap();
    let (head, tail) = stream.split_at(cut);
    bridge.reply("tools/call", Reply::Stream(vec![head.to_owned(), tail.to_owned()]));
    for (version, message) in [("2025-06-18", Some("wait é")), ("2024-11-05", None)] {
        let mut client = Client::open(&paths, version).await;
        let params = json!({"name": "list_memories", "_meta": {"progressToken": "mine"}});
        client.say(request(4, "tools/call", params)).await;
        let told = client.hear_of("notifications/progress").await;
        assert_eq!(told["params"]["progressToken"], "mine");
        assert_eq!(told["params"].get("message").and_then(|it| it.as_str()), message);
        assert_eq!(client.answer(4).await["result"]["content"][0]["text"], "late");
        assert_eq!(bridge.asked().await.message["params"]["_meta"]["progressToken"], "mine");
    }
}

#[tokio::test]
async fn a_bridge_that_ends_in_the_middle_is_told_honestly_and_the_next_one_serves() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Never);
    let mut client = Client::open(&paths, "2025-06-18").await;
    client.say(request(4, "tools/call", json!({"name": "add_memories"}))).await;
    bridge.asked().await;
    bridge.crash().await;
    let answer = client.answer(4).await;
    assert!(failed(&answer).contains("Whether the request was carried out is unknown"), "{answer}");
    assert!(failed(&client.call("add_memories").await).contains("not running"));
    let bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", Reply::Result(text("back")));
    assert_eq!(client.call("add_memories").await["result"]["content"][0]["text"], "back");
}

#[tokio::test]
async fn a_connection_that_ended_while_nobody_used_it_costs_no_call() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-06-18").await;
    for _ in 0..3 {
        let bridge = Bridge::start(&paths, Some("a"));
        bridge.reply("tools/call", Reply::Result(text("here")));
        for _ in 0..2 {
            assert_eq!(client.call("add_memories").await["result"]["content"][0]["text"], "here");
        }
        bridge.crash().await;
    }
}

#[tokio::test]
async fn arguments_that_a_tool_wants_in_headers_are_sent_there_too() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    let mismatch =
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -32020, "message": "Header mismatch"}});
    bridge.reply("tools/call", Reply::Status(400, mismatch));
    let schema = json!({"type": "object", "properties": {"who": {"type": "string", "x-mcp-header": "Who"}}});
    let tool = json!({"name": "t", "description": "d", "inputSchema": schema});
    bridge.reply("tools/list", Reply::Result(json!({"resultType": "complete", "tools": [tool]})));
    let mut client = Client::open(&paths, "2025-06-18").await;
    let answer = client.ask("tools/call", json!({"name": "t", "arguments": {"who": "jean"}})).await;
    assert_eq!(answer["error"]["code"], -32020, "asked twice, refused twice: {answer}");
    assert!(!bridge.asked().await.headers.contains_key("mcp-param-who"));
    assert_eq!(bridge.asked().await.message["method"], "tools/list");
    assert_eq!(bridge.asked().await.headers["mcp-param-who"], "jean");
}
