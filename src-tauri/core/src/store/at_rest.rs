//! A look at the file while no bridge uses it, for whoever examines and does not work: it leaves no trace but, of
//! damage, the note that has the next start look into it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::accounts::read_accounts;
use super::schema::STEPS;
use super::settings::read_settings;
use super::{AccountRecord, StoreError, health, open};

/// What is of use to whoever examines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The accounts, oldest first.
    pub accounts: Vec<AccountRecord>,
    /// The settings, as names and texts.
    pub settings: Vec<(String, String)>,
}

/// Reads the whole database; none where there is no database yet.
///
/// # Errors
/// [`StoreError`].
pub fn read_at_rest(data_dir: &Path) -> Result<Option<Kept>, StoreError> {
    let file = data_dir.join(open::FILE);
    match file.metadata() {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(StoreError::ReadOnly),
    }
    let read = read(&file);
    if read == Err(StoreError::Damaged) {
        // Or the next start would not look so closely. Where this cannot be written, it may find out by itself.
        let _ = std::fs::write(open::suspicion(&file), []);
    }
    read
}

fn read(file: &Path) -> Result<Option<Kept>, StoreError> {
    let db = connect(file)?;
    let layout: usize = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout > STEPS.len() {
        return Err(StoreError::Newer);
    }
    for table in health::tables(&db)? {
        health::check_table(&db, &table)?;
    }
    // An older layout is brought up to date by the next start.
    if layout == 0 {
        return Ok(None);
    }
    Ok(Some(Kept { accounts: read_accounts(&db)?, settings: read_settings(&db)? }))
}

/// Without a log to read, the file is all there is, and nothing beside it need be made.
fn connect(file: &Path) -> Result<Connection, StoreError> {
    let has_log = open::log(file).metadata().is_ok_and(|log| log.len() > 0);
    let mut url = Url::from_file_path(file).map_err(|()| StoreError::Failed)?;
    url.set_query(Some(if has_log { "mode=ro" } else { "immutable=1" }));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(url.as_str(), flags)?)
}
