//! The keychain of each operating system: how it is opened, and what its own errors mean.

use std::error::Error as StdError;

use super::{OpenStore, VaultError};

/// Opens the keychain of this operating system: Secret Service on Linux (no libdbus), Keychain on macOS,
/// Credential Manager on Windows. Elsewhere there is none.
#[must_use]
pub fn os_store() -> OpenStore {
    Box::new(system::open)
}

/// What a system's own error says beyond `keyring_core`'s kinds, when it says more.
pub(super) fn cause(error: &(dyn StdError + Send + Sync + 'static)) -> Option<VaultError> {
    system::cause(error)
}

#[cfg(target_os = "linux")]
mod system {
    use std::sync::Arc;

    use keyring_core::{CredentialStore, Error};
    use zbus_secret_service_keyring_store::Store;

    use super::{StdError, VaultError};

    pub(super) fn open() -> Result<Arc<CredentialStore>, Error> {
        Ok(Store::new()?)
    }

    /// The store calls everything that goes wrong while creating an item a platform failure, a
    /// dismissed prompt too, and a missing default keyring an access problem.
    pub(super) fn cause(error: &(dyn StdError + Send + Sync + 'static)) -> Option<VaultError> {
        use secret_service::Error as Refusal;
        match error.downcast_ref()? {
            Refusal::NoResult => Some(VaultError::NoKeyring),
            Refusal::Locked | Refusal::Prompt => Some(VaultError::Locked),
            // No service, or it broke off; and the enum is non-exhaustive.
            Refusal::Crypto(_)
            | Refusal::Zbus(_)
            | Refusal::ZbusFdo(_)
            | Refusal::Zvariant(_)
            | Refusal::PromptDisconnected
            | Refusal::Unavailable
            | _ => None,
        }
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::sync::Arc;

    use apple_native_keyring_store::keychain::Store;
    use keyring_core::{CredentialStore, Error};

    use super::{StdError, VaultError};

    const USER_CANCELED: i32 = -128; // errSecUserCanceled
    const AUTH_FAILED: i32 = -25293; // errSecAuthFailed
    const INTERACTION_NOT_ALLOWED: i32 = -25308; // errSecInteractionNotAllowed
    const INTERACTION_REQUIRED: i32 = -25315; // errSecInteractionRequired

    pub(super) fn open() -> Result<Arc<CredentialStore>, Error> {
        Ok(Store::new()?)
    }

    /// The store calls a refused prompt a platform failure; asked again, it would prompt again.
    pub(super) fn cause(error: &(dyn StdError + Send + Sync + 'static)) -> Option<VaultError> {
        match error.downcast_ref::<security_framework::base::Error>()?.code() {
            USER_CANCELED | AUTH_FAILED | INTERACTION_NOT_ALLOWED | INTERACTION_REQUIRED => {
                Some(VaultError::Locked)
            }
            _ => None,
        }
    }
}

#[cfg(windows)]
mod system {
    use std::sync::Arc;

    use keyring_core::{CredentialStore, Error};
    use windows_native_keyring_store::Store;

    use super::{StdError, VaultError};

    pub(super) fn open() -> Result<Arc<CredentialStore>, Error> {
        Ok(Store::new()?)
    }

    pub(super) fn cause(_: &(dyn StdError + Send + Sync + 'static)) -> Option<VaultError> {
        None
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod system {
    use std::sync::Arc;

    use keyring_core::{CredentialStore, Error};

    use super::{StdError, VaultError};

    pub(super) fn open() -> Result<Arc<CredentialStore>, Error> {
        Err(Error::NoDefaultStore)
    }

    pub(super) fn cause(_: &(dyn StdError + Send + Sync + 'static)) -> Option<VaultError> {
        None
    }
}
