//! What it means what Jean Memory says of a key.

use crate::accounts::KeyStanding;
use crate::store::AccountRecord;
use crate::view::MemoriesFinding;

/// Of this account; the key itself is not in it.
pub(crate) fn finding(account: &AccountRecord, standing: &KeyStanding) -> MemoriesFinding {
    let (account, key_hint) = (account.label.clone(), account.key_hint.clone());
    match standing {
        KeyStanding::Accepted => MemoriesFinding::KeyAccepted { account, key_hint },
        KeyStanding::Rejected => MemoriesFinding::KeyRejected { account, key_hint },
        KeyStanding::Missing => MemoriesFinding::KeyMissing { account, key_hint },
        KeyStanding::Unreadable(_) => MemoriesFinding::KeyUnreadable { account, key_hint },
        KeyStanding::CouldNotCheck(_) => MemoriesFinding::KeyUnchecked { account, key_hint },
        KeyStanding::Sandbox => MemoriesFinding::KeyOfSandbox { account },
    }
}
