//! The real tray app on a throw-away desktop.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::{Duration, Instant, sleep};

use super::bridge::without_names;
use super::desktop::{Adopted, Desktop, Process};
use super::http::PATIENCE;
use super::ports::free_port;
use super::programs::{self, program};
use super::screen::Screen;
use super::serving::{Serving, command};
use super::webdriver::{Driver, Page};

/// The program.
pub(crate) const APP: &str = "jean-memory-bridge";

const POLL: Duration = Duration::from_millis(20);

/// How the app is to be started.
#[derive(Clone)]
pub(crate) struct AppOptions {
    env: Vec<(OsString, OsString)>,
    arguments: Vec<OsString>,
    /// Where it is started from, if not from beside the tests.
    program: Option<PathBuf>,
    wrapper: Vec<OsString>,
}

/// The app; it is ended when this goes.
pub(crate) struct App {
    process: Mutex<Process>,
    /// The app that this one has started in its own place.
    successor: Option<Adopted>,
    /// Without a URL until its bridge answers.
    serving: Serving,
    display: String,
    inspector: SocketAddr,
    driver: OnceLock<Driver>,
    output: PathBuf,
}

impl Default for AppOptions {
    /// The sandbox as the API, a port of its own, English, and as somebody who has seen the welcome.
    fn default() -> Self {
        let arguments = vec!["--background".into()];
        Self { env: Vec::new(), arguments, program: None, wrapper: Vec::new() }
            .env("JEAN_BRIDGE_API_BASE_URL", "sandbox")
            .port(free_port())
            .env("JEAN_BRIDGE_LOG", "debug")
            .env("LANG", "C.UTF-8")
    }
}

impl AppOptions {
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

    pub(crate) fn port(self, port: u16) -> Self {
        self.env("JEAN_BRIDGE_PORT", port.to_string())
    }

    /// On a desktop that likes everything dark.
    pub(crate) fn dark(self) -> Self {
        self.env("GTK_THEME", "Adwaita:dark")
    }

    /// Started with these words and no others.
    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(OsString::from).collect();
        self
    }

    /// Started by this program, which must become the app at the end: `wrapper… jean-memory-bridge …`.
    pub(crate) fn wrapped(mut self, wrapper: impl IntoIterator<Item = OsString>) -> Self {
        self.wrapper = wrapper.into_iter().collect();
        self
    }

    /// Without a way to look up names, where the system lets this user arrange that.
    pub(crate) fn offline(self) -> Self {
        self.wrapped(without_names())
    }

    /// A copy of the app, without the programs beside it.
    pub(crate) fn alone_in(mut self, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a directory");
        let copy = folder.join(APP);
        if std::fs::hard_link(program(APP), &copy).is_err() {
            programs::copy(&program(APP), &copy);
        }
        self.program = Some(copy);
        self
    }

    /// Copies of both programs, as a package installs them beside each other.
    pub(crate) fn installed_in(self, folder: &Path) -> Self {
        install(folder);
        self.run_from(folder)
    }

    /// The app that is installed there.
    pub(crate) fn run_from(mut self, folder: &Path) -> Self {
        self.program = Some(folder.join(APP));
        self
    }

    /// Starts it and waits until its bridge answers.
    pub(crate) async fn start(self, desktop: &Desktop) -> App {
        self.launch(desktop).until_serving().await
    }

    /// Starts it and does not wait.
    pub(crate) fn launch(self, desktop: &Desktop) -> App {
        let inspector = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let home = desktop.bridge_home();
        std::fs::create_dir_all(&home).expect("a directory");
        let output = desktop.keychain().home().join("app.txt");
        let file = std::fs::File::options().create(true).append(true).open(&output).expect("a file");
        let env: Vec<(OsString, OsString)> =
            desktop.env().into_iter().map(|(name, value)| (name.into(), value)).chain(self.env).collect();
        let program = self.program.unwrap_or_else(|| program(APP)).into_os_string();
        let mut words = self.wrapper.into_iter().chain([program]);
        let mut app = command(words.next().expect("one at least"), &env, &home).into_std();
        app.args(words)
            .args(self.arguments)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("WEBKIT_INSPECTOR_SERVER", inspector.to_string())
            .stdout(file.try_clone().expect("a file"))
            .stderr(Stdio::from(file));
        let process = Mutex::new(Process::start(&mut app));
        let serving = Serving { url: String::new(), home, env };
        App {
            process,
            successor: None,
            serving,
            display: desktop.display().to_owned(),
            inspector,
            driver: OnceLock::new(),
            output,
        }
    }
}

/// Puts copies of both programs there, each by one rename, as package managers do: what runs goes on.
pub(crate) fn install(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a directory");
    for name in [APP, "jean-bridge"] {
        let new = folder.join(format!("{name}.dpkg-new"));
        programs::copy(&program(name), &new);
        std::fs::rename(new, folder.join(name)).expect("one file system");
    }
}

impl App {
    /// Waits until its bridge answers.
    pub(crate) async fn until_serving(mut self) -> Self {
        let pid = u64::from(self.pid());
        self.wait_for_bridge(|status| status["pid"] == pid).await;
        self
    }

    /// Waits until the app has ended and the one that it started in its own place serves.
    pub(crate) async fn until_started_again(mut self) -> Self {
        assert_eq!(self.ended().code(), Some(0));
        let status = self.wait_for_bridge(|_| true).await;
        let pid = status["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a process id");
        self.successor = Some(Adopted::new(pid));
        // The one there is belongs to windows that are gone.
        self.driver = OnceLock::new();
        self
    }

    async fn wait_for_bridge(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let limit = Instant::now() + PATIENCE;
        loop {
            let ended = self.serving.cli(&["status", "--json"]).await;
            let status: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
            if ended.status.success() && wanted(&status) {
                status["url"].as_str().expect("a URL").clone_into(&mut self.serving.url);
                return status;
            }
            assert!(Instant::now() < limit, "no bridge: {ended:?}; {}", self.output());
            sleep(POLL).await;
        }
    }

    /// The window with this page, as soon as there is one.
    pub(crate) async fn page(&self, url: &str) -> Page<'_> {
        self.driver().page(url).await
    }

    pub(crate) fn driver(&self) -> &Driver {
        self.driver.get_or_init(|| Driver::start(Screen::of(&self.display), self.inspector))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.successor.as_ref().map_or_else(|| self.process().id(), Adopted::id)
    }

    /// Everything it wrote to stdout and stderr so far.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.process().is_running()
    }

    /// `kill -9`, as a crash.
    pub(crate) fn kill(&self) {
        self.end_by(Signal::KILL);
    }

    /// Sends it a signal that ends it, and waits.
    pub(crate) fn end_by(&self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_raw(self.pid().cast_signed()).expect("a process id");
        kill_process(pid, signal).expect("it runs");
        self.ended()
    }

    /// Asks it to end, as logging out does, and waits.
    #[track_caller]
    pub(crate) fn terminate(&self) -> ExitStatus {
        self.process().terminate();
        self.ended()
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub(crate) fn ended(&self) -> ExitStatus {
        self.process().ended()
    }

    /// The same, for an end that takes its time.
    pub(crate) fn ends_within(&self, patience: Duration) -> Option<ExitStatus> {
        self.process().ends_within(patience)
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().expect("no panic")
    }
}

impl Deref for App {
    type Target = Serving;

    fn deref(&self) -> &Serving {
        &self.serving
    }
}
