//! Opening the file: first start, change of layout, damage.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::StoreError;
use super::schema::STEPS;
use crate::clock::unix_seconds;

/// The database's name in the data directory.
pub(super) const FILE: &str = "bridge.db";
/// Bytes that a start needs at least: a log and its index.
const PROBE: usize = 64 * 1024;
/// Beside the database while there is reason to doubt it.
const SUSPICION: &str = "-suspect";
/// How long to wait for another process that has the file open, such as a backup program.
const BUSY: Duration = Duration::from_secs(5);
/// Memory for pages, in KiB; the working set is a few indexes.
const CACHE_KIB: i32 = 1024;

/// The connection, and where a damaged file went.
pub(super) fn open(data_dir: &Path, now: SystemTime) -> Result<(Connection, Option<PathBuf>), StoreError> {
    let file = data_dir.join(FILE);
    match connect(&file).and_then(|connection| clear_of_suspicion(connection, &file)) {
        Err(StoreError::Damaged) => {
            let aside = set_aside(&file, now)?;
            Ok((connect(&file)?, Some(aside)))
        }
        Err(StoreError::Failed) => Err(probe(data_dir)),
        connected => Ok((connected?, None)),
    }
}

/// SQLite calls it an I/O error when there is no room for the index of its log; a file of our own tells why.
fn probe(data_dir: &Path) -> StoreError {
    let file = data_dir.join("probe");
    let written = fs::write(&file, vec![0; PROBE]);
    let _ = fs::remove_file(&file);
    written.err().map_or(StoreError::Failed, |error| from_io(&error))
}

/// Where it is noted that damage was met while the database was open.
pub(super) fn suspicion(file: &Path) -> PathBuf {
    with_suffix(file, SUSPICION)
}

/// What was written and is not in the file yet.
pub(super) fn log(file: &Path) -> PathBuf {
    with_suffix(file, "-wal")
}

/// Reading the whole file takes too long for every start, so it is done where damage was met before.
fn clear_of_suspicion(connection: Connection, file: &Path) -> Result<Connection, StoreError> {
    if !suspicion(file).exists() {
        return Ok(connection);
    }
    let verdict: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Damaged);
    }
    fs::remove_file(suspicion(file)).map_err(|error| from_io(&error))?;
    Ok(connection)
}

fn connect(file: &Path) -> Result<Connection, StoreError> {
    make_private(file)?;
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    // Before anything that changes the file: a newer version finds its own as it was.
    if layout(&connection)? > STEPS.len() {
        return Err(StoreError::Newer);
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    bring_up_to_date(&mut connection, file)?;
    prove_writable(&mut connection)?;
    Ok(connection)
}

/// The file holds digests and habits: nobody else's business (protocol.md 9.8).
fn make_private(file: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop).map_err(|error| from_io(&error))
}

fn bring_up_to_date(connection: &mut Connection, file: &Path) -> Result<(), StoreError> {
    let layout = layout(connection)?;
    for (at, step) in STEPS.iter().enumerate().skip(layout) {
        // There is nothing to save of a database that is being made.
        if layout > 0 {
            back_up(connection, file, at)?;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", at + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn layout(connection: &Connection) -> Result<usize, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// A complete copy beside the file, named by its layout; an older copy of that layout is replaced.
fn back_up(connection: &Connection, file: &Path, layout: usize) -> Result<(), StoreError> {
    let copy = file.with_extension(format!("layout-{layout}.backup"));
    if copy.exists() {
        fs::remove_file(&copy).map_err(|error| from_io(&error))?;
    }
    // SQLite fills an empty file, and would make one that others may read.
    make_private(&copy)?;
    connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    Ok(())
}

/// A full disk or a read-only directory is said at the start, not at the first sign-in.
fn prove_writable(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    transaction.execute(
        "INSERT INTO settings (name, value) VALUES ('opened', '') ON CONFLICT DO UPDATE SET value = value || ''",
        [],
    )?;
    Ok(transaction.commit()?)
}

/// Renames a damaged database with what belongs to it.
fn set_aside(file: &Path, now: SystemTime) -> Result<PathBuf, StoreError> {
    let aside = file.with_extension(format!("damaged-{}", unix_seconds(now)));
    for part in ["", "-wal", "-shm", SUSPICION] {
        let from = with_suffix(file, part);
        if from.exists() {
            fs::rename(from, with_suffix(&aside, part)).map_err(|error| from_io(&error))?;
        }
    }
    Ok(aside)
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn from_io(error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind as Kind;
    if matches!(error.kind(), Kind::StorageFull | Kind::QuotaExceeded) {
        StoreError::Full
    } else if matches!(error.kind(), Kind::PermissionDenied | Kind::ReadOnlyFilesystem | Kind::NotFound) {
        StoreError::ReadOnly
    } else {
        StoreError::Failed
    }
}
