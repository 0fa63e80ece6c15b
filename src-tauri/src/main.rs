//! The tray app: a shell around `bridge-core`. It shows and passes on; every rule is in the core.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod desktop;
mod display;
mod signals;
mod tray;

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let ended = display::require().map_err(anyhow::Error::from).and_then(|()| desktop::run());
    let Err(error) = ended else { return ExitCode::SUCCESS };
    // Nobody may be reading: a launcher often closes stderr, and that is no reason to panic.
    let _ = writeln!(std::io::stderr(), "jean-memory-bridge: {error:#}");
    ExitCode::FAILURE
}
