//! Everything the main window shows at a glance, and its changes.

use std::sync::atomic::Ordering;

use bridge_core::control::failed;
use bridge_core::program_file::ProgramState;
use bridge_core::view::{
    AccountView, ClientView, NamedApp, Problem, RequestView, Settings, StatusView, UpdateView,
};
use serde::Serialize;
use tauri::State;

use super::Answer;
use crate::shell::{Shell, now};
use crate::start_at_login;

/// One picture of it all.
#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    /// Grows; `overview_next` waits until it is another.
    seen: u64,
    status: StatusView,
    problems: Vec<Problem>,
    /// That have thrown away their entry.
    lost_apps: Vec<NamedApp>,
    /// That lead to where the bridge was before.
    outdated_apps: Vec<NamedApp>,
    requests: Vec<RequestView>,
    clients: Vec<ClientView>,
    accounts: Vec<AccountView>,
    settings: Settings,
    /// What is known of newer versions.
    updates: UpdateView,
    /// None: this system does not tell.
    start_at_login: Option<bool>,
    has_tray: bool,
    /// The tray and the notifications are gone until a restart.
    has_lost_bus: bool,
    /// A new version is installed, and this one runs until somebody restarts it.
    is_replaced: bool,
    /// What the next start uses.
    configured_port: u16,
    /// How long activity is kept.
    activity_days: u32,
    /// What the next start uses.
    configured_activity_days: u32,
    /// RFC 3339: relative times of the page are counted from here.
    now: String,
}

/// As it is now.
#[tauri::command]
pub(crate) async fn overview(shell: State<'_, Shell>) -> Answer<Overview> {
    taken(&shell).await
}

/// As it is once it may be something else than was seen.
#[tauri::command]
pub(crate) async fn overview_next(shell: State<'_, Shell>, seen: u64) -> Answer<Overview> {
    let (mut of_bridge, mut of_screen) = (shell.bridge.changes(), shell.changes());
    while *of_bridge.borrow_and_update() + *of_screen.borrow_and_update() == seen {
        tokio::select! {
            changed = of_bridge.changed() => if changed.is_err() { break },
            changed = of_screen.changed() => if changed.is_err() { break },
        }
    }
    taken(&shell).await
}

async fn taken(shell: &Shell) -> Answer<Overview> {
    // Before the rest, so that what changes meanwhile is told the next time.
    let seen = *shell.bridge.changes().borrow() + *shell.changes().borrow();
    Ok(Overview {
        seen,
        status: shell.bridge.status().await,
        problems: shell.bridge.problems(),
        lost_apps: shell.connecting.lost(),
        outdated_apps: shell.connecting.outdated(),
        requests: shell.bridge.requests(),
        clients: shell.bridge.clients().await.map_err(failed)?,
        accounts: shell.bridge.accounts().await.map_err(failed)?,
        settings: shell.bridge.settings(),
        updates: shell.bridge.updates(),
        start_at_login: start_at_login::is_on(),
        has_tray: *shell.has_tray.borrow(),
        has_lost_bus: shell.has_lost_bus.load(Ordering::Relaxed),
        is_replaced: shell.program.state() == ProgramState::Replaced,
        configured_port: shell.next_port.load(Ordering::Relaxed),
        activity_days: shell.activity_days,
        configured_activity_days: shell.next_activity_days.load(Ordering::Relaxed),
        now: now(),
    })
}
