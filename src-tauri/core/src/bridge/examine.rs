//! What a bridge that runs examines itself, because nobody else may touch it meanwhile: its keychain, its database, its
//! line to Jean Memory.

use std::time::Instant;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::Bridge;
use crate::accounts::KeyStanding;
use crate::doctor::{
    KEYCHAIN, NETWORK, clock_finding, database_finding, key_finding, keychain_finding, update_check,
    upstream_failure, upstream_fine,
};
use crate::upstream::UpstreamError;
use crate::view::{
    AccountKind, Check, ComputerFinding, Finding, KeepingFinding, MemoriesFinding, Problem, Subject,
};

impl Bridge {
    /// Examines one subject. What any program can see by itself is not told here.
    pub async fn examine(&self, subject: Subject) -> Vec<Check> {
        let paused = |finding| vec![Check::new(subject, Finding::Memories(finding))];
        match subject {
            // Nothing goes to Jean Memory then.
            Subject::Upstream | Subject::Clock if self.settings().paused => {
                paused(MemoriesFinding::UpstreamPaused)
            }
            Subject::Keys if self.settings().paused => paused(MemoriesFinding::KeysPaused),
            Subject::Keychain => self.examine_keychain().await,
            Subject::Database => self.examine_database().await,
            Subject::Upstream | Subject::Clock => self.examine_upstream().await,
            Subject::Keys => self.examine_keys().await,
            Subject::Updates => update_check(self.updates()),
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

    async fn examine_keychain(&self) -> Vec<Check> {
        let accounts = self.accounts.all().await.unwrap_or_default();
        let is_needed =
            self.keeps_signing_key || accounts.iter().any(|account| account.kind == AccountKind::Key);
        let tried = self.vault.with_deadline(KEYCHAIN).round_trip().await;
        let count = self.accounts.unsaved();
        let unsaved = (count > 0).then_some(KeepingFinding::KeysUnsaved { count });
        let findings = [keychain_finding(tried, is_needed)].into_iter().chain(unsaved);
        findings.map(|finding| Check::new(Subject::Keychain, finding)).collect()
    }

    async fn examine_database(&self) -> Vec<Check> {
        let now = match self.store.check().await.err().or(self.store.trouble()) {
            Some(error) => database_finding(error, &self.database),
            None => KeepingFinding::DatabaseFine,
        };
        let aside =
            self.store.set_aside().map(|file| KeepingFinding::DatabaseSetAside { file: file.to_owned() });
        let sandbox = self.found.clone().and_then(|problem| match problem {
            Problem::SandboxUnusable { file, reason } => {
                Some(KeepingFinding::SandboxUnusable { file, reason })
            }
            Problem::DatabaseSetAside { .. }
            | Problem::DiskFull
            | Problem::DataReadOnly
            | Problem::DatabaseDamaged
            | Problem::DatabaseFailed
            | Problem::KeychainLocked
            | Problem::KeychainWithoutKeyring
            | Problem::KeychainMissing
            | Problem::KeychainSlow
            | Problem::KeychainFailed
            | Problem::KeysUnsaved { .. } => None,
        });
        let findings = [now].into_iter().chain(aside).chain(sandbox);
        findings.map(|finding| Check::new(Subject::Database, finding)).collect()
    }

    async fn examine_upstream(&self) -> Vec<Check> {
        let (upstream, clock) = match self.accounts.host() {
            None => (MemoriesFinding::UpstreamSandbox, ComputerFinding::ClockUnchecked),
            Some(host) => {
                let started = Instant::now();
                let health = timeout(NETWORK, self.accounts.health()).await;
                match health.unwrap_or(Err(UpstreamError::TimedOut)) {
                    Ok(theirs) => {
                        (upstream_fine(host, started.elapsed()), clock_finding(theirs, self.clock.now()))
                    }
                    Err(error) => (upstream_failure(host, &error), ComputerFinding::ClockUnchecked),
                }
            }
        };
        vec![Check::new(Subject::Upstream, upstream), Check::new(Subject::Clock, clock)]
    }

    async fn examine_keys(&self) -> Vec<Check> {
        let findings = match self.accounts.all().await {
            Err(_) => vec![MemoriesFinding::AccountsUnreadable],
            Ok(accounts) if accounts.is_empty() => vec![MemoriesFinding::NoAccount],
            Ok(accounts) => {
                join_all(accounts.into_iter().map(async |account| {
                    let standing = timeout(NETWORK, self.accounts.examine_key(account.clone())).await;
                    let late = || KeyStanding::CouldNotCheck(UpstreamError::TimedOut);
                    key_finding(&account, &standing.unwrap_or_else(|_| late()))
                }))
                .await
            }
        };
        findings.into_iter().map(|finding| Check::new(Subject::Keys, finding)).collect()
    }
}
