//! What every bridge that runs offers, whichever program runs it: HTTP, and the command line in its home.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::http::{Http, PATIENCE};
use super::programs::program;

/// A bridge that runs.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(super) url: String,
    pub(super) home: PathBuf,
    pub(super) env: Vec<(OsString, OsString)>,
}

/// What a program that ended left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Serving {
    /// One that this test did not start itself.
    #[cfg(target_os = "linux")]
    pub(crate) fn at(url: &str, home: &Path) -> Self {
        Self { url: url.to_owned(), home: home.to_owned(), env: Vec::new() }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("an URL with a port")
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    pub(crate) fn http(&self) -> Http {
        Http::new(&self.url)
    }

    /// Starts `jean-bridge` against this bridge and lets the caller have its output.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        command(program("jean-bridge"), &self.env, &self.home)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("jean-bridge can be started")
    }

    /// Runs `jean-bridge` against this bridge.
    pub(crate) async fn cli(&self, args: &[&str]) -> Ended {
        self.cli_with_stdin(args, "").await
    }

    pub(crate) async fn cli_with_stdin(&self, args: &[&str], stdin: &str) -> Ended {
        run(command(program("jean-bridge"), &self.env, &self.home).args(args), stdin).await
    }

    /// The same, and it must succeed.
    #[track_caller]
    pub(crate) fn cli_ok<'a>(&'a self, args: &'a [&'a str]) -> impl Future<Output = Ended> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let ended = self.cli(args).await;
            assert!(ended.status.success(), "jean-bridge {args:?} at {caller}: {ended:?}");
            ended
        }
    }

    /// What `jean-bridge … --json` prints.
    pub(crate) async fn cli_json(&self, args: &[&str]) -> serde_json::Value {
        let ended = self.cli_ok(&[args, &["--json"]].concat()).await;
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("not JSON: {}", ended.stdout))
    }
}

/// A program with this environment and nothing of the tests' own that could lead it elsewhere.
pub(crate) fn command(program: impl AsRef<OsStr>, env: &[(OsString, OsString)], home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        // Of whoever runs the tests: no adapter opens anything there.
        .env("DISPLAY", "")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("JEAN_BRIDGE_HOME", home)
        .envs(env.iter().map(|(name, value)| (name, value)));
    command
}

/// Runs a program to its end.
pub(crate) async fn run(command: &mut Command, stdin: &str) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program can be started");
    let mut input = child.stdin.take().expect("it is piped");
    // A program that does not read its input closes it.
    let _ = input.write_all(stdin.as_bytes()).await;
    drop(input);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it ends in time");
    let output = output.expect("its output can be read");
    Ended {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
