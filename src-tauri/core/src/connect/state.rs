//! What the files of an app say about this bridge, and what they should say.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Connector;
use super::apps::{App, Official, Transport};
use super::entry::{Entry, fingerprint};
use super::error::ConnectError;
use super::form::Target;
use super::plan;
use crate::view::{ConnectState, EntryChange};

/// What one file says, if it can be read.
#[derive(Debug)]
pub(super) enum FileState {
    Connected,
    Found,
    Changed(EntryChange),
    Wiped,
    Unreadable(ConnectError),
}

impl FileState {
    pub(super) fn state(&self) -> ConnectState {
        match self {
            Self::Connected => ConnectState::Connected,
            Self::Found => ConnectState::Found,
            Self::Changed(_) => ConnectState::Changed,
            Self::Wiped => ConnectState::Wiped,
            Self::Unreadable(_) => ConnectState::Unreadable,
        }
    }

    pub(super) fn change(&self) -> Option<EntryChange> {
        match self {
            Self::Changed(change) => Some(*change),
            Self::Connected | Self::Found | Self::Wiped | Self::Unreadable(_) => None,
        }
    }

    pub(super) fn trouble(&self) -> Option<&ConnectError> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Connected | Self::Found | Self::Changed(_) | Self::Wiped => None,
        }
    }
}

impl Connector {
    pub(super) fn installed(&self, app: &App) -> Result<Vec<PathBuf>, ConnectError> {
        let files = self.surroundings.files_of(app);
        if files.is_empty() { Err(ConnectError::NotInstalled(app.name)) } else { Ok(files) }
    }

    /// The way it reaches the bridge, the first that works in this version.
    pub(super) fn wanted(&self, app: &App) -> Option<(Transport, Entry)> {
        let order = match app.prefers {
            Transport::Http => [Transport::Http, Transport::Stdio],
            Transport::Stdio => [Transport::Stdio, Transport::Http],
        };
        order.into_iter().find_map(|transport| Some((transport, self.entry_for(app, transport)?)))
    }

    pub(super) fn entry_for(&self, app: &App, transport: Transport) -> Option<Entry> {
        match transport {
            Transport::Http => Entry::new(app.http?, Target::Url(&self.url)),
            Transport::Stdio => Entry::new(app.stdio, Target::Program(self.adapter.as_deref()?)),
        }
    }

    pub(super) fn leads_here(&self, app: &App, entry: &Value) -> bool {
        let ways = [Transport::Http, Transport::Stdio].into_iter().filter_map(|way| self.entry_for(app, way));
        let also = app.also.and_then(|form| Entry::new(form, Target::Url(&self.url)));
        ways.chain(also).any(|ours| ours.is_said_by(entry))
    }

    pub(super) fn state_of(&self, app: &App, file: &Path) -> FileState {
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
    pub(super) fn official(&self, app: &App) -> Option<(PathBuf, &'static Official)> {
        let official = app.official?;
        let fits = official.on.contains(&self.surroundings.system);
        Some((self.surroundings.program(official.program).filter(|_| fits)?, official))
    }

    /// Whether the bridge has written something into the app that is still to be taken out; `also_unwritten`: or
    /// whether it is entered there by whatever means, say by hand.
    pub(super) fn is_entered(&self, app: &App, also_unwritten: bool) -> bool {
        self.surroundings.files_of(app).iter().any(|file| match entry_in(app, file) {
            Ok(Some(entry)) => {
                self.memory.record(file).is_some() || also_unwritten && self.leads_here(app, &entry)
            }
            Ok(None) => false,
            Err(_) => self.memory.record(file).is_some(),
        })
    }

    pub(super) fn is_rewritten(&self, app: &App) -> bool {
        app.rewritten_by.iter().any(|process| (self.surroundings.runs)(process))
    }
}

/// What a file says under our name.
pub(super) fn entry_in(app: &App, file: &Path) -> Result<Option<Value>, ConnectError> {
    let text = plan::read(file)?.text;
    let refused = |reason| ConnectError::Unreadable { file: file.to_owned(), reason };
    app.format.entry(&text, plan::place(app)).map_err(refused)
}
