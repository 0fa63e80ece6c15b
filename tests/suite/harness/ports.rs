//! Ports that stay a test's own.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// A port that a program has to be told, at which it will listen again, or at which nobody is to listen. It is below those
/// that systems give to whoever asks for any, so that nobody else gets it, and given out once.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const PORTS: std::ops::Range<u16> = 20_000..32_000;
    // Two runs of the tests at once begin at different places, and runs that began together far apart.
    let place = std::process::id().wrapping_mul(1009) % u32::from(PORTS.end - PORTS.start);
    let first = u16::try_from(place).expect("a small number");
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + first.wrapping_add(step) % (PORTS.end - PORTS.start);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
