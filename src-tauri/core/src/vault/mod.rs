//! Secrets in the OS keychain, and nowhere else on disk.
//!
//! Keychains block: on a password prompt, on a service that hangs, on a bus that is not there yet. So
//! every call runs on a thread of its own, has a deadline, waits for its turn (one prompt at a time),
//! and no failure is remembered: the next call opens the keychain anew.
//!
//! Secrets are wiped when this program drops them; copies made inside the keychain libraries and on
//! the bus are beyond its reach.

mod error;
mod item;
mod line;
mod os;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};
use secrecy::SecretString;
use tokio::sync::{oneshot, watch};

pub use self::error::{VaultError, VaultState};
use self::line::{Line, Turn};
pub use self::os::os_store;
use crate::secret::random_alphanumeric;

/// How long a caller waits: enough to type a password into a prompt, and less than the 60 s after which
/// clients give up on a tool call.
const DEADLINE: Duration = Duration::from_secs(30);
/// After this long a call counts as lost rather than slow, and the next one gets a keychain of its own:
/// a prompt whose service died never ends.
const ABANDON_AFTER: Duration = Duration::from_secs(120);

/// After this long a keychain that failed is tried again, unasked.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// The same for one that is locked: nobody wants a prompt every minute.
const AFTER_LOCKED: Duration = Duration::from_secs(600);

/// Opens the keychain; called at the first use and again after each failure.
pub type OpenStore = Box<dyn Fn() -> Result<Arc<CredentialStore>, Error> + Send + Sync>;

/// How patient a vault is.
#[derive(Clone, Copy, Debug)]
pub struct VaultLimits {
    /// How long a caller waits, including the wait for its turn.
    pub deadline: Duration,
    /// How long a call may hold up the others.
    pub abandon_after: Duration,
}

impl Default for VaultLimits {
    fn default() -> Self {
        Self { deadline: DEADLINE, abandon_after: ABANDON_AFTER }
    }
}

/// The keychain of the person who runs this program. Clones share one line, one prompt, one state.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
    deadline: Duration,
}

struct Inner {
    service: String,
    open: OpenStore,
    line: Arc<Line>,
}

impl Vault {
    /// The keychain of this operating system; nothing is opened before the first use.
    #[must_use]
    pub fn os(service: &str) -> Self {
        Self::new(service, os_store(), VaultLimits::default())
    }

    /// A keychain that `open` opens.
    #[must_use]
    pub fn new(service: &str, open: OpenStore, limits: VaultLimits) -> Self {
        let line = Arc::new(Line::new(limits.abandon_after));
        let inner = Inner { service: service.to_owned(), open, line };
        Self { inner: Arc::new(inner), deadline: limits.deadline }
    }

    /// A computer without a keychain.
    #[cfg(test)]
    pub(crate) fn absent() -> Self {
        Self::new("absent", Box::new(|| Err(Error::NoDefaultStore)), VaultLimits::default())
    }

    /// The same keychain and the same line, for a caller with another patience.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { inner: Arc::clone(&self.inner), deadline }
    }

    /// The secret kept as `item`, if there is one.
    ///
    /// # Errors
    /// Why the keychain did not answer.
    pub async fn read(&self, item: &str) -> Result<Option<SecretString>, VaultError> {
        self.ask(item, item::read).await
    }

    /// Keeps `secret` as `item`, in place of what was there.
    ///
    /// # Errors
    /// Why the keychain did not take it. After [`VaultError::TimedOut`] it may still be written, when
    /// the person answers the prompt.
    pub async fn write(&self, item: &str, secret: SecretString) -> Result<(), VaultError> {
        let written = self.ask(item, move |entry| item::write(entry, &secret)).await?;
        // "No such item" is no answer to a write: someone deleted it in the same moment.
        written.ok_or(VaultError::Failed)
    }

    /// Removes `item`; it is no error when there is none.
    ///
    /// # Errors
    /// Why the keychain did not do it; see [`Vault::write`].
    pub async fn delete(&self, item: &str) -> Result<(), VaultError> {
        self.ask(item, item::delete).await.map(|_| ())
    }

    /// The names of all items that are kept, those too that nobody remembers.
    ///
    /// # Errors
    /// Why the keychain did not answer.
    pub async fn items(&self) -> Result<Vec<String>, VaultError> {
        let found = self.answer_in_time("every item", item::names).await?;
        Ok(found.unwrap_or_default())
    }

    /// Removes all items, those too that nobody remembers; says how many.
    ///
    /// # Errors
    /// Why the keychain did not do it; some may be gone. See [`Vault::write`].
    pub async fn clear(&self) -> Result<usize, VaultError> {
        let removed = self.answer_in_time("every item", item::clear).await?;
        // "No such item" is no answer here: someone deleted it in the same moment.
        removed.ok_or(VaultError::Failed)
    }

    /// Writes something of no worth, reads it again and removes it, in one turn: whether the keychain can be used.
    ///
    /// # Errors
    /// Why it cannot; [`VaultError::Failed`] also when it gave back something else.
    pub async fn round_trip(&self) -> Result<(), VaultError> {
        // Another process may do the same at this moment.
        let item = format!("doctor {}", std::process::id());
        let proof = SecretString::from(random_alphanumeric());
        let came_back = self.ask(&item, move |entry| item::round_trip(entry, &proof)).await?;
        if came_back == Some(true) { Ok(()) } else { Err(VaultError::Failed) }
    }

    /// What the last call showed.
    #[must_use]
    pub fn state(&self) -> VaultState {
        *self.inner.line.states().borrow()
    }

    /// Follows [`Vault::state`].
    #[must_use]
    pub fn states(&self) -> watch::Receiver<VaultState> {
        self.inner.line.states()
    }

    /// Waits until another try is worth it after one that failed: somebody else's was answered, or some
    /// time has passed. A locked keychain is tried rarely, because each try may be a prompt.
    pub async fn worth_another_try(&self) {
        let mut states = self.states();
        let pause = if *states.borrow() == VaultState::Locked { AFTER_LOCKED } else { AFTER_FAILURE };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // The sender lives in `self`, so waiting cannot fail.
            _ = states.wait_for(|state| *state == VaultState::Ready) => {}
        }
    }

    /// Does `job` with the entry of `item`; `None` when there is no such item.
    async fn ask<T: Send + 'static>(
        &self,
        item: &str,
        job: impl Fn(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, VaultError> {
        let name = item.to_owned();
        let job = move |store: &CredentialStore, service: &str| {
            store.build(service, &name, None).and_then(|entry| job(&entry))
        };
        self.answer_in_time(item, job).await
    }

    async fn answer_in_time<T: Send + 'static>(
        &self,
        what: &str,
        job: impl Fn(&CredentialStore, &str) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, VaultError> {
        let answer = tokio::time::timeout(self.deadline, self.answer(what, job)).await;
        answer.unwrap_or_else(|_| {
            self.inner.line.overdue();
            Err(VaultError::TimedOut)
        })
    }

    /// Does `job` on a thread of its own.
    ///
    /// Not `spawn_blocking`: the runtime would wait for its threads at exit, behind a prompt.
    async fn answer<T: Send + 'static>(
        &self,
        what: &str,
        job: impl Fn(&CredentialStore, &str) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, VaultError> {
        let mut turn = self.inner.line.turn().await;
        let (inner, what) = (Arc::clone(&self.inner), what.to_owned());
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new().name("keychain".to_owned()).spawn(move || {
            let answer = inner.work(&mut turn, &what, job, || !tell.is_closed());
            turn.note(&answer);
            drop(turn);
            // Nobody may be waiting any more.
            let _ = tell.send(answer);
        });
        thread.map_err(|_| VaultError::Failed)?;
        // No answer: the thread panicked.
        told.await.unwrap_or(Err(VaultError::Failed))
    }
}

impl Inner {
    /// Opens the keychain if need be, and once more if the open one turns out to be gone: a service that
    /// was replaced knows nothing of our session. Not once more when the caller was told that it timed
    /// out: a write must not be done behind the back of someone who was told to try again.
    fn work<T>(
        &self,
        turn: &mut Turn,
        what: &str,
        job: impl Fn(&CredentialStore, &str) -> Result<T, Error>,
        wanted: impl Fn() -> bool,
    ) -> Result<Option<T>, VaultError> {
        let mut retried = false;
        loop {
            let error = match self.attempt(turn, what, &job) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            if error != VaultError::Unavailable || retried || !wanted() {
                return Err(error);
            }
            retried = true;
        }
    }

    fn attempt<T>(
        &self,
        turn: &mut Turn,
        what: &str,
        job: impl Fn(&CredentialStore, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, VaultError> {
        let store = turn.take().map_or_else(&self.open, Ok).map_err(|error| refusal(what, &error))?;
        let answer = match job(&*store, &self.service) {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(refusal(what, &error)),
        };
        if !matches!(answer, Err(VaultError::Unavailable)) {
            turn.put_back(store);
        }
        answer
    }
}

fn refusal(what: &str, error: &Error) -> VaultError {
    tracing::debug!(what, %error, "the keychain refused");
    VaultError::of(error)
}
