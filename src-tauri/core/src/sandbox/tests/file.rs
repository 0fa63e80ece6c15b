//! The sandbox's file: made late, kept private, kept whole.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use crate::clock::Clock;
use crate::sandbox::testing::{Bench, LATER};
use crate::sandbox::{Sandbox, SandboxError};

#[tokio::test]
async fn memories_key_and_user_id_survive_a_restart() {
    let mut bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    let stored = bench.call("store_document", json!({"title": "Log", "content": "A zephyr at dawn."})).await;
    let (key, user_id) = (bench.sandbox.key(), bench.sandbox.user_id());
    bench.sandbox.pause_app("bridge", true).await.unwrap();

    bench.reopen().unwrap();
    assert_eq!(bench.sandbox.key().expose(), key.expose());
    assert_eq!(bench.sandbox.user_id(), user_id);
    bench.advance(LATER);
    assert_eq!(bench.found("boat").await, ["the boat is blue"]);
    // A job goes on over the restart.
    let job = stored.split('`').nth(1).unwrap();
    assert!(bench.call("get_document_status", json!({"job_id": job})).await.contains("COMPLETED"));
    assert!(bench.call("add_memories", json!({"text": "x"})).await.contains("App bridge is paused"));
}

#[tokio::test]
async fn nothing_is_written_before_the_first_request() {
    let mut bench = Bench::new();
    assert!(!bench.path().parent().unwrap().exists());
    let made_up = bench.sandbox.key();
    bench.call("list_memories", json!({})).await;
    assert!(bench.path().exists());
    bench.reopen().unwrap();
    assert_eq!(bench.sandbox.key().expose(), made_up.expose());
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let mut bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = bench.path().parent().unwrap().to_owned();
    assert_eq!(mode(&folder), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        files += 1;
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    assert_eq!(files, 3, "the database, its log and the log's index");
    // Wider rights, from a copy or a restored backup, are taken back.
    std::fs::set_permissions(bench.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.reopen().unwrap();
    assert_eq!(mode(&bench.path()), 0o600);
}

#[tokio::test]
async fn a_damaged_file_is_reported_and_left_as_it_is() {
    let mut bench = Bench::new();
    std::fs::create_dir_all(bench.path().parent().unwrap()).unwrap();
    let garbage = b"this is no database, but perhaps it was one".repeat(100);
    std::fs::write(bench.path(), &garbage).unwrap();
    assert!(matches!(bench.reopen(), Err(SandboxError::Damaged)));
    assert_eq!(std::fs::read(bench.path()).unwrap(), garbage);

    // The same when the damage turns up while the bridge is running: an outage, not a rejected key
    // (upstream-api.md 5.1).
    let answer = bench.raw_call("list_memories", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (500, "Internal Server Error"));
    assert_eq!(std::fs::read(bench.path()).unwrap(), garbage);
}

#[tokio::test]
async fn validation_during_an_outage_says_nothing_about_the_key() {
    // upstream-api.md 6.2
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path()).unwrap();
    let body = json!({"api_key": bench.sandbox.key().expose(), "client_name": "x"}).to_string();
    let request = axum::http::Request::post("/sdk/validate-developer").body(body.into()).unwrap();
    let answer = bench.send(request).await;
    assert_eq!(answer.status.as_u16(), 500);
    assert_eq!(answer.text, r#"{"detail":"Developer validation failed"}"#);
}

#[tokio::test]
async fn damage_inside_the_file_is_a_logical_error_without_sql() {
    // upstream-api.md 9.4, without its leak
    let bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    Connection::open(bench.path())
        .unwrap()
        .execute_batch(
            "DROP TABLE memory_words; DROP TABLE passage_words; ALTER TABLE memories RENAME TO lost",
        )
        .unwrap();
    for (tool, arguments, start) in [
        ("list_memories", json!({}), r#"{"status": "error", "error": "Failed to list memories: "#),
        (
            "search_memory_v2",
            json!({"query": "boat"}),
            r#"{"status": "error", "error": "Enhanced search failed: "#,
        ),
        (
            "ask_memory",
            json!({"question": "boat"}),
            r#"{"status": "error", "error": "Failed to generate answer: "#,
        ),
        ("add_memories", json!({"text": "x"}), r#"{"status": "error", "error": "Failed to add memory: "#),
        ("deep_memory_query", json!({"search_query": "boat"}), "Error performing deep search: "),
        (
            "jean_memory",
            json!({"user_message": "x", "is_new_conversation": true}),
            "I had trouble processing your message: ",
        ),
        ("store_document", json!({"title": "x", "content": "long enough"}), "❌ Error: "),
    ] {
        let text = bench.call(tool, arguments).await;
        assert!(text.starts_with(start), "{text}");
        assert!(!text.contains("SELECT") && !text.contains("table"), "{text}");
    }
}

#[tokio::test]
async fn a_file_of_something_else_is_left_alone() {
    let mut bench = Bench::new();
    std::fs::create_dir_all(bench.path().parent().unwrap()).unwrap();
    Connection::open(bench.path()).unwrap().execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    assert!(matches!(bench.reopen(), Err(SandboxError::Foreign)));
    let answer = bench.raw_call("list_memories", json!({})).await;
    assert_eq!(answer.status.as_u16(), 500);
    let tables: i64 = Connection::open(bench.path())
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_file_of_a_later_version_is_refused() {
    let mut bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    Connection::open(bench.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(bench.reopen(), Err(SandboxError::TooNew)));
}

#[tokio::test]
async fn a_file_whose_making_was_cut_short_is_made_again() {
    let mut bench = Bench::new();
    std::fs::create_dir_all(bench.path().parent().unwrap()).unwrap();
    std::fs::write(bench.path(), b"").unwrap();
    bench.reopen().unwrap();
    bench.remember(&["the boat is blue"]).await;
    bench.reopen().unwrap();
    assert_eq!(bench.found("boat").await, ["the boat is blue"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_lose_nothing() {
    let bench = Arc::new(Bench::new());
    let calls = (0..32).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            bench.call_json("add_memories", json!({"text": format!("note {number}")})).await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap()["status"], "success");
    }
    let listed = bench.call_json("list_memories", json!({"limit": 100})).await;
    assert_eq!(listed["total_count"], 32);
}

#[tokio::test]
async fn two_openings_of_one_file_see_each_others_memories() {
    let bench = Bench::new();
    bench.remember(&["the boat is blue"]).await;
    let clock = Arc::clone(&bench.clock) as Arc<dyn Clock>;
    let second = Sandbox::open(&bench.path(), clock).unwrap();
    assert_eq!(second.key().expose(), bench.sandbox.key().expose());
    second.pause_app("bridge", true).await.unwrap();
    bench.advance(Duration::from_secs(1));
    assert!(bench.call("add_memories", json!({"text": "x"})).await.contains("is paused"));
}

#[test]
fn debug_shows_nothing() {
    let bench = Bench::new();
    assert_eq!(format!("{:?}", bench.sandbox), "Sandbox(…)");
}
