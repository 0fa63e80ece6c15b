//! HTTP on loopback: the door, the routes, and how rules stand on the wire. Handlers parse, ask, answer.

mod app;
mod authorize;
mod cors;
mod door;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
pub mod mcp;
mod oauth_reply;
mod pages;
mod register;
mod revoke;
mod router;
pub(crate) mod serve;
mod status;
mod token;
mod unread;
pub(crate) mod v2;
mod well_known;
mod whole_body;

pub use app::App;
pub use router::router;
