//! Removes everything from inside the app. The window that shows it needs the web view's folder, so that goes last, when
//! there is no window any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bridge_core::bridge::Bridge;
use bridge_core::clock::{Clock as _, SystemClock};
use bridge_core::connect::{Connector, Surroundings, command_line_beside};
use bridge_core::control::Failed;
use bridge_core::paths::Paths;
use bridge_core::process;
use bridge_core::reset::{Reset, ResetError};
use bridge_core::vault::Vault;
use bridge_core::view::{ResetOutcome, ResetPlan};
use tauri::async_runtime::block_on;
use tauri::{AppHandle, Manager as _};
use tokio::sync::Mutex;

use crate::aside::aside;
use crate::ending;
use crate::failure::Failure;
use crate::shell::Shell;

/// What the names of the web view's own processes begin with; Linux only.
const WEB_VIEW_PROCESSES: &str = "WebKit";

/// How far it has come.
#[derive(Default)]
pub(crate) struct Resetting {
    /// Held while things are removed.
    at_work: Mutex<()>,
    /// The bridge has ended for it, so the app has nothing more to do than to show what came of it.
    has_ended_bridge: AtomicBool,
    is_done: AtomicBool,
    /// The command line may remove it, as soon as this process has ended.
    is_done_by_another: AtomicBool,
}

impl Resetting {
    /// Whether the app goes with its last window.
    pub(crate) fn has_ended_bridge(&self) -> bool {
        self.has_ended_bridge.load(Ordering::Relaxed)
    }

    /// The command line asked for the end, and may be about to remove everything.
    pub(crate) fn leave_to_another(&self) {
        self.is_done_by_another.store(true, Ordering::Relaxed);
    }

    /// Waits for what is being removed, and then removes what the windows needed.
    pub(crate) fn finish(&self, paths: &Paths) {
        drop(block_on(self.at_work.lock()));
        let is_done = self.is_done.load(Ordering::Relaxed);
        if is_done || self.is_done_by_another.load(Ordering::Relaxed) {
            // They would write into their folder after this program has ended, and there is nothing left to write down.
            process::end_children(WEB_VIEW_PROCESSES);
        }
        if is_done {
            block_on(bridge_core::reset::remove_rest(paths));
        }
    }
}

/// The command line asks for the end: because a person wants it, or because it removes everything next.
pub(crate) fn quit_when_asked(app: AppHandle, bridge: Arc<Bridge>) {
    tauri::async_runtime::spawn(async move {
        bridge.asked_to_end().await;
        app.state::<Arc<Resetting>>().leave_to_another();
        ending::quit(&app);
    });
}

/// What there is to remove.
pub(crate) async fn plan(shell: &Shell, keeps_apps: bool) -> Result<ResetPlan, Failed> {
    let reset = reset(shell, keeps_apps);
    aside(move || block_on(reset.plan())).await
}

/// Removes it. When this fails before the bridge has ended, the app goes on as it was.
pub(crate) async fn remove(
    shell: &Shell,
    state: &Resetting,
    keeps_apps: bool,
) -> Result<ResetOutcome, Failed> {
    let _alone = state.at_work.lock().await;
    let reset = Arc::new(reset(shell, keeps_apps));
    let apps = reset.clone();
    let freed =
        aside(move || block_on(apps.free_apps(SystemClock.now()))).await?.map_err(|error| failed(&error))?;
    state.has_ended_bridge.store(true, Ordering::Relaxed);
    ending::end_bridge(&shell.bridge).await;
    let lock = reset.lock(None).await.map_err(|error| failed(&error))?;
    let removed = aside(move || block_on(reset.remove(lock, freed))).await?;
    let outcome = removed.map_err(|error| failed(&error))?;
    state.is_done.store(true, Ordering::Relaxed);
    Ok(outcome)
}

fn reset(shell: &Shell, keeps_apps: bool) -> Reset {
    let surroundings = Surroundings::of_process().filter(|_| !keeps_apps);
    let connector = surroundings.map(|surroundings| {
        // Where apps were told that it is; whether it still is there does not matter any more.
        let adapter = command_line_beside(shell.program.path());
        Connector::new(surroundings, &shell.paths.data_dir, &shell.bridge.url(), Some(adapter))
    });
    Reset::new(shell.paths.clone(), Vault::os(&shell.paths.keychain_service), connector, true).with_windows()
}

fn failed(error: &ResetError) -> Failed {
    tracing::warn!(%error, "not everything was removed");
    match error {
        ResetError::Apps(_) => Failure::ResetApps.into(),
        ResetError::Lock(_) => Failure::ResetLock.into(),
        ResetError::Keychain(trouble) => Failure::ResetKeychain(*trouble).into(),
    }
}
