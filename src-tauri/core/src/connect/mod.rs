//! Connecting the AI apps of this computer: each is entered this bridge's address by its own program where it has one,
//! else by an edit of its settings that changes nothing but our entry and can be undone (clients.md 7).
//!
//! What is known of the apps is data ([`APPS`]). The state of an app is always read from its files, never remembered;
//! remembered is only what the bridge wrote, to tell an entry that a person changed from one that the app lost.

mod adapter;
mod apps;
mod by_hand;
mod document;
mod entry;
mod error;
mod extension;
mod file;
mod form;
mod link;
mod losses;
mod memory;
mod official;
mod plan;
mod planning;
mod state;
mod surroundings;
mod system;
#[cfg(test)]
mod tests;
mod trouble;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

pub use self::adapter::{adapter_beside, app_beside, command_line_beside, is_adapter, stays};
use self::apps::Transport;
pub use self::apps::{APPS, App, find};
pub use self::document::Unreadable;
#[cfg(any(fuzzing, test))]
pub(crate) use self::document::fuzzing;
pub use self::entry::ENTRY_NAME;
use self::entry::fingerprint;
pub use self::error::ConnectError;
pub use self::extension::{EXTENSION_SUFFIX, ExtensionError, extension};
pub use self::file::FileError;
pub use self::losses::{Losses, Noticed};
use self::memory::{Lock, Memory, Record};
use self::official::Call;
pub use self::official::CallError;
use self::plan::Plan;
use self::planning::Aim;
use self::state::{FileState, entry_in};
pub use self::surroundings::{Environment, Surroundings};
pub use self::system::System;
use crate::origin::path;
use crate::view::{ConnectBy, ConnectNext, ConnectState, ConnectSteps, ConnectView};

/// How long to wait for another bridge that is at the settings of apps. One that looks or edits is done by then; one that
/// has an app's own program do it may not be, and then the person is told.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_POLL: Duration = Duration::from_millis(20);

/// Connects and disconnects the apps of one person.
pub struct Connector {
    surroundings: Surroundings,
    memory: Memory,
    url: String,
    adapter: Option<PathBuf>,
}

impl Connector {
    /// `bridge` is the bridge's URL, without a path; `adapter` the absolute path of the program that is one, if it is
    /// installed. Backups and what was written are kept in `data_dir`.
    #[must_use]
    pub fn new(surroundings: Surroundings, data_dir: &Path, bridge: &str, adapter: Option<PathBuf>) -> Self {
        let url = format!("{bridge}{}", path::MCP);
        Self { surroundings, memory: Memory::new(data_dir), url, adapter }
    }

    /// Every app that is known, installed or not.
    #[must_use]
    pub fn apps(&self) -> Vec<ConnectView> {
        APPS.iter().map(|app| self.app(app)).collect()
    }

    /// One app.
    #[must_use]
    pub fn app(&self, app: &App) -> ConnectView {
        let files = self.surroundings.files_of(app);
        let worst = files.iter().map(|file| self.state_of(app, file)).max_by_key(FileState::state);
        let state = worst.as_ref().map_or(ConnectState::NotFound, FileState::state);
        let call = self.official(app).map(|(program, official)| Call::new(program, official.add, &self.url));
        let by = match (self.wanted(app), &call) {
            (None, _) => ConnectBy::Adapter,
            (Some((Transport::Http, _)), Some(_)) => ConnectBy::Command,
            (Some(_), _) => ConnectBy::File,
        };
        let is_settled = matches!(state, ConnectState::NotFound | ConnectState::Connected);
        ConnectView {
            id: app.id.to_owned(),
            name: app.name.to_owned(),
            state,
            change: worst.as_ref().and_then(FileState::change),
            reason: worst.as_ref().and_then(FileState::trouble).map(ToString::to_string),
            trouble: worst.as_ref().and_then(FileState::trouble).map(Into::into),
            by,
            command: call.filter(|_| by == ConnectBy::Command).map(|call| call.typed()),
            link: link::address(app, &self.url),
            extension: app.extension && self.adapter.is_some(),
            sign_in: app.sign_in.map(str::to_owned),
            next: self.next(app),
            by_hand: self.by_hand(app, &files),
            quit_first: !is_settled && by == ConnectBy::File && self.is_rewritten(app),
            files,
        }
    }

    /// The apps that the bridge has written something into; `also_unwritten`: and those that lead here by whatever
    /// means, say by hand.
    pub fn entered(&self, also_unwritten: bool) -> impl Iterator<Item = &'static App> {
        APPS.iter().filter(move |app| self.is_entered(app, also_unwritten))
    }

    /// Whether the bridge ever wrote an entry into the app, and did not take it out again.
    #[must_use]
    pub fn was_connected(&self, app: &App) -> bool {
        self.surroundings.files_of(app).iter().any(|file| self.memory.record(file).is_some())
    }

    /// The extension that does the same as the entry, for apps that install one.
    ///
    /// # Errors
    /// [`ExtensionError`].
    pub fn extension(&self) -> Result<Vec<u8>, ExtensionError> {
        extension(self.adapter.as_deref())
    }

    /// What [`Connector::connect`] would do, also for an app that must be quit first.
    ///
    /// # Errors
    /// As there.
    pub fn preview_connect(&self, app: &App, replace: bool) -> Result<ConnectSteps, ConnectError> {
        Ok(self.preview(app, &self.plan_connect(app, replace)?))
    }

    /// What [`Connector::disconnect`] would do.
    ///
    /// # Errors
    /// As there.
    pub fn preview_disconnect(&self, app: &App) -> Result<ConnectSteps, ConnectError> {
        Ok(self.preview(app, &self.plan_disconnect(app)?))
    }

    /// Connects the app. An entry of the same name that the bridge did not write, or that somebody changed since, is
    /// replaced only if `replace` says so.
    ///
    /// # Errors
    /// [`ConnectError`]; the file it names is then as it was.
    pub async fn connect(
        &self,
        app: &App,
        replace: bool,
        now: SystemTime,
    ) -> Result<ConnectSteps, ConnectError> {
        let _lock = self.lock().await?;
        let plans = self.plan_connect(app, replace)?;
        self.carry_out(app, plans, Aim::Connected, now).await
    }

    /// Takes the bridge's entry out of the app, and brings back one that it had replaced.
    ///
    /// # Errors
    /// [`ConnectError`]; the file it names is then as it was.
    pub async fn disconnect(&self, app: &App, now: SystemTime) -> Result<ConnectSteps, ConnectError> {
        let _lock = self.lock().await?;
        let plans = self.plan_disconnect(app)?;
        self.carry_out(app, plans, Aim::Gone, now).await
    }

    fn preview(&self, app: &App, plans: &[Plan]) -> ConnectSteps {
        let steps = plans.iter().flat_map(Plan::steps).collect();
        ConnectSteps { app: self.app(app), steps, instead_of: None, quit_first: self.must_quit(app, plans) }
    }

    /// What a person does once it is connected.
    fn next(&self, app: &App) -> Option<ConnectNext> {
        let (transport, _) = self.wanted(app)?;
        Some(match (transport, app.sign_in) {
            (Transport::Stdio, _) => ConnectNext::FirstUse,
            (Transport::Http, None) => ConnectNext::SignIn,
            // Apps have commands of their own that begin so; no program does.
            (Transport::Http, Some(typed)) if typed.starts_with('/') => ConnectNext::TypeInApp,
            (Transport::Http, Some(_)) => ConnectNext::TypeInTerminal,
        })
    }

    /// Waits for another bridge, for [`LOCK_PATIENCE`] at most.
    async fn lock(&self) -> Result<Lock, ConnectError> {
        let limit = Instant::now() + LOCK_PATIENCE;
        loop {
            match self.memory.lock().map_err(ConnectError::Memory)? {
                Some(lock) => return Ok(lock),
                None if Instant::now() >= limit => return Err(ConnectError::Busy),
                None => sleep(LOCK_POLL).await,
            }
        }
    }

    async fn carry_out(
        &self,
        app: &App,
        plans: Vec<Plan>,
        aim: Aim,
        now: SystemTime,
    ) -> Result<ConnectSteps, ConnectError> {
        if self.must_quit(app, &plans) {
            return Err(ConnectError::QuitFirst(app.name));
        }
        let mut steps = Vec::new();
        let mut instead_of = None;
        for plan in plans {
            let Plan::Run { file, calls } = &plan else {
                steps.extend(plan.apply(&self.memory, now)?);
                continue;
            };
            match self.run(app, file, calls, aim, now).await {
                Ok(()) => steps.extend(plan.steps()),
                // A version without this command, or one that keeps its servers elsewhere.
                Err(failed @ (ConnectError::Call(_) | ConnectError::NotSeen { .. })) if !app.is_live() => {
                    steps.extend(self.plan_edit(app, file, aim)?.apply(&self.memory, now)?);
                    instead_of = Some(failed.to_string());
                }
                Err(failed) => return Err(failed),
            }
        }
        Ok(ConnectSteps { app: self.app(app), steps, instead_of, quit_first: false })
    }

    /// Has the app's own program do it, and looks whether it did.
    async fn run(
        &self,
        app: &App,
        file: &Path,
        calls: &[Call],
        aim: Aim,
        now: SystemTime,
    ) -> Result<(), ConnectError> {
        let before = plan::read(file)?;
        if before.exists() {
            self.memory.back_up(file, &before.text, now).map_err(ConnectError::Memory)?;
        }
        let mut failed = None;
        for call in calls {
            failed = call.run(&self.surroundings.home).await.err();
        }
        let entry = entry_in(app, file)?;
        let is_done = match (aim, &entry) {
            (Aim::Connected, Some(entry)) => self.leads_here(app, entry),
            (Aim::Gone, None) => true,
            (Aim::Connected, None) | (Aim::Gone, Some(_)) => false,
        };
        match (failed, is_done) {
            // Some go on to the sign-in and end long after the entry is there.
            (_, true) => {}
            (Some(failed), false) => return Err(failed.into()),
            (None, false) => {
                let command = calls.last().map(Call::typed).unwrap_or_default();
                return Err(ConnectError::NotSeen { command, file: file.to_owned() });
            }
        }
        let kept = match entry {
            Some(entry) => {
                let wrote = fingerprint(&entry);
                let record = Record {
                    wrote,
                    splice: None,
                    previous: None,
                    made_file: false,
                    is_loss_told: false,
                    is_move_told: false,
                };
                self.memory.remember(file, &record)
            }
            None => self.memory.forget(file),
        };
        kept.map_err(ConnectError::Memory)
    }
}
