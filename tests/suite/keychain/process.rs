//! The vault in a process of its own.
//!
//! The address of the bus is an environment variable, and those cannot be changed safely while the
//! suite runs. So the suite starts itself again, for the one test below, and talks to it in lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use bridge_core::vault::{Vault, VaultLimits, os_store};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::SERVICE;
use crate::harness::keychain::Keychain;

const LIMITS: &str = "BRIDGE_TESTS_VAULT_LIMITS";
/// What a reply begins with, because the test harness prints to the same place.
const REPLY: &str = "vault says ";
/// Longer than any deadline here; a process that is silent for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize)]
enum Request {
    Read(String),
    Write(String, String),
    Delete(String),
    State,
}

/// What was found, or the name of the error.
type Reply = Result<Option<String>, String>;

#[test]
#[ignore = "started by the other tests, as a process of its own"]
#[expect(clippy::disallowed_methods, reason = "tells this process from a suite run with --ignored")]
fn serve_the_vault() {
    let Ok(limits) = std::env::var(LIMITS) else { return };
    let (deadline, abandon_after) = serde_json::from_str(&limits).unwrap();
    let vault = Vault::new(SERVICE, os_store(), VaultLimits { deadline, abandon_after });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for line in std::io::stdin().lines() {
        let request = serde_json::from_str(&line.unwrap()).unwrap();
        let reply = serde_json::to_string(&runtime.block_on(answer(&vault, request))).unwrap();
        println!("{REPLY}{reply}");
    }
}

async fn answer(vault: &Vault, request: Request) -> Reply {
    let answer = match request {
        Request::Read(item) => vault.read(&item).await,
        Request::Write(item, secret) => vault.write(&item, SecretString::from(secret)).await.map(|()| None),
        Request::Delete(item) => vault.delete(&item).await.map(|()| None),
        Request::State => return Ok(Some(format!("{:?}", vault.state()))),
    };
    answer
        .map(|found| found.map(|secret| secret.expose_secret().to_owned()))
        .map_err(|error| format!("{error:?}"))
}

/// A process with a vault; it ends with this value.
pub struct VaultProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    replies: mpsc::Receiver<String>,
}

impl VaultProcess {
    /// With the limits of the program.
    pub fn start(keychain: &Keychain) -> Self {
        Self::with_limits(keychain, VaultLimits::default())
    }

    pub fn with_limits(keychain: &Keychain, limits: VaultLimits) -> Self {
        let limits = serde_json::to_string(&(limits.deadline, limits.abandon_after)).unwrap();
        let name = format!("{}::serve_the_vault", module_path!().split_once("::").unwrap().1);
        let mut command = keychain.command(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", &name, "--nocapture", "--test-threads=1"]);
        command.env(LIMITS, limits).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let (tell, replies) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, reply)) = line.split_once(REPLY) {
                    let _ = tell.send(reply.to_owned());
                }
            }
        });
        Self { child, stdin, replies }
    }

    #[track_caller]
    pub fn read(&mut self, item: &str) -> Reply {
        self.ask(&Request::Read(item.to_owned()))
    }

    #[track_caller]
    pub fn write(&mut self, item: &str, secret: &str) -> Result<(), String> {
        self.ask(&Request::Write(item.to_owned(), secret.to_owned())).map(drop)
    }

    #[track_caller]
    pub fn delete(&mut self, item: &str) -> Result<(), String> {
        self.ask(&Request::Delete(item.to_owned())).map(drop)
    }

    /// The name of the vault's state.
    #[track_caller]
    pub fn state(&mut self) -> String {
        self.ask(&Request::State).unwrap().unwrap()
    }

    /// Tells it to end, and waits until it has.
    #[track_caller]
    pub fn finish(mut self) {
        self.stdin = None;
        // The channel closes when the process has closed its end.
        let end = self.replies.recv_timeout(PATIENCE);
        assert_eq!(end, Err(mpsc::RecvTimeoutError::Disconnected));
        assert!(self.child.wait().unwrap().success());
    }

    #[track_caller]
    fn ask(&mut self, request: &Request) -> Reply {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{}", serde_json::to_string(request).unwrap()).unwrap();
        let reply = self.replies.recv_timeout(PATIENCE).expect("the vault answers");
        serde_json::from_str(&reply).unwrap()
    }
}

impl Drop for VaultProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
