use serde_json::json;

use super::client::{Client, failed, hello, home, modern, request};

#[tokio::test]
async fn every_revision_is_answered_without_a_bridge() {
    let (_home, paths) = home();
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut client = Client::start(&paths);
        let answer = client.ask("initialize", hello(version)).await;
        assert_eq!(answer["result"]["protocolVersion"], version);
        assert_eq!(answer["result"]["serverInfo"]["name"], "jean-memory-bridge");
        assert_eq!(answer["result"]["capabilities"]["tools"]["listChanged"], true);
        assert!(client.tools().await.contains(&"jean_memory".to_owned()));
        assert_eq!(
            failed(&client.call("list_memories").await),
            "Jean Memory Bridge is not running. Open it, then try again."
        );
        assert!(
            client.ask("prompts/list", json!({})).await["result"]["prompts"].as_array().unwrap().is_empty()
        );
        assert_eq!(client.ask("tools/list", json!({"cursor": "x"})).await["error"]["code"], -32602);
        assert_eq!(client.ask("nonsense", json!({})).await["error"]["code"], -32601);
        assert_eq!(client.ask("ping", json!({})).await["result"], json!({}));
        client.close().await;
    }
}

#[tokio::test]
async fn an_unknown_revision_is_answered_with_the_newest_handshake() {
    let (_home, paths) = home();
    let mut client = Client::start(&paths);
    let answer = client.ask("initialize", hello("2031-01-01")).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn the_revision_without_a_handshake_is_answered_without_a_bridge() {
    let (_home, paths) = home();
    let mut client = Client::start(&paths);
    let found = client.ask("server/discover", modern(json!({}))).await;
    assert!(
        found["result"]["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")),
        "{found}"
    );
    let list = client.ask("tools/list", modern(json!({}))).await;
    assert_eq!(list["result"]["resultType"], "complete", "{list}");
    let answer = client.ask("tools/call", modern(json!({"name": "list_memories", "arguments": {}}))).await;
    assert!(failed(&answer).contains("not running"));
    // Whoever has spoken it goes on with it.
    assert_eq!(client.ask("tools/list", json!({})).await["error"]["code"], -32602);
}

#[tokio::test]
async fn a_client_may_look_first_and_shake_hands_then() {
    let (_home, paths) = home();
    let mut client = Client::start(&paths);
    assert_eq!(client.ask("ping", json!({})).await["result"], json!({}));
    client.ask("server/discover", modern(json!({}))).await;
    // Nothing to cancel, and rmcp would end here.
    client
        .say(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    client.say(json!({"jsonrpc": "2.0", "id": 9, "result": {}})).await;
    let answer = client.ask("initialize", hello("2025-06-18")).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
}

#[tokio::test]
async fn a_batch_of_2025_03_26_is_answered_as_one() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-03-26").await;
    let batch = json!([
        request(5, "ping", json!({})),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        request("six", "tools/call", json!({"name": "list_memories"})),
        request(7, "initialize", hello("2025-03-26")),
        5,
    ]);
    client.say(batch).await;
    let answers = client.hear().await;
    let answers = answers.as_array().expect("an array");
    let of = |id: serde_json::Value| answers.iter().find(|answer| answer["id"] == id).expect("an answer");
    assert_eq!(answers.len(), 4, "{answers:?}");
    assert_eq!(of(json!(5))["result"], json!({}));
    assert!(failed(of(json!("six"))).contains("not running"));
    assert_eq!(of(json!(7))["error"]["code"], -32600);
    assert_eq!(client.ask("ping", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_batch_anywhere_else_is_refused() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-06-18").await;
    client.say(json!([request(5, "ping", json!({}))])).await;
    let answer = client.hear().await;
    assert_eq!((answer["error"]["code"].as_i64(), answer.get("id")), (Some(-32600), None), "{answer}");
    let mut client = Client::open(&paths, "2025-03-26").await;
    for batch in [json!([]), json!(vec![request(5, "ping", json!({})); 51])] {
        client.say(batch).await;
        assert_eq!(client.hear().await["error"]["code"], -32600);
    }
    client.say(json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}])).await;
    assert_eq!(
        client.ask("ping", json!({})).await["result"],
        json!({}),
        "nothing for a batch of notifications"
    );
}

#[tokio::test]
async fn what_is_cancelled_in_a_batch_does_not_hold_up_the_rest() {
    let (_home, paths) = home();
    let mut bridge = super::bridge::Bridge::start(&paths, Some("a"));
    bridge.reply("tools/call", super::bridge::Reply::Never);
    let mut client = Client::open(&paths, "2025-03-26").await;
    let slow = request("slow", "tools/call", json!({"name": "list_memories"}));
    client.say(json!([request(5, "ping", json!({})), slow])).await;
    bridge.asked().await;
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}});
    client.say(cancel).await;
    assert_eq!(client.hear().await, json!([{"jsonrpc": "2.0", "id": 5, "result": {}}]));
    bridge.given_up().await;
}
