//! What the pages may ask of the app: one call each. Which page may ask what is in `../capabilities` and
//! `../permissions`.

pub(crate) mod app;
pub(crate) mod consent;
mod key;

use bridge_core::control::Failed;

/// Every command there is.
pub(crate) fn handler() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        app::open_key_page,
        app::app_restart,
        app::app_quit,
        consent::consent_question,
        consent::consent_allow,
        consent::consent_deny,
        consent::consent_deny_all,
        consent::consent_place_next,
        consent::consent_shown,
        consent::consent_resized,
    ]
}

/// A failure has a code for the page's words, and a sentence for when it has none.
type Answer<T> = Result<T, Failed>;

/// A failure of the screen itself.
fn screen_failed(error: &tauri::Error) -> Failed {
    tracing::error!(%error, "the screen failed");
    Failed {
        code: "screen_failed".into(),
        message: "The window could not be used. Look into the log.".into(),
    }
}
