//! The socket where there are Unix sockets.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;

use tokio::net::{UnixListener, UnixStream};

use super::ClaimError;
use crate::paths::{Paths, own_uid};

pub(super) type Stream = UnixStream;

pub(super) struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Only for who holds the lock: what has the socket's name now was left by a crash.
    pub(super) fn bind(paths: &Paths) -> Result<Self, ClaimError> {
        let path = paths.socket();
        let failed = |reason| ClaimError::Failed { path: path.clone(), reason };
        match path.symlink_metadata() {
            Ok(found) if found.file_type().is_socket() => std::fs::remove_file(&path).map_err(failed)?,
            Ok(_) => return Err(ClaimError::InTheWay { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        // Until the mode is set, the directory keeps others out.
        let socket = UnixListener::bind(&path).map_err(failed)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { socket, path })
    }

    /// The next program; `None` when it is not ours.
    pub(super) async fn accept(&self) -> io::Result<Option<Stream>> {
        let (stream, _) = self.socket.accept().await?;
        Ok(is_ours(&stream).then_some(stream))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // What cannot be removed is replaced by the next bridge.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the socket of a running bridge; `None` when somebody else serves it.
pub(super) async fn connect(paths: &Paths) -> io::Result<Option<Stream>> {
    let stream = UnixStream::connect(paths.socket()).await?;
    Ok(is_ours(&stream).then_some(stream))
}

/// Whether a failed [`connect`] means that nobody listens.
pub(super) fn nobody_listens(error: &io::Error) -> bool {
    // Refused: the socket is there, but its process is gone.
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// The process that opened the connection, where the system tells.
pub(super) fn peer_pid(stream: &Stream) -> Option<u32> {
    let pid = stream.peer_cred().ok()?.pid()?;
    // 0: it is in a container and has no number here.
    u32::try_from(pid).ok().filter(|pid| *pid > 0)
}

fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| is_same_user(peer.uid(), own_uid()))
}

/// Root is another user too: it needs no socket to read our memory, and whoever runs `sudo jean-bridge`
/// did not mean this bridge.
fn is_same_user(peer: u32, own: u32) -> bool {
    peer == own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_user_may_speak() {
        assert!(is_same_user(1000, 1000));
        assert!(!is_same_user(1001, 1000));
        assert!(!is_same_user(0, 1000), "root");
        assert!(!is_same_user(u32::MAX, 0), "a user from outside a container");
    }
}
