//! Documents and their jobs: upstream-api.md 9.3 to 9.5.

use std::time::Duration;

use serde_json::json;

use crate::sandbox::testing::{Bench, LATER, contents};

fn job_in(text: &str) -> String {
    text.split_once("**Job ID:** `").unwrap().1.split_once('`').unwrap().0.to_owned()
}

async fn status(bench: &Bench, job: &str) -> String {
    bench.call("get_document_status", json!({"job_id": job})).await
}

#[tokio::test]
async fn a_stored_document_is_acknowledged_in_markdown() {
    // upstream-api.md 9.3
    let bench = Bench::new();
    let content = "é".repeat(1234);
    let text = bench.call("store_document", json!({"title": "Über Tee", "content": content})).await;
    assert!(text.contains("📄 **Title:** Über Tee\n"));
    assert!(text.contains("📊 **Size:** 1,234 characters\n"));
    assert!(text.contains("⏱️ **Status:** "));
    assert!(text.ends_with(&format!("**Preview:** {}...", "é".repeat(100))));
    let job = job_in(&text);
    let parts: Vec<_> = job.split('_').collect();
    assert_eq!(parts[..2], ["doc", "1765274400"]);
    assert!(parts[2].len() == 8 && parts[2].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn a_job_is_queued_then_processed_then_completed() {
    // upstream-api.md 9.3, 9.5
    let bench = Bench::new();
    let text = bench
        .call("store_document", json!({"title": "Sailing", "content": "Trim the jib before the main sail."}))
        .await;
    let job = job_in(&text);
    let queued = status(&bench, &job).await;
    assert!(queued.contains("**Status:** QUEUED\n**Progress:** 0%\n**Message:** "), "{queued}");
    assert!(queued.contains("**Queued:** 2025-12-09T10:00:00+00:00") && !queued.contains("**Started:**"));
    assert!(
        !contents(&bench.call_json("list_memories", json!({})).await).iter().any(|text| text.contains("jib"))
    );

    bench.advance(Duration::from_millis(700));
    let processing = status(&bench, &job).await;
    assert!(
        processing.contains("**Status:** PROCESSING\n") && processing.contains("**Started:** "),
        "{processing}"
    );
    assert!(!bench.call("deep_memory_query", json!({"search_query": "jib"})).await.contains("Trim"));

    bench.advance(LATER);
    let completed = status(&bench, &job).await;
    assert!(completed.contains("**Status:** COMPLETED\n**Progress:** 100%\n"), "{completed}");
    assert!(completed.contains("**Completed:** ") && completed.contains("**Document ID:** "));
    assert!(bench.call("deep_memory_query", json!({"search_query": "jib"})).await.contains("Trim the jib"));
    // A clock that steps back does not undo it.
    bench.step_back(Duration::from_secs(86_400));
    assert!(status(&bench, &job).await.contains("COMPLETED"));
}

#[tokio::test]
async fn a_completed_document_has_a_summary_in_the_list() {
    // upstream-api.md 9.3
    let bench = Bench::new();
    let arguments = json!({
        "title": "Sailing", "content": "Trim the jib before the main sail.", "source_url": "https://example.org/s",
        "document_type": "notes", "metadata": {"shelf": "A", "title": "not this one"},
    });
    let job = job_in(&bench.call("store_document", arguments).await);
    bench.advance(LATER);
    let listed = bench.call_json("list_memories", json!({})).await;
    let memory = &listed["memories"][0];
    assert!(memory["content"].as_str().unwrap().contains("Trim the jib"));
    let metadata = &memory["metadata"];
    assert_eq!(
        *metadata,
        json!({
            "shelf": "A", "document_id": metadata["document_id"], "type": "document_summary", "title": "Sailing",
            "source_url": "https://example.org/s",
        })
    );
    let done = status(&bench, &job).await;
    assert!(done.contains(metadata["document_id"].as_str().unwrap()));
    assert_eq!(bench.found("jib").await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_a_document_is_refused_in_a_200() {
    // upstream-api.md 9.4
    let bench = Bench::new();
    let short = bench.call("store_document", json!({"title": "a", "content": "too short"})).await;
    assert_eq!(short, "❌ Error: Document content too short");
    let untitled = bench.call("store_document", json!({"title": " ", "content": "long enough"})).await;
    assert!(untitled.starts_with("❌ "));
    bench.sandbox.pause_app("document_storage", true).await.unwrap();
    let paused = bench.call("store_document", json!({"title": "a", "content": "long enough"})).await;
    assert_eq!(paused, "❌ Error: App document_storage is paused");
}

#[tokio::test]
async fn a_document_without_words_fails() {
    let bench = Bench::new();
    let job = job_in(&bench.call("store_document", json!({"title": "a", "content": "- - - - - - -"})).await);
    bench.advance(LATER);
    let text = status(&bench, &job).await;
    assert!(text.contains("**Status:** FAILED\n") && text.contains("**Failed:** "), "{text}");
    assert_eq!(bench.call_json("list_memories", json!({})).await["total_count"], 0);
}

#[tokio::test]
async fn an_unknown_job_says_so() {
    // upstream-api.md 9.3
    let bench = Bench::new();
    assert_eq!(status(&bench, "doc_1_x").await, "❌ Job ID 'doc_1_x' not found. Please check the job ID.");
}

#[tokio::test]
async fn a_long_document_is_found_by_a_passage_and_given_whole_on_request() {
    let bench = Bench::new();
    let filler = "Nothing to see in this line of the logbook.\n".repeat(100);
    let content = format!("{filler}The zephyr came at dawn.\n{filler}");
    bench.call("store_document", json!({"title": "Logbook", "content": content})).await;
    bench.advance(LATER);
    let passages = bench.call("deep_memory_query", json!({"search_query": "zephyr dawn"})).await;
    assert!(passages.contains("- Logbook: ") && passages.contains("1 document passage"), "{passages}");
    let whole =
        bench.call("deep_memory_query", json!({"search_query": "zephyr", "include_full_docs": true})).await;
    assert!(whole.contains(&content));
    let last = whole.lines().last().unwrap();
    assert!(last.starts_with("📊 Deep Analysis:"), "{last}");
}
