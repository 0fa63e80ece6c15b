//! Documents: stored at once, "processed" a little later by the clock, as the service does in the background
//! (upstream-api.md 9.3, 9.5).
//!
//! No background work runs here. The moments at which a job starts and ends are written down with it, and what it
//! produces is dated to its end; so a job goes on by itself, also while the bridge is not running.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, named_params};
use serde_json::{Map, Value};

use super::apps;
use super::caller::Caller;
use super::memories::{self, NewMemory};
use super::passages;
use super::person::{hex, random_uuid};
use super::python::{first, preview, with_commas};
use super::times::{self, Micros};
use super::words;
use crate::secret::random_bytes;

const MIN_CONTENT: usize = 10;
/// How long a job waits, then works. The service claims 30 to 60 seconds.
const QUEUED_FOR: Duration = Duration::from_millis(500);
const PROCESSED_FOR: Duration = Duration::from_secs(1);
/// Characters of a title that are kept.
const MAX_TITLE: usize = 500;
const PREVIEW: usize = 100;
/// Characters of the text in the memory that stands for a document.
const SUMMARY: usize = 800;
const NO_WORDS: &str = "There are no words in it that could be searched for.";

/// What `store_document` was given.
pub(super) struct Document<'a> {
    pub(super) title: &'a str,
    pub(super) content: &'a str,
    pub(super) kind: &'a str,
    pub(super) source_url: &'a str,
    pub(super) fields: Map<String, Value>,
}

/// `store_document`.
pub(super) fn store(
    connection: &mut Connection,
    caller: Caller<'_>,
    document: Document<'_>,
) -> rusqlite::Result<String> {
    let title = first(document.title.trim(), MAX_TITLE);
    if title.is_empty() {
        return Ok("❌ Error: Document title cannot be empty".to_owned());
    }
    if document.content.trim().chars().count() < MIN_CONTENT {
        return Ok("❌ Error: Document content too short".to_owned());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let app = apps::find_or_make(&transaction, caller.person, apps::DOCUMENTS)?;
    if app.paused {
        return Ok(format!("❌ Error: App {} is paused", apps::DOCUMENTS));
    }
    let job = format!("doc_{}_{}", times::whole_seconds(caller.now), hex(&random_bytes::<4>()));
    let document_id = random_uuid();
    let started_at = caller.now.saturating_add(times::length(QUEUED_FOR));
    let finished_at = started_at.saturating_add(times::length(PROCESSED_FOR));
    let failure = (!document.content.contains(char::is_alphanumeric)).then_some(NO_WORDS);
    let row: i64 = transaction.query_row(
        "INSERT INTO documents (person, app, job_id, document_id, title, document_type, queued_at, started_at,
             finished_at, failure)
         VALUES (:person, :app, :job, :document, :title, :kind, :queued, :started, :finished, :failure)
         RETURNING id",
        named_params! {
            ":person": caller.person.0,
            ":app": app.id,
            ":job": job,
            ":document": document_id,
            ":title": title,
            ":kind": document.kind,
            ":queued": caller.now,
            ":started": started_at,
            ":finished": finished_at,
            ":failure": failure,
        },
        |row| row.get(0),
    )?;
    let reply = queued(title, document.content, &job);
    if failure.is_none() {
        index(&transaction, row, title, document.content)?;
        let content = format!("Document: {title} - {}", preview(document.content.trim(), SUMMARY));
        let metadata = summary_metadata(title, &document_id, document.source_url, document.fields);
        let summary = NewMemory {
            person: caller.person,
            app: app.id,
            content: &content,
            metadata,
            created_at: caller.now,
            listed_at: finished_at,
        };
        memories::insert(&transaction, summary)?;
    }
    transaction.commit()?;
    Ok(reply)
}

fn summary_metadata(
    title: &str,
    document_id: &str,
    source_url: &str,
    fields: Map<String, Value>,
) -> Map<String, Value> {
    let mut metadata = fields;
    for (name, value) in [
        ("document_id", document_id),
        ("type", "document_summary"),
        ("title", title),
        ("source_url", source_url),
    ] {
        metadata.insert(name.to_owned(), Value::from(value));
    }
    metadata
}

/// A passage is found by its own words and by the title of its document.
fn index(connection: &Connection, document: i64, title: &str, content: &str) -> rusqlite::Result<()> {
    let mut passage =
        connection.prepare_cached("INSERT INTO passages (document, content) VALUES (?1, ?2) RETURNING id")?;
    let mut words = connection.prepare_cached("INSERT INTO passage_words (rowid, words) VALUES (?1, ?2)")?;
    let title = words::indexed(title);
    for text in passages::split(content) {
        let row: i64 = passage.query_row((document, text), |row| row.get(0))?;
        words.execute((row, format!("{title}\n{}", words::indexed(text))))?;
    }
    Ok(())
}

fn queued(title: &str, content: &str, job: &str) -> String {
    format!(
        "✅ **Document accepted by the sandbox**\n\n\
         📄 **Title:** {title}\n\
         📊 **Size:** {} characters\n\
         🔄 **Job ID:** `{job}`\n\
         ⏱️ **Status:** Queued\n\n\
         The text is kept on this computer and can be searched in a moment. Ask `get_document_status` with the job \
         ID how far it is.\n\n\
         **Preview:** {}",
        with_commas(content.chars().count()),
        preview(content.trim(), PREVIEW),
    )
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Queued,
    Processing,
    Completed,
    Failed,
}

struct Job {
    document_id: String,
    queued_at: Micros,
    started_at: Micros,
    finished_at: Micros,
    failure: Option<String>,
}

impl Job {
    fn stage(&self, now: Micros) -> Stage {
        // A clock that has stepped back does not undo what was done (see search.rs).
        let over = now >= self.finished_at || now < self.queued_at;
        match (over, &self.failure) {
            (true, Some(_)) => Stage::Failed,
            (true, None) => Stage::Completed,
            (false, _) if now >= self.started_at => Stage::Processing,
            (false, _) => Stage::Queued,
        }
    }
}

/// `get_document_status`.
pub(super) fn status(connection: &Connection, caller: Caller<'_>, job_id: &str) -> rusqlite::Result<String> {
    let job = connection
        .prepare_cached(
            "SELECT document_id, queued_at, started_at, finished_at, failure FROM documents
             WHERE person = ?1 AND job_id = ?2",
        )?
        .query_row((caller.person.0, job_id), |row| {
            Ok(Job {
                document_id: row.get(0)?,
                queued_at: row.get(1)?,
                started_at: row.get(2)?,
                finished_at: row.get(3)?,
                failure: row.get(4)?,
            })
        })
        .optional()?;
    Ok(job.map_or_else(
        || format!("❌ Job ID '{job_id}' not found. Please check the job ID."),
        |job| described(job_id, &job, caller.now),
    ))
}

fn described(job_id: &str, job: &Job, now: Micros) -> String {
    let stage = job.stage(now);
    let (mark, word, progress, message) = match stage {
        Stage::Queued => ("⏳", "QUEUED", 0, "The document waits for its turn."),
        Stage::Processing => ("🔄", "PROCESSING", 50, "The document is being indexed."),
        Stage::Completed => ("✅", "COMPLETED", 100, "The document can be searched."),
        Stage::Failed => ("❌", "FAILED", 0, job.failure.as_deref().unwrap_or_default()),
    };
    let mut lines = vec![
        format!("{mark} **Document status**\n"),
        format!("**Job ID:** `{job_id}`"),
        format!("**Status:** {word}"),
        format!("**Progress:** {progress}%"),
        format!("**Message:** {message}"),
        format!("**Queued:** {}", times::with_offset(job.queued_at)),
    ];
    if stage != Stage::Queued {
        lines.push(format!("**Started:** {}", times::with_offset(job.started_at)));
    }
    match stage {
        Stage::Queued | Stage::Processing => {}
        Stage::Completed => {
            lines.push(format!("**Completed:** {}", times::with_offset(job.finished_at)));
            lines.push(format!("**Document ID:** `{}`", job.document_id));
        }
        Stage::Failed => lines.push(format!("**Failed:** {}", times::with_offset(job.finished_at))),
    }
    lines.join("\n")
}
