//! What the pages may ask of the app: one call each. Which page may ask what is in `../capabilities` and
//! `../permissions`.

#![expect(clippy::needless_pass_by_value, reason = "Tauri decides what a command takes")]

mod accounts;
mod activity;
mod app;
mod apps;
mod cannot_start;
mod connect;
mod consent;
mod diagnostics;
mod key;
mod overview;
mod reset;
mod settings;
mod updates;

use bridge_core::bridge::AnswerError;
use bridge_core::control::{Failed, failed};

use crate::failure::Failure;

/// Every command there is.
pub(crate) fn handler() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        consent::consent_question,
        consent::consent_allow,
        consent::consent_deny,
        consent::consent_deny_all,
        consent::consent_place_next,
        consent::consent_shown,
        consent::consent_resized,
        overview::overview,
        overview::overview_next,
        apps::apps_revoke,
        apps::apps_revoke_all,
        apps::apps_tools,
        apps::apps_switch_tool,
        accounts::accounts_add,
        accounts::accounts_add_sandbox,
        accounts::accounts_replace_key,
        accounts::accounts_rename,
        accounts::accounts_remove,
        activity::activity,
        activity::activity_calls,
        connect::connect_apps,
        connect::connect_preview,
        connect::connect_app,
        connect::disconnect_preview,
        connect::disconnect_app,
        connect::connect_open_link,
        connect::connect_save_extension,
        settings::settings_change,
        settings::settings_start_at_login,
        settings::settings_port,
        settings::settings_activity_days,
        updates::updates_check,
        updates::updates_open_page,
        diagnostics::diagnostics,
        diagnostics::diagnostics_report,
        diagnostics::diagnostics_save_report,
        diagnostics::doctor_examine,
        reset::reset_plan,
        reset::reset_remove,
        cannot_start::cannot_start,
        cannot_start::cannot_start_use_port,
        app::open_key_page,
        app::open_log_folder,
        app::show_request,
        app::main_shown,
        app::app_restart,
        app::app_quit,
    ]
}

/// A failure has a code for the page's words, and a sentence for when it has none.
type Answer<T> = Result<T, Failed>;

/// The paths themselves are what is not known.
fn no_directory() -> Failed {
    Failure::NoDirectory.into()
}

/// The question has ended meanwhile, or never was.
fn unknown_question() -> Failed {
    failed(AnswerError::UnknownQuestion)
}

/// A failure of the screen itself.
fn screen_failed(error: &tauri::Error) -> Failed {
    tracing::error!(%error, "the screen failed");
    Failure::Screen.into()
}
