//! Claude Desktop's way: connected, started with its habit of starting servers twice, asked once.

use serde_json::json;

use super::world::{CLAUDE, READS, World, approve, waiting};
use crate::harness::claude_desktop::{CONFIG, ClaudeDesktop};
use crate::harness::stdio::{LIST_CHANGED, done, failed};

const NAME: &str = "jean-memory";

/// Writes the configuration as a person has it written.
async fn connect(world: &World) {
    let config = world.home().join(CONFIG);
    std::fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
    std::fs::write(&config, "{\"globalShortcut\":\"\"}").expect("a file");
    let ended = world.options().cli(&["connect", "claude-desktop"]).await;
    assert!(ended.status.success(), "{ended:?}");
}

#[tokio::test]
async fn it_gets_its_tools_and_asks_a_person_once_although_it_starts_the_server_twice() {
    let (world, bridge) = World::with_bridge().await;
    connect(&world).await;
    let mut claude = ClaudeDesktop::start(world.home(), &world.bridge_home(), NAME).await;
    assert!(claude.server.tools().await.contains(&"jean_memory".to_owned()));
    assert!(waiting(&bridge).await.is_empty(), "nobody is asked because an app was started");

    let call = claude.server.begin_call("add_memories", json!({ "text": "tea" })).await;
    approve(&bridge).await;
    done(&claude.server.answer(call).await["result"]);
    assert!(waiting(&bridge).await.is_empty());
    let clients = bridge.cli_json(&["clients"]).await;
    let [client] = clients.as_array().expect("a list").as_slice() else { panic!("{clients}") };
    assert_eq!((&client["name"], &client["via"]), (&json!(CLAUDE), &json!("stdio")));

    // The next start of the app asks nobody.
    let mut again = ClaudeDesktop::start(world.home(), &world.bridge_home(), NAME).await;
    assert!(done(&again.server.call(READS, json!({})).await).contains("tea"));
}

#[tokio::test]
async fn it_may_be_started_before_the_bridge() {
    let world = World::start().await;
    connect(&world).await;
    let mut claude = ClaudeDesktop::start(world.home(), &world.bridge_home(), NAME).await;
    let before = claude.server.tools().await;
    assert!(before.contains(&"jean_memory".to_owned()), "{before:?}");
    let words = "Jean Memory Bridge is not running. Open it, then try again.";
    assert_eq!(failed(&claude.server.call(READS, json!({})).await), words);

    let bridge = world.bridge().await;
    claude.server.told(LIST_CHANGED).await;
    let call = claude.server.begin_call(READS, json!({})).await;
    approve(&bridge).await;
    done(&claude.server.answer(call).await["result"]);
    // What it may use is another list than what there could be.
    claude.server.told(LIST_CHANGED).await;
    assert_eq!(claude.server.tools().await, before, "Jean Memory has the tools that were promised");
}

#[tokio::test]
async fn an_entry_can_be_taken_out_again() {
    let world = World::start().await;
    connect(&world).await;
    let ended = world.options().cli(&["disconnect", "claude-desktop"]).await;
    assert!(ended.status.success(), "{ended:?}");
    let left = std::fs::read_to_string(world.home().join(CONFIG)).expect("a file");
    assert_eq!(left, "{\"globalShortcut\":\"\"}");
}
