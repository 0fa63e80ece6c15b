//! Removing everything: the apps get their settings back, the keychain its place, the disk its room (design.md J11).
//!
//! First a plan, which is data and changes nothing; then what was planned, looked up anew. The order is such that a
//! failure in the middle can be repeated: the apps first, because what was written into them is only known as long as
//! there is data, and nothing else goes before that is done; the files last.

mod files;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use crate::config::{API_KEY_VARIABLE, process_environment};
use crate::connect::{App, ConnectError, Connector};
use crate::control::{ClaimError, Lock, ended};
use crate::login_entry;
use crate::paths::Paths;
use crate::vault::{Vault, VaultError};
use crate::view::{
    ConnectSteps, KeychainTrouble, ResetApp, ResetKeychain, ResetOutcome, ResetPlan, ResetStay, StaysBecause,
};

/// How long what the windows keep may come back, and how often it is looked at in vain before it stays away.
const LONGEST_REST: Duration = Duration::from_secs(5);
const QUIET_LOOKS: usize = 10;
/// Between two looks at the files.
const PAUSE: Duration = Duration::from_millis(50);

/// Removes what one bridge has made.
pub struct Reset {
    paths: Paths,
    vault: Vault,
    /// Without one the apps stay as they are.
    connector: Option<Connector>,
    /// Whether windows are open, which need their folder.
    keeps_windows: bool,
    /// Whether entries that lead here belong to this bridge, whoever made them.
    owns_address: bool,
}

/// Why not everything was removed. What was is gone, and trying again does the rest.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// These apps could not be freed; nothing else was touched.
    #[error("{}", clauses(.0))]
    Apps(Vec<ResetApp>),
    /// The bridge of these directories still runs, or its lock cannot be had.
    #[error(transparent)]
    Lock(#[from] ClaimError),
    /// The keychain has entries of the bridge, or may have, and does not give them up.
    #[error("the keychain did not remove the bridge's entries")]
    Keychain(KeychainTrouble),
}

impl Reset {
    /// Of the bridge of `paths`. `connector` is for its apps, if they are to be freed; `owns_address` says that no
    /// other bridge can be meant by an entry with its address.
    #[must_use]
    pub fn new(paths: Paths, vault: Vault, connector: Option<Connector>, owns_address: bool) -> Self {
        Self { paths, vault, connector, keeps_windows: false, owns_address }
    }

    /// While the app's windows are open; what they need is for [`remove_rest`], when they are not.
    #[must_use]
    pub fn with_windows(self) -> Self {
        Self { keeps_windows: true, ..self }
    }

    /// What there is to remove. The keychain may ask the person to unlock it.
    pub async fn plan(&self) -> ResetPlan {
        let files::Found { files, stays } = files::look(&self.paths);
        ResetPlan {
            apps: self.apps(),
            starts_at_login: login_entry::is_there(&self.paths).unwrap_or(false),
            keychain: match self.vault.items().await {
                Ok(entries) => ResetKeychain { entries, trouble: None },
                Err(error) => ResetKeychain { entries: Vec::new(), trouble: trouble(error) },
            },
            files,
            stays,
            has_environment_key: process_environment(API_KEY_VARIABLE).is_some_and(|key| !key.is_empty()),
        }
    }

    /// Takes the bridge out of all apps, or, if one cannot be freed now, out of none; and out of none if the keychain
    /// would stop what comes next. The bridge may run meanwhile.
    ///
    /// # Errors
    /// [`ResetError::Apps`], [`ResetError::Keychain`].
    pub async fn free_apps(&self, now: SystemTime) -> Result<Vec<ResetApp>, ResetError> {
        match self.vault.items().await.map_err(trouble) {
            Ok(_) | Err(None | Some(KeychainTrouble::Missing)) => {}
            Err(Some(trouble)) => return Err(ResetError::Keychain(trouble)),
        }
        let Some(connector) = &self.connector else { return Ok(Vec::new()) };
        let blocked: Vec<_> = self.apps().into_iter().filter(|app| app.blocked.is_some()).collect();
        if !blocked.is_empty() {
            return Err(ResetError::Apps(blocked));
        }
        let mut freed = Vec::new();
        let mut failed = Vec::new();
        for app in connector.entered(self.owns_address) {
            match connector.disconnect(app, now).await {
                Ok(done) => freed.push(told(app, Ok(done))),
                Err(error) => failed.push(told(app, Err(error))),
            }
        }
        if failed.is_empty() { Ok(freed) } else { Err(ResetError::Apps(failed)) }
    }

    /// Waits until the bridge that was asked to end has ended; no other begins as long as the lock is held. Its
    /// process, if there is another, ends after the bridge in it, and may write until then.
    ///
    /// # Errors
    /// [`ResetError::Lock`].
    pub async fn lock(&self, process: Option<u32>) -> Result<Lock, ResetError> {
        Ok(ended(&self.paths, process).await?)
    }

    /// Removes everything else; `freed` are the apps of before.
    ///
    /// # Errors
    /// [`ResetError::Keychain`].
    pub async fn remove(&self, lock: Lock, freed: Vec<ResetApp>) -> Result<ResetOutcome, ResetError> {
        let mut outcome = ResetOutcome { apps: freed, ..ResetOutcome::default() };
        match self.vault.clear().await.map_err(trouble) {
            Ok(count) => outcome.keychain_entries = count,
            Err(None) => {}
            // There may never have been one: a container.
            Err(Some(KeychainTrouble::Missing)) => outcome.keychain = Some(KeychainTrouble::Missing),
            Err(Some(trouble)) => return Err(ResetError::Keychain(trouble)),
        }
        match login_entry::remove(&self.paths) {
            Ok(was_there) => outcome.started_at_login = was_there,
            Err(error) => outcome.stays.push(ResetStay {
                path: login_entry::NAME.into(),
                because: StaysBecause::Failed { reason: error.to_string() },
            }),
        }
        let (paths, keeps_windows) = (self.paths.clone(), self.keeps_windows);
        let removing = tokio::task::spawn_blocking(move || files::remove(&paths, lock, keeps_windows));
        // Only a panic ends it otherwise, and then what stays is found by the next plan.
        let files::Found { files, stays } = removing.await.unwrap_or_default();
        tracing::info!(files = files.len(), stays = stays.len(), "everything was removed");
        outcome.files = files;
        outcome.stays.extend(stays);
        Ok(outcome)
    }

    fn apps(&self) -> Vec<ResetApp> {
        let connector = self.connector.iter();
        connector
            .flat_map(|connector| {
                connector.entered(self.owns_address).map(|app| told(app, connector.preview_disconnect(app)))
            })
            .collect()
    }
}

/// Removes the files that [`Reset::remove`] left because windows were open; nothing if another bridge has begun there.
/// The web view's own processes end a moment after the windows, and write until then, so it is looked at again until
/// nothing has come back for a while.
pub async fn remove_rest(paths: &Paths) {
    let deadline = Instant::now() + LONGEST_REST;
    let mut quiet = 0;
    while quiet < QUIET_LOOKS && Instant::now() < deadline {
        if files::look(paths).files.is_empty() {
            quiet += 1;
        } else {
            quiet = 0;
            match Lock::take(paths) {
                Ok(lock) => drop(files::remove(paths, lock, false)),
                Err(error) => return tracing::warn!(%error, "what the windows kept stays"),
            }
        }
        sleep(PAUSE).await;
    }
}

fn told(app: &App, done: Result<ConnectSteps, ConnectError>) -> ResetApp {
    let (steps, blocked) = match done {
        Ok(done) if done.quit_first => (Vec::new(), Some(ConnectError::QuitFirst(app.name).to_string())),
        Ok(done) => (done.steps, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    ResetApp { id: app.id.to_owned(), name: app.name.to_owned(), steps, blocked }
}

/// A keychain without a keyring has nothing of ours.
fn trouble(error: VaultError) -> Option<KeychainTrouble> {
    match error {
        VaultError::NoKeyring => None,
        VaultError::Locked => Some(KeychainTrouble::Locked),
        VaultError::Unavailable => Some(KeychainTrouble::Missing),
        VaultError::TimedOut => Some(KeychainTrouble::Slow),
        VaultError::Failed => Some(KeychainTrouble::Failed),
    }
}

fn clauses(apps: &[ResetApp]) -> String {
    let clauses: Vec<_> = apps.iter().filter_map(|app| app.blocked.clone()).collect();
    clauses.join("; ")
}
