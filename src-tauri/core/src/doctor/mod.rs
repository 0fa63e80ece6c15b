//! Examines what can be wrong, and names cause and cure of each thing in one line.
//!
//! What only the bridge itself may touch while it runs – its database, its keychain, its line to Jean Memory – it
//! examines itself, asked through the socket or in the same process. When none runs, the same is looked at from here,
//! and only read. Each subject is examined by itself and has a deadline, so nothing that hangs holds up the others.

mod apps;
mod at_rest;
mod bridge;
mod config;
mod database;
mod export;
mod folders;
mod keychain;
mod keys;
mod log;
mod port;
mod saving;
mod start_at_login;
mod updates;
mod upstream;
mod versions;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::timeout;

pub(crate) use database::finding as database_finding;
pub use export::Export;
pub(crate) use keychain::finding as keychain_finding;
pub(crate) use keys::finding as key_finding;
pub use saving::save;
pub(crate) use updates::check as update_check;
pub(crate) use upstream::{clock_finding, failure as upstream_failure, fine as upstream_fine};

use self::at_rest::AtRest;
use self::bridge::Reached;
use crate::bridge::Bridge;
use crate::config::{Config, ConfigError, process_environment};
use crate::control::{Client, ClientError};
use crate::paths::Paths;
use crate::view::{Check, StatusView, Subject, Unexamined};

/// For files of this computer; a folder may be on a disk that does not answer.
const QUICK: Duration = Duration::from_secs(8);
/// For reading the whole database.
const READING: Duration = Duration::from_secs(30);
/// For the keychain: enough to type a password into a prompt.
pub(crate) const KEYCHAIN: Duration = Duration::from_secs(20);
/// For an answer of Jean Memory. One that sleeps takes longer to wake up; that is a finding.
pub(crate) const NETWORK: Duration = Duration::from_secs(20);
/// More than what a part of the examination is given, so that the part itself says what was slow.
const MARGIN: Duration = Duration::from_secs(4);

/// What only the program that asks knows.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The program that apps start as an adapter, if it is installed.
    pub adapter: Option<PathBuf>,
    /// Whether the app starts at login, where the program can tell.
    pub starts_at_login: Option<bool>,
    /// The command line, for a program that is not it.
    pub command_line: Option<PathBuf>,
    /// The app, for a program that is not it.
    pub app: Option<PathBuf>,
}

/// One examination. What several subjects need is found out once.
pub struct Doctor {
    paths: Paths,
    known: Known,
    client: Client,
    here: Option<Arc<Bridge>>,
    reached: OnceCell<Reached>,
    config: OnceCell<Result<Config, ConfigError>>,
    at_rest: AtRest,
}

impl Doctor {
    /// For a program beside the bridge of these directories, whether one runs or not.
    #[must_use]
    pub fn new(paths: Paths, known: Known) -> Self {
        Self {
            client: Client::new(paths.clone()),
            at_rest: AtRest::new(&paths),
            paths,
            known,
            here: None,
            reached: OnceCell::new(),
            config: OnceCell::new(),
        }
    }

    /// For the program in which the bridge runs.
    #[must_use]
    pub fn beside(bridge: Arc<Bridge>, paths: Paths, known: Known) -> Self {
        Self { here: Some(bridge), ..Self::new(paths, known) }
    }

    /// Examines one subject; ends in time, whatever hangs. Nothing is told of what is not there.
    pub async fn examine(&self, subject: Subject) -> Vec<Check> {
        let limit = limit(subject);
        let late = || vec![Check::new(subject, Unexamined::TookTooLong { seconds: limit.as_secs() })];
        timeout(limit, self.look(subject)).await.unwrap_or_else(|_| late())
    }

    async fn look(&self, subject: Subject) -> Vec<Check> {
        match subject {
            Subject::Bridge => self.bridge().await,
            Subject::Versions => self.versions().await,
            Subject::Port => self.port().await,
            Subject::Config => self.settings().await,
            Subject::Folders => folders::look(self.paths.clone()).await,
            Subject::Log => log::look(self.paths.log_dir.clone()).await,
            Subject::Start => start_at_login::look(self.known.starts_at_login).await,
            Subject::Apps => self.apps().await,
            Subject::Updates
            | Subject::Keychain
            | Subject::Database
            | Subject::Upstream
            | Subject::Clock
            | Subject::Keys => self.inside(subject).await,
        }
    }

    /// What the bridge examines itself, if there is one.
    async fn inside(&self, subject: Subject) -> Vec<Check> {
        if let Some(bridge) = &self.here {
            return bridge.examine(subject).await;
        }
        match self.reached().await {
            Reached::Answers(_) => match self.client.examine(subject, limit(subject)).await {
                Ok(checks) => checks,
                Err(ClientError::Refused { .. } | ClientError::Garbled) => {
                    vec![Check::new(subject, Unexamined::OtherVersion)]
                }
                Err(
                    ClientError::NotRunning
                    | ClientError::Foreign
                    | ClientError::TimedOut
                    | ClientError::Lost
                    | ClientError::Unusable(_),
                ) => vec![Check::new(subject, Unexamined::BridgeSilent)],
            },
            // Its database may be in use all the same.
            Reached::Silent(_) => vec![Check::new(subject, Unexamined::BridgeSilent)],
            Reached::Nobody(_) => match self.configured().await {
                Ok(config) => self.at_rest.examine(subject, config).await,
                Err(_) => self.at_rest.examine_without_settings(subject).await,
            },
        }
    }

    /// How the bridge is, wherever it runs.
    async fn status(&self) -> Option<StatusView> {
        match &self.here {
            Some(bridge) => Some(bridge.status().await),
            None => match self.reached().await {
                Reached::Answers(status) => Some(status.clone()),
                Reached::Silent(_) | Reached::Nobody(_) => None,
            },
        }
    }

    async fn configured(&self) -> &Result<Config, ConfigError> {
        self.config
            .get_or_init(|| async {
                let paths = self.paths.clone();
                // A panic there is a bug that the log tells of; without settings nothing is examined by them.
                blocking(move || Config::load(&paths, &process_environment)).await.unwrap_or_else(|| {
                    Err(ConfigError::Unreadable {
                        file: self.paths.config_file.clone(),
                        reason: std::io::Error::other("it could not be read"),
                    })
                })
            })
            .await
    }
}

fn limit(subject: Subject) -> Duration {
    match subject {
        Subject::Bridge
        | Subject::Versions
        | Subject::Updates
        | Subject::Port
        | Subject::Config
        | Subject::Folders
        | Subject::Log
        | Subject::Start
        | Subject::Apps => QUICK,
        Subject::Database => READING,
        Subject::Keychain => KEYCHAIN + MARGIN,
        Subject::Upstream | Subject::Clock => NETWORK + MARGIN,
        // Without a bridge the keychain comes first.
        Subject::Keys => KEYCHAIN + NETWORK + MARGIN,
    }
}

/// Off the async threads: a disk may hang.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
