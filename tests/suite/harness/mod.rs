//! What the suites share: starting programs, asking over HTTP, waiting for conditions.

#[cfg(target_os = "linux")]
pub mod keychain;
