//! What the suites share: starting programs, asking over HTTP, waiting for conditions.

#[cfg(target_os = "linux")]
pub(crate) mod desktop;
#[cfg(target_os = "linux")]
pub(crate) mod keychain;
#[cfg(target_os = "linux")]
pub(crate) mod panel;
pub(crate) mod programs;
