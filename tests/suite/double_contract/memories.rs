//! The memory tools (upstream-api.md 9.3 to 9.5, 10; 13.1 rows 8, 13 and 14).

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::{Caller, MESSAGES, call};
use crate::double::{ALICE, BOB, Double, Fault, LONGEST_MEMORY, MEMORY_CAP, tool};

#[tokio::test]
async fn texts_are_json_as_python_writes_it() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.seed_memories(ALICE.id, ["Café 🍵 \"quoted\"\n".to_owned()]);
    let text = caller.text(ALICE.key, "list_memories", &json!({})).await;
    assert!(text.is_ascii());
    assert!(text.contains(r#""content": "Caf\u00e9 \ud83c\udf75 \"quoted\"\n", "created_at": "#), "{text}");
}

#[tokio::test]
async fn an_added_memory_is_listed_and_found_under_different_ids() {
    // 13.1 row 14.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let added = json!({ "text": "  I drink green tea  ", "tags": ["Drinks", "TEA"], "priority": true });
    let text = caller.text(ALICE.key, "add_memories", &added).await;
    assert!(
        text.starts_with(r#"{"status": "success", "message": "Memory added successfully", "memory_id": ""#)
    );
    let added: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(added["content_preview"], "I drink green tea");
    assert_eq!((&added["tags"], &added["priority"]), (&json!(["drinks", "tea"]), &json!(true)));
    assert!(added["processing_time"].as_str().unwrap().ends_with('s'));

    let list = caller.data(ALICE.key, "list_memories", &json!({})).await;
    assert_eq!((&list["status"], &list["total_count"]), (&json!("success"), &json!(1)));
    assert_eq!(list.get("message"), None);
    let listed = &list["memories"][0];
    assert_eq!(listed["content"], "I drink green tea", "the stored text");
    assert_eq!(listed["created_at"], "2025-12-09T12:00:00.000000", "without an offset");
    assert_eq!(listed["categories"], json!([]));

    let found = caller.data(ALICE.key, "search_memory_v2", &json!({ "query": "green tea" })).await;
    assert_eq!((&found["total_count"], &found["query"]), (&json!(1), &json!("green tea")));
    let hit = &found["memories"][0];
    assert_ne!(hit["content"], listed["content"], "a fact in other words");
    assert_eq!(hit["created_at"], "2025-12-09T12:00:00.000000+00:00");
    assert_eq!((&hit["score"], &hit["categories"]), (&json!(1.0), &json!([])));
    assert_ne!(hit["id"], listed["id"]);
    let metadata = json!({ "tags": ["drinks", "tea"], "priority": true, "mem0_id": hit["id"] });
    assert_eq!(listed["metadata"], metadata);
    assert_eq!(added["memory_id"], hit["id"]);
}

#[tokio::test]
async fn nothing_found_is_a_success_of_its_own_shape() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let list = caller.text(ALICE.key, "list_memories", &json!({})).await;
    assert_eq!(
        list,
        r#"{"status": "success", "message": "No memories found", "memories": [], "total_count": 0}"#
    );
    let search = caller.text(ALICE.key, "search_memory_v2", &json!({ "query": "tea" })).await;
    assert_eq!(
        search,
        r#"{"status": "success", "message": "No memories found for query: 'tea'", "memories": [], "total_count": 0}"#
    );
}

#[tokio::test]
async fn users_do_not_see_each_other() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    caller.text(ALICE.key, "add_memories", &json!({ "text": "Tea" })).await;
    let query = json!({ "query": "tea" });
    assert_eq!(caller.data(BOB.key, "search_memory_v2", &query).await["total_count"], 0);
    double.issue_key("jean_sk_EXAMPLE_second_key_of_alice", ALICE.id);
    let second = caller.data("jean_sk_EXAMPLE_second_key_of_alice", "search_memory_v2", &query).await;
    assert_eq!(second["total_count"], 1, "two keys of one user see the same");
}

#[tokio::test]
async fn lists_are_newest_first_and_limits_are_clamped() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.seed_memories(ALICE.id, (0..300).map(|number| format!("tea {number}")));
    for (tool, limit, expected) in [
        ("list_memories", Value::Null, 50),
        ("list_memories", json!(7), 7),
        ("list_memories", json!(0), 1),
        ("list_memories", json!(-3), 1),
        ("list_memories", json!(9999), 200),
        ("search_memory_v2", Value::Null, 50),
        ("search_memory_v2", json!(9999), 100),
        ("search_memory_v2", json!(0), 1),
    ] {
        let mut arguments = json!({});
        if tool == "search_memory_v2" {
            arguments["query"] = json!("tea");
        }
        if !limit.is_null() {
            arguments["limit"] = limit.clone();
        }
        let reply = caller.data(ALICE.key, tool, &arguments).await;
        assert_eq!(reply["total_count"], expected, "{tool} {limit}");
        assert_eq!(reply["memories"].as_array().unwrap().len(), expected);
    }
    let list = caller.data(ALICE.key, "list_memories", &json!({ "limit": 2 })).await;
    assert_eq!(list["memories"][0]["content"], "tea 299");
    assert_eq!(list["memories"][1]["content"], "tea 298");
}

#[tokio::test]
async fn long_texts_are_cut_and_tags_are_cleaned() {
    // upstream-api.md 9.5.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let tags: Vec<_> = (0..12).map(|number| format!("T{number}{}", "é".repeat(60))).collect();
    let arguments = json!({ "text": "ü".repeat(LONGEST_MEMORY + 1), "tags": tags });
    let added = caller.data(ALICE.key, "add_memories", &arguments).await;
    let tags = added["tags"].as_array().unwrap();
    assert_eq!(tags.len(), 10);
    assert!(tags.iter().all(|tag| tag.as_str().unwrap().chars().count() == 50));
    assert!(tags[0].as_str().unwrap().starts_with("t0"));
    let preview = added["content_preview"].as_str().unwrap();
    assert_eq!(preview, format!("{}...", "ü".repeat(100)));
    let stored = &double.memories(ALICE.id)[0];
    assert_eq!(*stored, format!("{}...", "ü".repeat(LONGEST_MEMORY - 3)));
    let fits = "x".repeat(LONGEST_MEMORY);
    caller.text(ALICE.key, "add_memories", &json!({ "text": fits })).await;
    assert_eq!(double.memories(ALICE.id)[1], fits);
}

#[tokio::test]
async fn refusals_to_add_are_successes_of_http() {
    // upstream-api.md 9.4, 10; 13.2 `paused`, `cap-reached`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let tea = json!({ "text": "tea" });
    let empty = caller.text(ALICE.key, "add_memories", &json!({ "text": "  " })).await;
    assert_eq!(
        empty,
        r#"{"status": "error", "error": "Memory content cannot be empty", "operation": "add_memories"}"#
    );
    let error = async || caller.data(ALICE.key, "add_memories", &tea).await["error"].clone();

    double.pause_app(ALICE.id, "default_agent_app", true);
    assert_eq!(error().await, "App default_agent_app is paused");
    let other_app = [("X-API-Key", ALICE.key), ("x-client-name", "cursor")];
    let add = call("add_memories", &tea).to_string();
    assert!(Caller::text_of(&caller.post(MESSAGES, &other_app, &add).await).contains("success"));
    double.pause_app(ALICE.id, "default_agent_app", false);
    double.fault(Fault::Paused.times(1));
    assert_eq!(error().await, "App default_agent_app is paused");
    assert_eq!(error().await, Value::Null);

    double.fault(Fault::CapReached.on(tool("add_memories")).times(1));
    assert_eq!(error().await, "Memory limit reached. You have 1000/1000 memories.");
    assert_eq!(error().await, Value::Null);
    let room = MEMORY_CAP - double.memories(ALICE.id).len();
    double.seed_memories(ALICE.id, (0..room).map(|number| format!("filler {number}")));
    assert_eq!(error().await, "Memory limit reached. You have 1000/1000 memories.");
    assert_eq!(double.memories(ALICE.id).len(), MEMORY_CAP);
    assert_eq!(caller.data(BOB.key, "add_memories", &tea).await["status"], "success", "per user");
}

#[tokio::test]
async fn writes_appear_in_searches_later() {
    // 13.1 row 14.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.delay_searches(Duration::from_secs(5));
    caller.text(ALICE.key, "add_memories", &json!({ "text": "green tea" })).await;
    let count = async |tool: &str, arguments: Value| {
        caller.data(ALICE.key, tool, &arguments).await["total_count"].clone()
    };
    assert_eq!(count("list_memories", json!({})).await, 1, "the list knows at once");
    assert_eq!(count("search_memory_v2", json!({ "query": "tea" })).await, 0);
    let before = double.now();
    double.advance(Duration::from_secs(4));
    assert_eq!(count("search_memory_v2", json!({ "query": "tea" })).await, 0);
    double.advance(Duration::from_secs(1));
    assert_eq!(count("search_memory_v2", json!({ "query": "tea" })).await, 1);
    assert_eq!(double.now(), before + Duration::from_secs(5));
}

#[tokio::test]
async fn searches_rank_by_shared_words_and_ignore_tags() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let texts = ["Tea in the morning", "Green tea in the evening", "Coffee"];
    double.seed_memories(ALICE.id, texts.map(str::to_owned));
    let query = json!({ "query": "GREEN tea!", "tags_filter": ["no such tag"] });
    let found = caller.data(ALICE.key, "search_memory_v2", &query).await;
    let memories = found["memories"].as_array().unwrap();
    assert_eq!(memories.len(), 2, "tags_filter has no effect");
    assert!(memories[0]["content"].as_str().unwrap().contains("Green tea in the evening"));
    assert_eq!((&memories[0]["score"], &memories[1]["score"]), (&json!(1.0), &json!(0.5)));
}

#[tokio::test]
async fn without_the_vector_store_everything_still_looks_well() {
    // upstream-api.md 9.5; 13.2 `vector-down`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.seed_memories(ALICE.id, ["black tea".to_owned()]);
    double.fault(Fault::VectorDown);
    let added = caller.data(ALICE.key, "add_memories", &json!({ "text": "green tea" })).await;
    assert_eq!((&added["status"], &added["memory_id"]), (&json!("success"), &json!("error")));
    let query = json!({ "query": "tea" });
    let found = caller.data(ALICE.key, "search_memory_v2", &query).await;
    assert_eq!((&found["status"], &found["total_count"]), (&json!("success"), &json!(0)));
    double.clear();
    let found = caller.data(ALICE.key, "search_memory_v2", &query).await;
    assert_eq!(found["total_count"], 1, "what was written meanwhile is never found");
    assert_eq!(caller.data(ALICE.key, "list_memories", &json!({})).await["total_count"], 2);
}

#[tokio::test]
async fn ask_memory_answers_in_json() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.seed_memories(ALICE.id, ["My tea is green".to_owned()]);
    let question = json!({ "question": "Which tea?" });
    let text = caller.text(ALICE.key, "ask_memory", &question).await;
    assert!(text.starts_with(r#"{"status": "success", "question": "Which tea?", "answer": ""#));
    assert!(text.ends_with(r#""operation": "ask_memory"}"#));
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["memories_found"], 1);
    assert!(answer["answer"].as_str().unwrap().contains("My tea is green"));
    assert!(answer["search_duration"].is_f64() && answer["total_duration"].is_f64());
}

#[tokio::test]
async fn deep_memory_query_answers_in_prose() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let text = caller.text(ALICE.key, "deep_memory_query", &json!({ "search_query": "tea" })).await;
    assert!(text.lines().last().unwrap().starts_with("📊 Deep Analysis:"));
    let wrong = caller.text(ALICE.key, "deep_memory_query", &json!({ "search_query": 5 })).await;
    assert!(wrong.starts_with("Error performing deep search: "));
}

#[tokio::test]
async fn jean_memory_answers_by_conversation_and_speed() {
    // upstream-api.md 9.3.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let say = async |more: Value| {
        let mut arguments = json!({ "user_message": "green tea", "is_new_conversation": false });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        caller.text(ALICE.key, "jean_memory", &arguments).await
    };
    // Quick ones write nothing.
    let fast = say(json!({ "speed": "fast" })).await;
    assert!(fast.contains("No memories found for query: 'green tea'"));
    let balanced = say(json!({ "speed": "balanced" })).await;
    assert!(balanced.contains(r#""operation": "ask_memory""#));
    for speed in ["comprehensive", "deep"] {
        assert!(say(json!({ "speed": speed })).await.contains("📊 Deep Analysis:"));
    }
    assert!(double.memories(ALICE.id).is_empty());
    // The others do, and two of them carry an instruction to the model.
    let welcome = say(json!({ "is_new_conversation": true })).await;
    assert!(welcome.contains("\n\nSYSTEM PROMPT: "));
    let unneeded = say(json!({ "needs_context": false })).await;
    assert!(unneeded.contains("\n\nSYSTEM PROMPT: ") && unneeded != welcome);
    let continuing = say(json!({})).await;
    assert!(continuing.contains(r#""operation": "ask_memory""#));
    assert!(!continuing.contains("SYSTEM PROMPT"));
    double.cache_narrative(ALICE.id, "Alice is a tea merchant.");
    let narrative = say(json!({ "is_new_conversation": true, "speed": "autonomous" })).await;
    assert!(
        narrative.starts_with("---\n[Your Life Context]\nAlice is a tea merchant.\n---\n\nSYSTEM PROMPT:")
    );
    assert_eq!(double.memories(ALICE.id).len(), 4);
    let wrong = say(json!({ "user_message": 5 })).await;
    assert!(wrong.starts_with("Error: "));
}
