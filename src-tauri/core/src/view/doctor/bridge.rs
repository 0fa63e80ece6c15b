//! Whether a bridge runs, who has its port, and of which version the programs are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Told;

/// What was found of the bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum BridgeFinding {
    /// It runs, and its socket answers.
    Running {
        /// Process id.
        pid: u32,
        /// Where it listens.
        url: String,
    },
    /// It runs, and nothing goes to Jean Memory.
    Paused,
    /// Nobody answers on the socket.
    NotRunning,
    /// The same, and a bridge that crashed left its socket.
    StaleSocket,
    /// A bridge runs that cannot be reached any more: its socket is gone.
    SocketGone {
        /// The socket.
        file: PathBuf,
    },
    /// Something else has the socket's name.
    SocketInTheWay {
        /// What has the name.
        file: PathBuf,
    },
    /// Another user serves the socket.
    SocketForeign {
        /// The socket.
        file: PathBuf,
    },
    /// The system does not let it be opened.
    SocketUnusable {
        /// The socket.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It runs and does not answer.
    Hangs,
    /// It answers in a language of another version.
    NotUnderstood,
    /// All of one version.
    SameVersion {
        /// It.
        version: String,
    },
    /// Another version runs than this program is.
    VersionDiffers {
        /// Of the bridge that runs.
        running: String,
        /// Of this program.
        own: String,
    },
    /// The command line beside this program is of another version.
    CommandLineDiffers {
        /// Of the command line.
        other: String,
        /// Of this program.
        own: String,
    },
    /// The app beside this program is of another version.
    AppDiffers {
        /// Of the app.
        other: String,
        /// Of this program.
        own: String,
    },
    /// The bridge answers on its port.
    PortOurs {
        /// The port.
        port: u16,
    },
    /// It answers on another port than the settings say.
    PortElsewhere {
        /// The port.
        port: u16,
        /// What the settings say.
        configured: u16,
    },
    /// What answers on the port of the bridge that runs is not the bridge.
    PortStranger {
        /// The port.
        port: u16,
    },
    /// It is free for the next start.
    PortFree {
        /// The port.
        port: u16,
    },
    /// The next start takes any free one.
    PortAny,
    /// Another bridge has it.
    PortOfAnotherBridge {
        /// The port.
        port: u16,
        /// Its version.
        version: String,
    },
    /// A program has it.
    PortTaken {
        /// The port.
        port: u16,
        /// The program's name.
        program: String,
        /// Its process id.
        pid: u32,
    },
    /// A program has it, and the system does not tell which.
    PortTakenBySomebody {
        /// The port.
        port: u16,
    },
    /// The system does not give it.
    PortRefused {
        /// The port.
        port: u16,
        /// What the system said.
        reason: String,
    },
}

impl BridgeFinding {
    pub(super) fn told(&self) -> Told {
        let another_port = "Quit it, or choose another port in the settings and connect your apps again.";
        match self {
            Self::Running { pid, url } => Told::ok(format!("It runs at {url} (process {pid}).")),
            Self::Paused => Told::warning("The bridge is paused, so no app gets memories.")
                .cure("Resume it: jean-bridge resume, or Settings in the window."),
            Self::NotRunning => Told::failed("Jean Memory Bridge is not running, so no app gets memories.")
                .cure("Start the app, or: jean-bridge serve"),
            Self::StaleSocket => {
                Told::failed("Jean Memory Bridge is not running; it crashed and left its socket behind.")
                    .cure("Start the app, or: jean-bridge serve. The next start replaces the socket.")
            }
            Self::SocketGone { file } => {
                Told::failed(format!("A bridge runs, but its socket {} is gone.", file.display()))
                    .cure("End Jean Memory Bridge and start it again.")
            }
            Self::SocketInTheWay { file } => {
                Told::failed(format!("{} is in the way of the local socket.", file.display()))
                    .cure("Move it away, then start the bridge.")
            }
            Self::SocketForeign { file } => {
                Told::failed(format!("Another user has taken the place of the socket {}.", file.display()))
                    .cure("Have them end what they started, or set JEAN_BRIDGE_HOME to a folder of your own.")
            }
            Self::SocketUnusable { file, reason } => {
                Told::failed(format!("The socket {} cannot be opened: {reason}.", file.display()))
                    .cure("Check the permissions of its folder.")
            }
            Self::Hangs => Told::failed("A bridge runs, but does not answer.")
                .cure("Look into the log, then end the bridge and start it again."),
            Self::NotUnderstood => {
                Told::failed("The running bridge gives answers that this program does not understand.")
                    .cure("Restart the bridge: it is of another version.")
            }
            Self::SameVersion { version } => Told::ok(format!("All programs are version {version}.")),
            Self::VersionDiffers { running, own } => {
                Told::warning(format!("The running bridge is version {running}, this program {own}."))
                    .cure("Restart the bridge; if that does not help, install both from one version.")
            }
            Self::CommandLineDiffers { other, own } => {
                Told::warning(format!("The command line is version {other}, this program {own}."))
                    .cure("Install both from one version.")
            }
            Self::AppDiffers { other, own } => {
                Told::warning(format!("The app is version {other}, this program {own}."))
                    .cure("Install both from one version.")
            }
            Self::PortOurs { port } => Told::ok(format!("The bridge answers on port {port}.")),
            Self::PortElsewhere { port, configured } => {
                Told::note(format!("The bridge answers on port {port}; the settings say {configured}."))
                    .cure("Restart the bridge to use the port of the settings.")
            }
            Self::PortStranger { port } => {
                Told::failed(format!("What answers on port {port} is not the bridge that runs."))
                    .cure("Find out which program listens there and quit it, then restart the bridge.")
            }
            Self::PortFree { port } => Told::ok(format!("Port {port} is free for the next start.")),
            Self::PortAny => Told::ok("The next start takes any free port."),
            Self::PortOfAnotherBridge { port, version } => Told::failed(format!(
                "Another Jean Memory Bridge uses port {port} (version {version}, of another user or folder)."
            ))
            .cure(another_port),
            Self::PortTaken { port, program, pid } => {
                Told::failed(format!("Another program uses port {port} ({program}, {pid})."))
                    .cure(another_port)
            }
            Self::PortTakenBySomebody { port } => {
                Told::failed(format!("Another program uses port {port}.")).cure(another_port)
            }
            Self::PortRefused { port, reason } => {
                Told::failed(format!("Port {port} cannot be used: {reason}."))
                    .cure("Choose another port in the settings.")
            }
        }
    }
}
