//! Documents and their jobs (upstream-api.md 9.3, 9.5; 13.1 row 14).

use serde_json::{Value, json};

use super::caller::{Caller, MESSAGES, call};
use crate::double::{ALICE, BOB, Double, Fault, PROCESSED_IN, QUEUED_FOR, tool};

fn document() -> Value {
    json!({
        "title": "Tea notes",
        "content": "Green. ".repeat(200),
        "source_url": "https://tea.example/",
        "metadata": { "shelf": 3 },
    })
}

/// The job id that a reply hands out.
fn job_of(text: &str) -> String {
    text.split('`').nth(1).expect("a job id").to_owned()
}

#[tokio::test]
async fn a_document_is_queued_with_a_job_id() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let text = caller.text(ALICE.key, "store_document", &document()).await;
    assert!(text.starts_with("**"));
    for line in ["📄 **Title:** Tea notes", "📊 **Size:** 1,399 characters", "⏱️ **Status:** "] {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains(&format!("🔄 **Job ID:** `{}`", job_of(&text))));
    let preview = format!("**Preview:** {}...", &"Green. ".repeat(20)[..100]);
    assert!(text.ends_with(&preview), "{text}");
    let job = job_of(&text);
    let parts: Vec<_> = job.split('_').collect();
    assert_eq!((parts[0], parts[1].parse::<u64>()), ("doc", Ok(1_765_281_600)));
    assert!(parts[2].len() == 8 && parts[2].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn a_job_runs_as_time_goes_by() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let job = job_of(&caller.text(ALICE.key, "store_document", &document()).await);
    let status = async || caller.text(ALICE.key, "get_document_status", &json!({ "job_id": job })).await;

    let queued = status().await;
    for part in [&format!("**Job ID:** `{job}`"), "**Status:** QUEUED", "**Progress:** 0%", "**Message:** "] {
        assert!(queued.contains(part), "{queued}");
    }
    assert!(queued.contains("**Queued:** 2025-12-09T12:00:00") && !queued.contains("**Started:**"));
    double.advance(QUEUED_FOR);
    let processing = status().await;
    assert!(processing.contains("**Status:** PROCESSING") && processing.contains("**Started:** 2025-"));
    assert!(double.memories(ALICE.id).is_empty());
    double.advance(PROCESSED_IN);
    let completed = status().await;
    for part in ["**Status:** COMPLETED", "**Progress:** 100%", "**Completed:** 2025-", "**Document ID:** "] {
        assert!(completed.contains(part), "{completed}");
    }

    let list = caller.data(ALICE.key, "list_memories", &json!({})).await;
    let metadata = &list["memories"][0]["metadata"];
    assert_eq!(metadata["type"], "document_summary");
    assert_eq!((&metadata["title"], &metadata["shelf"]), (&json!("Tea notes"), &json!(3)));
    assert_eq!(metadata["source_url"], "https://tea.example/");
    assert!(completed.contains(metadata["document_id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_job_can_fail() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    double.fault(Fault::JobFails.on(tool("store_document")).times(1));
    let job = job_of(&caller.text(ALICE.key, "store_document", &document()).await);
    double.advance(QUEUED_FOR + PROCESSED_IN);
    let failed = caller.text(ALICE.key, "get_document_status", &json!({ "job_id": job })).await;
    assert!(failed.contains("**Status:** FAILED") && failed.contains("**Failed:** 2025-"));
    assert!(!failed.contains("**Document ID:**"));
    assert!(double.memories(ALICE.id).is_empty());
}

#[tokio::test]
async fn an_unknown_job_is_not_found() {
    // 13.2 `job-lost`.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let status =
        async |key: &str, job: &str| caller.text(key, "get_document_status", &json!({ "job_id": job })).await;
    let unknown = status(ALICE.key, "doc_1").await;
    assert_eq!(unknown, "❌ Job ID 'doc_1' not found. Please check the job ID.");
    let job = job_of(&caller.text(ALICE.key, "store_document", &document()).await);
    assert!(status(BOB.key, &job).await.starts_with("❌ "), "somebody else's");
    double.fault(Fault::JobLost.times(1));
    assert!(status(ALICE.key, &job).await.starts_with("❌ Job ID 'doc_"));
    assert!(status(ALICE.key, &job).await.contains("QUEUED"));
}

#[tokio::test]
async fn refusals_are_plain_text() {
    // upstream-api.md 9.4.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let short = json!({ "title": "Notes", "content": "too short" });
    let text = caller.text(ALICE.key, "store_document", &short).await;
    assert_eq!(text, "❌ Error: Document content too short");
    let untitled = json!({ "title": " ", "content": "Long enough to keep." });
    assert!(caller.text(ALICE.key, "store_document", &untitled).await.starts_with("❌ "));
    double.pause_app(ALICE.id, "document_storage", true);
    let paused = caller.text(ALICE.key, "store_document", &document()).await;
    assert_eq!(paused, "❌ Error: App document_storage is paused");
    // Documents belong to an app of their own, whoever brings them.
    double.pause_app(ALICE.id, "document_storage", false);
    double.pause_app(ALICE.id, "cursor", true);
    let cursor = [("X-API-Key", ALICE.key), ("x-client-name", "cursor")];
    let store = call("store_document", &document()).to_string();
    let stored = Caller::text_of(&caller.post(MESSAGES, &cursor, &store).await);
    assert!(stored.contains("**Job ID:**"));
}
