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
    judge(cfg!(debug_assertions), std::env::var_os(VARIABLE).is_some())
}

fn judge(is_for_tests: bool, is_driven: bool) -> Result<(), Automated> {
    if is_driven && !is_for_tests { Err(Automated) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_build_is_not_driven_by_a_program() {
        assert!(judge(false, true).is_err());
        assert!(judge(false, false).is_ok());
        assert!(judge(true, true).is_ok(), "tests drive it");
    }
}
