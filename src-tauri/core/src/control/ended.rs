//! Waiting for a bridge to end.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{ClaimError, Lock};
use crate::paths::Paths;
use crate::process::Processes;

/// How long a bridge that was asked to end may take, and the process around it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits until the bridge of these directories, which was asked to end, has ended; no other begins as long as the lock is
/// held. Its process, if there is another, ends after the bridge in it, and may write until then.
///
/// # Errors
/// [`ClaimError`]: it did not end in time, or the lock cannot be had.
pub async fn ended(paths: &Paths, process: Option<u32>) -> Result<Lock, ClaimError> {
    let deadline = Instant::now() + PATIENCE;
    let lock = loop {
        match Lock::take(paths) {
            Err(ClaimError::AlreadyRunning) if Instant::now() < deadline => sleep(PAUSE).await,
            taken => break taken?,
        }
    };
    let processes = Processes::default();
    while process.is_some_and(|pid| processes.is_there(pid)) && Instant::now() < deadline {
        sleep(PAUSE).await;
    }
    Ok(lock)
}
