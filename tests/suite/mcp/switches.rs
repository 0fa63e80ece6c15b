//! A person's switches of single tools, as the bridge finds them when it starts (design.md 5, Main window).

use rusqlite::Connection;
use serde_json::json;

use super::world::{World, done};
use crate::double::ALICE;
use crate::harness::bridge::BridgeOptions;
use crate::harness::mcp::reply;

#[tokio::test]
async fn a_switched_off_tool_is_neither_listed_nor_callable_for_one_client_and_is_for_another() {
    let home = tempfile::tempdir().unwrap();
    let options = BridgeOptions::default().home(home.path());
    let world = World::start_as(options.clone()).await;
    let (one, other) = (world.sign_in("One").await, world.sign_in("Other").await);
    let port = world.bridge.port();
    let World { double, bridge } = world;
    bridge.kill().await;
    let switched = "INSERT INTO tool_switches (client_id, tool, is_on) VALUES (?1, 'add_memories', FALSE)";
    Connection::open(home.path().join("data/bridge.db"))
        .unwrap()
        .execute(switched, [&one.client_id])
        .unwrap();

    let bridge = options.api(&double.base_url()).port(port).start().await;
    let world = World { double, bridge };
    // Without a keychain the key was gone with the first life.
    world.add_key(ALICE.key).await;
    let is_listed = async |tokens| world.tools(tokens).await.iter().any(|tool| tool == "add_memories");
    assert!(!is_listed(&one).await && is_listed(&other).await);
    let tea = json!({ "text": "tea" });
    let answer = reply(&world.calling(&one, "add_memories", &tea).send().await);
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert_eq!(world.double.memories(ALICE.id), [""; 0]);
    done(&world.call(&one, "list_memories", &json!({})).await);
    done(&world.call(&other, "add_memories", &tea).await);
    assert_eq!(world.double.memories(ALICE.id), ["tea"]);
}
