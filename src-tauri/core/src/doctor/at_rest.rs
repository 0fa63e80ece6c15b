//! What a bridge would examine itself, looked at while none runs: read only, and with one question to the keychain at a
//! time.

use std::path::PathBuf;
use std::time::Instant;

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::{
    KEYCHAIN, NETWORK, blocking, clock_finding, database_finding, key_finding, keychain_finding,
    update_check, upstream_failure, upstream_fine,
};
use crate::accounts::{KeyStanding, keychain_item};
use crate::api_key::ApiKey;
use crate::bridge::settings_of;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{ApiBase, Config};
use crate::paths::Paths;
use crate::store::{AccountRecord, Kept, Store, StoreError, read_at_rest};
use crate::updates;
use crate::upstream::{BaseUrl, Upstream, UpstreamError, UpstreamLimits};
use crate::vault::{Vault, VaultError};
use crate::view::{
    AccountKind, Check, ComputerFinding, Finding, KeepingFinding, MemoriesFinding, Subject, Unexamined,
};

/// The keychain and the database, each asked once.
pub(super) struct AtRest {
    data_dir: PathBuf,
    vault: Vault,
    keychain: OnceCell<Result<(), VaultError>>,
    kept: OnceCell<Result<Option<Kept>, StoreError>>,
}

impl AtRest {
    pub(super) fn new(paths: &Paths) -> Self {
        Self {
            data_dir: paths.data_dir.clone(),
            vault: Vault::os(&paths.keychain_service).with_deadline(KEYCHAIN),
            keychain: OnceCell::new(),
            kept: OnceCell::new(),
        }
    }

    pub(super) async fn examine(&self, subject: Subject, config: &Config) -> Vec<Check> {
        let paused = |finding| vec![Check::new(subject, Finding::Memories(finding))];
        match subject {
            Subject::Keychain => self.keychain(config.jwt_secret.is_none()).await,
            // Nothing goes to Jean Memory then, over restarts too.
            Subject::Upstream | Subject::Clock if self.is_paused().await => {
                paused(MemoriesFinding::UpstreamPaused)
            }
            Subject::Keys if self.is_paused().await => paused(MemoriesFinding::KeysPaused),
            Subject::Upstream | Subject::Clock => upstream(config).await,
            Subject::Keys => self.keys(config).await,
            Subject::Database => self.database().await,
            Subject::Updates => self.updates(config).await,
            Subject::Bridge
            | Subject::Versions
            | Subject::Port
            | Subject::Config
            | Subject::Folders
            | Subject::Log
            | Subject::Start
            | Subject::Apps => Vec::new(),
        }
    }

    /// What the settings file has no say in.
    pub(super) async fn examine_without_settings(&self, subject: Subject) -> Vec<Check> {
        match subject {
            Subject::Keychain => self.keychain(true).await,
            Subject::Database => self.database().await,
            Subject::Bridge
            | Subject::Versions
            | Subject::Updates
            | Subject::Port
            | Subject::Config
            | Subject::Folders
            | Subject::Log
            | Subject::Start
            | Subject::Upstream
            | Subject::Clock
            | Subject::Keys
            | Subject::Apps => vec![Check::new(subject, Unexamined::SettingsFirst)],
        }
    }

    async fn keychain(&self, signs_with_it: bool) -> Vec<Check> {
        let kept = self.kept().await.clone().ok().flatten().unwrap_or_default();
        let is_needed = signs_with_it || kept.accounts.iter().any(|account| account.kind == AccountKind::Key);
        vec![Check::new(Subject::Keychain, keychain_finding(self.round_trip().await, is_needed))]
    }

    async fn database(&self) -> Vec<Check> {
        let finding = match self.kept().await {
            Ok(Some(_)) => KeepingFinding::DatabaseFine,
            Ok(None) => KeepingFinding::DatabaseAbsent,
            Err(error) => database_finding(*error, &Store::file(&self.data_dir)),
        };
        vec![Check::new(Subject::Database, finding)]
    }

    async fn keys(&self, config: &Config) -> Vec<Check> {
        let told = |finding| vec![Check::new(Subject::Keys, Finding::Memories(finding))];
        let accounts = match self.kept().await {
            Ok(kept) => kept.as_ref().map(|kept| kept.accounts.as_slice()).unwrap_or_default(),
            Err(_) => return told(MemoriesFinding::AccountsUnreadable),
        };
        if accounts.is_empty() {
            return told(MemoriesFinding::NoAccount);
        }
        let upstream = remote(config).ok().flatten();
        let checks = accounts.iter().map(|account| self.key(account, config, upstream.as_ref()));
        join_all(checks).await.into_iter().flat_map(told).collect()
    }

    async fn key(
        &self,
        account: &AccountRecord,
        config: &Config,
        upstream: Option<&Upstream>,
    ) -> MemoriesFinding {
        let key = match account.kind {
            AccountKind::Sandbox => return key_finding(account, &KeyStanding::Sandbox),
            AccountKind::Environment => config.api_key.clone().filter(|key| key.hint() == account.key_hint),
            AccountKind::Key => match self.stored_key(account).await {
                Ok(Some(key)) => Some(key),
                Ok(None) => return key_finding(account, &KeyStanding::Missing),
                Err(error) => return key_finding(account, &KeyStanding::Unreadable(error)),
            },
        };
        let Some(key) = key else {
            return MemoriesFinding::KeyElsewhere {
                account: account.label.clone(),
                key_hint: account.key_hint.clone(),
            };
        };
        // The sandbox answers for every account, whatever its key.
        let Some(upstream) = upstream else { return key_finding(account, &KeyStanding::Sandbox) };
        let standing = match timeout(NETWORK, upstream.verify_key(&key)).await {
            Ok(verdict) => KeyStanding::of(account, &verdict),
            Err(_) => KeyStanding::CouldNotCheck(UpstreamError::TimedOut),
        };
        key_finding(account, &standing)
    }

    /// A keychain that does not work is not asked for each account again: that might be a prompt for each.
    async fn stored_key(&self, account: &AccountRecord) -> Result<Option<ApiKey>, VaultError> {
        self.round_trip().await?;
        let stored = self.vault.read(&keychain_item(&account.id)).await?;
        Ok(stored.and_then(|text| ApiKey::parse(text.expose_secret()).ok()))
    }

    async fn round_trip(&self) -> Result<(), VaultError> {
        *self.keychain.get_or_init(|| self.vault.round_trip()).await
    }

    async fn updates(&self, config: &Config) -> Vec<Check> {
        let kept = self.kept().await.clone().ok().flatten().unwrap_or_default();
        let known = updates::Known::of(&kept.settings);
        let permission = updates::Permission::new(config.releases.clone(), config.update_check);
        update_check(permission.view(&known, settings_of(kept.settings).update_check))
    }

    async fn is_paused(&self) -> bool {
        let kept = self.kept().await.clone().ok().flatten().unwrap_or_default();
        settings_of(kept.settings).paused
    }

    async fn kept(&self) -> &Result<Option<Kept>, StoreError> {
        self.kept
            .get_or_init(|| async {
                let data_dir = self.data_dir.clone();
                blocking(move || read_at_rest(&data_dir)).await.unwrap_or(Err(StoreError::Failed))
            })
            .await
    }
}

async fn upstream(config: &Config) -> Vec<Check> {
    let (upstream, clock): (MemoriesFinding, ComputerFinding) = match remote(config) {
        Ok(None) => (MemoriesFinding::UpstreamSandbox, ComputerFinding::ClockUnchecked),
        Err(reason) => (MemoriesFinding::UpstreamAddress { reason }, ComputerFinding::ClockUnchecked),
        Ok(Some(upstream)) => {
            let host = upstream.host().unwrap_or_default();
            let started = Instant::now();
            let health = timeout(NETWORK, upstream.health()).await.unwrap_or(Err(UpstreamError::TimedOut));
            match health {
                Ok(theirs) => {
                    (upstream_fine(host, started.elapsed()), clock_finding(theirs, SystemClock.now()))
                }
                Err(error) => (upstream_failure(host, &error), ComputerFinding::ClockUnchecked),
            }
        }
    };
    vec![Check::new(Subject::Upstream, upstream), Check::new(Subject::Clock, clock)]
}

/// Jean Memory; none where the sandbox answers for every account.
fn remote(config: &Config) -> Result<Option<Upstream>, String> {
    match &config.api_base {
        ApiBase::Sandbox => Ok(None),
        ApiBase::Remote(url) => {
            let base = BaseUrl::parse(url.as_str()).map_err(|error| error.to_string())?;
            Ok(Some(Upstream::remote(base, UpstreamLimits::default())))
        }
    }
}
