//! Asks the person: one consent window at a time, the oldest question first.
//!
//! The window of a question goes when the question does, however it ended: answered here, at a terminal, out of
//! time. A window that goes before its question refuses it, whoever closed it.

mod queue;

use std::time::Instant;

use bridge_core::ids::QuestionId;
use tauri::{AppHandle, Manager as _};

pub(crate) use queue::{Place, Queue};

use crate::shell::Shell;
use crate::windows::consent;

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
        }
        if shown.is_none()
            && let Some(request) = waiting.first()
        {
            shown = Some(request.id.clone());
            if let Err(error) = consent::open(app, request) {
                // The question waits on; it can be answered with the command line.
                tracing::error!(%error, question = %request.id, "the consent window cannot be opened");
            }
        }
        if questions.changed().await.is_err() {
            return;
        }
    }
}

/// Refuses what the window was about, if it still waits: the window is gone, so nobody can allow it any more.
pub(crate) fn refuse(app: &AppHandle, id: &QuestionId) {
    if app.state::<Shell>().bridge.deny(id).is_ok() {
        tracing::info!(question = %id, "closing the window refused the question");
    }
}
