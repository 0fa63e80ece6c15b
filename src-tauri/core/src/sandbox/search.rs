//! Full-text search: which rows share telling words with a question, best first.

use std::collections::HashMap;

use rusqlite::{Connection, named_params};

use super::person::PersonId;
use super::times::Micros;
use super::words;

/// What was written becomes visible a little later. When the clock has stepped back behind the writing, it is
/// visible: a wrong clock must not hide it for longer.
macro_rules! visible_memory {
    () => {
        "m.person = :person AND (m.searchable_at <= :now OR m.created_at > :now)"
    };
}

macro_rules! visible_document {
    () => {
        "d.person = :person AND (d.finished_at <= :now OR d.queued_at > :now)"
    };
}

/// How much of the score is how many of the words are there; the rest is SQLite's own ranking.
const COVERAGE: f64 = 0.8;

/// What can be searched.
#[derive(Clone, Copy)]
pub(super) enum Shelf {
    /// Memories, document summaries among them.
    Memories,
    /// Passages of documents.
    Passages,
}

/// A row that was found.
#[derive(Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) row: i64,
    /// Between 0 and 1; 1 has every word of the question and ranks first.
    pub(super) score: f64,
}

/// The rows of `person` that share words with `question`, best first, newest first among equals.
///
/// BM25 alone says nothing on a shelf with few rows, where a word that is in half of them weighs nothing. So each
/// word is searched for by itself: rarer words weigh more, the share of the weight that a row has is most of its
/// score, and BM25, which adds up word by word, decides among rows with the same words.
pub(super) fn search(
    connection: &Connection,
    shelf: Shelf,
    person: PersonId,
    question: &str,
    now: Micros,
) -> rusqlite::Result<Vec<Hit>> {
    let total: f64 = connection
        .prepare_cached(shelf.count())?
        .query_row(named_params! {":person": person.0, ":now": now}, |row| row.get(0))?;
    let mut statement = connection.prepare_cached(shelf.matching())?;
    let mut all_weight = 0.0;
    let mut found: HashMap<i64, Found> = HashMap::new();
    for term in words::terms(question) {
        let rows = statement
            .query_map(named_params! {":term": term, ":person": person.0, ":now": now}, |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let count = f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        let weight = (1.0 + total / count.max(0.5)).ln();
        all_weight += weight;
        for (row, bm25) in rows {
            let hit = found.entry(row).or_default();
            hit.weight += weight;
            // FTS5 gives better matches the lower number.
            hit.relevance -= bm25;
        }
    }
    let best = found.values().map(|hit| hit.relevance).fold(f64::MIN_POSITIVE, f64::max);
    let mut hits: Vec<_> = found
        .into_iter()
        .map(|(row, hit)| {
            let score = COVERAGE * hit.weight / all_weight + (1.0 - COVERAGE) * hit.relevance / best;
            Hit { row, score: (score * 10_000.0).round() / 10_000.0 }
        })
        .collect();
    hits.sort_by(|one, other| other.score.total_cmp(&one.score).then(other.row.cmp(&one.row)));
    Ok(hits)
}

#[derive(Default)]
struct Found {
    weight: f64,
    relevance: f64,
}

impl Shelf {
    fn count(self) -> &'static str {
        match self {
            Self::Memories => {
                concat!("SELECT CAST(count(*) AS REAL) FROM memories m WHERE ", visible_memory!())
            }
            Self::Passages => concat!(
                "SELECT CAST(count(*) AS REAL) FROM passages p JOIN documents d ON d.id = p.document WHERE ",
                visible_document!()
            ),
        }
    }

    fn matching(self) -> &'static str {
        match self {
            Self::Memories => concat!(
                "SELECT m.id, bm25(memory_words) FROM memory_words JOIN memories m ON m.id = memory_words.rowid ",
                "WHERE memory_words MATCH :term AND ",
                visible_memory!()
            ),
            Self::Passages => concat!(
                "SELECT p.id, bm25(passage_words) FROM passage_words JOIN passages p ON p.id = passage_words.rowid ",
                "JOIN documents d ON d.id = p.document WHERE passage_words MATCH :term AND ",
                visible_document!()
            ),
        }
    }
}
