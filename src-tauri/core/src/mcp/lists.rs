//! The lists of tools by account: fetched once, served at once afterwards, renewed behind the
//! client's back, kept while Jean Memory is down (protocol.md 7.24).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::catalogue::Catalogue;
use super::service::{MemoryError, MemoryService};
use crate::ids::AccountId;

/// A list older than this is still served, and renewed meanwhile.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How long to wait after a renewal before the next, when the first did not succeed.
const AGAIN: Duration = Duration::from_secs(30);
/// How long a failure answers those who asked meanwhile or ask right after, so that they do not
/// wait for the same timeout one behind the other.
const FAILURE_HOLDS: Duration = Duration::from_secs(1);

/// The lists of all accounts.
pub(super) struct Lists {
    service: Arc<dyn MemoryService>,
    accounts: RwLock<HashMap<AccountId, Arc<List>>>,
    changes: watch::Sender<u64>,
}

struct List {
    held: RwLock<Option<Held>>,
    /// Held while Jean Memory is asked, so that it is asked once.
    asking: Mutex<Asked>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Asked {
    renewal: Option<Instant>,
    failure: Option<(Instant, MemoryError)>,
}

#[derive(Clone)]
struct Held {
    catalogue: Arc<Catalogue>,
    since: Instant,
}

impl Lists {
    pub(super) fn new(service: Arc<dyn MemoryService>) -> Self {
        Self { service, accounts: RwLock::default(), changes: watch::Sender::default() }
    }

    /// What is held for the account, however old.
    pub(super) fn held(&self, account: &AccountId) -> Option<Arc<Catalogue>> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        Some(accounts.get(account)?.held()?.catalogue)
    }

    /// The account's tools. Waits for Jean Memory only if there is nothing to serve.
    pub(super) async fn get(&self, account: &AccountId) -> Result<Arc<Catalogue>, MemoryError> {
        let list = self.list(account);
        match list.held() {
            Some(held) => {
                if held.since.elapsed() >= FRESH {
                    renew(Arc::clone(&self.service), account.clone(), list);
                }
                Ok(held.catalogue)
            }
            None => list.first(&*self.service, account).await,
        }
    }

    /// Forgets the account's list: its key was changed, or the account is gone.
    pub(super) fn forget(&self, account: &AccountId) {
        self.accounts.write().unwrap_or_else(PoisonError::into_inner).remove(account);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Grows when a list was fetched, renewed or forgotten.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn list(&self, account: &AccountId) -> Arc<List> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = accounts.get(account) {
            return Arc::clone(list);
        }
        drop(accounts);
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            accounts.entry(account.clone()).or_insert_with(|| Arc::new(List::new(self.changes.clone()))),
        )
    }
}

/// Asks again without letting anyone wait; whoever comes while it runs is served what is held.
fn renew(service: Arc<dyn MemoryService>, account: AccountId, list: Arc<List>) {
    tokio::spawn(async move {
        let Ok(mut asked) = list.asking.try_lock() else { return };
        if asked.renewal.is_some_and(|renewal| renewal.elapsed() < AGAIN) {
            return;
        }
        asked.renewal = Some(Instant::now());
        if let Err(error) = list.ask(&*service, &account).await {
            tracing::debug!(%account, %error, "the list of tools could not be renewed");
        }
    });
}

impl List {
    fn new(changes: watch::Sender<u64>) -> Self {
        Self { held: RwLock::default(), asking: Mutex::default(), changes }
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first list, asked for once however many wait for it.
    async fn first(
        &self,
        service: &dyn MemoryService,
        account: &AccountId,
    ) -> Result<Arc<Catalogue>, MemoryError> {
        let mut asked = self.asking.lock().await;
        if let Some(held) = self.held() {
            return Ok(held.catalogue);
        }
        if let Some((when, error)) = &asked.failure
            && when.elapsed() < FAILURE_HOLDS
        {
            return Err(error.clone());
        }
        let answer = self.ask(service, account).await;
        // Jean Memory had no part in a pause, and it ends when a person says so.
        let failure = answer.as_ref().err().filter(|error| **error != MemoryError::Paused);
        asked.failure = failure.map(|error| (Instant::now(), error.clone()));
        answer
    }

    async fn ask(
        &self,
        service: &dyn MemoryService,
        account: &AccountId,
    ) -> Result<Arc<Catalogue>, MemoryError> {
        let catalogue = Arc::new(Catalogue::read(service.list_tools(account).await?));
        let held = Held { catalogue: Arc::clone(&catalogue), since: Instant::now() };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        self.changes.send_modify(|count| *count += 1);
        Ok(catalogue)
    }
}
