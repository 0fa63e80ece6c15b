//! Adding, listing and searching: upstream-api.md 9.3 to 9.5 and 10.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::api_key::ApiKey;
use crate::sandbox::testing::{Bench, LATER, contents};

#[tokio::test]
async fn an_added_memory_is_reported_in_the_services_shape() {
    let bench = Bench::new();
    let text = bench.call("add_memories", json!({"text": "  Café crème at nine  ", "tags": ["Food"]})).await;
    // Python's spacing and escapes, on the raw text.
    assert!(
        text.starts_with(r#"{"status": "success", "message": "Memory added successfully", "memory_id": ""#)
    );
    assert!(text.contains(
        r#""content_preview": "Caf\u00e9 cr\u00e8me at nine", "tags": ["food"], "priority": false"#
    ));
    let reply: Value = serde_json::from_str(&text).unwrap();
    let time = reply["processing_time"].as_str().unwrap();
    assert!(time.ends_with('s') && time[..time.len() - 1].parse::<f64>().is_ok());
}

#[tokio::test]
async fn an_empty_memory_is_a_logical_error_in_a_200() {
    // upstream-api.md 9.4
    let bench = Bench::new();
    let text = bench.call("add_memories", json!({"text": " \n "})).await;
    assert_eq!(
        text,
        r#"{"status": "error", "error": "Memory content cannot be empty", "operation": "add_memories"}"#
    );
}

#[tokio::test]
async fn a_long_memory_is_cut_at_five_thousand_characters() {
    // upstream-api.md 9.5
    let bench = Bench::new();
    let kept = "ä".repeat(5000);
    let reply = bench.call_json("add_memories", json!({"text": &kept})).await;
    assert_eq!(reply["content_preview"].as_str().unwrap(), format!("{}...", "ä".repeat(100)));
    bench.advance(Duration::from_secs(1));
    bench.call("add_memories", json!({"text": "é".repeat(5001)})).await;
    let listed = contents(&bench.call_json("list_memories", json!({})).await);
    assert_eq!(listed, [format!("{}...", "é".repeat(4997)), kept]);
}

#[tokio::test]
async fn tags_are_cleaned() {
    // upstream-api.md 9.5
    let bench = Bench::new();
    let mut tags = vec![" Work ".to_owned(), String::new(), "x".repeat(60)];
    tags.extend((0..20).map(|number| format!("T{number}")));
    let reply = bench.call_json("add_memories", json!({"text": "tagged", "tags": tags, "priority": 1})).await;
    let kept = reply["tags"].as_array().unwrap();
    assert_eq!(kept.len(), 10);
    assert_eq!((kept[0].as_str().unwrap(), kept[1].as_str().unwrap().len()), ("work", 50));
    assert_eq!(kept[2], "t0");
    assert_eq!(reply["priority"], true);
}

#[tokio::test]
async fn the_list_is_newest_first_and_names_the_search_id() {
    // upstream-api.md 9.3, 9.5
    let bench = Bench::new();
    assert_eq!(
        bench.call("list_memories", json!({})).await,
        r#"{"status": "success", "message": "No memories found", "memories": [], "total_count": 0}"#
    );
    let added = bench.call_json("add_memories", json!({"text": "first", "tags": ["a"]})).await;
    bench.advance(Duration::from_micros(1_000_013));
    bench.call("add_memories", json!({"text": "second"})).await;
    bench.advance(LATER);

    let listed = bench.call_json("list_memories", json!({"limit": null})).await;
    assert_eq!(listed["total_count"], 2);
    assert_eq!(contents(&listed), ["second", "first"]);
    assert_eq!(listed["memories"][0]["created_at"], "2025-12-09T10:00:01.000013");
    let first = &listed["memories"][1];
    assert_eq!(first["created_at"], "2025-12-09T10:00:00");
    assert_eq!(first["categories"], json!([]));
    assert_eq!(first["metadata"], json!({"tags": ["a"], "priority": false, "mem0_id": added["memory_id"]}));

    let found = bench.call_json("search_memory_v2", json!({"query": "first"})).await;
    assert_eq!(found["query"], "first");
    assert_eq!(found["total_count"], 1);
    let hit = &found["memories"][0];
    assert_eq!(hit["id"], first["metadata"]["mem0_id"]);
    assert_ne!(hit["id"], first["id"]);
    assert_eq!(hit["categories"], json!([]));
    assert_eq!(hit["created_at"], "2025-12-09T10:00:00+00:00");
}

#[tokio::test]
async fn limits_are_clamped() {
    // upstream-api.md 10
    let bench = Bench::new();
    for number in 0..210 {
        bench.call("add_memories", json!({"text": format!("note {number}")})).await;
    }
    bench.advance(LATER);
    for (tool, limit, expected) in [
        ("list_memories", json!(null), 50),
        ("list_memories", json!(0), 1),
        ("list_memories", json!(-5), 1),
        ("list_memories", json!(7), 7),
        ("list_memories", json!(u64::MAX), 200),
        ("search_memory_v2", json!(null), 50),
        ("search_memory_v2", json!(-1), 1),
        ("search_memory_v2", json!(1000), 100),
    ] {
        let mut arguments = json!({"limit": limit});
        if tool == "search_memory_v2" {
            arguments["query"] = json!("note");
        }
        let reply = bench.call_json(tool, arguments).await;
        assert_eq!(reply["total_count"], expected, "{tool} {limit}");
        assert_eq!(reply["memories"].as_array().unwrap().len(), expected);
    }
}

#[tokio::test]
async fn a_new_memory_is_listed_at_once_and_found_a_little_later() {
    // upstream-api.md 9.5; 13.1 row 14
    let bench = Bench::new();
    bench.call("add_memories", json!({"text": "the boat is blue"})).await;
    assert_eq!(contents(&bench.call_json("list_memories", json!({})).await), ["the boat is blue"]);
    assert_eq!(
        bench.call("search_memory_v2", json!({"query": "boat é"})).await,
        concat!(
            r#"{"status": "success", "message": "No memories found for query: 'boat \u00e9'", "#,
            r#""memories": [], "total_count": 0}"#
        )
    );
    bench.advance(LATER);
    assert_eq!(bench.found("boat").await, ["the boat is blue"]);
}

#[tokio::test]
async fn a_clock_that_steps_back_hides_nothing() {
    let bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    bench.step_back(Duration::from_secs(86_400));
    assert_eq!(bench.found("boat").await, ["the boat is blue"]);
    assert_eq!(contents(&bench.call_json("list_memories", json!({})).await), ["the boat is blue"]);
}

#[tokio::test]
async fn the_tags_filter_has_no_effect() {
    // upstream-api.md 9.5
    let bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    let reply = bench
        .call_json("search_memory_v2", json!({"query": "boat", "tags_filter": ["nothing has this"]}))
        .await;
    assert_eq!(reply["total_count"], 1);
}

#[tokio::test]
async fn search_ranks_what_shares_more_telling_words_first() {
    let bench = Bench::new();
    bench
        .remember(&[
            "My dog Rex is afraid of thunder",
            "Rex the dog had surgery on his knee in March",
            "My cat is called Mia",
            "I like surgery documentaries",
        ])
        .await;
    let reply =
        bench.call_json("search_memory_v2", json!({"query": "When was my dog's knee surgery?"})).await;
    let found = contents(&reply);
    assert_eq!(found[0], "Rex the dog had surgery on his knee in March");
    assert_eq!(found.len(), 3, "{found:?}");
    let scores: Vec<_> =
        reply["memories"].as_array().unwrap().iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    // Every word is there and it ranks first.
    assert!((scores[0] - 1.0).abs() < f64::EPSILON, "{scores:?}");
}

#[tokio::test]
async fn search_knows_word_forms_accents_and_scripts_without_spaces() {
    let bench = Bench::new();
    bench
        .remember(&["She runs marathons", "Café Müller in Köln", "私は東京都に住んでいます", "ผมชอบกินข้าว"])
        .await;
    for (query, expected) in [
        ("running a marathon", "She runs marathons"),
        ("cafe muller", "Café Müller in Köln"),
        ("KÖLN", "Café Müller in Köln"),
        ("東京", "私は東京都に住んでいます"),
        ("ข้าว", "ผมชอบกินข้าว"),
    ] {
        assert_eq!(bench.found(query).await, [expected], "{query}");
    }
}

#[tokio::test]
async fn no_query_is_an_error_of_the_search_language() {
    let bench = Bench::new();
    bench.remember(&["NOT AND OR NEAR the boat"]).await;
    for query in [
        "",
        " ",
        "\"",
        "boat\"",
        "boat*",
        "words:boat",
        "NEAR(boat",
        "boat AND",
        "-boat",
        "^boat",
        "(",
        "'",
        "े",
        "\u{0}boat",
        "{boat}",
        "boat + NOT",
        "😀",
    ] {
        let reply = bench.call_json("search_memory_v2", json!({"query": query})).await;
        assert_eq!(reply["status"], "success", "{query}: {reply}");
        assert_eq!(reply["total_count"], i32::from(query.contains("boat")), "{query}");
    }
}

#[tokio::test]
async fn at_a_thousand_memories_adding_is_refused() {
    // upstream-api.md 10
    let bench = Bench::new();
    bench.call("add_memories", json!({"text": "one"})).await;
    fill(&bench, 999);
    let refused = bench.call("add_memories", json!({"text": "one too many"})).await;
    assert_eq!(
        refused,
        concat!(
            r#"{"status": "error", "error": "Memory limit reached. You have 1000/1000 memories.", "#,
            r#""operation": "add_memories"}"#
        )
    );
    // The main tool still answers and keeps nothing.
    let arguments = json!({"user_message": "I moved to Lisbon.", "is_new_conversation": false});
    assert_eq!(bench.call_json("jean_memory", arguments).await["status"], "success");
    let newest = bench.call_json("list_memories", json!({"limit": 1})).await;
    assert_ne!(contents(&newest), ["I moved to Lisbon."]);
}

/// Rows as `add_memories` makes them, without its cost.
fn fill(bench: &Bench, count: usize) {
    let connection = Connection::open(bench.path()).unwrap();
    connection
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO memories
                 (person, app, list_id, search_id, content, metadata, created_at, listed_at, searchable_at)
             SELECT 1, 1, 'l' || i, 's' || i, 'row ' || i, '{}', 0, 0, 0 FROM n",
            [i64::try_from(count).unwrap()],
        )
        .unwrap();
}

#[tokio::test]
async fn a_paused_app_writes_nothing_and_reads_on() {
    // upstream-api.md 7, 9.4
    let bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    bench.sandbox.pause_app("bridge", true).await.unwrap();
    assert_eq!(
        bench.call("add_memories", json!({"text": "more"})).await,
        r#"{"status": "error", "error": "App bridge is paused", "operation": "add_memories"}"#
    );
    let told = json!({"user_message": "I moved to Lisbon.", "is_new_conversation": false});
    bench.call("jean_memory", told).await;
    assert_eq!(contents(&bench.call_json("list_memories", json!({})).await), ["the boat is blue"]);

    let key = bench.sandbox.key();
    let add =
        json!({"method": "tools/call", "params": {"name": "add_memories", "arguments": {"text": "other"}}});
    let other = [("x-api-key", key.expose()), ("x-client-name", "other")];
    assert!(bench.post_with(&other, add.to_string()).await.text.contains("added successfully"));

    bench.sandbox.pause_app("bridge", false).await.unwrap();
    assert_eq!(bench.call_json("add_memories", json!({"text": "more"})).await["status"], "success");
}

#[tokio::test]
async fn each_client_name_has_an_app_row() {
    // upstream-api.md 4, 7
    let bench = Bench::new();
    let key = bench.sandbox.key();
    let list = json!({"method": "tools/call", "params": {"name": "list_memories"}}).to_string();
    bench.post_with(&[("x-api-key", key.expose())], list.clone()).await;
    for name in ["bridge", "bridge", "other"] {
        bench.post_with(&[("x-api-key", key.expose()), ("x-client-name", name)], list.clone()).await;
    }
    bench.call("store_document", json!({"title": "a", "content": "long enough"})).await;
    let connection = Connection::open(bench.path()).unwrap();
    let mut statement = connection.prepare("SELECT name FROM apps ORDER BY name").unwrap();
    let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(names, ["bridge", "default_agent_app", "document_storage", "other"]);
    // An empty name is no name to be filed under: the service refuses it.
    let answer = bench.post_with(&[("x-api-key", key.expose()), ("x-client-name", "")], list).await;
    assert_eq!(answer.status.as_u16(), 400);
}

#[tokio::test]
async fn each_person_has_a_store_of_their_own() {
    // upstream-api.md 13.1 row 13
    let bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    let text =
        bench.call("store_document", json!({"title": "Boats", "content": "A long text about boats."})).await;
    let job = text.split('`').nth(1).unwrap();
    bench.advance(LATER);

    let other = ApiKey::parse("jean_sk_sandbox_ofSomebodyElse0123456789").unwrap();
    Connection::open(bench.path())
        .unwrap()
        .execute("INSERT INTO people (user_id, key_digest) VALUES ('other', ?1)", [other.digest().as_bytes()])
        .unwrap();
    for (tool, arguments) in [
        ("list_memories", json!({})),
        ("search_memory_v2", json!({"query": "boat"})),
        ("ask_memory", json!({"question": "boat"})),
        ("deep_memory_query", json!({"search_query": "boat", "include_full_docs": true})),
        ("get_document_status", json!({"job_id": job})),
        ("jean_memory", json!({"user_message": "boat", "is_new_conversation": true})),
    ] {
        let call = json!({"id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        let answer = bench.post_with(&[("x-api-key", other.expose())], call.to_string()).await;
        assert_eq!(answer.status.as_u16(), 200);
        for private in ["blue", "long text", "COMPLETED"] {
            assert!(!answer.text.contains(private), "{tool}: {}", answer.text);
        }
    }
    assert_eq!(bench.found("boat").await.len(), 2);
}
