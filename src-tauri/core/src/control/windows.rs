//! The socket where there are named pipes.

use std::io;

use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{GenericNamespaced, ListenerOptions, tokio};
use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use widestring::{U16CStr, u16cstr};

use super::ClaimError;
use crate::paths::Paths;

/// Nobody over the network; on this computer the owner, who is the user that runs the bridge, and, as
/// the list is protected, nobody else.
const OWNER_ONLY: &U16CStr = u16cstr!("D:P(D;;GA;;;NU)(A;;GA;;;OW)");

pub(super) type Stream = tokio::Stream;

pub(super) struct Listener {
    pipe: tokio::Listener,
}

impl Listener {
    /// The pipe's first instance: fails when another process has a pipe of this name.
    pub(super) fn bind(paths: &Paths) -> Result<Self, ClaimError> {
        let create = || {
            ListenerOptions::new()
                .name(paths.pipe_name().to_ns_name::<GenericNamespaced>()?)
                .security_descriptor(SecurityDescriptor::deserialize(OWNER_ONLY)?)
                .create_tokio()
        };
        let failed = |reason| ClaimError::Failed { path: paths.pipe_name().into(), reason };
        Ok(Self { pipe: create().map_err(failed)? })
    }

    /// The next program; the system has turned away those of other users.
    pub(super) async fn accept(&self) -> io::Result<Option<Stream>> {
        self.pipe.accept().await.map(Some)
    }
}

/// The process that opened the pipe, where the system tells.
pub(super) fn peer_pid(stream: &Stream) -> Option<u32> {
    stream.peer_creds().ok()?.pid()
}

/// Opens the pipe of a running bridge.
pub(super) async fn connect(paths: &Paths) -> io::Result<Option<Stream>> {
    let name = paths.pipe_name();
    Stream::connect(name.to_ns_name::<GenericNamespaced>()?).await.map(Some)
}

/// Whether a failed [`connect`] means that nobody listens.
pub(super) fn nobody_listens(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
