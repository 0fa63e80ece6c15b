//! Why the bridge does not start, as the person is told: in a window, and on stderr.

use std::net::{Ipv4Addr, TcpListener};

use bridge_core::bridge::StartError;
use bridge_core::config::ConfigError;
use bridge_core::control::{ClaimError, Client};
use bridge_core::logging::LogError;
use bridge_core::paths::{DirectoryError, Paths, PathsError};
use bridge_core::port_holder::{self, Holder};
use serde::Serialize;

/// How many ports are tried for a free one.
const NEIGHBOURS: u16 = 50;

/// Why the bridge does not start.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CannotStart {
    /// For the words of the window.
    pub(crate) code: Code,
    /// What happened and what to do, in English.
    pub(crate) message: String,
    /// The port, when it is about one.
    pub(crate) port: Option<u16>,
    /// Who has the port, if that may be known.
    pub(crate) holder: Option<String>,
    /// A port that is free.
    pub(crate) suggested_port: Option<u16>,
    /// Where things would be; none when that is what is not known.
    #[serde(skip)]
    pub(crate) paths: Option<Paths>,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    /// Another program listens there.
    PortInUse,
    /// The port may not be used, for example because it is below 1024.
    PortUnusable,
    /// `jean-bridge serve` runs, which has no window to show.
    AlreadyRunning,
    /// The configuration is wrong.
    Config,
    /// A directory cannot be used.
    Directory,
    /// The database cannot be used.
    Store,
    /// The sandbox is to answer for everybody, and cannot.
    Sandbox,
    /// The address of Jean Memory is none.
    BaseUrl,
    /// The local socket cannot be made.
    Socket,
}

impl CannotStart {
    fn new(code: Code, paths: Option<Paths>, message: String) -> Self {
        Self { code, message, port: None, holder: None, suggested_port: None, paths }
    }

    pub(super) fn of_paths(error: PathsError) -> Self {
        Self::new(Code::Directory, None, sentence(error))
    }

    pub(super) fn of_config(paths: &Paths, error: &ConfigError) -> Self {
        Self::new(Code::Config, Some(paths.clone()), sentence(error))
    }

    pub(super) fn of_directory(paths: &Paths, error: &DirectoryError) -> Self {
        Self::new(Code::Directory, Some(paths.clone()), sentence(error))
    }

    pub(super) fn of_log(paths: &Paths, error: &LogError) -> Self {
        Self::new(Code::Directory, Some(paths.clone()), sentence(error))
    }

    /// Another bridge has the directories, and it is not an app that could show its window.
    pub(super) async fn beside_another(paths: Paths) -> Self {
        let message = match Client::new(paths.clone()).status().await {
            Ok(status) => format!(
                "Jean Memory Bridge already runs without a window, at {} (process {}). End it, or go on using it \
                 with `jean-bridge`.",
                status.url, status.pid
            ),
            Err(_) => {
                "Jean Memory Bridge already runs, but does not answer. Wait a moment, or end it.".into()
            }
        };
        Self::new(Code::AlreadyRunning, Some(paths), message)
    }

    pub(super) async fn of_start(paths: Paths, error: StartError) -> Self {
        let code = match &error {
            StartError::PortInUse { port } => return Self::of_busy_port(paths, *port).await,
            StartError::Listen { port, reason } => {
                let message = format!("Port {port} cannot be used: {reason}. Choose another one.");
                return Self::new(Code::PortUnusable, Some(paths), message).about(*port);
            }
            StartError::Control(ClaimError::AlreadyRunning) => Code::AlreadyRunning,
            StartError::Control(ClaimError::InTheWay { .. } | ClaimError::Failed { .. }) => Code::Socket,
            StartError::Directory(_) | StartError::Control(ClaimError::Directory(_)) => Code::Directory,
            StartError::Store { .. } => Code::Store,
            StartError::Sandbox { .. } => Code::Sandbox,
            StartError::BaseUrl(_) => Code::BaseUrl,
        };
        Self::new(code, Some(paths), sentence(error))
    }

    async fn of_busy_port(paths: Paths, port: u16) -> Self {
        let holder = port_holder::find(port).await;
        let message = match &holder {
            Holder::Bridge { .. } => format!("{} Choose another port.", port_holder::sentence(port, &holder)),
            Holder::Program(_) | Holder::Unknown => {
                format!("{} Quit it, or choose another port.", port_holder::sentence(port, &holder))
            }
        };
        let holder = match holder {
            Holder::Program(program) => Some(program.to_string()),
            Holder::Bridge { version } => Some(format!("{} {version}", port_holder::PRODUCT)),
            Holder::Unknown => None,
        };
        Self { holder, ..Self::new(Code::PortInUse, Some(paths), message).about(port) }
    }

    fn about(self, port: u16) -> Self {
        Self { port: Some(port), suggested_port: free_port_near(port), ..self }
    }
}

/// The next port above that is free now; ports below 1024 are not for programs like this one.
fn free_port_near(port: u16) -> Option<u16> {
    let first = port.max(1023).checked_add(1)?;
    (first..=first.saturating_add(NEIGHBOURS))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

/// An error of the core begins like a clause; on its own it is a sentence.
fn sentence(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let capital = letters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = capital.chain(letters).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_suggested_and_it_is_free() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let next_too = TcpListener::bind((Ipv4Addr::LOCALHOST, port.saturating_add(1)));
        let suggested = free_port_near(port).unwrap();
        assert!(suggested > port);
        assert!(next_too.is_err() || suggested > port + 1, "{port} and its neighbour are taken");
        assert_eq!(free_port_near(u16::MAX), None);
        assert!(free_port_near(80).is_some_and(|port| port >= 1024));
    }

    #[test]
    fn what_the_core_says_becomes_a_sentence() {
        assert_eq!(sentence("port 1 is in use"), "Port 1 is in use.");
        assert_eq!(sentence("Done."), "Done.");
    }
}
