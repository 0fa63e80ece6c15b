//! Memories: adding, listing and finding them (upstream-api.md 9.3 to 9.5).

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, named_params};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::caller::{Caller, refusal};
use super::person::{PersonId, random_uuid};
use super::python::{dumps, first, preview};
use super::search::{self, Shelf};
use super::times::{self, Micros};
use super::words;

/// Most memories of one person (upstream-api.md 10).
const MAX_MEMORIES: usize = 1000;
/// Most characters of a memory, with the dots that say it was longer.
const MAX_TEXT: usize = 5000;
const MAX_TAGS: usize = 10;
const MAX_TAG: usize = 50;
const PREVIEW: usize = 100;
/// How long a new memory is in the list but not in search. The service takes some seconds.
const SEARCH_DELAY: Duration = Duration::from_millis(500);

/// Bounds of a `limit` argument (upstream-api.md 10).
pub(super) struct Limit {
    pub(super) default: usize,
    pub(super) most: usize,
}

pub(super) const LIST_LIMIT: Limit = Limit { default: 50, most: 200 };
pub(super) const SEARCH_LIMIT: Limit = Limit { default: 50, most: 100 };

/// A memory about to be stored.
pub(super) struct NewMemory<'a> {
    pub(super) person: PersonId,
    pub(super) app: i64,
    pub(super) content: &'a str,
    pub(super) metadata: Map<String, Value>,
    pub(super) created_at: Micros,
    /// When it shows in the list.
    pub(super) listed_at: Micros,
}

/// A memory that was found.
pub(super) struct Memory {
    pub(super) list_id: String,
    pub(super) search_id: String,
    pub(super) content: String,
    pub(super) metadata: Map<String, Value>,
    pub(super) created_at: Micros,
}

/// `add_memories`.
pub(super) fn add(
    connection: &mut Connection,
    caller: Caller<'_>,
    text: &str,
    tags: &[&str],
    priority: bool,
) -> rusqlite::Result<String> {
    #[derive(Serialize)]
    struct Added<'a> {
        status: &'static str,
        message: &'static str,
        memory_id: &'a str,
        content_preview: String,
        tags: &'a [String],
        priority: bool,
        processing_time: String,
    }
    let start = Instant::now();
    let text = text.trim();
    if text.is_empty() {
        return Ok(refusal("add_memories", "Memory content cannot be empty"));
    }
    if caller.app.paused {
        return Ok(refusal("add_memories", &format!("App {} is paused", caller.app_name)));
    }
    let (content, tags) = (cut(text), clean(tags));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let count = count(&transaction, caller.person)?;
    if count >= MAX_MEMORIES {
        let error = format!("Memory limit reached. You have {count}/{MAX_MEMORIES} memories.");
        return Ok(refusal("add_memories", &error));
    }
    let search_id = insert(&transaction, NewMemory::plain(caller, &content, &tags, priority))?;
    transaction.commit()?;
    Ok(dumps(&Added {
        status: "success",
        message: "Memory added successfully",
        memory_id: &search_id,
        content_preview: preview(&content, PREVIEW),
        tags: &tags,
        priority,
        processing_time: format!("{:.2}s", times::seconds_since(start)),
    }))
}

/// Keeps each text that is not there yet, as far as the person's app and number of memories allow.
pub(super) fn remember(
    connection: &mut Connection,
    caller: Caller<'_>,
    texts: &[&str],
) -> rusqlite::Result<()> {
    if caller.app.paused || texts.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for text in texts {
        let content = cut(text);
        let known = transaction
            .prepare_cached("SELECT 1 FROM memories WHERE person = ?1 AND content = ?2")?
            .exists((caller.person.0, &content))?;
        if !known && count(&transaction, caller.person)? < MAX_MEMORIES {
            insert(&transaction, NewMemory::plain(caller, &content, &[], false))?;
        }
    }
    transaction.commit()
}

/// `list_memories`: newest first.
pub(super) fn list(connection: &Connection, caller: Caller<'_>, limit: usize) -> rusqlite::Result<String> {
    #[derive(Serialize)]
    struct Listed {
        id: String,
        content: String,
        created_at: String,
        categories: [&'static str; 0],
        metadata: Map<String, Value>,
    }
    let memories: Vec<_> = newest(connection, caller, limit)?
        .into_iter()
        .map(|mut memory| {
            // Summaries of documents do not name theirs (upstream-api.md 9.3).
            if !memory.metadata.contains_key("type") {
                memory.metadata.insert("mem0_id".to_owned(), Value::from(memory.search_id));
            }
            Listed {
                id: memory.list_id,
                content: memory.content,
                created_at: times::without_offset(memory.created_at),
                categories: [],
                metadata: memory.metadata,
            }
        })
        .collect();
    Ok(if memories.is_empty() { nothing("No memories found") } else { dumps(&Page::of(memories, None)) })
}

/// `search_memory_v2`. Categories are always empty, and tags do not filter (upstream-api.md 9.5).
pub(super) fn search(
    connection: &Connection,
    caller: Caller<'_>,
    query: &str,
    limit: usize,
) -> rusqlite::Result<String> {
    #[derive(Serialize)]
    struct Match {
        id: String,
        content: String,
        score: f64,
        categories: [&'static str; 0],
        created_at: String,
        metadata: Map<String, Value>,
    }
    let memories: Vec<_> = find(connection, caller, query, limit)?
        .into_iter()
        .map(|(memory, score)| Match {
            id: memory.search_id,
            content: memory.content,
            score,
            categories: [],
            created_at: times::with_offset(memory.created_at),
            metadata: memory.metadata,
        })
        .collect();
    Ok(if memories.is_empty() {
        nothing(&format!("No memories found for query: '{query}'"))
    } else {
        dumps(&Page::of(memories, Some(query)))
    })
}

/// The memories that fit `query`, best first, with their scores.
pub(super) fn find(
    connection: &Connection,
    caller: Caller<'_>,
    query: &str,
    limit: usize,
) -> rusqlite::Result<Vec<(Memory, f64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT list_id, search_id, content, metadata, created_at FROM memories WHERE id = ?1",
    )?;
    let mut found = Vec::new();
    for hit in search::search(connection, Shelf::Memories, caller.person, query, caller.now)? {
        if found.len() == limit {
            break;
        }
        found.extend(
            statement.query_row([hit.row], Memory::read).optional()?.map(|memory| (memory, hit.score)),
        );
    }
    Ok(found)
}

/// The newest memories that are in the list.
pub(super) fn newest(
    connection: &Connection,
    caller: Caller<'_>,
    limit: usize,
) -> rusqlite::Result<Vec<Memory>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "SELECT list_id, search_id, content, metadata, created_at FROM memories
             WHERE person = :person AND (listed_at <= :now OR created_at > :now)
             ORDER BY created_at DESC, id DESC LIMIT :limit",
        )?
        .query_map(
            named_params! {":person": caller.person.0, ":now": caller.now, ":limit": limit},
            Memory::read,
        )?
        .collect()
}

/// How many memories a person has.
pub(super) fn count(connection: &Connection, person: PersonId) -> rusqlite::Result<usize> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM memories WHERE person = ?1")?
        .query_row([person.0], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Stores a memory and makes it searchable; gives its id in search.
pub(super) fn insert(connection: &Connection, memory: NewMemory<'_>) -> rusqlite::Result<String> {
    let search_id = random_uuid();
    let row: i64 = connection
        .prepare_cached(
            "INSERT INTO memories
                 (person, app, list_id, search_id, content, metadata, created_at, listed_at, searchable_at)
             VALUES
                 (:person, :app, :list_id, :search_id, :content, :metadata, :created, :listed, :searchable)
             RETURNING id",
        )?
        .query_row(
            named_params! {
                ":person": memory.person.0,
                ":app": memory.app,
                ":list_id": random_uuid(),
                ":search_id": search_id,
                ":content": memory.content,
                ":metadata": Value::Object(memory.metadata).to_string(),
                ":created": memory.created_at,
                ":listed": memory.listed_at,
                ":searchable": memory.listed_at.saturating_add(times::length(SEARCH_DELAY)),
            },
            |row| row.get(0),
        )?;
    connection
        .prepare_cached("INSERT INTO memory_words (rowid, words) VALUES (?1, ?2)")?
        .execute((row, words::indexed(memory.content)))?;
    Ok(search_id)
}

impl<'a> NewMemory<'a> {
    fn plain(caller: Caller<'_>, content: &'a str, tags: &[String], priority: bool) -> Self {
        let mut metadata = Map::new();
        metadata.insert("tags".to_owned(), json!(tags));
        metadata.insert("priority".to_owned(), json!(priority));
        Self {
            person: caller.person,
            app: caller.app.id,
            content,
            metadata,
            created_at: caller.now,
            listed_at: caller.now,
        }
    }
}

impl Memory {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let metadata: String = row.get(3)?;
        Ok(Self {
            list_id: row.get(0)?,
            search_id: row.get(1)?,
            content: row.get(2)?,
            metadata: serde_json::from_str(&metadata).unwrap_or_default(),
            created_at: row.get(4)?,
        })
    }
}

#[derive(Serialize)]
struct Page<'a, M> {
    status: &'static str,
    memories: Vec<M>,
    total_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
}

impl<'a, M> Page<'a, M> {
    /// `total_count` counts this reply, not the account (upstream-api.md 9.3).
    fn of(memories: Vec<M>, query: Option<&'a str>) -> Self {
        Self { status: "success", total_count: memories.len(), memories, query }
    }
}

fn nothing(message: &str) -> String {
    #[derive(Serialize)]
    struct Nothing<'a> {
        status: &'static str,
        message: &'a str,
        memories: [&'static str; 0],
        total_count: usize,
    }
    dumps(&Nothing { status: "success", message, memories: [], total_count: 0 })
}

/// Cut as the service cuts: three characters of the limit go to the dots (upstream-api.md 9.5).
fn cut(text: &str) -> String {
    if first(text, MAX_TEXT).len() == text.len() { text.to_owned() } else { preview(text, MAX_TEXT - 3) }
}

fn clean(tags: &[&str]) -> Vec<String> {
    tags.iter()
        .map(|tag| first(tag.trim(), MAX_TAG).to_lowercase())
        .filter(|tag| !tag.is_empty())
        .take(MAX_TAGS)
        .collect()
}
