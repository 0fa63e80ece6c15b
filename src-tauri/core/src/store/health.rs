//! Whether the file is whole, looked at while it is in use: a table at a time, so that nobody waits for all of it.

use rusqlite::{Connection, Error, ErrorCode, ffi};

use super::{Store, StoreError};

impl Store {
    /// Reads the whole database. Damage counts as met: the next start looks into it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check(&self) -> Result<(), StoreError> {
        for table in self.run(|db| tables(db)).await? {
            self.run(move |db| check_table(db, &table)).await?;
        }
        Ok(())
    }
}

/// Every table.
pub(super) fn tables(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    tables.query_map([], |row| row.get(0))?.collect()
}

/// A table and its indices.
pub(super) fn check_table(db: &Connection, table: &str) -> rusqlite::Result<()> {
    let mut is_whole = true;
    db.pragma(None, "quick_check", table, |row| {
        is_whole &= row.get::<_, String>(0)? == "ok";
        Ok(())
    })?;
    if is_whole { Ok(()) } else { Err(damaged()) }
}

/// As SQLite says it where it meets damage by itself.
fn damaged() -> Error {
    let code = ffi::Error { code: ErrorCode::DatabaseCorrupt, extended_code: ffi::SQLITE_CORRUPT };
    Error::SqliteFailure(code, None)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};
    use std::time::SystemTime;

    use tempfile::TempDir;

    use super::*;
    use crate::store::read_at_rest;

    const PAGE: u64 = 4096;

    /// A folder with a database of which an index is damaged.
    async fn damaged() -> TempDir {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), SystemTime::UNIX_EPOCH).unwrap();
        store.check().await.unwrap();
        drop(store);
        let file = Store::file(home.path());
        let page = {
            let db = Connection::open(&file).unwrap();
            db.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
            let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'grants_by_client'";
            db.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap()
        };
        assert_eq!(read_at_rest(home.path()).unwrap().map(|kept| kept.accounts), Some(vec![]));
        let mut bytes = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
        bytes.seek(SeekFrom::Start((page - 1) * PAGE)).unwrap();
        bytes.write_all(&[0xa5; 512]).unwrap();
        home
    }

    #[tokio::test]
    async fn damage_is_found_while_the_database_is_in_use() {
        let home = damaged().await;
        let store = Store::open(home.path(), SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(store.check().await, Err(StoreError::Damaged));
        assert_eq!(store.trouble(), Some(StoreError::Damaged));
    }

    #[tokio::test]
    async fn damage_that_is_found_at_rest_is_set_aside_by_the_next_start() {
        let home = damaged().await;
        assert_eq!(read_at_rest(home.path()), Err(StoreError::Damaged));
        let store = Store::open(home.path(), SystemTime::UNIX_EPOCH).unwrap();
        store.check().await.unwrap();
    }
}
