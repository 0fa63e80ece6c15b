//! What survives a restart: clients, accounts (without keys), grants, digests of tokens, activity,
//! settings, in one SQLite file.
//!
//! One thread owns the connection and takes jobs in order, so that a read that decides and the write
//! that follows from it are one step, and no async thread ever waits for the disk. Every commit is on
//! the disk (`synchronous = FULL`) before its caller goes on: a refresh token that was answered is never
//! lost, whatever happens to the process (protocol.md 4.13).

mod access_tokens;
mod accounts;
mod activity;
mod at_rest;
mod calls;
mod clients;
mod error;
mod grant_rows;
mod grants;
mod health;
mod open;
mod refresh_tokens;
mod rows;
mod schema;
mod settings;
mod tool_switches;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::SystemTime;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

pub use access_tokens::AccessTokenRecord;
pub use accounts::AccountRecord;
pub use activity::{ActivityRecord, CountedCall};
pub use at_rest::{Kept, read_at_rest};
pub use calls::KeptCall;
pub use clients::{AuthMethod, ClientKind, ClientRecord};
pub use error::StoreError;
pub use grant_rows::GrantRecord;
pub use grants::{FirstUse, GrantUse, Whose};
pub use refresh_tokens::{IssuedRefresh, Nonce, RefreshChange, RefreshRecord, RefreshStanding};
pub use tool_switches::ToolSwitch;

use trouble::Trouble;

/// Rows that are forgotten in one job: what waits for the store meanwhile, such as a sign-in, waits for no more.
const SLICE: usize = 2000;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The database. Cheap to clone; the file is closed when the last clone is gone.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    set_aside: Option<PathBuf>,
    trouble: Arc<Trouble>,
}

impl Store {
    /// Opens the database in `data_dir`, makes it if there is none and brings its layout up to date,
    /// with a backup before each change of layout.
    ///
    /// A damaged file is renamed, never overwritten; [`Store::set_aside`] tells its new name.
    ///
    /// # Errors
    /// [`StoreError`] when the directory cannot be written, the disk is full, or the file was made by a
    /// newer version.
    pub fn open(data_dir: &Path, now: SystemTime) -> Result<Self, StoreError> {
        let (mut connection, set_aside) = open::open(data_dir, now)?;
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || {
                for job in queue {
                    job(&mut connection);
                }
            })
            .map_err(|_| StoreError::Failed)?;
        Ok(Self { jobs, set_aside, trouble: Arc::new(Trouble::of(data_dir)) })
    }

    /// Where the database of this directory is.
    #[must_use]
    pub fn file(data_dir: &Path) -> PathBuf {
        data_dir.join(open::FILE)
    }

    /// The damaged file that was found and set aside when the store was opened.
    #[must_use]
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Why the last write did not succeed; nothing once one does.
    #[must_use]
    pub fn trouble(&self) -> Option<StoreError> {
        self.trouble.last()
    }

    /// Follows [`Store::trouble`].
    #[must_use]
    pub fn troubles(&self) -> watch::Receiver<Option<StoreError>> {
        self.trouble.changes()
    }

    /// Runs `job` on the store's thread, after everything that was asked before it.
    async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let trouble = self.trouble.clone();
        let job: Job = Box::new(move |connection| {
            let before = connection.total_changes();
            let done = job(connection).map_err(|error| {
                // The code says what SQLite met; its text could hold what was asked.
                let code = error.sqlite_error().map(|error| error.extended_code);
                tracing::error!(code, "the database failed");
                StoreError::from(error)
            });
            match &done {
                Err(error) => trouble.note(*error),
                Ok(_) if connection.total_changes() > before => trouble.written(),
                Ok(_) => {}
            }
            // The caller may have gone; what was asked is done all the same.
            let _ = reply.send(done);
        });
        self.jobs.send(job).map_err(|_| StoreError::Failed)?;
        answer.await.map_err(|_| StoreError::Failed)?
    }

    /// Deletes what `condition`, about `?1`, selects of a table, a [`SLICE`] at a time.
    async fn forget(&self, table: &str, key: &str, condition: &str, value: i64) -> Result<usize, StoreError> {
        let sql = format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {SLICE})"
        );
        let mut forgotten = 0;
        loop {
            let sql = sql.clone();
            let slice = self.run(move |db| db.prepare_cached(&sql)?.execute([value])).await?;
            forgotten += slice;
            if slice < SLICE {
                return Ok(forgotten);
            }
        }
    }
}

#[cfg(test)]
mod tests;
