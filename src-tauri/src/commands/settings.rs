//! What a person sets: in the database, in the configuration, at the desktop.

use std::sync::atomic::Ordering;

use bridge_core::config::{self, ConfigError, process_environment};
use bridge_core::control::{Failed, failed};
use bridge_core::view::{SettingChange, Settings};
use tauri::{AppHandle, State};

use super::Answer;
use crate::failure::Failure;
use crate::shell::Shell;
use crate::start_at_login;
use crate::windows::place::Place;
use crate::windows::{self, main};

/// They win over the file, so what is written there would change nothing.
pub(super) const PORT_VARIABLE: &str = "JEAN_BRIDGE_PORT";
const ACTIVITY_DAYS_VARIABLE: &str = "JEAN_BRIDGE_ACTIVITY_DAYS";

/// Changes one; the screen follows at once.
#[tauri::command]
pub(crate) async fn settings_change(
    app: AppHandle,
    shell: State<'_, Shell>,
    change: SettingChange,
) -> Answer<Settings> {
    let settings = shell.bridge.change_setting(change.clone()).await.map_err(failed)?;
    match change {
        SettingChange::Language(language) => {
            shell.speak(language.as_deref());
            main::renew(&app, Place::Settings);
        }
        SettingChange::Appearance(appearance) => windows::set_appearance(&app, appearance),
        SettingChange::Paused(_)
        | SettingChange::Notifications(_)
        | SettingChange::Welcomed(_)
        | SettingChange::UpdateCheck(_) => {}
    }
    Ok(settings)
}

/// Whether the app starts with the desktop; answers with how it really is then.
#[tauri::command]
pub(crate) async fn settings_start_at_login(shell: State<'_, Shell>, on: bool) -> Answer<bool> {
    start_at_login::set(on)?;
    shell.note_change();
    Ok(start_at_login::is_on().unwrap_or(false))
}

/// Writes the port for the next start.
#[tauri::command]
pub(crate) async fn settings_port(shell: State<'_, Shell>, port: u16) -> Answer<()> {
    unless_set_by(PORT_VARIABLE)?;
    config::write_port(&shell.paths, port).map_err(|error| unwritten(&error))?;
    shell.next_port.store(port, Ordering::Relaxed);
    shell.note_change();
    Ok(())
}

/// Writes how long activity is kept, for the next start.
#[tauri::command]
pub(crate) async fn settings_activity_days(shell: State<'_, Shell>, days: u32) -> Answer<()> {
    unless_set_by(ACTIVITY_DAYS_VARIABLE)?;
    config::write_activity_days(&shell.paths, days).map_err(|error| unwritten(&error))?;
    shell.next_activity_days.store(days, Ordering::Relaxed);
    shell.note_change();
    Ok(())
}

pub(super) fn unless_set_by(variable: &'static str) -> Answer<()> {
    if process_environment(variable).is_none_or(|value| value.is_empty()) {
        return Ok(());
    }
    Err(Failure::SetByEnvironment(variable).into())
}

pub(super) fn unwritten(error: &ConfigError) -> Failed {
    tracing::warn!(%error, "the configuration was not written");
    Failure::ConfigNotWritten { reason: error.to_string() }.into()
}
