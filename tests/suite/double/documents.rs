//! Documents: queued by one call, processed as the clock moves on (upstream-api.md 9.3, 9.5).

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::clock::{naive, unix_seconds};
use super::memories::{note, preview};
use super::tools::Call;
use super::world::{Account, Details};

/// A job waits so long before it is taken up.
pub const QUEUED_FOR: Duration = Duration::from_secs(5);
/// From being taken up to the end.
pub const PROCESSED_IN: Duration = Duration::from_secs(30);
const SHORTEST: usize = 10;
/// Documents belong to this app, whoever brings them.
const APP: &str = "document_storage";

pub(super) struct Job {
    id: String,
    document_id: String,
    title: String,
    content: String,
    source_url: Option<String>,
    fields: Map<String, Value>,
    queued_at: SystemTime,
    fails: bool,
    settled: bool,
}

impl Job {
    fn started_at(&self) -> SystemTime {
        self.queued_at + QUEUED_FOR
    }

    fn ended_at(&self) -> SystemTime {
        self.started_at() + PROCESSED_IN
    }
}

pub(super) fn store(call: &Call, account: &mut Account) -> String {
    let title = call.text("title").unwrap_or_default().trim().to_owned();
    let content = call.text("content").unwrap_or_default().trim().to_owned();
    if title.is_empty() {
        return "❌ Error: Document title cannot be empty".to_owned();
    }
    let size = content.chars().count();
    if size < SHORTEST {
        return "❌ Error: Document content too short".to_owned();
    }
    if call.struck.paused() || account.apps.get(APP) == Some(&true) {
        return format!("❌ Error: App {APP} is paused");
    }
    account.apps.entry(APP.to_owned()).or_insert(false);
    let now = call.world.clock.now();
    let document_id = call.world.next_id('d');
    let serial = &document_id[document_id.len() - 8..];
    let id = format!("doc_{}_{serial}", unix_seconds(now));
    let text = format!(
        "**Document queued**\n\n\
         📄 **Title:** {title}\n\
         📊 **Size:** {} characters\n\
         🔄 **Job ID:** `{id}`\n\
         ⏱️ **Status:** Queued for processing\n\n\
         The document is processed in the background; ask for its status with the job id.\n\n\
         **Preview:** {}",
        thousands(size),
        preview(&content),
    );
    account.jobs.push(Job {
        id,
        document_id,
        title,
        content,
        source_url: call.text("source_url").map(str::to_owned),
        fields: call.arguments.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
        queued_at: now,
        fails: call.struck.job_fails(),
        settled: false,
    });
    text
}

pub(super) fn status(call: &Call, account: &mut Account) -> String {
    let id = call.arguments.get("job_id").map(super::python::text).unwrap_or_default();
    let job = account.jobs.iter().find(|job| job.id == id && !call.struck.job_lost());
    let Some(job) = job else {
        return format!("❌ Job ID '{id}' not found. Please check the job ID.");
    };
    let now = call.world.clock.now();
    let (status, progress, message) = match now {
        now if now < job.started_at() => ("QUEUED", 0, "Waiting to be processed"),
        now if now < job.ended_at() => ("PROCESSING", 50, "Reading the document"),
        _ if job.fails => ("FAILED", 50, "The document could not be read"),
        _ => ("COMPLETED", 100, "The document is stored"),
    };
    let mut lines = vec![
        "**Document status**".to_owned(),
        String::new(),
        format!("🔄 **Job ID:** `{id}`"),
        format!("📊 **Status:** {status}"),
        format!("📈 **Progress:** {progress}%"),
        format!("💬 **Message:** {message}"),
        format!("🕐 **Queued:** {}", naive(job.queued_at)),
    ];
    if now >= job.started_at() {
        lines.push(format!("▶️ **Started:** {}", naive(job.started_at())));
    }
    if now >= job.ended_at() {
        let end = if job.fails { "❌ **Failed:**" } else { "✅ **Completed:**" };
        lines.push(format!("{end} {}", naive(job.ended_at())));
        if !job.fails {
            lines.push(format!("📄 **Document ID:** {}", job.document_id));
        }
    }
    lines.join("\n")
}

/// What has been processed by now is summarised in a memory.
pub(super) fn settle(call: &Call, account: &mut Account) {
    let now = call.world.clock.now();
    let mut summaries = Vec::new();
    for job in account.jobs.iter_mut().filter(|job| !job.settled && job.ended_at() <= now) {
        job.settled = true;
        if !job.fails {
            let mut fields = job.fields.clone();
            fields.insert("document_id".to_owned(), json!(job.document_id));
            fields.insert("type".to_owned(), json!("document_summary"));
            fields.insert("title".to_owned(), json!(job.title));
            fields.insert("source_url".to_owned(), json!(job.source_url));
            summaries.push((format!("Document {}: {}", job.title, preview(&job.content)), fields));
        }
    }
    for (content, fields) in summaries {
        note(call, account, content, Details::DocumentSummary(fields));
    }
}

/// `1234567` as `1,234,567`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
