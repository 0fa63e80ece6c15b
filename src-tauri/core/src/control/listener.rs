//! Claims the socket and serves it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

use super::peer::Peer;
use super::transport;
use crate::paths::{DirectoryError, Paths, private_dir};

/// At once; more wait until one ends. Below the 1024 files that a process may usually open.
const MAX_CONNECTIONS: usize = 256;
/// How long a program may take to ask on an open connection: one that asks nothing must not keep its place from others.
pub(crate) const IDLE: Duration = Duration::from_secs(30);
/// How long calls that are under way may take to end when the bridge does.
const GRACE: Duration = Duration::from_secs(2);
/// After a failed accept, which is mostly "too many open files": trying on at once would be a busy loop.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Why this program is not the bridge of these directories.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another one is.
    #[error("Jean Memory Bridge is already running")]
    AlreadyRunning,
    /// The socket's directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Something else has the socket's name.
    #[error("{} is in the way of the local socket; move it away", path.display())]
    InTheWay {
        /// What has the name.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{} cannot be used: {reason}", path.display())]
    Failed {
        /// The socket or the lock.
        path: PathBuf,
        /// What the system said.
        #[source]
        reason: io::Error,
    },
}

/// The claim to be the one bridge of these directories; ends when it is dropped, or with the process.
pub struct Listener {
    // Before the lock: the socket is gone when the next bridge may claim it.
    transport: transport::Listener,
    _lock: Lock,
}

/// The kernel's lock on these directories: while it is held, no bridge runs or starts there.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Lock {
    /// Takes it, if nobody has it.
    ///
    /// Of two programs that start at the same time one gets the kernel's lock. The lock file stays when
    /// the lock ends; removing it would let two programs lock two files of one name.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub fn take(paths: &Paths) -> Result<Self, ClaimError> {
        let path = paths.lock();
        let failed = |reason| ClaimError::Failed { path: path.clone(), reason };
        loop {
            private_dir(&paths.run_dir)?;
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            #[cfg(unix)]
            {
                use std::os::unix::fs::OpenOptionsExt as _;
                // What a link leads to would be locked over and over, because it never has this name.
                options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
            }
            let lock = options.open(&path).map_err(failed)?;
            lock.try_lock().map_err(|error| match error {
                TryLockError::WouldBlock => ClaimError::AlreadyRunning,
                TryLockError::Error(reason) => failed(reason),
            })?;
            // Whoever removed everything took the file away before it was locked: the next one to come has another.
            if has_name(&lock, &path).map_err(failed)? {
                return Ok(Self(lock));
            }
        }
    }
}

/// Whether this is still the file of that name.
#[cfg(unix)]
fn has_name(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let own = file.metadata()?;
    match path.symlink_metadata() {
        Ok(named) => Ok((named.dev(), named.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Windows keeps the name of a file that somebody has open.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
fn has_name(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

impl Listener {
    /// Takes the lock, then puts a fresh socket in the place of whatever a crash left.
    ///
    /// Needs a tokio runtime.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub fn claim(paths: &Paths) -> Result<Self, ClaimError> {
        let lock = Lock::take(paths)?;
        Ok(Self { transport: transport::Listener::bind(paths)?, _lock: lock })
    }

    /// Serves `app` to programs of the same user until `stop`; then lets running calls end.
    pub async fn serve(self, app: Router, stop: CancellationToken) {
        let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let next = async {
                let permit = Arc::clone(&free).acquire_owned().await;
                (permit, self.transport.accept().await)
            };
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                (permit, accepted) = next => match accepted {
                    Ok(Some(stream)) => {
                        connections.spawn(serve_one(stream, app.clone(), stop.clone(), permit));
                    }
                    Ok(None) => tracing::warn!("a program of another user was turned away from the local socket"),
                    Err(error) => {
                        tracing::error!(kind = ?error.kind(), "the local socket cannot accept");
                        tokio::time::sleep(AFTER_FAILURE).await;
                    }
                },
            }
        }
        // Nobody connects any more; who is connected is answered.
        drop(self);
        let _all_or_late = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    }
}

async fn serve_one<P>(stream: transport::Stream, app: Router, stop: CancellationToken, _permit: P) {
    let peer = Extension(Peer::new(transport::peer_pid(&stream)));
    let service = TowerToHyperService::new(peer.layer(app));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection of the local socket broke off");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_removed_or_replaced_has_its_name_no_more() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("bridge.lock");
        let file = File::create(&path).unwrap();
        assert!(has_name(&file, &path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(!has_name(&file, &path).unwrap());
        let _other = File::create(&path).unwrap();
        assert!(!has_name(&file, &path).unwrap());
    }
}
