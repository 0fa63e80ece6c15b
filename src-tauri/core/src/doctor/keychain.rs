//! What it means that the keychain answers, or does not.

use crate::vault::VaultError;
use crate::view::KeepingFinding;

/// `is_needed`: whether any secret is kept there, or would be.
pub(crate) fn finding(tried: Result<(), VaultError>, is_needed: bool) -> KeepingFinding {
    match tried {
        Ok(()) => KeepingFinding::KeychainFine,
        Err(VaultError::Unavailable) if !is_needed => KeepingFinding::KeychainNotNeeded,
        Err(VaultError::Unavailable) => KeepingFinding::KeychainMissing,
        Err(VaultError::Locked) => KeepingFinding::KeychainLocked,
        Err(VaultError::NoKeyring) => KeepingFinding::KeychainWithoutKeyring,
        Err(VaultError::TimedOut) => KeepingFinding::KeychainSlow,
        Err(VaultError::Failed) => KeepingFinding::KeychainFailed,
    }
}
