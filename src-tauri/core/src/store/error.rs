//! Why the store could not do what was asked.

use rusqlite::ErrorCode;

/// Causes, as far as a person can do something about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room left on the disk.
    #[error("the disk is full")]
    Full,
    /// The file or its directory may not be written.
    #[error("the data directory cannot be written")]
    ReadOnly,
    /// The file is not a database any more.
    #[error("the database is damaged")]
    Damaged,
    /// The file was made by a newer version of this program.
    #[error("the database was made by a newer version of this program")]
    Newer,
    /// Anything else, such as an I/O fault.
    #[error("the database could not be used")]
    Failed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(_) | None => Self::Failed,
        }
    }
}
