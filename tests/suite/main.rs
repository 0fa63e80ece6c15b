//! Black-box suites against the real programs, the upstream double and real clients.

#[cfg(target_os = "linux")]
mod adapter_clients;
#[cfg(target_os = "linux")]
mod app;
mod architecture;
#[cfg(target_os = "linux")]
mod attacks;
#[cfg(target_os = "linux")]
mod clients;
mod command_line;
#[cfg(target_os = "linux")]
mod conformance;
#[cfg(target_os = "linux")]
mod connect;
mod doctor;
mod documents;
mod double;
mod double_contract;
#[cfg(target_os = "linux")]
mod extension;
#[cfg(target_os = "linux")]
mod faults;
mod harness;
#[cfg(target_os = "linux")]
mod journeys;
mod keychain;
mod mcp;
#[cfg(target_os = "linux")]
mod migration;
mod oauth;
#[cfg(target_os = "linux")]
mod packages;
#[cfg(target_os = "linux")]
mod pages;
mod rules;
#[cfg(target_os = "linux")]
mod stdio;
mod system;
#[cfg(target_os = "linux")]
mod updates;
mod words;
mod workflows;
