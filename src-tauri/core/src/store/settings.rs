//! Small facts by name, such as "paused".

use rusqlite::OptionalExtension as _;

use super::{Store, StoreError};

impl Store {
    /// The value of that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn setting(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.run(move |db| {
            db.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0)).optional()
        })
        .await
    }

    /// Sets the value of that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_setting(&self, name: &'static str, value: String) -> Result<(), StoreError> {
        self.run(move |db| {
            db.execute(
                "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                [name, &value],
            )
            .map(drop)
        })
        .await
    }
}
