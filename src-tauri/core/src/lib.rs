//! Jean Memory Bridge without a screen.

pub mod accounts;
pub mod api_key;
pub mod api_key_clients;
pub mod bridge;
pub mod clock;
pub mod config;
pub mod consent;
pub mod control;
pub mod fetch;
pub mod http;
pub mod ids;
pub mod logging;
pub mod mcp;
pub mod oauth;
pub mod origin;
pub mod paths;
pub mod port_holder;
pub mod sandbox;
pub mod scope;
pub mod secret;
pub mod store;
#[cfg(test)]
mod test_server;
mod tls;
mod unbroken;
pub mod upstream;
pub mod vault;
pub mod view;
