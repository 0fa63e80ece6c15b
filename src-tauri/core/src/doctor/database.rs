//! What it means that the database can be read, or cannot.

use std::path::Path;

use crate::store::StoreError;
use crate::view::KeepingFinding;

/// Of the database `file`.
pub(crate) fn finding(error: StoreError, file: &Path) -> KeepingFinding {
    let file = file.to_owned();
    match error {
        StoreError::Full => KeepingFinding::DatabaseFull,
        StoreError::ReadOnly => KeepingFinding::DatabaseReadOnly { file },
        StoreError::Damaged => KeepingFinding::DatabaseDamaged { file },
        StoreError::Newer => KeepingFinding::DatabaseNewer { file },
        StoreError::Failed => KeepingFinding::DatabaseFailed { file },
    }
}
