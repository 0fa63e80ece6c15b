//! Apps: where data came from, one per client name, each of which the person can pause (upstream-api.md 7).

use rusqlite::{Connection, OptionalExtension};

use super::person::PersonId;

/// Under which app documents are filed, whoever sends them (upstream-api.md 7).
pub(super) const DOCUMENTS: &str = "document_storage";
/// What a sender without a name is called (upstream-api.md 4).
pub(super) const UNNAMED: &str = "default_agent_app";

/// A row of `apps`.
#[derive(Clone, Copy)]
pub(super) struct App {
    pub(super) id: i64,
    pub(super) paused: bool,
}

/// The app of this name, made at its first use.
pub(super) fn find_or_make(connection: &Connection, person: PersonId, name: &str) -> rusqlite::Result<App> {
    if let Some(app) = find(connection, person, name)? {
        return Ok(app);
    }
    connection.execute("INSERT INTO apps (person, name) VALUES (?1, ?2)", (person.0, name))?;
    Ok(App { id: connection.last_insert_rowid(), paused: false })
}

pub(super) fn set_paused(
    connection: &Connection,
    person: PersonId,
    name: &str,
    paused: bool,
) -> rusqlite::Result<()> {
    let app = find_or_make(connection, person, name)?;
    connection.execute("UPDATE apps SET paused = ?1 WHERE id = ?2", (paused, app.id))?;
    Ok(())
}

fn find(connection: &Connection, person: PersonId, name: &str) -> rusqlite::Result<Option<App>> {
    connection
        .prepare_cached("SELECT id, paused FROM apps WHERE person = ?1 AND name = ?2")?
        .query_row((person.0, name), |row| Ok(App { id: row.get(0)?, paused: row.get(1)? }))
        .optional()
}
