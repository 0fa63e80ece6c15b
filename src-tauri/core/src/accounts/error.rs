//! What goes wrong between an account and Jean Memory.

use crate::store::StoreError;
use crate::upstream::UpstreamError;
use crate::vault::VaultError;

/// Why a call for an account did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The account was removed.
    #[error("the account is gone")]
    Unknown,
    /// The keychain has no key for it.
    #[error("there is no key for this account")]
    NoKey,
    /// The keychain does not answer, or not with the key.
    #[error("{0}")]
    Keychain(#[from] VaultError),
    /// Jean Memory refused the key, now or before.
    #[error("Jean Memory does not accept the key")]
    KeyRejected,
    /// The account list could not be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Jean Memory failed.
    #[error("{0}")]
    Upstream(UpstreamError),
}

/// Why an account kept its key.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceKeyError {
    /// No such account.
    #[error("no account has this id")]
    Unknown,
    /// Its key comes from `JEAN_BRIDGE_API_KEY`.
    #[error("the account comes from the environment")]
    Environment,
    /// It is the sandbox, which has no key of a person.
    #[error("the sandbox needs no key")]
    Sandbox,
    /// Whoever may use this account would read somebody else's memories (protocol.md 4.18).
    #[error("the key belongs to somebody else")]
    OtherPerson,
    /// The new key was not taken.
    #[error(transparent)]
    Key(#[from] AddAccountError),
    /// The account list could not be written.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Why an account kept its name.
#[derive(Debug, thiserror::Error)]
pub enum RenameAccountError {
    /// No such account.
    #[error("no account has this id")]
    Unknown,
    /// Empty, too long, or with characters that are not to be seen.
    #[error("this is not a name for an account")]
    NotALabel,
    /// The account list could not be written.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Why an account was not added. Rejected and not checked are different things to a person
/// (upstream-api.md 6.3).
#[derive(Debug, thiserror::Error)]
pub enum AddAccountError {
    /// Jean Memory refused the key.
    #[error("Jean Memory does not accept this key")]
    Rejected,
    /// Jean Memory could not be asked.
    #[error("Jean Memory could not be reached, so the key is not checked yet")]
    CouldNotCheck(UpstreamError),
    /// The built-in sandbox could not be opened.
    #[error("the sandbox could not be opened")]
    Sandbox,
    /// The account list could not be written.
    #[error("{0}")]
    Store(#[from] StoreError),
}
