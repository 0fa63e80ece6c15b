//! What removing everything takes away, as a person is shown it before and after.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConnectStep;

/// What removing everything would do, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetPlan {
    /// The apps that the bridge is taken out of.
    pub apps: Vec<ResetApp>,
    /// Whether the bridge would start at login, and is switched off there.
    pub starts_at_login: bool,
    /// What is in the keychain.
    pub keychain: ResetKeychain,
    /// Files and folders that go.
    pub files: Vec<ResetFile>,
    /// What stays in the bridge's folders.
    pub stays: Vec<ResetStay>,
    /// Whether an account comes from the environment: it is back at the next start.
    pub has_environment_key: bool,
}

impl ResetPlan {
    /// Whether there is nothing to remove.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty()
            && !self.starts_at_login
            && self.keychain.entries.is_empty()
            && self.keychain.trouble.is_none()
            && self.files.is_empty()
    }
}

/// An app that the bridge is entered into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetApp {
    /// What it is called on the command line.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What is done, or would be.
    pub steps: Vec<ConnectStep>,
    /// Why the bridge cannot be taken out of it now: a clause without a full stop.
    pub blocked: Option<String>,
}

/// What the bridge keeps in the keychain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetKeychain {
    /// The names of its entries.
    pub entries: Vec<String>,
    /// Why that is not known.
    pub trouble: Option<KeychainTrouble>,
}

/// Why the keychain does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeychainTrouble {
    /// It is locked.
    Locked,
    /// There is none that could be reached from here.
    Missing,
    /// It is slow, perhaps because it shows a prompt.
    Slow,
    /// It failed.
    Failed,
}

impl KeychainTrouble {
    /// What that means and what to do.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Locked => "The keychain is locked. Unlock it, then try again.",
            Self::Missing => {
                "No keychain can be reached from here, so what the bridge may have put into one stays there."
            }
            Self::Slow => "The keychain does not answer. It may show a prompt; answer it, then try again.",
            Self::Failed => "The keychain failed. Try again, or remove the bridge's entries there by hand.",
        }
    }
}

/// A file or a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub holds: Holds,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Accounts without their keys, what apps may do, activity, settings.
    Data,
    /// The sandbox's memories.
    Sandbox,
    /// The configuration.
    Configuration,
    /// Earlier versions of the settings of apps, and what was written into them.
    Backups,
    /// What the windows keep.
    Windows,
    /// The log.
    Log,
    /// The local socket and its lock.
    Socket,
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetStay {
    /// Where it is.
    pub path: PathBuf,
    /// Why.
    #[serde(flatten)]
    pub because: StaysBecause,
}

/// Why something stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum StaysBecause {
    /// The bridge did not make it.
    NotOurs,
    /// The bridge's folder is a link, and what it leads to is not touched.
    Link,
    /// It could not be removed.
    Failed {
        /// What the system said: a clause without a full stop.
        reason: String,
    },
}

/// What removing everything did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetOutcome {
    /// The apps that the bridge was taken out of.
    pub apps: Vec<ResetApp>,
    /// Whether it does not start at login any more, and did before.
    pub started_at_login: bool,
    /// How many entries of the keychain are gone.
    pub keychain_entries: usize,
    /// Why none of them could be looked for.
    pub keychain: Option<KeychainTrouble>,
    /// Files and folders that are gone.
    pub files: Vec<ResetFile>,
    /// What is still there.
    pub stays: Vec<ResetStay>,
}

impl ResetOutcome {
    /// Whether all of the bridge's own is gone, as far as can be seen from here.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.stays.iter().all(|stay| stay.because == StaysBecause::NotOurs)
    }
}
