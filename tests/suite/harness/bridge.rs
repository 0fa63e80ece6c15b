//! The real `jean-bridge serve`, started for one test.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::http::PATIENCE;
use super::ports::free_port;
use super::programs::program;
use super::serving::{Serving, command, run};

pub(crate) use super::serving::Ended;

/// Signs the tokens of bridges that are started without a keychain.
pub(crate) const JWT_SECRET: &str = "a-secret-of-the-test-suite-with-more-than-32-bytes";

/// Hides what names are looked up by, where that is possible, and becomes what follows; `$0` is how.
#[cfg(target_os = "linux")]
const OFFLINE: &str = r#"
hide='for file in resolv.conf nsswitch.conf; do mount --bind /dev/null "/etc/$file"; done; exec "$@"'
if unshare $0 sh -c "$hide" sh true 2>/dev/null; then exec unshare $0 sh -c "$hide" sh "$@"; fi
exec "$@""#;

/// How a bridge is to be started.
#[derive(Clone)]
pub(crate) struct BridgeOptions {
    env: Vec<(OsString, OsString)>,
    /// Without one, each start takes a port that no other test is given.
    port: Option<u16>,
    home: Option<PathBuf>,
    wrapper: Vec<OsString>,
    program: PathBuf,
}

/// A bridge that runs; it is killed when this goes.
pub(crate) struct Bridge {
    child: Child,
    serving: Serving,
    stderr: PathBuf,
    _own_home: Option<TempDir>,
}

/// A bridge that was started and may not listen yet; it is killed when this goes.
pub(crate) struct Starting {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    home: PathBuf,
    env: Vec<(OsString, OsString)>,
    stderr: PathBuf,
    /// Where in that file its own words begin.
    said_before: usize,
    own_home: Option<TempDir>,
}

impl Default for BridgeOptions {
    /// The sandbox as the API, no keychain, a port of its own, an empty home.
    fn default() -> Self {
        let options = Self {
            env: Vec::new(),
            port: None,
            home: None,
            wrapper: Vec::new(),
            program: program("jean-bridge"),
        };
        options
            .env("JEAN_BRIDGE_API_BASE_URL", "sandbox")
            .env("JWT_SECRET_KEY", JWT_SECRET)
            .env("JEAN_BRIDGE_LOG", "debug")
            // No session bus: nothing reaches the keychain of whoever runs the tests.
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    }
}

impl BridgeOptions {
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    /// The API is at this address: the upstream double.
    pub(crate) fn api(self, base_url: &str) -> Self {
        self.env("JEAN_BRIDGE_API_BASE_URL", base_url)
    }

    /// Keys, and the signing key, are in this keychain.
    #[cfg(target_os = "linux")]
    pub(crate) fn keychain(self, keychain: &super::keychain::Keychain) -> Self {
        let options = self.without_env("JWT_SECRET_KEY");
        keychain.env().into_iter().fold(options, |options, (name, value)| options.env(name, value))
    }

    pub(crate) fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// In a home that outlives the bridge.
    pub(crate) fn home(mut self, home: &Path) -> Self {
        self.home = Some(home.to_owned());
        self
    }

    /// Started by this program, which must become the bridge at the end: `wrapper… jean-bridge serve …`.
    pub(crate) fn wrapped(mut self, wrapper: impl IntoIterator<Item = OsString>) -> Self {
        self.wrapper = wrapper.into_iter().collect();
        self
    }

    /// Told of the end of its terminal, also where whoever runs the tests is not, as under `nohup`.
    pub(crate) fn with_terminal(self) -> Self {
        self.wrapped(["env", "--default-signal=HUP"].map(OsString::from))
    }

    /// Another copy of the program.
    pub(crate) fn program(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// Without a way to look up names, so that nothing beyond this computer is ever asked; where the system does
    /// not let this user arrange that, as it is.
    #[cfg(target_os = "linux")]
    pub(crate) fn offline(self) -> Self {
        self.wrapped(without_names())
    }

    /// There is no such way here.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn offline(self) -> Self {
        self
    }

    /// Runs `jean-bridge` in the home of these options, whether a bridge runs there or not.
    pub(crate) async fn cli(&self, args: &[&str]) -> Ended {
        let home = self.home.as_ref().expect("a home to run in");
        run(command(program("jean-bridge"), &self.env, home).args(args), "").await
    }

    /// Runs another program in the home and with the environment of these options.
    #[cfg(target_os = "linux")]
    pub(crate) async fn cli_of(&self, words: Vec<OsString>) -> Ended {
        let home = self.home.as_ref().expect("a home to run in");
        let mut words = words.into_iter();
        let program = words.next().expect("a program");
        run(command(program, &self.env, home).args(words), "").await
    }

    /// Starts it on a terminal of its own; the first line, which tells the URL, is for who reads there.
    #[cfg(target_os = "linux")]
    pub(super) fn start_on(&self, home: &Path, input: Stdio, output: Stdio) -> Child {
        let stderr = std::fs::File::create(home.join("stderr.txt")).expect("a file for stderr");
        command(program("jean-bridge"), &self.env, home)
            .args(self.serve_words())
            .stdin(input)
            .stdout(output)
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .expect("jean-bridge can be started")
    }

    /// Starts it and waits until it listens.
    pub(crate) async fn start(self) -> Bridge {
        match self.try_start().await {
            Ok(bridge) => bridge,
            Err(ended) => panic!("the bridge did not start: {ended:?}"),
        }
    }

    /// Starts it; the error is what it said before it ended.
    pub(crate) async fn try_start(self) -> Result<Bridge, Ended> {
        self.spawn().ready().await
    }

    /// Starts it and does not wait.
    pub(crate) fn spawn(self) -> Starting {
        let own_home = self.home.is_none().then(|| tempfile::tempdir().expect("a temporary directory"));
        let home =
            self.home.clone().unwrap_or_else(|| own_home.as_ref().expect("just made").path().to_owned());
        let logs = own_home.as_ref().map_or_else(|| home.clone(), |home| home.path().to_owned());
        let stderr = logs.join("stderr.txt");
        let file =
            std::fs::File::options().create(true).append(true).open(&stderr).expect("a file for stderr");
        let said_before = std::fs::read(&stderr).map_or(0, |text| text.len());
        let mut child = self
            .serve(&home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .expect("jean-bridge can be started");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Starting { child, stdout, home, env: self.env, stderr, said_before, own_home }
    }

    fn serve(&self, home: &Path) -> Command {
        let jean_bridge = self.program.clone().into_os_string();
        let mut words = self.wrapper.iter().cloned().chain([jean_bridge]);
        let mut command = command(words.next().expect("one at least"), &self.env, home);
        command.args(words).args(self.serve_words());
        command
    }

    fn serve_words(&self) -> [String; 3] {
        ["serve".to_owned(), "--port".to_owned(), self.port.unwrap_or_else(free_port).to_string()]
    }
}

impl Starting {
    /// Waits until it listens; the error is what it said before it ended.
    pub(crate) async fn ready(mut self) -> Result<Bridge, Ended> {
        let first = tokio::time::timeout(PATIENCE, self.stdout.next_line()).await;
        let first = first.expect("a first line in time").expect("stdout is text").unwrap_or_default();
        let Some(url) = first.strip_prefix("listening on ") else {
            let status = self.child.wait().await.expect("it ended");
            let stderr = std::fs::read(&self.stderr).unwrap_or_default();
            let stderr = String::from_utf8_lossy(&stderr[self.said_before..]).into_owned();
            return Err(Ended { status, stdout: first, stderr });
        };
        // Whatever else it prints must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = self.stdout.next_line().await {} });
        Ok(Bridge {
            child: self.child,
            serving: Serving { url: url.to_owned(), home: self.home, env: self.env },
            stderr: self.stderr,
            _own_home: self.own_home,
        })
    }

    /// Tells it to end before it says anything, and waits.
    #[cfg(target_os = "linux")]
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        end(&mut self.child, rustix::process::Signal::TERM).await
    }

    /// `kill -9` before it says anything.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }
}

impl Deref for Bridge {
    type Target = Serving;

    fn deref(&self) -> &Serving {
        &self.serving
    }
}

impl Bridge {
    /// A bridge that [`BridgeOptions::start_on`] started.
    #[cfg(target_os = "linux")]
    pub(super) fn started(child: Child, url: String, home: TempDir, options: BridgeOptions) -> Self {
        let stderr = home.path().join("stderr.txt");
        let serving = Serving { url, home: home.path().to_owned(), env: options.env };
        Self { child, serving, stderr, _own_home: Some(home) }
    }

    /// Starts `jean-bridge` against this bridge on a terminal.
    #[cfg(target_os = "linux")]
    pub(super) fn spawn_on(&self, args: &[&str], input: Stdio, output: Stdio) -> Child {
        let error = std::fs::File::create(self.home.join("stderr-of-a-command.txt")).expect("a file");
        command(program("jean-bridge"), &self.env, &self.home)
            .args(args)
            .stdin(input)
            .stdout(output)
            .stderr(error)
            .kill_on_drop(true)
            .spawn()
            .expect("jean-bridge can be started")
    }

    /// A bridge with the sandbox as its API.
    pub(crate) async fn start() -> Self {
        BridgeOptions::default().start().await
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Everything it wrote to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// `kill -9`, as by power loss; the home stays if it was given.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Waits until it ends by itself.
    #[cfg(target_os = "linux")]
    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").expect("it ended")
    }

    /// Ends it as the system does, and waits.
    #[cfg(target_os = "linux")]
    pub(crate) async fn terminate(self) -> ExitStatus {
        self.end_by(rustix::process::Signal::TERM).await
    }

    /// Sends it a signal that ends it, and waits.
    #[cfg(target_os = "linux")]
    pub(crate) async fn end_by(mut self, signal: rustix::process::Signal) -> ExitStatus {
        end(&mut self.child, signal).await
    }
}

/// Starts the program that follows without a way to look up names; where the system does not let this user arrange
/// that, as it is.
#[cfg(target_os = "linux")]
pub(super) fn without_names() -> [OsString; 4] {
    let how = if rustix::process::geteuid().is_root() { "--mount" } else { "--mount --map-root-user" };
    ["sh", "-c", OFFLINE, how].map(OsString::from)
}

#[cfg(target_os = "linux")]
async fn end(child: &mut Child, signal: rustix::process::Signal) -> ExitStatus {
    let pid = child.id().expect("it runs").cast_signed();
    let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
    rustix::process::kill_process(pid, signal).expect("it can be told to end");
    tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends in time").expect("it ended")
}
