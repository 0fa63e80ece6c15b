//! A throw-away desktop: an X server without a screen, a window manager, a session bus, a home folder and, if
//! wanted, a keychain.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::keychain::{Keychain, Start};
use super::preferences::Preference;
use super::screen::Screen;

/// Longer than anything here takes on a busy machine; only a broken program gets there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Its processes end with it.
pub(crate) struct Desktop {
    display: String,
    _servers: [Process; 2],
    keychain: Keychain,
    theme: Option<&'static str>,
}

impl Desktop {
    /// Without a keychain.
    pub(crate) fn start() -> Self {
        let keychain = Keychain::with_bus();
        let size = "1280x900x24";
        let (x, number) = server(keychain.command("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            size,
            "-nolisten",
            "tcp",
            "-noreset",
        ]));
        let display = format!(":{number}");
        let mut openbox = keychain.command("openbox");
        openbox.arg("--sm-disable").env("DISPLAY", &display).stdout(Stdio::null()).stderr(Stdio::null());
        let desktop = Self { _servers: [Process::start(&mut openbox), x], display, keychain, theme: None };
        desktop.screen().until_windows_are_kept();
        desktop
    }

    /// With one that is open and empty.
    pub(crate) fn with_keychain() -> Self {
        let mut desktop = Self::start();
        desktop.keychain.start_daemon(Start::Unlocked);
        desktop
    }

    /// As a person has set it, for programs that start from now on.
    pub(crate) fn preferring(mut self, preference: Preference) -> Self {
        let folder = self.keychain.home().join("config/gtk-3.0");
        std::fs::create_dir_all(&folder).unwrap();
        let settings = format!("[Settings]\n{}\n", preference.setting());
        std::fs::write(folder.join("settings.ini"), settings).unwrap();
        self.theme = preference.theme();
        self
    }

    /// What a program needs to be started here.
    pub(crate) fn env(&self) -> Vec<(&'static str, OsString)> {
        let here = [
            ("DISPLAY", self.display.clone().into()),
            ("JEAN_BRIDGE_HOME", self.bridge_home().into()),
            // No accessibility bus: nothing here could start one.
            ("NO_AT_BRIDGE", "1".into()),
        ];
        let theme = self.theme.map(|theme| ("GTK_THEME", theme.into()));
        self.keychain.env().into_iter().chain(here).chain(theme).collect()
    }

    /// Where a bridge that is started here keeps everything.
    pub(crate) fn bridge_home(&self) -> PathBuf {
        self.keychain.home().join("bridge")
    }

    /// The address of the session bus.
    pub(crate) fn bus(&self) -> String {
        self.keychain.address()
    }

    pub(crate) fn display(&self) -> &str {
        &self.display
    }

    pub(crate) fn screen(&self) -> Screen {
        Screen::of(&self.display)
    }

    /// Also the session bus, and the home folder.
    pub(crate) fn keychain(&self) -> &Keychain {
        &self.keychain
    }

    pub(crate) fn keychain_mut(&mut self) -> &mut Keychain {
        &mut self.keychain
    }
}

/// A program that somebody else started; it is ended when the test is over.
pub(crate) struct Adopted(Pid);

impl Adopted {
    pub(crate) fn new(id: u32) -> Self {
        Self(Pid::from_raw(id.cast_signed()).expect("a process id"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.as_raw_nonzero().get().cast_unsigned()
    }

    fn is_running(&self) -> bool {
        rustix::process::test_kill_process(self.0).is_ok()
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.is_running() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        if self.is_running() {
            let _ = kill_process(self.0, Signal::KILL);
        }
    }
}

/// A running program that is ended, and waited for, when the test is over.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).spawn();
        Self(
            child.unwrap_or_else(|error| {
                panic!("{} does not start: {error}", command.get_program().display())
            }),
        )
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Asks the program to end, as logging out does.
    pub(crate) fn terminate(&self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
    }

    /// Waits for the program to end by itself.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.ends_within(PATIENCE).expect("the program to end")
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    pub(crate) fn ends_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An X server that is killed leaves its lock file behind; only one that ignores the request is.
        if self.is_running() {
            self.terminate();
            if self.ends_within(Duration::from_secs(5)).is_none() {
                let _ = self.0.kill();
                let _ = self.0.wait();
            }
        }
    }
}

/// Starts a server and returns the first line of its output, which says that it is ready, and where.
fn server(command: &mut Command) -> (Process, String) {
    let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.ends_with('\n'), "{} ended before it was ready", command.get_program().display());
    (process, line.trim_end().to_owned())
}
