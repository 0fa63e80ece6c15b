//! What happened, for the person to look at: time, app, tool, duration, size, outcome; never arguments or
//! results (protocol.md 7.35).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::params;

use super::rows::Word;
use super::{Store, StoreError};
use crate::ids::ClientId;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The tool answered.
    Ok,
    /// The tool, or Jean Memory, said no.
    Failed,
    /// The client, or the person, stopped it.
    Cancelled,
    /// It never went upstream: unknown tool, bad argument.
    Refused,
}

impl Word for Outcome {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Ok, "ok"),
        (Self::Failed, "failed"),
        (Self::Cancelled, "cancelled"),
        (Self::Refused, "refused"),
    ];
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRecord {
    /// When it began.
    pub at: SystemTime,
    /// Who called.
    pub client_id: ClientId,
    /// Which tool.
    pub tool: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// Bytes of the arguments.
    pub request_bytes: u64,
    /// Bytes of the result.
    pub response_bytes: u64,
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn since_epoch(time: SystemTime) -> i64 {
    millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

impl Store {
    /// Adds calls in one commit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_activity(&self, calls: Vec<ActivityRecord>) -> Result<(), StoreError> {
        self.run(move |db| {
            let transaction = db.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO activity (at, client_id, tool, outcome, duration_ms, request_bytes, response_bytes)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?;
                for call in &calls {
                    insert.execute(params![
                        since_epoch(call.at),
                        call.client_id.as_str(),
                        call.tool,
                        call.outcome.word(),
                        millis(call.duration),
                        i64::try_from(call.request_bytes).unwrap_or(i64::MAX),
                        i64::try_from(call.response_bytes).unwrap_or(i64::MAX),
                    ])?;
                }
            }
            transaction.commit()
        })
        .await
    }

    /// The newest calls, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recent_activity(&self, most: u32) -> Result<Vec<ActivityRecord>, StoreError> {
        self.run(move |db| {
            db.prepare_cached(
                "SELECT at, client_id, tool, outcome, duration_ms, request_bytes, response_bytes
                 FROM activity ORDER BY at DESC, id DESC LIMIT ?1",
            )?
            .query_map([most], |row| {
                Ok(ActivityRecord {
                    at: UNIX_EPOCH + Duration::from_millis(row.get(0)?),
                    client_id: ClientId::new(row.get::<_, String>(1)?),
                    tool: row.get(2)?,
                    outcome: Outcome::from_word(&row.get::<_, String>(3)?)?,
                    duration: Duration::from_millis(row.get(4)?),
                    request_bytes: row.get(5)?,
                    response_bytes: row.get(6)?,
                })
            })?
            .collect()
        })
        .await
    }

    /// Forgets calls older than `age`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_activity(&self, age: Duration, now: SystemTime) -> Result<usize, StoreError> {
        let before = since_epoch(now.checked_sub(age).unwrap_or(UNIX_EPOCH));
        self.run(move |db| db.execute("DELETE FROM activity WHERE at < ?1", [before])).await
    }
}
