//! What the app looks at now and then, because nobody tells it: the files of the apps that are connected, and its own.

use std::time::Duration;

use tauri::{AppHandle, Manager as _};
use tokio::time::timeout;

use crate::shell::Shell;
use crate::{connecting, program_fate};

/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_secs(30);

/// Looks until the app ends.
pub(crate) fn start(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let mut fate = program_fate::Fate::default();
        let mut is_time = true;
        loop {
            program_fate::look(&app, &mut fate, is_time);
            connecting::look(&app).await;
            // Whichever comes first.
            is_time = timeout(BETWEEN_LOOKS, app.state::<Shell>().wants_look.notified()).await.is_err();
        }
    });
}
