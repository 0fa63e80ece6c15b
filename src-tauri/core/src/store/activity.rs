//! What happened, for the person to look at: time, app, tool, duration, size, outcome; never arguments or
//! results (protocol.md 7.35).

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::params;

use super::rows::Word;
use super::{Store, StoreError};
use crate::ids::ClientId;
use crate::view::CallOutcome;

impl Word for CallOutcome {
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
    pub outcome: CallOutcome,
    /// How long it took.
    pub duration: Duration,
    /// Bytes of the arguments.
    pub request_bytes: u64,
    /// Bytes of the result.
    pub response_bytes: u64,
}

/// What is counted of a call.
#[derive(Clone, Copy, Debug)]
pub struct CountedCall<'a> {
    /// Who called.
    pub client_id: &'a str,
    /// Which tool.
    pub tool: &'a str,
    /// How it ended.
    pub outcome: CallOutcome,
    /// How long it took.
    pub duration_ms: u64,
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

    /// Hands every call that began in this stretch of time to `count`, and gives what came of it.
    ///
    /// One job of the store's thread: who counts a long time does it in stretches, so that a sign-in does not
    /// wait for all of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_activity<T: Send + 'static>(
        &self,
        time: Range<SystemTime>,
        mut counted: T,
        count: impl Fn(&mut T, CountedCall<'_>) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (from, to) = (since_epoch(time.start), since_epoch(time.end));
        self.run(move |db| {
            let mut read = db.prepare_cached(
                "SELECT client_id, tool, outcome, duration_ms FROM activity WHERE at >= ?1 AND at < ?2",
            )?;
            let mut rows = read.query([from, to])?;
            while let Some(row) = rows.next()? {
                let call = CountedCall {
                    client_id: row.get_ref(0)?.as_str()?,
                    tool: row.get_ref(1)?.as_str()?,
                    outcome: CallOutcome::from_word(row.get_ref(2)?.as_str()?)?,
                    duration_ms: row.get(3)?,
                };
                count(&mut counted, call);
            }
            Ok(counted)
        })
        .await
    }

    /// Forgets calls older than `age`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old_activity(&self, age: Duration, now: SystemTime) -> Result<usize, StoreError> {
        let before = since_epoch(now.checked_sub(age).unwrap_or(UNIX_EPOCH));
        self.forget("activity", "id", "at < ?1", before).await
    }
}
