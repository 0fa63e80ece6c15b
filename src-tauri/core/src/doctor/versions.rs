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
/// What our programs call themselves.
const NAMES: [&str; 2] = ["jean-bridge", "jean-memory-bridge"];
/// A program of ours says its version in milliseconds.
const PATIENCE: Duration = Duration::from_secs(4);

impl Doctor {
    pub(super) async fn versions(&self) -> Vec<Check> {
        let running = self.status().await.map(|status| status.version).filter(|running| running != OWN);
        let running = running.map(|running| BridgeFinding::VersionDiffers { running, own: OWN.to_owned() });
        let command_line = other_version(self.known.command_line.as_deref())
            .await
            .map(|other| BridgeFinding::CommandLineDiffers { other, own: OWN.to_owned() });
        let app = other_version(self.known.app.as_deref())
            .await
            .map(|other| BridgeFinding::AppDiffers { other, own: OWN.to_owned() });
        let mut findings: Vec<_> = running.into_iter().chain(command_line).chain(app).collect();
        if findings.is_empty() {
            findings.push(BridgeFinding::SameVersion { version: OWN.to_owned() });
        }
        findings.into_iter().map(|finding| Check::new(Subject::Versions, finding)).collect()
    }
}

/// The version of another program of ours, if it is not that of this one.
async fn other_version(program: Option<&Path>) -> Option<String> {
    version_of(program?).await.filter(|other| other != OWN)
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
    let (name, version) = text.trim().split_once(' ')?;
    NAMES.contains(&name).then(|| version.to_owned())
}
