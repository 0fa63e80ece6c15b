//! The apps of this computer and how each is connected, or would be: a card per app.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectView {
    /// What it is called on the command line.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How it is; of several files, the one that most needs a person.
    pub state: ConnectState,
    /// Why, where the state is `changed`.
    pub change: Option<EntryChange>,
    /// Why, where the state is `unreadable`: a clause without a full stop.
    pub reason: Option<String>,
    /// How it would be connected.
    pub by: ConnectBy,
    /// The command that would be run, as a person would type it.
    pub command: Option<String>,
    /// The app's files.
    pub files: Vec<PathBuf>,
    /// An address that opens the app and has it ask: instead of all the above.
    pub link: Option<String>,
    /// What to type in the app or a terminal for the sign-in, where the app does not ask by itself.
    pub sign_in: Option<String>,
    /// Whether the app must be quit first, because it would write over its file.
    pub quit_first: bool,
}

/// Whether an app leads to this bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectState {
    /// It is not installed.
    NotFound,
    /// Its entry leads to this bridge.
    Connected,
    /// It is installed and has no entry.
    Found,
    /// It has an entry that leads elsewhere.
    Changed,
    /// The bridge wrote an entry, and it is gone.
    Wiped,
    /// A file of it cannot be read or edited.
    Unreadable,
}

/// Who made an entry what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryChange {
    /// The bridge, when it had another address.
    Outdated,
    /// Somebody, after the bridge.
    Edited,
    /// Somebody, without the bridge.
    Foreign,
}

/// How an app is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectBy {
    /// A program of its own.
    Command,
    /// Its file.
    File,
    /// Not yet: it starts programs only, and the adapter for that is not part of this version.
    Adapter,
}

/// What connecting or disconnecting does, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectSteps {
    /// The app as it was, or is afterwards.
    pub app: ConnectView,
    /// In this order; none when all is as it should be.
    pub steps: Vec<ConnectStep>,
    /// Why the app's own program was not enough and its file was edited instead.
    pub instead_of: Option<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConnectStep {
    /// A program of the app.
    Run {
        /// As a person would type it.
        command: String,
    },
    /// A change of a file: no other line of it.
    Edit {
        /// The file.
        file: PathBuf,
        /// Where the change begins, counted from 1.
        line: usize,
        /// The lines that go.
        removed: Vec<String>,
        /// The lines that come.
        added: Vec<String>,
        /// What the file was before, once it was changed.
        backup: Option<PathBuf>,
    },
    /// A file that the bridge made goes, because nothing else is in it.
    Remove {
        /// The file.
        file: PathBuf,
    },
}
