//! Why a keychain did not answer, and what is known of it.

use keyring_core::Error;

use super::os;

/// Why the keychain did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum VaultError {
    /// It is locked, and nobody unlocked it: the prompt was dismissed or could not be shown.
    #[error("the keychain is locked")]
    Locked,
    /// The service runs, but has no keyring to keep anything in.
    #[error("the keychain has no default keyring")]
    NoKeyring,
    /// There is no keychain service, or it broke off.
    #[error("the keychain is not available")]
    Unavailable,
    /// No answer by the deadline: a prompt waits, or the service hangs. What was asked may yet be done.
    #[error("the keychain did not answer in time")]
    TimedOut,
    /// It answered with something that cannot be used.
    #[error("the keychain failed")]
    Failed,
}

impl VaultError {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::NoStorageAccess(cause) => os::cause(cause.as_ref()).unwrap_or(Self::Locked),
            Error::PlatformFailure(cause) => os::cause(cause.as_ref()).unwrap_or(Self::Unavailable),
            // `NoDefaultStore` is what an opener for an unsupported system says.
            Error::NoDefaultStore => Self::Unavailable,
            // Wrong data or arguments; and the enum is non-exhaustive.
            Error::NoEntry
            | Error::BadEncoding(_)
            | Error::BadDataFormat(..)
            | Error::BadStoreFormat(_)
            | Error::TooLong(..)
            | Error::Invalid(..)
            | Error::Ambiguous(_)
            | Error::NotSupportedByStore(_)
            | _ => Self::Failed,
        }
    }
}

/// What the last call to the keychain showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VaultState {
    /// Nothing was asked yet.
    #[default]
    Untried,
    /// It answered.
    Ready,
    /// It is locked.
    Locked,
    /// It has no keyring to keep anything in.
    NoKeyring,
    /// There is none.
    Unavailable,
    /// A call is past its deadline: perhaps a prompt waits for the person.
    Slow,
    /// It answered with something that cannot be used.
    Failed,
}

impl From<VaultError> for VaultState {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Locked => Self::Locked,
            VaultError::NoKeyring => Self::NoKeyring,
            VaultError::Unavailable => Self::Unavailable,
            VaultError::TimedOut => Self::Slow,
            VaultError::Failed => Self::Failed,
        }
    }
}
