//! What the suites share: starting programs, asking over HTTP, waiting for conditions.

pub(crate) mod bridge;
#[cfg(target_os = "linux")]
pub(crate) mod desktop;
pub(crate) mod http;
#[cfg(target_os = "linux")]
pub(crate) mod keychain;
pub(crate) mod mcp;
#[cfg(target_os = "linux")]
pub(crate) mod node;
pub(crate) mod oauth;
#[cfg(target_os = "linux")]
pub(crate) mod panel;
pub(crate) mod programs;
pub(crate) mod serving;
#[cfg(target_os = "linux")]
pub(crate) mod terminal;
