//! Answers without an AI model: what was found is quoted, and the words say that this is all that was done.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Instant;

use rusqlite::Connection;
use serde::Serialize;

use super::caller::Caller;
use super::memories::{self, Memory};
use super::python::{dumps, preview};
use super::search::{self, Shelf};
use super::times;

/// Memories that an answer quotes.
const QUOTED: usize = 8;
/// Memories and passages that a deep query quotes; of the others it tells the number.
const DEEP_QUOTED: usize = 25;
/// Characters of one quotation.
const QUOTATION: usize = 600;
/// Characters of a document that is given whole.
const WHOLE_DOCUMENT: usize = 20_000;

/// `ask_memory`.
pub(super) fn ask(connection: &Connection, caller: Caller<'_>, question: &str) -> rusqlite::Result<String> {
    #[derive(Serialize)]
    #[expect(clippy::struct_field_names, reason = "the members are named by the service")]
    struct Answer<'a> {
        status: &'static str,
        question: &'a str,
        answer: String,
        memories_found: usize,
        search_duration: f64,
        total_duration: f64,
        operation: &'static str,
    }
    let start = Instant::now();
    let found = memories::find(connection, caller, question, memories::SEARCH_LIMIT.default)?;
    let search_duration = times::seconds_since(start);
    let answer = if found.is_empty() {
        "The sandbox found no memories about this.".to_owned()
    } else {
        let mut answer =
            format!("The sandbox found {} about this", counted(found.len(), "memory", "memories"));
        if found.len() > QUOTED {
            let _ = write!(answer, "; these fit best");
        }
        answer.push_str(". It has no AI model, so it quotes them:\n");
        answer.push_str(&quotations(found.iter().take(QUOTED).map(|(memory, _)| memory)));
        answer
    };
    Ok(dumps(&Answer {
        status: "success",
        question,
        answer,
        memories_found: found.len(),
        search_duration,
        total_duration: times::seconds_since(start),
        operation: "ask_memory",
    }))
}

/// How far `deep_memory_query` goes.
#[derive(Clone, Copy)]
pub(super) struct Depth {
    pub(super) memories: usize,
    pub(super) passages: usize,
    pub(super) whole_documents: bool,
}

impl Default for Depth {
    fn default() -> Self {
        Self { memories: 200, passages: 50, whole_documents: false }
    }
}

/// `deep_memory_query`.
pub(super) fn deep(
    connection: &Connection,
    caller: Caller<'_>,
    query: &str,
    depth: Depth,
) -> rusqlite::Result<String> {
    let start = Instant::now();
    let memories = memories::find(connection, caller, query, depth.memories)?;
    let mut hits = search::search(connection, Shelf::Passages, caller.person, query, caller.now)?;
    hits.truncate(depth.passages);
    let searched = times::seconds_since(start);
    let mut text = if memories.is_empty() && hits.is_empty() {
        "The sandbox found no memories and no documents about this.\n".to_owned()
    } else {
        format!(
            "The sandbox found {} and {} about this. It has no AI model, so it quotes them.\n",
            counted(memories.len(), "memory", "memories"),
            counted(hits.len(), "document passage", "document passages"),
        )
    };
    if !memories.is_empty() {
        text.push_str("\nMemories:\n");
        text.push_str(&quotations(memories.iter().take(DEEP_QUOTED).map(|(memory, _)| memory)));
        text.push_str(&more(memories.len()));
    }
    if !hits.is_empty() {
        let passages = hits
            .iter()
            .take(DEEP_QUOTED)
            .map(|hit| Passage::read(connection, hit.row))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        if depth.whole_documents {
            text.push_str(&whole_documents(connection, &passages)?);
        } else {
            text.push_str("\nDocuments:\n");
            for passage in &passages {
                let _ = writeln!(text, "- {}: {}", passage.title, quotation(&passage.content));
            }
            text.push_str(&more(hits.len()));
        }
    }
    let _ = write!(
        text,
        "\n📊 Deep Analysis: {} memories, {} passages, search {searched:.2}s, total {:.2}s",
        memories.len(),
        hits.len(),
        times::seconds_since(start),
    );
    Ok(text)
}

/// One line per memory: when, then what.
pub(super) fn quotations<'a>(memories: impl Iterator<Item = &'a Memory>) -> String {
    memories.fold(String::new(), |mut text, memory| {
        let _ = writeln!(text, "- {}: {}", times::day(memory.created_at), quotation(&memory.content));
        text
    })
}

/// `1 memory`, `2 memories`.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn quotation(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    preview(&line, QUOTATION)
}

fn more(found: usize) -> String {
    match found.saturating_sub(DEEP_QUOTED) {
        0 => String::new(),
        rest => format!("- and {rest} more\n"),
    }
}

struct Passage {
    document: i64,
    title: String,
    content: String,
}

impl Passage {
    fn read(connection: &Connection, row: i64) -> rusqlite::Result<Self> {
        connection
            .prepare_cached(
                "SELECT p.document, d.title, p.content FROM passages p JOIN documents d ON d.id = p.document
                 WHERE p.id = ?1",
            )?
            .query_row([row], |row| {
                Ok(Self { document: row.get(0)?, title: row.get(1)?, content: row.get(2)? })
            })
    }
}

fn whole_documents(connection: &Connection, passages: &[Passage]) -> rusqlite::Result<String> {
    let mut seen = BTreeSet::new();
    let mut text = String::new();
    let mut statement =
        connection.prepare_cached("SELECT content FROM passages WHERE document = ?1 ORDER BY id")?;
    for passage in passages.iter().filter(|passage| seen.insert(passage.document)) {
        let mut content = String::new();
        let mut rows = statement.query([passage.document])?;
        while let Some(row) = rows.next()? {
            content.push_str(row.get_ref(0)?.as_str()?);
            if content.len() > WHOLE_DOCUMENT * 4 {
                break;
            }
        }
        let _ = write!(text, "\nDocument: {}\n{}\n", passage.title, preview(&content, WHOLE_DOCUMENT));
    }
    Ok(text)
}
