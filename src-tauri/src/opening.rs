//! When the main window opens by itself: at the first start, when there is no tray to open it from, and when the app
//! is launched a second time.

use std::time::Duration;

use tauri::{AppHandle, Manager as _};

use crate::shell::Shell;
use crate::windows::main;
use crate::windows::place::Place;

/// A panel that starts, or starts again, takes icons after a moment.
const TIME_FOR_A_PANEL: Duration = Duration::from_secs(2);
/// At login the panel may come long after us.
const TIME_FOR_A_PANEL_AT_LOGIN: Duration = Duration::from_secs(20);

/// Follows what may open it until the app ends.
pub(crate) fn start(app: &AppHandle, is_background: bool) {
    let is_first = !app.state::<Shell>().bridge.settings().welcomed;
    if is_first && !is_background {
        main::show(app, Place::Welcome);
    }
    tauri::async_runtime::spawn(when_wanted(app.clone()));
    let patience = if is_background { TIME_FOR_A_PANEL_AT_LOGIN } else { TIME_FOR_A_PANEL };
    tauri::async_runtime::spawn(without_tray(app.clone(), patience));
}

async fn when_wanted(app: AppHandle) {
    let mut wanted = app.state::<Shell>().bridge.window_wanted();
    // The bridge answers before there is a desktop: somebody who clicked twice has asked already.
    if *wanted.borrow() > 0 {
        wanted.mark_changed();
    }
    while wanted.changed().await.is_ok() {
        // It may have been a new version that was launched.
        app.state::<Shell>().wants_look.notify_one();
        main::show(&app, Place::Anywhere);
    }
}

/// Without a tray the window is the only way to anything; the page says so.
async fn without_tray(app: AppHandle, mut patience: Duration) {
    let shell = app.state::<Shell>();
    let mut has_tray = shell.has_tray.subscribe();
    let mut questions = shell.bridge.questions();
    loop {
        if has_tray.wait_for(|has_tray| !has_tray).await.is_err() {
            return;
        }
        let came = tokio::time::timeout(patience, has_tray.wait_for(|has_tray| *has_tray)).await.is_ok();
        patience = TIME_FOR_A_PANEL;
        if came {
            continue;
        }
        tracing::warn!("this desktop shows no tray icons");
        // Never before a person who is being asked something.
        if questions.wait_for(Vec::is_empty).await.is_err() {
            return;
        }
        if !main::is_open(&app) {
            main::show(&app, Place::Anywhere);
        }
        if has_tray.wait_for(|has_tray| *has_tray).await.is_err() {
            return;
        }
    }
}
