//! Connecting the AI apps of this computer: each is entered this bridge's address by its own program where it has one,
//! else by an edit of its settings that changes nothing but our entry and can be undone (clients.md 7).
//!
//! What is known of the apps is data ([`APPS`]). The state of an app is always read from its files, never remembered;
//! remembered is only what the bridge wrote, to tell an entry that a person changed from one that the app lost.

mod apps;
mod document;
mod entry;
mod error;
mod file;
mod link;
mod memory;
mod official;
mod plan;
mod state;
mod surroundings;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use self::apps::{APPS, App, find};
use self::apps::{Official, Transport};
pub use self::document::Unreadable;
pub use self::entry::ENTRY_NAME;
use self::entry::{Entry, Target, fingerprint};
pub use self::error::ConnectError;
pub use self::file::FileError;
use self::memory::{Lock, Memory, Record};
use self::official::Call;
pub use self::official::CallError;
use self::plan::Plan;
use self::state::FileState;
pub use self::surroundings::{Environment, Surroundings, System};
use crate::view::{ConnectBy, ConnectState, ConnectStep, ConnectSteps, ConnectView, EntryChange};
use serde_json::Value;

/// Connects and disconnects the apps of one person.
pub struct Connector {
    surroundings: Surroundings,
    memory: Memory,
    url: String,
    adapter: Option<PathBuf>,
}

impl Connector {
    /// `url` is the address for apps, with its path; `adapter` the absolute path of the program that is one, if this
    /// version has it. Backups and what was written are kept in `data_dir`.
    #[must_use]
    pub fn new(surroundings: Surroundings, data_dir: &Path, url: String, adapter: Option<PathBuf>) -> Self {
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
            reason: worst.as_ref().and_then(FileState::reason),
            by,
            command: call.filter(|_| by == ConnectBy::Command).map(|call| call.typed()),
            link: link::address(app, &self.url),
            sign_in: app.sign_in.map(str::to_owned),
            quit_first: !is_settled && by == ConnectBy::File && self.is_rewritten(app),
            files,
        }
    }

    /// What [`Connector::connect`] would do.
    ///
    /// # Errors
    /// As there.
    pub fn preview_connect(&self, app: &App, replace: bool) -> Result<ConnectSteps, ConnectError> {
        let plans = self.plan_connect(app, replace)?;
        Ok(self.told(app, plans.iter().flat_map(Plan::steps).collect(), None))
    }

    /// What [`Connector::disconnect`] would do.
    ///
    /// # Errors
    /// As there.
    pub fn preview_disconnect(&self, app: &App) -> Result<ConnectSteps, ConnectError> {
        let plans = self.plan_disconnect(app)?;
        Ok(self.told(app, plans.iter().flat_map(Plan::steps).collect(), None))
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
        let _lock = self.lock()?;
        let plans = self.plan_connect(app, replace)?;
        self.carry_out(app, plans, Aim::Connected, now).await
    }

    /// Takes the bridge's entry out of the app, and brings back one that it had replaced.
    ///
    /// # Errors
    /// [`ConnectError`]; the file it names is then as it was.
    pub async fn disconnect(&self, app: &App, now: SystemTime) -> Result<ConnectSteps, ConnectError> {
        let _lock = self.lock()?;
        let plans = self.plan_disconnect(app)?;
        self.carry_out(app, plans, Aim::Gone, now).await
    }

    fn lock(&self) -> Result<Lock, ConnectError> {
        self.memory.lock().map_err(ConnectError::Memory)?.ok_or(ConnectError::Busy)
    }

    fn plan_connect(&self, app: &App, replace: bool) -> Result<Vec<Plan>, ConnectError> {
        let files = self.installed(app)?;
        let (transport, _) = self.wanted(app).ok_or(ConnectError::NeedsAdapter(app.name))?;
        let mut official = self.official(app).filter(|_| transport == Transport::Http);
        let mut plans = Vec::new();
        for file in files {
            // The app's program knows the first of its files only.
            let official = official.take();
            let change = match self.state_of(app, &file) {
                FileState::Connected => continue,
                FileState::Found | FileState::Wiped => None,
                FileState::Changed(change) => Some(change),
                FileState::Unreadable(error) => return Err(error),
            };
            if let Some(change @ (EntryChange::Edited | EntryChange::Foreign)) = change
                && !replace
            {
                return Err(ConnectError::Taken { file, change });
            }
            // What began with an edit goes on so: only that can bring back what was there before.
            let was_edited = self.was_edited(&file);
            plans.push(match official.filter(|_| app.is_live() || !was_edited) {
                Some((program, official)) => self.plan_run(app, file, &program, official, change)?,
                None => self.plan_edit(app, &file, Aim::Connected)?,
            });
        }
        self.check_at_rest(app, &plans)?;
        Ok(plans)
    }

    fn plan_run(
        &self,
        app: &App,
        file: PathBuf,
        program: &Path,
        official: &Official,
        change: Option<EntryChange>,
    ) -> Result<Plan, ConnectError> {
        let call = |words| Call::new(program.to_owned(), words, &self.url);
        let add = call(official.add);
        let remove = official.remove.map(call);
        match (change, remove) {
            (None, _) => Ok(Plan::Run { file, calls: vec![add] }),
            (Some(EntryChange::Outdated), Some(remove)) => Ok(Plan::Run { file, calls: vec![remove, add] }),
            (Some(EntryChange::Edited | EntryChange::Foreign), Some(remove)) if app.is_live() => {
                Err(ConnectError::RemoveFirst { command: remove.typed() })
            }
            (Some(_), _) => self.plan_edit(app, &file, Aim::Connected),
        }
    }

    fn plan_disconnect(&self, app: &App) -> Result<Vec<Plan>, ConnectError> {
        let mut official = self.official(app);
        let mut plans = Vec::new();
        for file in self.installed(app)? {
            let remove = official.take().and_then(|(program, official)| Some((program, official.remove?)));
            let record = self.memory.record(&file);
            match (entry_in(app, &file)?, &record) {
                (None, None) => continue,
                (None, Some(_)) => {
                    plans.push(Plan::Forget { file });
                    continue;
                }
                (Some(entry), None) if !self.leads_here(app, &entry) => {
                    return Err(ConnectError::NotOurs(file));
                }
                (Some(_), _) => {}
            }
            let was_edited = self.was_edited(&file);
            plans.push(match remove {
                Some((program, words)) if !was_edited => {
                    Plan::Run { file, calls: vec![Call::new(program, words, &self.url)] }
                }
                _ => self.plan_edit(app, &file, Aim::Gone)?,
            });
        }
        self.check_at_rest(app, &plans)?;
        Ok(plans)
    }

    fn plan_edit(&self, app: &App, file: &Path, aim: Aim) -> Result<Plan, ConnectError> {
        let record = self.memory.record(file);
        match aim {
            Aim::Connected => {
                let (_, entry) = self.wanted(app).ok_or(ConnectError::NeedsAdapter(app.name))?;
                plan::put(app, file, &entry, record)
            }
            Aim::Gone => plan::take(app, file, record.as_ref()),
        }
    }

    async fn carry_out(
        &self,
        app: &App,
        plans: Vec<Plan>,
        aim: Aim,
        now: SystemTime,
    ) -> Result<ConnectSteps, ConnectError> {
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
        Ok(self.told(app, steps, instead_of))
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
                let record = Record { wrote, splice: None, previous: None, made_file: false };
                self.memory.remember(file, &record)
            }
            None => self.memory.forget(file),
        };
        kept.map_err(ConnectError::Memory)
    }

    fn installed(&self, app: &App) -> Result<Vec<PathBuf>, ConnectError> {
        let files = self.surroundings.files_of(app);
        if files.is_empty() { Err(ConnectError::NotInstalled(app.name)) } else { Ok(files) }
    }

    /// The way it reaches the bridge, the first that works in this version.
    fn wanted(&self, app: &App) -> Option<(Transport, Entry)> {
        let order = match app.prefers {
            Transport::Http => [Transport::Http, Transport::Stdio],
            Transport::Stdio => [Transport::Stdio, Transport::Http],
        };
        order.into_iter().find_map(|transport| Some((transport, self.entry_for(app, transport)?)))
    }

    fn entry_for(&self, app: &App, transport: Transport) -> Option<Entry> {
        match transport {
            Transport::Http => Entry::new(app.http?, Target::Url(&self.url)),
            Transport::Stdio => Entry::new(app.stdio, Target::Program(self.adapter.as_deref()?)),
        }
    }

    fn leads_here(&self, app: &App, entry: &Value) -> bool {
        let ways = [Transport::Http, Transport::Stdio].into_iter().filter_map(|way| self.entry_for(app, way));
        let also = app.also.and_then(|form| Entry::new(form, Target::Url(&self.url)));
        ways.chain(also).any(|ours| ours.is_said_by(entry))
    }

    fn state_of(&self, app: &App, file: &Path) -> FileState {
        match (entry_in(app, file), self.memory.record(file)) {
            (Err(error), _) => FileState::Unreadable(error),
            (Ok(None), None) => FileState::Found,
            (Ok(None), Some(_)) => FileState::Wiped,
            (Ok(Some(entry)), _) if self.leads_here(app, &entry) => FileState::Connected,
            (Ok(Some(_)), None) => FileState::Changed(EntryChange::Foreign),
            (Ok(Some(entry)), Some(record)) if fingerprint(&entry) == record.wrote => {
                FileState::Changed(EntryChange::Outdated)
            }
            (Ok(Some(_)), Some(_)) => FileState::Changed(EntryChange::Edited),
        }
    }

    /// The app's own program, where it has one that can be found here.
    fn official(&self, app: &App) -> Option<(PathBuf, &'static Official)> {
        let official = app.official?;
        let fits = official.on.contains(&self.surroundings.system);
        Some((self.surroundings.program(official.program).filter(|_| fits)?, official))
    }

    fn was_edited(&self, file: &Path) -> bool {
        self.memory.record(file).is_some_and(|record| record.splice.is_some())
    }

    fn is_rewritten(&self, app: &App) -> bool {
        app.rewritten_by.iter().any(|process| (self.surroundings.runs)(process))
    }

    fn check_at_rest(&self, app: &App, plans: &[Plan]) -> Result<(), ConnectError> {
        let edits = plans.iter().any(|plan| matches!(plan, Plan::Edit { .. } | Plan::Remove { .. }));
        if edits && self.is_rewritten(app) { Err(ConnectError::QuitFirst(app.name)) } else { Ok(()) }
    }

    fn told(&self, app: &App, steps: Vec<ConnectStep>, instead_of: Option<String>) -> ConnectSteps {
        ConnectSteps { app: self.app(app), steps, instead_of }
    }
}

/// What is wanted of an app's file.
#[derive(Clone, Copy)]
enum Aim {
    Connected,
    Gone,
}

/// What a file says under our name.
fn entry_in(app: &App, file: &Path) -> Result<Option<Value>, ConnectError> {
    let text = plan::read(file)?.text;
    let refused = |reason| ConnectError::Unreadable { file: file.to_owned(), reason };
    app.format.entry(&text, plan::place(app)).map_err(refused)
}
