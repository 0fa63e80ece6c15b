//! What outlives the program: when it was asked, what the answer was, which version a person was told of. Without it
//! every start would ask, and tell, anew.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::release::Release;
use crate::clock::{from_unix_seconds, unix_seconds};
use crate::store::{Store, StoreError};

/// Its row among the settings; none of theirs has that name.
const ROW: &str = "updates";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// When a question left, or would have left.
    pub(super) asked_at: Option<SystemTime>,
    /// When an answer was understood.
    pub(super) answered_at: Option<SystemTime>,
    /// What it said.
    pub(super) latest: Option<Release>,
    /// The last that a person was told of.
    pub(super) told: Option<Release>,
}

/// As it is written.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Row {
    asked_at: Option<i64>,
    answered_at: Option<i64>,
    latest: Option<String>,
    told: Option<String>,
}

impl Kept {
    /// What is damaged, or of another version, is as if it had never been.
    pub(super) fn of(rows: &[(String, String)]) -> Self {
        let row = rows.iter().find(|(name, _)| name == ROW);
        let row: Row = row.and_then(|(_, value)| serde_json::from_str(value).ok()).unwrap_or_default();
        let release = |text: Option<String>| Release::parse(&text?);
        Self {
            asked_at: row.asked_at.map(from_unix_seconds),
            answered_at: row.answered_at.map(from_unix_seconds),
            latest: release(row.latest),
            told: release(row.told),
        }
    }

    pub(super) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let text = |release: &Option<Release>| release.as_ref().map(Release::to_string);
        let row = Row {
            asked_at: self.asked_at.map(unix_seconds),
            answered_at: self.answered_at.map(unix_seconds),
            latest: text(&self.latest),
            told: text(&self.told),
        };
        let value = serde_json::to_string(&row).map_err(|_| StoreError::Failed)?;
        store.save_setting(ROW.to_owned(), value).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[tokio::test]
    async fn everything_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept {
            asked_at: Some(from_unix_seconds(1_800_000_000)),
            answered_at: Some(from_unix_seconds(1_700_000_000)),
            latest: Release::parse("0.3.0"),
            told: Release::parse("0.2.0"),
        };
        let store = Store::open(dir.path(), UNIX_EPOCH).unwrap();
        assert_eq!(Kept::of(&store.settings().await.unwrap()), Kept::default());
        kept.write(&store).await.unwrap();
        drop(store);
        let store = Store::open(dir.path(), UNIX_EPOCH).unwrap();
        assert_eq!(Kept::of(&store.settings().await.unwrap()), kept);
    }

    #[test]
    fn what_is_damaged_is_as_if_it_had_never_been() {
        for value in ["", "{", "[]", "1", r#"{"asked_at":"now"}"#, r#"{"latest":"<b>","told":"x"}"#] {
            assert_eq!(Kept::of(&[(ROW.to_owned(), value.to_owned())]), Kept::default(), "{value}");
        }
    }
}
