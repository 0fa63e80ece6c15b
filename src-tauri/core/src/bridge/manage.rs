//! What a person does with connected clients and accounts.

use std::time::SystemTime;

use super::{Bridge, RemoveAccountError, RevokeError};
use crate::accounts::{Accounts, AddAccountError, RenameAccountError, ReplaceKeyError};
use crate::adapter_clients::AdapterClient;
use crate::api_key::ApiKey;
use crate::clock::rfc3339;
use crate::ids::AccountId;
use crate::oauth::{Arriving, AuthorizationServer, Connected};
use crate::scope::Scopes;
use crate::store::{StoreError, Whose};
use crate::unbroken::unbroken;
use crate::view::{AccountView, ClientView, Via};

impl Bridge {
    /// Clients with a grant that is alive, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clients(&self) -> Result<Vec<ClientView>, StoreError> {
        Ok(self.oauth.connected(Whose::Everybody).await?.into_iter().map(client_view).collect())
    }

    /// Ends everything a client may do: its next request is 401, its streams end, its refresh tokens are
    /// dead, and an answer that it has not fetched yet is taken back. A client of the adapter is not asked about again
    /// in the programs that are connected for it, also when it was still waiting for an answer. `client` is its id
    /// or, if only one bears it, its name.
    ///
    /// # Errors
    /// [`RevokeError`].
    pub async fn revoke(&self, client: &str) -> Result<ClientView, RevokeError> {
        let clients = self.revocable(Whose::Called(client.to_owned()), self.adapters.asking()).await?;
        let by_id = clients.iter().find(|one| one.id.as_str() == client);
        let by_name: Vec<_> = clients.iter().filter(|one| one.name == client).collect();
        let found = match (by_id, by_name.as_slice()) {
            (Some(one), _) => one.clone(),
            (None, [one]) => (*one).clone(),
            (None, []) => return Err(RevokeError::Unknown),
            (None, several) => return Err(RevokeError::Ambiguous(several.len())),
        };
        self.adapters.take_back(&found.id);
        let (oauth, accounts, now) = (self.oauth.clone(), self.accounts.clone(), self.clock.now());
        let client = found.clone();
        unbroken(async move { end(&oauth, &accounts, &client, now).await }).await?;
        Ok(found)
    }

    /// Ends everything that any client may do; tells how many clients that were.
    ///
    /// # Errors
    /// [`StoreError`]; then those that come after the failure are still connected.
    pub async fn revoke_all(&self) -> Result<usize, StoreError> {
        let clients = self.revocable(Whose::Everybody, self.adapters.arriving()).await?;
        for client in &clients {
            self.adapters.take_back(&client.id);
        }
        let (oauth, accounts, now) = (self.oauth.clone(), self.accounts.clone(), self.clock.now());
        unbroken(async move {
            for client in &clients {
                end(&oauth, &accounts, client, now).await?;
            }
            Ok(clients.len())
        })
        .await
    }

    /// Those of these clients that are connected, and all that are about to be; `waiting` are clients of the adapter.
    async fn revocable(
        &self,
        whose: Whose,
        waiting: Vec<AdapterClient>,
    ) -> Result<Vec<ClientView>, StoreError> {
        let now = self.clock.now();
        // First who is about to be: whoever becomes connected in between is in both lists, not in neither.
        let arriving = self.oauth.arriving(now).into_iter().map(|client| arriving_view(client, now));
        let waiting = waiting.into_iter().map(|client| waiting_view(client, now));
        let arriving: Vec<_> = arriving.chain(waiting).collect();
        let connected = self.oauth.connected(whose).await?;
        let mut clients: Vec<_> = connected.into_iter().map(client_view).collect();
        for client in arriving {
            if clients.iter().all(|known| known.id != client.id) {
                clients.push(client);
            }
        }
        Ok(clients)
    }

    /// Every account, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self) -> Result<Vec<AccountView>, StoreError> {
        Ok(self.accounts.all().await?.into_iter().map(AccountView::from).collect())
    }

    /// Checks a key and keeps it; a new key of a known person replaces the old one.
    ///
    /// # Errors
    /// [`AddAccountError`].
    pub async fn add_account(
        &self,
        key: ApiKey,
        save_unchecked: bool,
    ) -> Result<AccountView, AddAccountError> {
        Ok(self.accounts.add_key(key, save_unchecked, self.clock.now()).await?.into())
    }

    /// Adds the account of the built-in stand-in; the same one if it is there already.
    ///
    /// # Errors
    /// [`AddAccountError`].
    pub async fn add_sandbox(&self) -> Result<AccountView, AddAccountError> {
        Ok(self.accounts.add_sandbox(self.clock.now()).await?.into())
    }

    /// Checks a key and gives it to an account in place of the one it has; its clients go on.
    ///
    /// # Errors
    /// [`ReplaceKeyError`]; then the account keeps the key it has.
    pub async fn replace_key(
        &self,
        id: &AccountId,
        key: ApiKey,
        save_unchecked: bool,
    ) -> Result<AccountView, ReplaceKeyError> {
        Ok(self.accounts.replace_key(id, key, save_unchecked).await?.into())
    }

    /// Gives an account another name.
    ///
    /// # Errors
    /// [`RenameAccountError`].
    pub async fn rename_account(
        &self,
        id: &AccountId,
        label: &str,
    ) -> Result<AccountView, RenameAccountError> {
        Ok(self.accounts.rename(id, label).await?.into())
    }

    /// Forgets an account and its key, and ends what any client may do with it.
    ///
    /// # Errors
    /// [`RemoveAccountError`].
    pub async fn remove_account(&self, id: &AccountId) -> Result<(), RemoveAccountError> {
        let account = self.accounts.get(id).await?.ok_or(RemoveAccountError::Unknown)?;
        if self.accounts.comes_back(&account) {
            return Err(RemoveAccountError::Environment);
        }
        let (oauth, accounts, id, now) =
            (self.oauth.clone(), self.accounts.clone(), id.clone(), self.clock.now());
        unbroken(async move {
            oauth.revoke_account(&id, now).await?;
            let removed = accounts.remove(&id).await?;
            // Whoever was let in between the two.
            oauth.revoke_account(&id, now).await?;
            Ok::<_, StoreError>(removed)
        })
        .await?;
        Ok(())
    }
}

/// Ends what a client may do, and forgets the key that it came with.
async fn end(
    oauth: &AuthorizationServer,
    accounts: &Accounts,
    client: &ClientView,
    now: SystemTime,
) -> Result<(), StoreError> {
    oauth.revoke_client(&client.id, now).await?;
    if let (Via::ApiKey, Some(account)) = (client.via, &client.account) {
        accounts.take_back_lent(account);
    }
    Ok(())
}

fn arriving_view(client: Arriving, now: SystemTime) -> ClientView {
    ClientView {
        id: client.client_id,
        name: client.client_name,
        via: Via::Oauth,
        scopes: client.scopes,
        account: Some(client.account),
        grant: None,
        created_at: rfc3339(now),
        last_used_at: None,
        calls: 0,
    }
}

fn waiting_view(client: AdapterClient, now: SystemTime) -> ClientView {
    ClientView {
        id: client.id,
        name: client.name,
        via: Via::Stdio,
        scopes: Scopes::NONE,
        account: None,
        grant: None,
        created_at: rfc3339(now),
        last_used_at: None,
        calls: 0,
    }
}

fn client_view(client: Connected) -> ClientView {
    let grant = client.newest;
    ClientView {
        id: grant.client_id,
        name: grant.client_name,
        via: grant.via,
        scopes: grant.scopes,
        account: Some(grant.account_id),
        grant: Some(grant.id),
        created_at: rfc3339(client.since),
        last_used_at: client.last_used_at.map(rfc3339),
        calls: client.calls,
    }
}
