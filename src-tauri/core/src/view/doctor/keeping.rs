//! What is kept: keys in the keychain, everything else in the database.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Told;

/// What was found of what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum KeepingFinding {
    /// Something was written to the keychain, read again and removed.
    KeychainFine,
    /// It is locked.
    KeychainLocked,
    /// It has nothing to keep keys in.
    KeychainWithoutKeyring,
    /// There is none.
    KeychainMissing,
    /// There is none, and nothing needs it: all secrets come from the environment.
    KeychainNotNeeded,
    /// It did not answer in time.
    KeychainSlow,
    /// It failed in another way.
    KeychainFailed,
    /// Keys that would be lost when the bridge ends.
    KeysUnsaved {
        /// How many.
        count: usize,
    },
    /// Nothing is wrong with the database.
    DatabaseFine,
    /// It is made at the first start.
    DatabaseAbsent,
    /// It was damaged at the last start and replaced by an empty one.
    DatabaseSetAside {
        /// Where the damaged one is now.
        file: PathBuf,
    },
    /// It is damaged.
    DatabaseDamaged {
        /// The database.
        file: PathBuf,
    },
    /// A newer version made it.
    DatabaseNewer {
        /// The database.
        file: PathBuf,
    },
    /// It may not be written or read.
    DatabaseReadOnly {
        /// The database.
        file: PathBuf,
    },
    /// The last write found no room.
    DatabaseFull,
    /// It failed in another way.
    DatabaseFailed {
        /// The database.
        file: PathBuf,
    },
    /// The sandbox's database cannot be used.
    SandboxUnusable {
        /// The sandbox's database.
        file: PathBuf,
        /// Why: a clause.
        reason: String,
    },
}

impl KeepingFinding {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::KeychainFine => Told::ok("A test entry was written, read again and removed."),
            Self::KeychainLocked => Told::failed("The keychain is locked, so keys cannot be read or saved.")
                .cure("Unlock it, for example by signing in to the desktop with your password."),
            Self::KeychainWithoutKeyring => {
                Told::failed("The keychain has no default keyring, so keys cannot be saved.")
                    .cure("Make one, for example by signing in to the desktop.")
            }
            Self::KeychainMissing => Told::failed("There is no keychain, so keys are lost when the bridge ends.")
                .cure("Start a keychain service such as gnome-keyring or KWallet."),
            Self::KeychainNotNeeded => {
                Told::note("There is no keychain, and none is needed: all keys come from the environment.")
            }
            Self::KeychainSlow => Told::failed("The keychain does not answer.")
                .cure("It may show a prompt; answer it. If there is none, restart the keychain service."),
            Self::KeychainFailed => Told::failed("The keychain failed, so keys may be lost when the bridge ends.")
                .cure("Look into the log, and restart the keychain service."),
            Self::KeysUnsaved { count } => Told::warning(match count {
                1 => "The key of an account is not in the keychain yet and would be lost when the bridge ends.".into(),
                count => format!(
                    "The keys of {count} accounts are not in the keychain yet and would be lost when the bridge ends."
                ),
            })
            .cure("Unlock or start the keychain; the bridge then saves them by itself."),
            Self::DatabaseFine => Told::ok("The database is whole."),
            Self::DatabaseAbsent => Told::ok("The database is made at the first start."),
            Self::DatabaseSetAside { file } => Told::warning(format!(
                "The database was damaged and set aside as {}, so apps must sign in again.",
                file.display()
            ))
            .cure("Nothing more is to be done; keep the file if you want it looked at."),
            Self::DatabaseDamaged { file } => {
                Told::failed(format!("The database {} is damaged.", file.display())).cure(
                    "Restart the bridge: it keeps the damaged file and begins with an empty one; apps must sign in again.",
                )
            }
            Self::DatabaseNewer { file } => {
                Told::failed(format!("A newer version of this program made the database {}.", file.display()))
                    .cure("Start that version, or move the file away to begin with an empty one.")
            }
            Self::DatabaseReadOnly { file } => {
                Told::failed(format!("The database {} cannot be read and written.", file.display()))
                    .cure("Check whose file it is and its permissions.")
            }
            Self::DatabaseFull => {
                Told::failed("The disk is full, so new sign-ins cannot be remembered.").cure("Free some space.")
            }
            Self::DatabaseFailed { file } => {
                Told::failed(format!("The database {} could not be used.", file.display()))
                    .cure("Restart the bridge; if that does not help, look into the log.")
            }
            Self::SandboxUnusable { file, reason } => {
                Told::warning(format!("The sandbox cannot be used: {reason}: {}.", file.display()))
                    .cure("Move the file away to begin with an empty sandbox, then restart the bridge.")
            }
        }
    }
}
