//! Notifications: what a person should hear of while they look elsewhere. They name apps and nothing else: a
//! notification may be read by whoever stands behind the person, or on a locked screen.

mod message;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;

use bridge_core::bridge::Happening;
use bridge_core::ids::QuestionId;
use tauri::{AppHandle, Manager as _};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::shell::Shell;
use crate::windows::{consent, main};
use message::{Click, Message};

pub(crate) use message::Notice;

/// Follows what happens until the bridge ends. On the main thread.
pub(crate) fn start(app: &AppHandle, happenings: Receiver<Happening>) {
    system::start(app);
    tauri::async_runtime::spawn(follow(app.clone(), happenings));
}

/// Tells it, unless the person wants no notifications.
pub(crate) fn show(app: &AppHandle, notice: &Notice) {
    let shell = app.state::<Shell>();
    tracing::debug!(?notice, "a notification is due");
    if shell.bridge.settings().notifications {
        system::show(app, notice.message(&shell.words()));
    }
}

/// Takes back that a question waits; nothing happens if that was not told.
pub(crate) fn withdraw(app: &AppHandle, question: &QuestionId) {
    system::withdraw(app, Notice::waiting_tag(question));
}

/// Waits until the system has all that was told: what is told last ends with the app otherwise.
pub(crate) fn finish() {
    system::finish();
}

async fn follow(app: AppHandle, mut happenings: Receiver<Happening>) {
    loop {
        let notice = match happenings.recv().await {
            Ok(Happening::KeyRejected { account }) => Notice::NewKey(account.id),
            Ok(Happening::SignedOut { client_id, client_name }) => {
                Notice::SignedOut { client: client_id, app: client_name }
            }
            Ok(Happening::NewVersion { version }) => Notice::NewVersion { version },
            // So many at once that some were missed: what is left tells enough.
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        show(&app, &notice);
    }
}

/// Only Linux tells of clicks.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nobody tells of clicks there"))]
fn clicked(app: &AppHandle, click: Click) {
    match click {
        Click::Question(id) => {
            consent::show(app, &id);
        }
        Click::Main(place) => main::show(app, place),
    }
}
