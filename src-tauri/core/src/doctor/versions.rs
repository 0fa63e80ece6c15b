//! Whether the programs that work together are of one version.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::Doctor;
use crate::config::SECRET_VARIABLES;
use crate::view::{BridgeFinding, Check, Subject};

const OWN: &str = env!("CARGO_PKG_VERSION");
/// A program of ours says its version in milliseconds.
const PATIENCE: Duration = Duration::from_secs(4);

impl Doctor {
    pub(super) async fn versions(&self) -> Vec<Check> {
        let running = self.status().await.map(|status| status.version).filter(|running| running != OWN);
        let running = running.map(|running| BridgeFinding::VersionDiffers { running, own: OWN.to_owned() });
        let other = match &self.known.command_line {
            Some(program) => version_of(program).await.filter(|other| other != OWN),
            None => None,
        };
        let other = other.map(|other| BridgeFinding::CommandLineDiffers { other, own: OWN.to_owned() });
        let mut findings: Vec<_> = running.into_iter().chain(other).collect();
        if findings.is_empty() {
            findings.push(BridgeFinding::SameVersion { version: OWN.to_owned() });
        }
        findings.into_iter().map(|finding| Check::new(Subject::Versions, finding)).collect()
    }
}

/// What a program of ours says to `--version`.
async fn version_of(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    for secret in SECRET_VARIABLES {
        command.env_remove(secret);
    }
    let command =
        command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(PATIENCE, command).await.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().strip_prefix("jean-bridge ")?.to_owned())
}
