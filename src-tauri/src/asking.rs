//! Asks the person: one consent window at a time, the oldest question first.
//!
//! The window of a question goes when the question does, however it ended: answered here, at a terminal, out of
//! time. A window that goes before its question refuses it, whoever closed it.

use std::time::{Duration, Instant};

use bridge_core::ids::QuestionId;
use bridge_core::view::RequestView;
use tauri::{AppHandle, Manager as _};

use crate::notify::{self, Notice};
use crate::shell::Shell;
use crate::windows::consent;

/// How long the window alone may ask; then a notification does too, if nobody has it before them.
const TIME_TO_NOTICE: Duration = Duration::from_secs(6);

/// Follows the questions until the bridge ends.
pub(crate) fn start(app: AppHandle) {
    tauri::async_runtime::spawn(async move { follow(&app).await });
}

async fn follow(app: &AppHandle) {
    let shell = app.state::<Shell>();
    let mut questions = shell.bridge.questions();
    let mut shown: Option<QuestionId> = None;
    loop {
        let waiting = questions.borrow_and_update().clone();
        let ids = waiting.iter().map(|one| one.id.clone()).collect();
        shell.queue.send_modify(|queue| queue.update(ids, Instant::now()));
        if let Some(id) = shown.take_if(|id| waiting.iter().all(|one| one.id != *id)) {
            consent::close(app, &id);
            notify::withdraw(app, &id);
        }
        if shown.is_none()
            && let Some(request) = waiting.first()
        {
            shown = Some(request.id.clone());
            if let Err(error) = open(app, request) {
                // The question waits on; it can be answered with the command line.
                tracing::error!(%error, question = %request.id, "the consent window cannot be opened");
                let (app_name, code) = (request.client_name.clone(), request.code.clone());
                notify::show(app, &Notice::CannotAsk { app: app_name, code });
            } else {
                tauri::async_runtime::spawn(remind(app.clone(), request.clone()));
            }
        }
        if questions.changed().await.is_err() {
            return;
        }
    }
}

/// A window may come up behind others, on a screen that nobody looks at, or be left for something else. Told once.
async fn remind(app: AppHandle, request: RequestView) {
    let waits = || app.state::<Shell>().bridge.requests().iter().any(|one| one.id == request.id);
    loop {
        tokio::time::sleep(TIME_TO_NOTICE).await;
        if !waits() {
            return;
        }
        if !consent::is_seen(&app, &request.id) {
            return notify::show(&app, &Notice::Waiting { question: request.id, app: request.client_name });
        }
    }
}

fn open(app: &AppHandle, request: &RequestView) -> tauri::Result<()> {
    let (asked, id) = (app.clone(), request.id.clone());
    consent::open(app, request, move || refuse(&asked, &id))
}

/// Refuses what the window was about, if it still waits: the window is gone, so nobody can allow it any more.
fn refuse(app: &AppHandle, id: &QuestionId) {
    if app.state::<Shell>().bridge.abandon(id) {
        tracing::info!(question = %id, "closing the window refused the question");
    }
}
