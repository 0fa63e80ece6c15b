//! `serve`: a bridge without a desktop.

mod answer;
#[cfg(unix)]
mod orphans;
mod questions;
#[cfg(target_os = "linux")]
mod service_manager;

use std::io::{IsTerminal, stderr, stdin, stdout};
use std::sync::Arc;

use bridge_core::bridge::{Bridge, Front, StartError};
use bridge_core::config::{Config, process_environment};
use bridge_core::control::{ClaimError, Client};
#[cfg(unix)]
use bridge_core::hang_up;
use bridge_core::logging::{self, Sinks, log_file};
use bridge_core::paths::Paths;
use bridge_core::port_holder::{self, Holder};
use tracing::level_filters::LevelFilter;

use crate::failure::Failure;
use crate::terminal::{Terminal, is_in_foreground};

/// Runs until a signal comes, or somebody asks for its end.
pub(crate) async fn run(paths: &Paths, port: Option<u16>) -> Result<(), Failure> {
    // Before anything that takes time, so that a signal always ends it cleanly.
    let mut signals = Signals::listen().map_err(Failure::sentence)?;
    #[cfg(unix)]
    orphans::bury();
    let mut config = Config::load(paths, &process_environment).map_err(Failure::sentence)?;
    config.port = port.unwrap_or(config.port);
    let start = begin(config, paths);
    let bridge = tokio::select! {
        bridge = start => bridge?,
        () = signals.next() => return Ok(()),
    };

    tracing::info!(address = %bridge.address(), version = env!("CARGO_PKG_VERSION"), "the bridge listens");
    let terminal = Terminal::open();
    let is_answered_here = stdin().is_terminal() && stdout().is_terminal() && is_in_foreground();
    terminal.say(&greeting(&bridge, paths, is_answered_here));
    #[cfg(target_os = "linux")]
    service_manager::tell_ready(&bridge.url());
    tokio::select! {
        () = questions::follow(&bridge, terminal) => {}
        () = bridge.asked_to_end() => {}
        () = signals.next() => {}
    }
    tracing::info!("the bridge ends");
    #[cfg(target_os = "linux")]
    service_manager::tell_stopping();
    tokio::select! {
        () = bridge.shutdown() => {}
        // Asked twice: what is left to do is not worth waiting for.
        () = signals.next() => {}
    }
    Ok(())
}

async fn begin(config: Config, paths: &Paths) -> Result<Arc<Bridge>, Failure> {
    paths.create().map_err(Failure::sentence)?;
    // On a terminal only what needs attention; elsewhere stderr is what `docker logs` and journald show.
    let least = if stderr().is_terminal() { LevelFilter::WARN } else { LevelFilter::TRACE };
    let sinks = Sinks { stderr: least, log_dir: Some(paths.log_dir.clone()) };
    logging::start(&config.log, &sinks).map_err(Failure::sentence)?;
    match Bridge::start(config, paths, Front::Terminal).await {
        Ok(bridge) => Ok(bridge),
        Err(error) => Err(start_failure(error, paths).await),
    }
}

/// The first line is a contract (design.md 4); two more say what to do.
fn greeting(bridge: &Bridge, paths: &Paths, is_answered_here: bool) -> String {
    let url = format!("http://{}", bridge.address());
    let answer =
        if is_answered_here { "You are asked here." } else { "Answer it with: jean-bridge approve CODE" };
    format!(
        "listening on {url}\n\
         Give an AI app the address {url}/mcp and it asks for access. {answer}\n\
         Ctrl-C ends the bridge. Its log is {}\n",
        log_file(&paths.log_dir).display()
    )
}

async fn start_failure(error: StartError, paths: &Paths) -> Failure {
    match error {
        StartError::Control(ClaimError::AlreadyRunning) => already_running(paths).await,
        StartError::PortInUse { port } => port_in_use(port, &port_holder::find(port).await),
        StartError::Listen { port, reason } => Failure::Failed(format!(
            "Port {port} cannot be used: {reason}. Choose another one with: jean-bridge serve --port PORT"
        )),
        StartError::Directory(_)
        | StartError::Control(_)
        | StartError::Store { .. }
        | StartError::Sandbox { .. }
        | StartError::BaseUrl(_) => Failure::sentence(error),
    }
}

async fn already_running(paths: &Paths) -> Failure {
    Failure::Failed(match Client::new(paths.clone()).status().await {
        Ok(status) => format!(
            "Jean Memory Bridge is already running at {} (process {}). See: jean-bridge status",
            status.url, status.pid
        ),
        Err(_) => {
            "Jean Memory Bridge is already running, but does not answer. Wait a moment, or end it.".into()
        }
    })
}

fn port_in_use(port: u16, holder: &Holder) -> Failure {
    let who = port_holder::sentence(port, holder);
    let other = format!("jean-bridge serve --port {}", if port == u16::MAX { port - 1 } else { port + 1 });
    Failure::Failed(match holder {
        Holder::Bridge { .. } => format!("{who} Choose another port: {other}"),
        Holder::Program(_) | Holder::Unknown => format!("{who} Quit it, or choose another port: {other}"),
    })
}

/// Ctrl-C, the end of the session, and what service managers send.
struct Signals {
    #[cfg(unix)]
    all: [tokio::signal::unix::Signal; 2],
    /// None where whoever started this wants it to outlive the terminal.
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hang_up = (!hang_up::is_ignored()).then(|| signal(SignalKind::hangup())).transpose()?;
        let all = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        Ok(Self { all, hang_up })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.all;
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => drop(hang_up.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = hang_up => {}
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_one_line_with_holder_and_cure() {
        let program = port_holder::Program { name: "python3".into(), pid: 4711 };
        let Failure::Failed(line) = port_in_use(5326, &Holder::Program(program)) else { panic!("failed") };
        assert_eq!(
            line,
            "Another program uses port 5326 (python3, 4711). Quit it, or choose another port: jean-bridge serve \
             --port 5327"
        );
        let Failure::Failed(line) = port_in_use(65535, &Holder::Unknown) else { panic!("failed") };
        assert!(line.ends_with("--port 65534") && !line.contains('\n'), "{line}");
    }
}
