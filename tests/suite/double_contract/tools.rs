//! What the tools are and how they take arguments (upstream-api.md 9.1, 9.2; 13.1 rows 6 and 7).

use serde_json::{Value, json};

use super::caller::{Caller, MESSAGES, call};
use crate::double::{ALICE, BOB, Double, Drift, Fault, HIDDEN_TOOLS, key};

const KEY: [(&str, &str); 1] = [("X-API-Key", ALICE.key)];

#[tokio::test]
async fn the_seven_tools_are_listed_as_upstream_lists_them() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let reply = caller.list_tools(&KEY).await;
    let text = &reply.text;
    assert!(text.starts_with(r#"{"jsonrpc":"2.0","result":{"tools":[{"name":"jean_memory","#));
    assert!(text.ends_with(r#"]},"id":1}"#));
    for absent in ["nextCursor", "additionalProperties", "outputSchema", "title\":\"", "Hint"] {
        assert!(!text.contains(absent), "{absent}");
    }
    let list = reply.json();
    let tools = list["result"]["tools"].as_array().unwrap();
    let annotations = |index: usize| tools[index]["annotations"].clone();
    let reads = json!({ "readOnly": true, "sensitive": false, "destructive": false });
    let writes = json!({ "readOnly": false, "sensitive": true, "destructive": false });
    let with = |base: &Value, name: &str| {
        let mut more = base.clone();
        more[name] = json!(true);
        more
    };
    assert_eq!(annotations(0), with(&writes, "intelligent"));
    assert_eq!(annotations(1), reads);
    assert_eq!(annotations(2), writes);
    assert_eq!(annotations(3), writes);
    assert_eq!(annotations(4), reads);
    assert_eq!(annotations(5), with(&reads, "sensitive"));
    assert_eq!(annotations(6), with(&reads, "expensive"));
    for (index, required) in [
        json!(["user_message", "is_new_conversation"]),
        json!(["question"]),
        json!(["text"]),
        json!(["title", "content"]),
        json!(["query"]),
        Value::Null,
        json!(["search_query"]),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(tools[index]["inputSchema"]["required"], required, "{}", tools[index]["name"]);
    }
    let type_of = |index: usize, name: &str| tools[index]["inputSchema"]["properties"][name]["type"].clone();
    assert_eq!(type_of(0, "is_new_conversation"), "boolean");
    assert_eq!(type_of(2, "tags"), "array");
    assert_eq!(type_of(3, "metadata"), "object");
    assert_eq!(type_of(4, "limit"), "integer");
    // The order of properties is part of the text, which a parsed map forgets.
    let order = |names: &[&str]| {
        let places: Vec<_> =
            names.iter().map(|name| text.find(&format!(r#""{name}":{{"type""#)).expect(name)).collect();
        assert!(places.is_sorted(), "{names:?}");
    };
    order(&["user_message", "is_new_conversation", "question", "text", "tags", "title", "content"]);
    order(&["content", "document_type", "source_url", "metadata", "query", "limit", "tags_filter"]);
}

#[tokio::test]
async fn arguments_meet_a_python_function() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for (tool, arguments, message) in [
        (
            "list_memories",
            json!({ "bogus": 1 }),
            "list_memories() got an unexpected keyword argument 'bogus'",
        ),
        ("add_memories", json!({}), "add_memories() missing 1 required positional argument: 'text'"),
        (
            "store_document",
            json!({}),
            "store_document() missing 2 required positional arguments: 'title' and 'content'",
        ),
        ("list_memories", json!({ "limit": "5" }), "'>' not supported between instances of 'str' and 'int'"),
        (
            "delete_all_memories",
            json!({ "really": true }),
            "delete_all_memories() got an unexpected keyword argument 'really'",
        ),
    ] {
        let reply = caller.call(ALICE.key, tool, &arguments).await;
        assert_eq!(reply.status, 500);
        assert_eq!(reply.json()["error"], json!({ "code": -32603, "message": message }));
    }
    let wrong = caller.data(ALICE.key, "add_memories", &json!({ "text": 5 })).await;
    assert_eq!(wrong["status"], "error", "other wrong types are an error text");
    assert_eq!(wrong["error"], "'int' object has no attribute 'strip'");
}

#[tokio::test]
async fn arguments_that_are_not_listed_are_taken_all_the_same() {
    // upstream-api.md 9.2.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for (tool, arguments) in [
        ("add_memories", json!({ "text": "tea", "priority": true })),
        ("search_memory_v2", json!({ "query": "tea", "deep_search": true })),
        (
            "deep_memory_query",
            json!({ "search_query": "tea", "memory_limit": 9, "chunk_limit": 9, "include_full_docs": true }),
        ),
        (
            "jean_memory",
            json!({ "user_message": "tea", "is_new_conversation": true, "speed": "fast", "format": "x" }),
        ),
    ] {
        assert_eq!(caller.call(ALICE.key, tool, &arguments).await.status, 200, "{tool}");
    }
}

#[tokio::test]
async fn hidden_tools_run_when_called() {
    // 13.1 row 7.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let listed = caller.list_tools(&KEY).await.tool_names();
    for tool in HIDDEN_TOOLS {
        assert!(!listed.iter().any(|name| name == tool));
        let arguments = if tool == "get_document_status" { json!({ "job_id": "doc_1" }) } else { json!({}) };
        assert_eq!(caller.call(ALICE.key, tool, &arguments).await.status, 200, "{tool}");
    }
}

#[tokio::test]
async fn delete_all_memories_asks_nothing() {
    // upstream-api.md 9.2: the reason why the bridge has to block it.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for person in [ALICE, BOB] {
        double.seed_memories(person.id, ["Tea at five".to_owned()]);
    }
    caller.text(ALICE.key, "delete_all_memories", &json!({})).await;
    assert!(double.memories(ALICE.id).is_empty());
    assert_eq!(double.memories(BOB.id).len(), 1, "of this user only");
    assert_eq!(double.blocked_calls(), ["delete_all_memories"]);
    caller.call(ALICE.key, "get_document_status", &json!({ "job_id": "doc_1" })).await;
    assert_eq!(double.blocked_calls().len(), 1, "this one may be called");
}

#[tokio::test]
async fn tools_drift() {
    // 13.2 `tools-drift`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let new =
        json!({ "name": "forget_everything", "description": "New.", "inputSchema": { "type": "object" } });
    let schema = json!({ "type": "object", "properties": { "cursor": { "type": "string" } } });
    double.fault(Fault::ToolsDrift(Drift::Added(new)).on(key(ALICE.key)));
    double.fault(Fault::ToolsDrift(Drift::Removed("ask_memory")).on(key(ALICE.key)));
    double.fault(Fault::ToolsDrift(Drift::Changed("list_memories", schema.clone())).on(key(ALICE.key)));
    let drifted = caller.list_tools(&KEY).await;
    let names = drifted.tool_names();
    assert_eq!(names.len(), 7);
    assert_eq!(names.last().unwrap(), "forget_everything");
    assert!(!names.iter().any(|name| name == "ask_memory"));
    let list = drifted.json();
    let changed =
        list["result"]["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "list_memories");
    assert_eq!(changed.unwrap()["inputSchema"], schema);
    assert_eq!(caller.call(ALICE.key, "forget_everything", &json!({ "now": true })).await.status, 200);
    assert_eq!(caller.call(ALICE.key, "ask_memory", &json!({ "question": "?" })).await.status, 500);
    let bob = [("X-API-Key", BOB.key)];
    assert!(caller.list_tools(&bob).await.tool_names().iter().any(|name| name == "ask_memory"));
    double.clear();
    assert_eq!(caller.list_tools(&KEY).await.tool_names()[1], "ask_memory");
}

#[tokio::test]
async fn a_client_name_makes_an_app_row() {
    // upstream-api.md 7; 13.1 row 13.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let list = call("list_memories", &json!({})).to_string();
    let named = [("X-API-Key", ALICE.key), ("x-client-name", "jean-memory-bridge")];
    caller.post(MESSAGES, &named, &list).await;
    assert_eq!(double.apps(ALICE.id), ["jean-memory-bridge"]);
    caller.post(MESSAGES, &KEY, &list).await;
    let document = json!({ "title": "Notes", "content": "Long enough to keep." });
    caller.text(ALICE.key, "store_document", &document).await;
    assert_eq!(double.apps(ALICE.id), ["default_agent_app", "document_storage", "jean-memory-bridge"]);
    assert!(double.apps(BOB.id).is_empty());
}
