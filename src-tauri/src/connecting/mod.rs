//! Connects the AI apps, and notices when one has lost its connection.

pub(crate) mod kept;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use bridge_core::clock::{Clock as _, SystemClock};
use bridge_core::connect::{
    App, ConnectError, Connector, EXTENSION_SUFFIX, Noticed, Surroundings, adapter_beside, is_adapter,
};
use bridge_core::control::Failed;
use bridge_core::view::{ConnectSteps, ConnectView};
use tauri::async_runtime::block_on;
use tauri::{AppHandle, Manager as _};

use crate::aside::aside;
use crate::failure::Failure;
use crate::notify::{self, Notice};
use crate::shell::Shell;
use crate::{downloads, links};

/// The name of the file that Claude Desktop installs, without its suffix.
const EXTENSION: &str = "jean-memory";

/// How an action ended.
pub(crate) type Outcome = Result<ConnectSteps, ConnectError>;

/// Every app that is known.
pub(crate) async fn apps(shell: &Shell) -> Result<Vec<ConnectView>, Failed> {
    let connector = connector(shell).await?;
    let apps = aside(move || connector.apps()).await?;
    // Somebody looks: a loss that is seen in the cards is one for the banner, too.
    shell.wants_look.notify_one();
    Ok(apps)
}

/// One of them.
pub(crate) async fn app(shell: &Shell, app: &'static App) -> Result<ConnectView, Failed> {
    let connector = connector(shell).await?;
    aside(move || connector.app(app)).await
}

/// What connecting would do.
pub(crate) async fn preview_connect(
    shell: &Shell,
    app: &'static App,
    replace: bool,
) -> Result<Outcome, Failed> {
    let connector = connector(shell).await?;
    aside(move || connector.preview_connect(app, replace)).await
}

/// What disconnecting would do.
pub(crate) async fn preview_disconnect(shell: &Shell, app: &'static App) -> Result<Outcome, Failed> {
    let connector = connector(shell).await?;
    aside(move || connector.preview_disconnect(app)).await
}

/// Connects.
pub(crate) async fn connect(handle: &AppHandle, app: &'static App, replace: bool) -> Result<Outcome, Failed> {
    let shell = handle.state::<Shell>();
    let connector = connector(&shell).await?;
    let work = async move { connector.connect(app, replace, SystemClock.now()).await };
    let mut losses = shell.connecting.losses.lock().await;
    let outcome = aside(move || block_on(work)).await?;
    if outcome.is_ok() {
        losses.connected(app, SystemClock.now());
    }
    drop(losses);
    look(handle).await;
    Ok(outcome)
}

/// Disconnects.
pub(crate) async fn disconnect(handle: &AppHandle, app: &'static App) -> Result<Outcome, Failed> {
    let shell = handle.state::<Shell>();
    let connector = connector(&shell).await?;
    let work = async move { connector.disconnect(app, SystemClock.now()).await };
    let losses = shell.connecting.losses.lock().await;
    let outcome = aside(move || block_on(work)).await?;
    drop(losses);
    look(handle).await;
    Ok(outcome)
}

/// Saves the extension of the app where the person finds it, and shows it.
pub(crate) async fn save_extension(handle: &AppHandle, app: &'static App) -> Result<PathBuf, Failed> {
    let connector = connector(&handle.state::<Shell>()).await?;
    let folder = downloads::folder().or_else(|| handle.path().home_dir().ok()).ok_or(Failure::NoHome)?;
    let saved = aside(move || {
        if !connector.app(app).extension {
            return Err("it is not for this app".to_owned());
        }
        let bytes = connector.extension().map_err(|error| error.to_string())?;
        downloads::keep(&folder, EXTENSION, EXTENSION_SUFFIX, &bytes).map_err(|error| error.to_string())
    });
    let file = saved.await?.map_err(|reason| {
        tracing::error!(reason, "the extension was not saved");
        Failure::ExtensionNotSaved { reason }
    })?;
    // That nothing opens it here is no failure: the person is told where it is.
    let _ = links::show_extension(&file);
    Ok(file)
}

/// Looks once, and tells what nobody has been told of. Files that are as they were are not read.
pub(crate) async fn look(handle: &AppHandle) {
    let shell = handle.state::<Shell>();
    let Ok(connector) = connector(&shell).await else { return };
    let mut losses = shell.connecting.losses.clone().lock_owned().await;
    let looking = connector.clone();
    let looked = aside(move || {
        let noticed = losses.look(&looking, SystemClock.now());
        (losses, noticed)
    });
    let Ok((mut losses, mut noticed)) = looked.await else { return };
    let is_ending = || shell.is_ending.load(Ordering::SeqCst);
    if is_ending() {
        return;
    }
    // What is to be shown after the app was told to end may not be shown any more: it is told after the next start.
    if tell(handle, &mut noticed) && !is_ending() {
        let noting = aside(move || {
            block_on(losses.told(&connector));
            losses
        });
        let Ok(noted) = noting.await else { return };
        losses = noted;
    }
    let mut known = shell.connecting.noticed.write().unwrap_or_else(PoisonError::into_inner);
    if *known != noticed {
        *known = noticed;
        shell.note_change();
    }
    // Not earlier: what another look has seen since would be taken for older than this.
    drop(losses);
}

/// Tells what nobody has been told of, if there is anything.
fn tell(handle: &AppHandle, noticed: &mut Noticed) -> bool {
    let untold = std::mem::take(&mut noticed.untold);
    let has_news = noticed.is_move_untold || !untold.is_empty();
    for app in untold {
        tracing::info!(app = app.id, "an app has thrown away its entry for the bridge");
        notify::show(handle, &Notice::LostConnection { id: app.id, app: app.name });
    }
    if std::mem::take(&mut noticed.is_move_untold) {
        tracing::info!(apps = noticed.outdated.len(), "apps have an address that the bridge had earlier");
        notify::show(handle, &Notice::OldAddress);
    }
    has_news
}

async fn connector(shell: &Shell) -> Result<Arc<Connector>, Failed> {
    let made = shell.connecting.connector.get_or_try_init(|| async {
        let surroundings = Surroundings::of_process().ok_or(Failure::NoHome)?;
        let bridge = shell.bridge.url();
        Ok(Arc::new(Connector::new(surroundings, &shell.paths.data_dir, &bridge, adapter(shell).await)))
    });
    made.await.cloned()
}

/// The command line beside this program, if it is an adapter that apps may remember.
pub(crate) async fn adapter(shell: &Shell) -> Option<PathBuf> {
    let find = async || {
        let adapter = adapter_beside(shell.program.path())?;
        is_adapter(&adapter).await.then_some(adapter)
    };
    shell.connecting.adapter.get_or_init(find).await.clone()
}
