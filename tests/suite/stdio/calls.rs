//! Calls in every revision, side by side, slow, given up.

use serde_json::{Value, json};

use super::world::{CLAUDE, READS, World, approve, waiting};
use crate::double::{Fault, tool};
use crate::harness::stdio::{StdioClient, done};

const SLOW: &str = "deep_memory_query";

fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "claude-ai", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

#[tokio::test]
async fn every_revision_calls_the_same_tools() {
    let (world, bridge) = World::with_bridge().await;
    let tools = world.allowed(&bridge).await.tools().await;
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut client = StdioClient::start(&world.bridge_home()).opened(version).await;
        assert_eq!(client.tools().await, tools, "{version}");
        let result = client.call(READS, json!({})).await;
        done(&result);
        assert!(result.get("resultType").is_none(), "{version}: {result}");
    }
    let mut client = StdioClient::start(&world.bridge_home());
    let found = client.ask("server/discover", modern(json!({}))).await;
    assert!(found["result"]["supportedVersions"].as_array().is_some(), "{found}");
    let called = client.ask("tools/call", modern(json!({ "name": READS, "arguments": {} }))).await;
    done(&called["result"]);
    assert_eq!(called["result"]["resultType"], "complete");
    let unknown = client.ask("tools/call", modern(json!({ "name": "délete\n", "arguments": {} }))).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn five_at_once_are_one_question_and_one_client() {
    let (world, bridge) = World::with_bridge().await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = world.client().await;
        let call = client.begin_call(READS, json!({})).await;
        clients.push((client, call));
    }
    approve(&bridge).await;
    for (client, call) in &mut clients {
        done(&client.answer(*call).await["result"]);
    }
    assert!(waiting(&bridge).await.is_empty());
    assert_eq!(bridge.cli_json(&["clients"]).await.as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn a_name_that_was_given_is_the_one_a_person_is_asked_about() {
    let (world, bridge) = World::with_bridge().await;
    let mut client =
        StdioClient::start_with(&world.bridge_home(), &[], &["--client", CLAUDE]).opened("2025-06-18").await;
    let call = client.begin_call(READS, json!({})).await;
    approve(&bridge).await;
    done(&client.answer(call).await["result"]);
}

#[tokio::test]
async fn slow_calls_do_not_hold_up_quick_ones_and_each_can_be_cancelled() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let slow = client.begin_call(SLOW, json!({ "search_query": "tea" })).await;
    world.double.wait_for_call(SLOW).await;
    done(&client.call(READS, json!({})).await);
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": slow } });
    client.say(&cancel).await;
    world.double.call_aborted(SLOW).await;
    done(&client.call(READS, json!({})).await);
    let (status, rest) = client.close().await;
    assert!(status.success() && rest.iter().all(|message| message["id"] != slow), "{rest:?}");
}

#[tokio::test]
async fn an_app_that_goes_takes_its_calls_with_it() {
    let (world, bridge) = World::with_bridge().await;
    for kill in [true, false] {
        let mut client = if kill { world.allowed(&bridge).await } else { world.client().await };
        world.double.fault(Fault::Hang.on(tool(SLOW)));
        client.begin_call(SLOW, json!({ "search_query": "tea" })).await;
        world.double.wait_for_call(SLOW).await;
        if kill {
            client.kill().await;
        } else {
            assert!(client.close().await.0.success());
        }
        world.double.call_aborted(SLOW).await;
        world.double.clear();
    }
}

#[tokio::test]
async fn progress_reaches_the_app_under_its_own_token() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    world.double.fault(Fault::Hang.on(tool(SLOW)));
    let params =
        json!({ "name": SLOW, "arguments": { "search_query": "tea" }, "_meta": { "progressToken": "p-1" } });
    let slow = client.begin("tools/call", params).await;
    let told = client.told("notifications/progress").await;
    assert_eq!(told["params"]["progressToken"], "p-1");
    assert!(told["params"]["progress"].as_f64().is_some_and(|progress| progress > 0.0), "{told}");
    world.double.release();
    done(&client.answer(slow).await["result"]);
}
