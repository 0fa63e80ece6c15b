//! What a person has set, as names and texts; what they mean is not the store's business.

use rusqlite::Connection;

use super::{Store, StoreError};

/// Names and texts.
pub(super) fn read_settings(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    db.prepare_cached("SELECT name, value FROM settings ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

impl Store {
    /// Every setting that was ever changed, and whatever else lives beside them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settings(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.run(|db| read_settings(db)).await
    }

    /// Keeps a setting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_setting(&self, name: String, value: String) -> Result<(), StoreError> {
        self.run(move |db| {
            db.prepare_cached(
                "INSERT INTO settings (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )?
            .execute([name, value])
            .map(drop)
        })
        .await
    }
}
