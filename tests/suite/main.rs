//! Black-box suites against the real programs, the upstream double and real clients.

mod clients;
mod conformance;
mod double;
mod double_contract;
mod harness;
mod keychain;
