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
    /// The same for the windows, which have words of their own for it.
    #[serde(default)]
    pub trouble: Option<ConnectTrouble>,
    /// How it would be connected.
    pub by: ConnectBy,
    /// The command that would be run, as a person would type it.
    pub command: Option<String>,
    /// The app's files.
    pub files: Vec<PathBuf>,
    /// An address that opens the app and has it ask: instead of all the above.
    pub link: Option<String>,
    /// Whether it installs an extension in place of its entry, see [`crate::connect::extension()`].
    #[serde(default)]
    pub extension: bool,
    /// What to type in the app or a terminal for the sign-in, where the app does not ask by itself.
    pub sign_in: Option<String>,
    /// What comes after it was connected; none where it cannot be.
    #[serde(default)]
    pub next: Option<ConnectNext>,
    /// How a person does it without the bridge.
    #[serde(default)]
    pub by_hand: ByHand,
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
    /// Not now: it starts programs only, and the one for that is not where it would stay.
    Adapter,
}

/// What a person does once an app is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectNext {
    /// Start it; a window asks when it first uses a memory.
    FirstUse,
    /// Start it anew; it signs in through the browser.
    SignIn,
    /// Type [`ConnectView::sign_in`] in the app.
    TypeInApp,
    /// Type [`ConnectView::sign_in`] in a terminal.
    TypeInTerminal,
}

/// How a person connects an app without the bridge: for one that was not found here, or has a file that cannot be
/// edited. Empty where it cannot be connected at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// A command of the app's own program.
    pub command: Option<String>,
    /// The file, with `~` for the home directory.
    pub file: Option<String>,
    /// What belongs into it.
    pub entry: Option<String>,
}

/// An app of this computer that somebody is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedApp {
    /// As in [`ConnectView::id`].
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// Why an app was not connected or disconnected, in parts, so that a window can say it in every language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectTrouble {
    /// What it is.
    pub code: ConnectTroubleCode,
    /// The same as a sentence in English.
    pub message: String,
    /// What people call the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Which file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Where in it, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Which command, as a person would type it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What the system or a program said, or which part of the file is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Everything that [`ConnectTrouble`] can be about. In every case the file is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectTroubleCode {
    /// There is no sign of the app.
    AppNotInstalled,
    /// It starts programs only, and there is no adapter.
    NeedsAdapter,
    /// Its entry was changed since the bridge wrote it.
    EntryEdited,
    /// It has an entry of our name that the bridge did not write.
    EntryForeign,
    /// The same, where only `command` can take it out.
    RemoveEntryFirst,
    /// The entry is not ours to take out.
    EntryNotOurs,
    /// The app runs and would write over its file.
    QuitFirst,
    /// The file is damaged in `line`.
    SettingsDamaged,
    /// The file does not hold what `detail` should.
    SettingsUnexpected,
    /// `detail` in the file is no table.
    SettingsNotATable,
    /// `detail` is in the file twice.
    SettingsTwice,
    /// `detail` is written in a way that is not edited.
    SettingsUnusual,
    /// A folder, a device, or a pipe.
    SettingsNotAFile,
    /// A link to nothing.
    SettingsDangling,
    /// Of another user.
    SettingsOfAnother,
    /// It has a second name.
    SettingsHardLinked,
    /// It may not be written.
    SettingsReadOnly,
    /// Larger than any configuration.
    SettingsTooLarge,
    /// Not text.
    SettingsNotText,
    /// Another program wrote to it meanwhile.
    SettingsChanged,
    /// The system refused; `detail` is what it said.
    SettingsRefused,
    /// No backup could be kept; `detail` says why.
    BackupFailed,
    /// Another bridge edits files now.
    SettingsBusy,
    /// `command` cannot be started; `detail` is what the system said.
    CommandNotStarted,
    /// `command` failed; `detail` is what it said.
    CommandFailed,
    /// `command` did not end in time.
    CommandTimedOut,
    /// `command` succeeded, and the file does not show it.
    CommandNotSeen,
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
    /// Whether the app runs and would write over its file: nothing is done before it has been quit.
    #[serde(default)]
    pub quit_first: bool,
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
