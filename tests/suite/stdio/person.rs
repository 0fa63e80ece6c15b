//! A person says no, takes back, switches off, pauses.

use serde_json::json;

use super::world::{CLAUDE, READS, World, approve, question, waiting};
use crate::double::{Fault, tool};
use crate::harness::stdio::{LIST_CHANGED, done, failed};

#[tokio::test]
async fn a_refusal_is_remembered_while_the_app_runs() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.client().await;
    let call = client.begin_call(READS, json!({})).await;
    let code = question(&bridge).await["code"].as_str().expect("a code").to_owned();
    bridge.cli_ok(&["deny", &code]).await;
    let answer = client.answer(call).await;
    assert!(failed(&answer["result"]).contains("Restart Claude Desktop"), "{answer}");
    for client in [&mut client, &mut world.client().await] {
        assert!(failed(&client.call(READS, json!({})).await).contains("refused"));
        assert!(client.tools().await.contains(&"jean_memory".to_owned()));
    }
    assert!(waiting(&bridge).await.is_empty());
    assert_eq!(world.double.requests().tool(READS).count(), 0);
}

#[tokio::test]
async fn what_is_taken_back_ends_at_once_and_is_told() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    assert!(!client.tools().await.is_empty());
    world.double.fault(Fault::Hang.on(tool("deep_memory_query")));
    let slow = client.begin_call("deep_memory_query", json!({ "search_query": "tea" })).await;
    world.double.wait_for_call("deep_memory_query").await;
    bridge.cli_ok(&["revoke", CLAUDE]).await;
    let answer = client.answer(slow).await;
    assert!(failed(&answer["result"]).contains("taken back"), "{answer}");
    world.double.call_aborted("deep_memory_query").await;
    client.told(LIST_CHANGED).await;
    assert!(failed(&client.call(READS, json!({})).await).contains("Restart Claude Desktop"));
    assert!(waiting(&bridge).await.is_empty());
}

#[tokio::test]
async fn who_may_only_read_sees_only_what_reads() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.client().await;
    assert!(client.tools().await.iter().any(|name| name == "add_memories"));
    let call = client.begin_call(READS, json!({})).await;
    let code = question(&bridge).await["code"].as_str().expect("a code").to_owned();
    bridge.cli_ok(&["approve", &code, "--scope", "read"]).await;
    done(&client.answer(call).await["result"]);
    // A list that comes late is told again.
    let tools = loop {
        client.told(LIST_CHANGED).await;
        let tools = client.tools().await;
        if !tools.iter().any(|name| name == "add_memories") {
            break tools;
        }
    };
    assert!(tools.iter().any(|name| name == READS), "{tools:?}");
}

#[tokio::test]
async fn a_pause_is_told_in_the_answer() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    bridge.cli_ok(&["pause"]).await;
    assert!(failed(&client.call(READS, json!({})).await).contains("paused"));
    bridge.cli_ok(&["resume"]).await;
    done(&client.call(READS, json!({})).await);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_app_was_started_again_counts() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.client().await;
    client.begin_call(READS, json!({})).await;
    question(&bridge).await;
    client.kill().await;
    let mut again = world.client().await;
    let call = again.begin_call(READS, json!({})).await;
    approve(&bridge).await;
    done(&again.answer(call).await["result"]);
}
