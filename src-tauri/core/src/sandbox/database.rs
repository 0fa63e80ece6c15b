//! The sandbox's own file: made with the person's rights only, opened as it is, never replaced.

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::person::{self, LocalPerson};

/// "JMSB": says in the file's header that it is a sandbox of this program.
const APPLICATION_ID: i32 = 0x4A4D_5342;
const SCHEMA: &str = include_str!("schema.sql");
const SCHEMA_VERSION: i32 = 1;
/// How long to wait for another process, such as a backup, to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the sandbox cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// SQLite cannot make sense of the file.
    #[error("the sandbox's file is damaged; it was left as it is")]
    Damaged,
    /// A database, but not one of a sandbox.
    #[error("the sandbox's file belongs to something else; it was left as it is")]
    Foreign,
    /// Written by a later version of this program.
    #[error("the sandbox's file was made by a newer version of this program")]
    TooNew,
    /// The folder or the file could not be reached or made.
    #[error("the sandbox's file could not be reached or made")]
    File(#[source] io::Error),
    /// The disk is full, the file is locked or not readable, …
    #[error("the sandbox's file could not be read or written")]
    Storage(#[source] rusqlite::Error),
    /// The program is ending.
    #[error("the sandbox was interrupted")]
    Interrupted,
}

impl From<rusqlite::Error> for SandboxError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged,
            Some(_) | None => Self::Storage(error),
        }
    }
}

/// The sandbox at `path` and who lives there; nothing where no sandbox was made yet.
pub(super) fn open(path: &Path) -> Result<Option<(Connection, LocalPerson)>, SandboxError> {
    if !path.try_exists().map_err(SandboxError::File)? {
        return Ok(None);
    }
    let connection = connect(path)?;
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let application = number("application_id")?;
    if application == 0 && is_blank(&connection)? {
        // The making of the file was cut short.
        return Ok(None);
    }
    if application != APPLICATION_ID {
        return Err(SandboxError::Foreign);
    }
    if number("user_version")? > SCHEMA_VERSION {
        return Err(SandboxError::TooNew);
    }
    let person = person::local(&connection)?.ok_or(SandboxError::Damaged)?;
    keep_private(path).map_err(SandboxError::File)?;
    settle(&connection)?;
    Ok(Some((connection, person)))
}

/// Makes the file with `person` in it, in one step that either happens or does not.
pub(super) fn create(path: &Path, person: &LocalPerson) -> Result<Connection, SandboxError> {
    touch(path).map_err(SandboxError::File)?;
    let mut connection = connect(path)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_blank(&transaction)? {
        return Err(SandboxError::Foreign);
    }
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    person::insert(&transaction, person)?;
    transaction.commit()?;
    settle(&connection)?;
    tracing::info!("made the sandbox");
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    // What a person asked to remember survives a power cut.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)
}

fn is_blank(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// An empty file that only this person may read; SQLite gives its log files the same rights.
fn touch(path: &Path) -> io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    }
    if let Some(parent) = path.parent() {
        folder.recursive(true).create(parent)?;
    }
    file.append(true).create(true).open(path)?;
    keep_private(path)
}

#[cfg(unix)]
fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn keep_private(_path: &Path) -> io::Result<()> {
    Ok(())
}
