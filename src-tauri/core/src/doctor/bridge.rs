//! Whether a bridge runs and answers; if not, what is in its place.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use super::{Doctor, blocking};
use crate::control::ClientError;
use crate::paths::Paths;
use crate::view::{BridgeFinding, Check, State, StatusView, Subject};

/// A bridge that starts or ends has the lock and no socket for a moment.
const MOMENTS: usize = 20;
const MOMENT: Duration = Duration::from_millis(100);

/// Who is behind the socket.
pub(super) enum Reached {
    /// The bridge.
    Answers(StatusView),
    /// A bridge, or somebody, that gives no answer of use.
    Silent(BridgeFinding),
    /// Nobody.
    Nobody(BridgeFinding),
}

impl Doctor {
    pub(super) async fn bridge(&self) -> Vec<Check> {
        let findings = match self.reached().await {
            Reached::Answers(status) => {
                let running = BridgeFinding::Running { pid: status.pid, url: status.url.clone() };
                let paused = (status.state == State::Paused).then_some(BridgeFinding::Paused);
                [running].into_iter().chain(paused).collect()
            }
            Reached::Silent(finding) | Reached::Nobody(finding) => vec![finding.clone()],
        };
        findings.into_iter().map(|finding| Check::new(Subject::Bridge, finding)).collect()
    }

    pub(super) async fn reached(&self) -> &Reached {
        self.reached.get_or_init(|| self.reach()).await
    }

    async fn reach(&self) -> Reached {
        let file = self.paths.socket();
        let mut failed = None;
        for _ in 0..MOMENTS {
            let error = match self.client.status().await {
                Ok(status) => return Reached::Answers(status),
                Err(error) => error,
            };
            match error {
                ClientError::NotRunning | ClientError::Lost => {}
                ClientError::Foreign => return Reached::Silent(BridgeFinding::SocketForeign { file }),
                ClientError::Unusable(reason) => {
                    return Reached::Silent(BridgeFinding::SocketUnusable {
                        file,
                        reason: reason.to_string(),
                    });
                }
                ClientError::TimedOut => return Reached::Silent(BridgeFinding::Hangs),
                ClientError::Garbled | ClientError::Refused { .. } => {
                    return Reached::Silent(BridgeFinding::NotUnderstood);
                }
            }
            let paths = self.paths.clone();
            match blocking(move || (is_locked(&paths), socket_state(&paths.socket()))).await {
                Some((true, SocketState::None)) => {
                    failed = Some(BridgeFinding::SocketGone { file: file.clone() });
                }
                Some((true, SocketState::Socket | SocketState::Other)) => failed = Some(BridgeFinding::Hangs),
                Some((false, SocketState::None)) | None => return Reached::Nobody(BridgeFinding::NotRunning),
                Some((false, SocketState::Socket)) => return Reached::Nobody(BridgeFinding::StaleSocket),
                Some((false, SocketState::Other)) => {
                    return Reached::Nobody(BridgeFinding::SocketInTheWay { file });
                }
            }
            sleep(MOMENT).await;
        }
        Reached::Silent(failed.unwrap_or(BridgeFinding::Hangs))
    }
}

#[cfg_attr(windows, expect(dead_code, reason = "a pipe leaves nothing behind"))]
enum SocketState {
    None,
    Socket,
    Other,
}

#[cfg(unix)]
fn socket_state(file: &Path) -> SocketState {
    use std::os::unix::fs::FileTypeExt;
    match file.symlink_metadata() {
        Ok(found) if found.file_type().is_socket() => SocketState::Socket,
        Ok(_) => SocketState::Other,
        Err(_) => SocketState::None,
    }
}

/// A pipe goes with its process.
#[cfg(windows)]
fn socket_state(_: &Path) -> SocketState {
    SocketState::None
}

/// Whether a bridge has the lock of these directories. It is taken for as long as this looks, and shared: a bridge
/// that starts in the same instant says that one runs already, and starts at the next attempt.
fn is_locked(paths: &Paths) -> bool {
    match File::open(paths.lock()) {
        Ok(lock) => matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(error) => error.kind() == ErrorKind::PermissionDenied,
    }
}
