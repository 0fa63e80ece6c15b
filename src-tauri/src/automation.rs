//! A web view that is driven by a program is for tests: whoever drives it can press Allow.

/// Set by whoever wants to drive the windows; Tauri reads it in every build.
const VARIABLE: &str = "TAURI_WEBVIEW_AUTOMATION";

/// The windows would do what a program says.
#[derive(Debug, thiserror::Error)]
#[error(
    "{VARIABLE} is set, so another program could press Allow in the windows of this app; \
     unset it and start again"
)]
pub(crate) struct Automated;

/// Refuses to start when the windows could be driven by a program. Debug builds are what the tests drive.
pub(crate) fn refuse() -> Result<(), Automated> {
    if !cfg!(debug_assertions) && std::env::var_os(VARIABLE).is_some() { Err(Automated) } else { Ok(()) }
}
