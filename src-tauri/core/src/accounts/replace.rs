//! A new key for an account that stays the same: what was allowed for it goes on, and no client signs in again.

use super::add::{Checked, CheckedKey};
use super::{Accounts, ReplaceKeyError};
use crate::api_key::ApiKey;
use crate::ids::{AccountId, UserId};
use crate::store::AccountRecord;
use crate::unbroken::unbroken;
use crate::view::AccountKind;

impl Accounts {
    /// Checks a key with Jean Memory and gives it to an account in place of the one it has.
    ///
    /// # Errors
    /// [`ReplaceKeyError`]; then the account keeps the key it has. A key that could not be checked is taken all the
    /// same if `save_unchecked`.
    pub async fn replace_key(
        &self,
        id: &AccountId,
        key: ApiKey,
        save_unchecked: bool,
    ) -> Result<AccountRecord, ReplaceKeyError> {
        let account = self.get(id).await?.ok_or(ReplaceKeyError::Unknown)?;
        has_own_key(&account)?;
        let checked = self.check_key(key, save_unchecked).await?;
        let (accounts, id) = (self.clone(), id.clone());
        unbroken(async move {
            let account = accounts.take_key(&id, checked).await?;
            accounts.save_key(&id).await;
            Ok(account)
        })
        .await
    }

    async fn take_key(&self, id: &AccountId, checked: CheckedKey) -> Result<AccountRecord, ReplaceKeyError> {
        let Checked::Key { key, user_id, state } = checked.0 else {
            return Err(ReplaceKeyError::OtherPerson);
        };
        let _turn = self.0.writing.lock().await;
        // It may have been removed while Jean Memory was asked.
        let account = self.get(id).await?.ok_or(ReplaceKeyError::Unknown)?;
        let user_id = owner(&account, user_id.as_ref()).ok_or(ReplaceKeyError::OtherPerson)?;
        let account = AccountRecord { user_id, state, key_hint: key.hint(), ..account };
        self.give_key(account.clone(), &key).await?;
        Ok(account)
    }
}

fn has_own_key(account: &AccountRecord) -> Result<(), ReplaceKeyError> {
    match account.kind {
        AccountKind::Key => Ok(()),
        AccountKind::Sandbox => Err(ReplaceKeyError::Sandbox),
        AccountKind::Environment => Err(ReplaceKeyError::Environment),
    }
}

/// Whose account it is with a key of `found`; none when that is somebody else than before. Where either is not
/// known, nothing stands against it.
fn owner(account: &AccountRecord, found: Option<&UserId>) -> Option<String> {
    match found {
        Some(found) if account.user_id.is_empty() || account.user_id == found.as_str() => {
            Some(found.as_str().to_owned())
        }
        Some(_) => None,
        None => Some(account.user_id.clone()),
    }
}
