//! The double itself behaves as upstream-api.md says, so that what is tested with it means something.

mod auth;
mod caller;
mod documents;
mod faults;
mod fixtures;
mod memories;
mod record;
mod routes;
mod rpc;
mod tools;
mod wire;
