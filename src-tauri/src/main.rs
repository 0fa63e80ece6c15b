//! The tray app: a shell around `bridge-core`. It shows and passes on; every rule is in the core.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod aside;
mod asking;
mod automation;
mod commands;
mod connecting;
mod desktop;
mod display;
mod downloads;
mod ending;
mod failure;
mod launch;
mod links;
mod looking;
mod names;
mod notify;
mod opening;
mod program_fate;
mod queue;
mod resetting;
mod shell;
mod start_at_login;
mod tray;
mod windows;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use bridge_core::process_limits;

use crate::arguments::Wish;
use crate::ending::Signals;
use crate::launch::Launch;

fn main() -> ExitCode {
    match Wish::of(std::env::args_os().skip(1)) {
        Wish::Run => {}
        Wish::Read(text) => {
            // A pipe that is closed has read enough.
            let _ = std::io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Wish::Unknown(words) => {
            say(&words);
            return ExitCode::from(arguments::USAGE);
        }
    }
    match run() {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// What costs nothing comes first, then the socket and the port, so that the first answer to an app does not wait
/// for the desktop's libraries; then the desktop.
fn run() -> anyhow::Result<ExitCode> {
    process_limits::keep_memory_private();
    process_limits::allow_many_files();
    automation::refuse()?;
    display::require_announced()?;
    display::draw_plainly();
    // Before the bridge: whoever ends the app from now on ends it in good order.
    let signals = Signals::listen().context("signals cannot be received")?;
    match launch::claim() {
        Launch::Started(started) => desktop::run(*started, signals).map(|()| ExitCode::SUCCESS),
        Launch::AnotherRuns => Ok(ExitCode::SUCCESS),
        Launch::Failed(reason) => {
            say(&reason.message);
            desktop::say_why(*reason, signals).map(|()| ExitCode::FAILURE)
        }
    }
}

/// Nobody may be reading: a launcher often closes stderr, and that is no reason to panic.
fn say(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "jean-memory-bridge: {sentence}");
}
