//! A stand-in of the Jean Memory API for one computer, so that everything works without an account and offline.
//!
//! It answers the routes the bridge uses with the tools, the shapes and the odd corners of the real service
//! (upstream-api.md 13.1, column a), keeps what it is told in a SQLite file of its own, and finds it again by
//! full-text search: there is no AI model behind it, and its answers say so. It never listens anywhere; the
//! bridge calls its router in process. It fails closed where the real service fails open (upstream-api.md 5.2),
//! and it knows no CORS.

mod answers;
mod apps;
mod arguments;
mod caller;
mod catalogue;
mod database;
mod documents;
mod http;
mod jean;
mod memories;
mod passages;
mod person;
mod python;
mod remember;
mod reply;
mod rpc;
mod search;
#[cfg(test)]
mod testing;
mod times;
mod tools;
mod validation;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use rusqlite::Connection;
use serde_json::{Map, Value};

pub use self::database::SandboxError;
use self::person::{LocalPerson, PersonId};
use self::times::Micros;
use crate::api_key::ApiKey;
use crate::clock::Clock;
use crate::ids::UserId;

/// The tools as `tools/list` of the stand-in shows them.
#[must_use]
pub fn listed_tools() -> Vec<Map<String, Value>> {
    catalogue::listed()
}

/// The stand-in. Cheap to clone; all clones share one file.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

/// What every request needs.
struct Shared {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    person: LocalPerson,
    /// Empty until the file exists: whoever never tries the sandbox never gets one.
    connection: Mutex<Option<Connection>>,
}

impl Sandbox {
    /// Opens the sandbox kept at `path`, or gets ready to make it there at the first request.
    ///
    /// # Errors
    /// When there is a file that cannot be used. It is left as it is.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, SandboxError> {
        let (person, connection) = match database::open(path)? {
            Some((connection, person)) => (person, Some(connection)),
            None => (LocalPerson::random(), None),
        };
        Ok(Self(Arc::new(Shared {
            path: path.to_owned(),
            clock,
            person,
            connection: Mutex::new(connection),
        })))
    }

    /// The key of the one person who lives here.
    #[must_use]
    pub fn key(&self) -> ApiKey {
        self.0.person.key.clone()
    }

    /// That person's user id.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.0.person.user_id.clone()
    }

    /// The routes of the service, to be called in process.
    pub fn router(&self) -> Router {
        http::router(Arc::clone(&self.0))
    }

    /// Pauses an app, as the person can in the dashboard of the real service; its writes are refused until it
    /// goes on (upstream-api.md 7).
    ///
    /// # Errors
    /// When the file cannot be used.
    pub async fn pause_app(&self, name: &str, paused: bool) -> Result<(), SandboxError> {
        let shared = Arc::clone(&self.0);
        let name = name.to_owned();
        tokio::task::spawn_blocking(move || {
            let person = shared.local_person()?;
            shared.with(|connection| apps::set_paused(connection, person, &name, paused))
        })
        .await
        .map_err(|_| SandboxError::Interrupted)?
    }
}

impl Shared {
    /// Lends the connection to `work`, making the file first where there is none. Blocks.
    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, SandboxError> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match slot.take() {
            Some(connection) => connection,
            None => database::create(&self.path, &self.person)?,
        };
        work(slot.insert(connection)).map_err(SandboxError::from)
    }

    /// Whose key this is, if anyone's.
    fn person_with(&self, key: &ApiKey) -> Result<Option<PersonId>, SandboxError> {
        self.with(|connection| person::find(connection, key))
    }

    fn local_person(&self) -> Result<PersonId, SandboxError> {
        self.person_with(&self.person.key)?.ok_or(SandboxError::Foreign)
    }

    fn now(&self) -> Micros {
        times::micros(self.clock.now())
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sandbox(…)")
    }
}

#[cfg(test)]
mod tests;
