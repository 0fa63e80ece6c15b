use serde_json::json;

use super::bridge::{Bridge, list};
use super::client::{Client, hello, home, modern, request};

const CHANGED: &str = "notifications/tools/list_changed";

#[tokio::test]
async fn a_client_hears_when_the_bridge_comes_goes_and_offers_something_else() {
    let (_home, paths) = home();
    let mut client = Client::open(&paths, "2025-06-18").await;
    assert!(client.tools().await.len() > 1);
    let bridge = Bridge::start(&paths, None);
    client.hear_of(CHANGED).await;
    bridge.offer(Some("a"));
    client.hear_of(CHANGED).await;
    bridge.offer(Some("b"));
    client.hear_of(CHANGED).await;
    bridge.end().await;
    client.hear_of(CHANGED).await;
    let _bridge = Bridge::start(&paths, Some("b"));
    client.hear_of(CHANGED).await;
}

#[tokio::test]
async fn nothing_is_told_before_the_client_is_ready_and_nothing_is_lost() {
    let (_home, paths) = home();
    let bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/list", list("only_one"));
    let mut client = Client::start(&paths);
    client.ask("initialize", hello("2025-06-18")).await;
    assert_eq!(client.tools().await, ["only_one"]);
    bridge.offer(Some("b"));
    for _ in 0..5 {
        client.say(request(5, "ping", json!({}))).await;
        assert_eq!(client.hear().await["id"], 5);
    }
    client.say(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    client.hear_of(CHANGED).await;
}

#[tokio::test]
async fn a_client_of_2026_07_28_hears_only_what_it_asked_for() {
    let (_home, paths) = home();
    let mut client = Client::start(&paths);
    let filter = json!({"notifications": {"toolsListChanged": true, "promptsListChanged": true}});
    client.say(request("listen", "subscriptions/listen", modern(filter))).await;
    let accepted = client.hear().await;
    assert_eq!(accepted["method"], "notifications/subscriptions/acknowledged", "{accepted}");
    assert_eq!(accepted["params"]["notifications"], json!({"toolsListChanged": true}), "{accepted}");
    client.ask("tools/list", modern(json!({}))).await;
    let bridge = Bridge::start(&paths, Some("a"));
    let heard = client.hear_of(CHANGED).await;
    assert_eq!(heard["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "listen", "{heard}");
    bridge.offer(Some("b"));
    client.hear_of(CHANGED).await;
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "listen"}});
    client.say(cancel).await;
    bridge.reply("tools/list", list("only_one"));
    client.ask("tools/list", modern(json!({}))).await;
    bridge.offer(Some("c"));
    for _ in 0..5 {
        client.say(request(8, "tools/list", modern(json!({})))).await;
        assert_eq!(client.hear().await["id"], 8, "nobody listens any more");
    }
}
