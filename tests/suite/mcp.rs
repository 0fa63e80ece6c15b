//! The MCP endpoint of the real program, with the upstream double as Jean Memory (protocol.md 6, 7;
//! upstream-api.md 13, 14).

mod access;
mod activity;
mod cancellation;
mod crowd;
mod drift;
mod eras;
mod failures;
mod key_clients;
mod keys;
mod limits;
mod messages;
mod outages;
mod pause;
mod progress;
mod relay;
mod revocation;
mod sessions;
mod store_failure;
mod switches;
mod world;
