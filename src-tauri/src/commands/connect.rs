//! Connecting the AI apps of this computer. Every app is named by an id that the core knows; files, commands and
//! addresses come from there, never from a page.

use std::path::PathBuf;

use bridge_core::connect::{App, find};
use bridge_core::control::Failed;
use bridge_core::view::{ConnectSteps, ConnectTrouble, ConnectView};
use serde::Serialize;
use tauri::{AppHandle, State};

use super::Answer;
use crate::connecting;
use crate::failure::Failure;
use crate::links;
use crate::shell::Shell;

/// What was not done, and why: as the core has it, or a failure of another kind.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum NotDone {
    Trouble(Box<ConnectTrouble>),
    Failed(Failed),
}

impl From<Failed> for NotDone {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// Every app that is known, installed or not.
#[tauri::command]
pub(crate) async fn connect_apps(shell: State<'_, Shell>) -> Answer<Vec<ConnectView>> {
    connecting::apps(&shell).await
}

/// What connecting would do.
#[tauri::command]
pub(crate) async fn connect_preview(
    shell: State<'_, Shell>,
    id: String,
    replace: bool,
) -> Result<ConnectSteps, NotDone> {
    let app = known(&id)?;
    done(connecting::preview_connect(&shell, app, replace).await?)
}

/// Connects; replaces an entry that somebody else made only if that is wanted.
#[tauri::command]
pub(crate) async fn connect_app(app: AppHandle, id: String, replace: bool) -> Result<ConnectSteps, NotDone> {
    done(connecting::connect(&app, known(&id)?, replace).await?)
}

/// What disconnecting would do.
#[tauri::command]
pub(crate) async fn disconnect_preview(shell: State<'_, Shell>, id: String) -> Result<ConnectSteps, NotDone> {
    done(connecting::preview_disconnect(&shell, known(&id)?).await?)
}

/// Takes the entry out again, and brings back what it had replaced.
#[tauri::command]
pub(crate) async fn disconnect_app(app: AppHandle, id: String) -> Result<ConnectSteps, NotDone> {
    done(connecting::disconnect(&app, known(&id)?).await?)
}

/// Opens the app's own link, which has it ask the person.
#[tauri::command]
pub(crate) async fn connect_open_link(shell: State<'_, Shell>, id: String) -> Answer<()> {
    let app = connecting::app(&shell, known(&id)?).await?;
    links::open_app(app.link.as_deref().ok_or(Failure::UnknownApp)?)
}

/// Saves the app's extension among the downloads and shows it; tells where it is.
#[tauri::command]
pub(crate) async fn connect_save_extension(app: AppHandle, id: String) -> Result<PathBuf, NotDone> {
    Ok(connecting::save_extension(&app, known(&id)?).await?)
}

fn known(id: &str) -> Answer<&'static App> {
    find(id).filter(|app| app.id == id).ok_or_else(|| Failure::UnknownApp.into())
}

fn done(outcome: connecting::Outcome) -> Result<ConnectSteps, NotDone> {
    outcome.map_err(|error| NotDone::Trouble(Box::new(ConnectTrouble::from(&error))))
}
