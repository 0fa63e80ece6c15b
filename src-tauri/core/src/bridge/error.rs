//! Why the bridge does not start, and why it does not do what a person asked.

use std::path::PathBuf;

use crate::accounts::AddAccountError;
use crate::control::ClaimError;
use crate::paths::DirectoryError;
use crate::sandbox::SandboxError;
use crate::store::StoreError;

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A directory cannot be made or is not private.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Another bridge runs, or the socket cannot be made.
    #[error(transparent)]
    Control(#[from] ClaimError),
    /// Somebody else listens there.
    #[error("port {port} is in use")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The port cannot be used for another reason.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        reason: std::io::Error,
    },
    /// The database cannot be used.
    #[error("{reason}: {}; {}", file.display(), store_cure(*reason))]
    Store {
        /// The database.
        file: PathBuf,
        /// Why.
        #[source]
        reason: StoreError,
    },
    /// The sandbox's database cannot be used, and the sandbox answers for every account.
    #[error("{reason}: {}; move it away to begin with an empty sandbox", file.display())]
    Sandbox {
        /// The sandbox's database.
        file: PathBuf,
        /// Why.
        #[source]
        reason: SandboxError,
    },
    /// `api_base_url` is not an address that a key may be sent to.
    #[error(transparent)]
    BaseUrl(#[from] crate::upstream::BaseUrlError),
}

fn store_cure(reason: StoreError) -> &'static str {
    match reason {
        StoreError::Full => "free some space and start again",
        StoreError::ReadOnly => "check the permissions of its directory",
        StoreError::Newer => "start that version, or move the file away to begin with an empty one",
        StoreError::Damaged | StoreError::Failed => "move the file away to begin with an empty one",
    }
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// No such question waits: never asked, answered, or out of time.
    #[error("no app waits for this answer")]
    UnknownQuestion,
    /// No such account.
    #[error("no account has this id")]
    UnknownAccount,
    /// There is nothing to choose from.
    #[error("there is no account yet")]
    NoAccount,
    /// There is more than one.
    #[error("there are {0} accounts")]
    ChooseAccount(usize),
    /// No key was given for this question before.
    #[error("no key was given before")]
    NoKeptKey,
    /// Nothing that was asked for is allowed.
    #[error("nothing that the app asked for would be allowed")]
    NothingAllowed,
    /// The new key was not taken.
    #[error(transparent)]
    Account(#[from] AddAccountError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// No connected client has this id or name.
    #[error("no connected app has this id or name")]
    Unknown,
    /// Several have this name.
    #[error("{0} connected apps have this name")]
    Ambiguous(usize),
    /// The store failed; nothing was revoked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account is still there.
#[derive(Debug, thiserror::Error)]
pub enum RemoveAccountError {
    /// No such account.
    #[error("no account has this id")]
    Unknown,
    /// It comes back at every start.
    #[error("the account comes from the environment")]
    Environment,
    /// The store failed; nothing was removed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
