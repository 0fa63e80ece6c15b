//! How the bridge is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::NewVersion;

/// One word for how the bridge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Everything works.
    Ready,
    /// A question waits for a person.
    Asking,
    /// An account needs a key, or a new one.
    NeedsKey,
    /// Jean Memory could not be reached at the last attempt.
    Offline,
    /// A person paused the bridge.
    Paused,
}

/// How the bridge is, in one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// One word.
    pub state: State,
    /// Where it listens, `http://127.0.0.1:P`.
    pub url: String,
    /// Random per start; proves that a reply comes from this process.
    pub instance: String,
    /// Version of the program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Questions that wait.
    pub requests: usize,
    /// Clients with a live grant.
    pub clients: usize,
    /// Accounts.
    pub accounts: usize,
    /// What a person should know: the keychain is missing, the store is damaged. One sentence each.
    #[serde(default)]
    pub notices: Vec<String>,
    /// A newer version, if one is known and a person wants to hear of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<NewVersion>,
}

/// Something that is wrong and that a person can do something about. The windows have words of their own for each;
/// [`Problem::sentence`] is for everybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Problem {
    /// The database was damaged and set aside at the start.
    DatabaseSetAside {
        /// Its new name.
        file: PathBuf,
    },
    /// The sandbox's database cannot be used.
    SandboxUnusable {
        /// The sandbox's database.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The last write failed for want of space.
    DiskFull,
    /// The last write failed because the data directory may not be written.
    DataReadOnly,
    /// The database turned out to be damaged while it was used.
    DatabaseDamaged,
    /// The database failed in another way.
    DatabaseFailed,
    /// The keychain is locked.
    KeychainLocked,
    /// The keychain has no default keyring.
    KeychainWithoutKeyring,
    /// There is no keychain.
    KeychainMissing,
    /// The keychain does not answer in time.
    KeychainSlow,
    /// The keychain failed in another way.
    KeychainFailed,
    /// Keys that would be lost when the bridge ends.
    KeysUnsaved {
        /// How many.
        count: usize,
    },
}

impl Problem {
    /// What happened, what it means, what to do.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::DatabaseSetAside { file } => format!(
                "The database was damaged. It was set aside as {}, and the bridge began with an empty one; apps \
                 must sign in again.",
                file.display()
            ),
            Self::SandboxUnusable { file, reason } => {
                format!("The sandbox cannot be used: {reason}: {}.", file.display())
            }
            Self::DiskFull => {
                "The disk is full, so the bridge cannot remember new sign-ins. Free some space.".into()
            }
            Self::DataReadOnly => "The data directory cannot be written. Check its permissions.".into(),
            Self::DatabaseDamaged => {
                "The database is damaged. Restart the bridge: it keeps the damaged file and begins with an empty one."
                    .into()
            }
            Self::DatabaseFailed => {
                "The database could not be used. Restart the bridge; if that does not help, look into the log.".into()
            }
            Self::KeychainLocked => {
                "The keychain is locked, so keys live in memory until the bridge ends. Unlock it.".into()
            }
            Self::KeychainWithoutKeyring => {
                "The keychain has no default keyring, so keys live in memory until the bridge ends. Make one, for \
                 example by signing in to the desktop."
                    .into()
            }
            Self::KeychainMissing => {
                "There is no keychain, so keys live in memory until the bridge ends. Start a keychain service.".into()
            }
            Self::KeychainSlow => "The keychain does not answer. It may show a prompt; answer it.".into(),
            Self::KeychainFailed => {
                "The keychain failed, so keys may live in memory until the bridge ends.".into()
            }
            // Stays when the keychain is back, until the keys are in it.
            Self::KeysUnsaved { count: 1 } => {
                "The key of an account is not in the keychain yet and would be lost when the bridge ends.".into()
            }
            Self::KeysUnsaved { count } => format!(
                "The keys of {count} accounts are not in the keychain yet and would be lost when the bridge ends."
            ),
        }
    }
}
