//! Jean Memory's tools change: what is new and only reads is offered, what is new and writes waits for a
//! person, what is gone is refused (design.md 5; protocol.md 7.24, 7.26; upstream-api.md 13.2 tools-drift).

use serde_json::{Value, json};

use super::world::{World, done, failed};
use crate::double::{ALICE, Drift, Fault, rpc};
use crate::harness::mcp::reply;
use crate::harness::oauth::Tokens;
use crate::harness::waiting::until_answer;

fn tool(name: &str, annotations: &Value) -> Value {
    json!({ "name": name, "description": "New.", "inputSchema": { "type": "object", "properties": {} },
            "annotations": annotations })
}

/// Lets the bridge ask for the list again, as a new key does, and waits until it is served.
async fn relisted(world: &World, tokens: &Tokens, holds: impl Fn(&Vec<String>) -> bool) -> Vec<String> {
    world.add_key(ALICE.key).await;
    until_answer("the new list", async || world.tools(tokens).await, holds).await
}

#[tokio::test]
async fn a_new_tool_is_offered_if_it_only_reads() {
    // design.md 5, upstream-api.md 14.3
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    assert_eq!(world.tools(&tokens).await.len(), 8);
    for added in [
        tool("recall_dreams", &json!({ "readOnly": true, "destructive": false })),
        tool("recall_standard", &json!({ "readOnlyHint": true })),
        tool("forget_dreams", &json!({ "readOnly": false, "destructive": false })),
        tool("merge_dreams", &json!({})),
        tool("two_faced", &json!({ "readOnly": true, "destructive": true })),
        tool("delete_all_memories", &json!({ "readOnly": true, "destructive": false })),
        tool("debug_get_qdrant_payload", &json!({ "readOnly": true })),
        tool("not a name", &json!({ "readOnly": true })),
    ] {
        world.double.fault(Fault::ToolsDrift(Drift::Added(added)).on(rpc("tools/list")));
    }
    let tools = relisted(&world, &tokens, |tools| tools.len() > 8).await;
    let new: Vec<_> =
        tools.iter().filter(|name| name.contains("dreams") || name.contains("recall")).collect();
    assert_eq!(new, ["recall_dreams", "recall_standard"]);
    assert_eq!(tools.len(), 10, "{tools:?}");

    let listed = world.modern(&tokens, "tools/list", json!({})).send().await;
    let listed = reply(&listed)["result"]["tools"].clone();
    let recall = listed.as_array().unwrap().iter().find(|one| one["name"] == "recall_dreams").unwrap();
    assert_eq!(recall["annotations"]["readOnlyHint"], true);
    assert!(recall["annotations"].get("readOnly").is_none(), "{recall}");

    world.call(&tokens, "recall_dreams", &json!({})).await;
    assert_eq!(world.double.requests().tool("recall_dreams").count(), 1);
    for refused in
        ["forget_dreams", "merge_dreams", "two_faced", "delete_all_memories", "debug_get_qdrant_payload"]
    {
        let answer = reply(&world.calling(&tokens, refused, &json!({})).send().await);
        assert_eq!(answer["error"]["code"], -32602, "{refused}: {answer}");
        assert_eq!(world.double.requests().tool(refused).count(), 0);
    }
    assert!(world.double.blocked_calls().is_empty());
}

#[tokio::test]
async fn a_tool_that_is_gone_is_unknown() {
    // protocol.md 7.26: the list decides, although Jean Memory would still run it.
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    assert!(world.tools(&tokens).await.contains(&"ask_memory".to_owned()));
    world.double.fault(Fault::ToolsDrift(Drift::Removed("ask_memory")).on(rpc("tools/list")));
    world.double.fault(Fault::ToolsDrift(Drift::Removed("store_document")).on(rpc("tools/list")));
    let tools = relisted(&world, &tokens, |tools| tools.len() < 8).await;
    // The status of documents goes with storing them.
    let expected = ["jean_memory", "add_memories", "search_memory_v2", "list_memories", "deep_memory_query"];
    assert_eq!(tools, expected);
    for gone in ["ask_memory", "store_document", "get_document_status"] {
        let answer = reply(&world.calling(&tokens, gone, &json!({})).send().await);
        assert_eq!(answer["error"]["code"], -32602, "{gone}: {answer}");
    }
    assert_eq!(world.double.requests().rpc("tools/call").count(), 0);
}

#[tokio::test]
async fn changed_arguments_are_checked_as_they_are_now() {
    // upstream-api.md 14.9
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let schema = json!({ "type": "object", "required": ["question", "language"], "properties": {
        "question": { "type": "string" }, "language": { "type": "string", "enum": ["de", "en"] } } });
    world.double.fault(Fault::ToolsDrift(Drift::Changed("ask_memory", schema.clone())).on(rpc("tools/list")));
    world.tools(&tokens).await;
    let listed =
        reply(&world.modern(&tokens, "tools/list", json!({})).send().await)["result"]["tools"].clone();
    let ask = listed.as_array().unwrap().iter().find(|one| one["name"] == "ask_memory").unwrap();
    // protocol.md 7.24: schemas pass unchanged.
    assert_eq!(ask["inputSchema"], schema);
    let short = world.call(&tokens, "ask_memory", &json!({ "question": "?" })).await;
    assert!(failed(&short).contains("`language` is required"), "{short}");
    let wrong = world.call(&tokens, "ask_memory", &json!({ "question": "?", "language": "fr" })).await;
    assert!(failed(&wrong).contains("`language`"), "{wrong}");
    assert_eq!(world.double.requests().tool("ask_memory").count(), 0);
    // What fits goes up, and the double, which knows no such argument, says so.
    let right = world.call(&tokens, "ask_memory", &json!({ "question": "?", "language": "de" })).await;
    assert!(failed(&right).contains("unexpected keyword argument 'language'"), "{right}");
    assert_eq!(world.double.requests().tool("ask_memory").count(), 1);
}

#[tokio::test]
async fn hints_are_the_standard_ones() {
    // protocol.md 7.24; upstream-api.md 9.2
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let listed =
        reply(&world.modern(&tokens, "tools/list", json!({})).send().await)["result"]["tools"].clone();
    let writes = ["jean_memory", "add_memories", "store_document"];
    for listed in listed.as_array().unwrap() {
        let name = listed["name"].as_str().unwrap();
        let hints = &listed["annotations"];
        assert_eq!(hints["readOnlyHint"], !writes.contains(&name), "{listed}");
        for homemade in ["readOnly", "sensitive", "destructive", "intelligent", "expensive"] {
            assert!(hints.get(homemade).is_none(), "{listed}");
        }
    }
    let list = listed.as_array().unwrap().iter().find(|one| one["name"] == "list_memories").unwrap();
    let schema = json!({ "type": "object", "properties": {
        "limit": { "type": "integer", "description": "Most results to return." } } });
    assert_eq!(list["inputSchema"], schema);
    done(&world.call(&tokens, "list_memories", &json!({})).await);
}

#[tokio::test]
async fn the_list_is_asked_for_once_for_all_clients() {
    // protocol.md 7.24
    let world = World::start().await;
    let mut clients = Vec::new();
    for name in ["One", "Two", "Three"] {
        clients.push(world.sign_in(name).await);
    }
    let listing: Vec<_> = (0..12)
        .map(|at| tokio::spawn(world.modern(&clients[at % 3], "tools/list", json!({})).send()))
        .collect();
    for listed in listing {
        listed.await.unwrap().assert_status(200);
    }
    assert_eq!(world.double.requests().rpc("tools/list").count(), 1);
}
