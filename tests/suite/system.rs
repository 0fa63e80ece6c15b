//! The whole bridge as a process: how it starts, what it survives, what it leaves behind, how it ends.

#[cfg(target_os = "linux")]
mod container;
mod crash;
mod damage;
pub(crate) mod dice;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod keychain;
#[cfg(target_os = "linux")]
mod leaks;
#[cfg(target_os = "linux")]
mod life;
#[cfg(target_os = "linux")]
pub(crate) mod mounts;
#[cfg(target_os = "linux")]
mod service;
#[cfg(target_os = "linux")]
mod start;

use std::time::Duration;

use crate::harness::http::PATIENCE;

/// Waits until `holds`.
#[track_caller]
pub(crate) fn until<F: Future<Output = bool>>(
    what: &str,
    mut holds: impl FnMut() -> F,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let waiting = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "not in time at {caller}: {what}");
    }
}
