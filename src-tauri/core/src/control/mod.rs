//! The local socket: HTTP for programs of the same user (design.md 4).
//!
//! The command line, the app's second instance and the stdio adapter reach a running bridge here, never
//! over TCP: the socket says who is at its other end, and no web page can open it. It is the
//! single-instance lock as well: a kernel lock lies beside it, which ends with the process that holds it,
//! however that ended.

mod adapter;
pub mod adapter_wire;
mod client;
mod ended;
mod failure;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod listener;
mod peer;
mod routes;
#[cfg(test)]
mod tests;
#[cfg(unix)]
#[path = "unix.rs"]
mod transport;
#[cfg(windows)]
#[path = "windows.rs"]
mod transport;
mod wire;

pub use client::{Client, ClientError, Connection, Unanswered};
pub use ended::ended;
pub use failure::{Failure, failed};
pub(crate) use listener::IDLE;
pub use listener::{ClaimError, Listener, Lock};
pub use routes::router;
pub use wire::{Account, Approve, ErrorBody, Failed, HOST, WireKey};
