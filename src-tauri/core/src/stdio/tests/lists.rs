use serde_json::{Value, json};

use super::bridge::{Bridge, Reply, list};
use super::client::{Client, home};

#[tokio::test]
async fn the_list_is_the_bridges_when_it_gives_one() {
    let (_home, paths) = home();
    let bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/list", list("only_one"));
    let mut client = Client::open(&paths, "2025-06-18").await;
    let answer = client.ask("tools/list", json!({})).await;
    assert_eq!(answer["result"]["tools"][0]["name"], "only_one");
    let members: Vec<_> = answer["result"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["tools"], "2025-06-18 knows no cache hints");
}

#[tokio::test]
async fn who_is_not_allowed_sees_what_there_could_be() {
    let (_home, paths) = home();
    let bridge = Bridge::start(&paths, None);
    let refused = json!({"error": {"code": "not_allowed", "message": "Not yet."}});
    bridge.reply("tools/list", Reply::Status(403, refused));
    let mut client = Client::open(&paths, "2025-06-18").await;
    assert!(client.tools().await.contains(&"jean_memory".to_owned()));
}

#[tokio::test]
async fn the_last_list_stays_while_the_bridge_is_away_but_not_when_it_was_taken_back() {
    let (_home, paths) = home();
    let bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/list", list("only_one"));
    let mut client = Client::open(&paths, "2025-06-18").await;
    assert_eq!(client.tools().await, ["only_one"]);
    bridge.crash().await;
    assert_eq!(client.tools().await, ["only_one"]);
    let bridge = Bridge::start(&paths, None);
    bridge
        .reply("tools/list", Reply::Status(403, json!({"error": {"code": "not_allowed", "message": "No."}})));
    assert!(client.tools().await.len() > 1);
    bridge.crash().await;
    assert!(client.tools().await.len() > 1);
}

#[tokio::test]
async fn a_list_that_takes_too_long_is_not_waited_for_and_told_of_later() {
    let (_home, paths) = home();
    let mut bridge = Bridge::start(&paths, Some("a"));
    bridge.reply("tools/list", Reply::Never);
    let mut client = Client::open(&paths, "2025-06-18").await;
    assert!(client.tools().await.contains(&"jean_memory".to_owned()));
    bridge.asked().await;
    bridge.reply("tools/list", list("only_one"));
    bridge.offer(Some("b"));
    let told: Value = client.hear_of("notifications/tools/list_changed").await;
    assert!(told.get("id").is_none());
    assert_eq!(client.tools().await, ["only_one"]);
}
