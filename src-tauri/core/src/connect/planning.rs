//! What there is to do to an app: which of its files, by which of its ways, and when it is better to do nothing.

use std::path::{Path, PathBuf};

use super::Connector;
use super::apps::{App, Official, Transport};
use super::error::ConnectError;
use super::official::Call;
use super::plan::{self, Plan};
use super::state::{FileState, entry_in};
use crate::view::EntryChange;

/// What is wanted of an app's file.
#[derive(Clone, Copy)]
pub(super) enum Aim {
    Connected,
    Gone,
}

impl Connector {
    pub(super) fn plan_connect(&self, app: &App, replace: bool) -> Result<Vec<Plan>, ConnectError> {
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
        // The app's program may write into another of the files, that of the profile that is open: it comes last, so
        // that each edit still finds what it was planned for.
        plans.sort_by_key(|plan| matches!(plan, Plan::Run { .. }));
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

    pub(super) fn plan_disconnect(&self, app: &App) -> Result<Vec<Plan>, ConnectError> {
        let mut official = self.official(app);
        let mut plans = Vec::new();
        let mut not_ours = None;
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
                    not_ours = Some(file);
                    continue;
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
        // Of several files one may hold somebody else's entry, which is no reason to leave ours in another.
        if let Some(file) = not_ours.filter(|_| plans.is_empty()) {
            return Err(ConnectError::NotOurs(file));
        }
        Ok(plans)
    }

    pub(super) fn plan_edit(&self, app: &App, file: &Path, aim: Aim) -> Result<Plan, ConnectError> {
        let record = self.memory.record(file);
        match aim {
            Aim::Connected => {
                let (_, entry) = self.wanted(app).ok_or(ConnectError::NeedsAdapter(app.name))?;
                plan::put(app, file, &entry, record)
            }
            Aim::Gone => plan::take(app, file, record.as_ref()),
        }
    }

    fn was_edited(&self, file: &Path) -> bool {
        self.memory.record(file).is_some_and(|record| record.splice.is_some())
    }

    /// Whether the app runs and would write over what is planned.
    pub(super) fn must_quit(&self, app: &App, plans: &[Plan]) -> bool {
        let edits = plans.iter().any(|plan| matches!(plan, Plan::Edit { .. } | Plan::Remove { .. }));
        edits && self.is_rewritten(app)
    }
}
