//! Calls one by one, newest first, with the name of who called.

use std::time::{Duration, UNIX_EPOCH};

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::rows::Word;
use super::{ActivityRecord, Store, StoreError};
use crate::ids::ClientId;
use crate::view::{CallFilter, CallOutcome};

/// [`CallOutcome::is_failure`], in the words of the index for it.
const FAILURES: &str = "outcome IN ('failed', 'refused')";

/// A call as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCall {
    /// Grows with time.
    pub id: i64,
    /// The call.
    pub call: ActivityRecord,
    /// The name its client had when it was last allowed; empty if it is not known any more.
    pub client_name: String,
}

impl Store {
    /// The newest calls that the filter lets through, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn calls(&self, filter: CallFilter, most: u32) -> Result<Vec<KeptCall>, StoreError> {
        self.run(move |db| {
            let (sql, values) = query(filter, most);
            db.prepare_cached(&sql)?.query_map(params_from_iter(values), from_row)?.collect()
        })
        .await
    }
}

/// The statement for a filter, with only the conditions that it has, so that each finds its index.
pub(super) fn query(filter: CallFilter, most: u32) -> (String, Vec<Value>) {
    // The plus keeps SQLite from the index of the tool, where that of the app leads to fewer calls: apps are many, tools few.
    let of_tool = if filter.client_id.is_some() { "+tool = ?" } else { "tool = ?" };
    let columns = [
        ("id < ?", filter.before.map(Value::Integer)),
        ("client_id = ?", filter.client_id.map(|id| Value::Text(id.as_str().to_owned()))),
        (of_tool, filter.tool.map(Value::Text)),
    ];
    let (mut conditions, mut values) = (vec!["TRUE"], Vec::new());
    for (condition, value) in columns {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    }
    if filter.failures_only {
        conditions.push(FAILURES);
    }
    let sql = format!(
        "SELECT id, at, client_id, tool, outcome, duration_ms, request_bytes, response_bytes,
                (SELECT client_name FROM grants WHERE grants.client_id = activity.client_id
                 ORDER BY created_at DESC LIMIT 1)
         FROM activity WHERE {} ORDER BY id DESC LIMIT {most}",
        conditions.join(" AND ")
    );
    (sql, values)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<KeptCall> {
    let call = ActivityRecord {
        at: UNIX_EPOCH + Duration::from_millis(row.get(1)?),
        client_id: ClientId::new(row.get::<_, String>(2)?),
        tool: row.get(3)?,
        outcome: CallOutcome::from_word(&row.get::<_, String>(4)?)?,
        duration: Duration::from_millis(row.get(5)?),
        request_bytes: row.get(6)?,
        response_bytes: row.get(7)?,
    };
    Ok(KeptCall { id: row.get(0)?, call, client_name: row.get::<_, Option<String>>(8)?.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_the_same_here_and_to_people() {
        for (outcome, word) in CallOutcome::WORDS {
            assert_eq!(FAILURES.contains(&format!("'{word}'")), outcome.is_failure(), "{word}");
        }
    }
}
