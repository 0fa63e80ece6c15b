//! Taking the port, on loopback only (protocol.md 9.1).

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::StartError;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 256;

/// Listens on `127.0.0.1:port` and, where this computer has it, on `[::1]` with the same port, so that no
/// other program answers for `localhost` (protocol.md 9.7).
pub(super) fn listen(port: u16) -> Result<(SocketAddr, Vec<TcpListener>), StartError> {
    let told = |reason: io::Error, port| {
        if reason.kind() == ErrorKind::AddrInUse {
            StartError::PortInUse { port }
        } else {
            StartError::Listen { port, reason }
        }
    };
    let v4 = bind((Ipv4Addr::LOCALHOST, port).into()).map_err(|reason| told(reason, port))?;
    let address = v4.local_addr().map_err(|reason| told(reason, port))?;
    let mut listeners = vec![v4];
    match bind((Ipv6Addr::LOCALHOST, address.port()).into()) {
        Ok(v6) => listeners.push(v6),
        Err(reason) if reason.kind() == ErrorKind::AddrInUse => return Err(told(reason, address.port())),
        Err(_) => tracing::debug!("this computer has no IPv6 loopback"),
    }
    Ok((address, listeners))
}

/// Whether [`listen`] would succeed now.
pub(crate) fn can_listen(port: u16) -> Result<(), StartError> {
    listen(port).map(drop)
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // On Unix this only skips the wait after a restart; on Windows it would let another program listen on
    // the same port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
