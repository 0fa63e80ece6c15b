//! A throw-away desktop: an X server without a screen, a session bus and a home folder, for one app.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine; only a broken program gets there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Its processes end with it.
pub(crate) struct Desktop {
    display: String,
    bus: String,
    home: TempDir,
    _servers: [Process; 2],
}

impl Desktop {
    pub(crate) fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (x, number) = server(Command::new("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ]));
        let mut socket = std::ffi::OsString::from("--address=unix:dir=");
        socket.push(home.path());
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--session", "--nofork", "--print-address=1"]).arg(socket);
        // What the bus starts on demand belongs to this desktop too.
        let (bus, address) = server(dressed(&mut daemon, home.path()));
        Self { display: format!(":{number}"), bus: address, home, _servers: [x, bus] }
    }

    /// The program with this desktop's environment around it.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        dressed(&mut command, self.home.path())
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        command
    }

    /// The address of the session bus.
    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }
}

/// The environment of a person who has only this home folder, and no display yet.
pub(crate) fn dressed<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    command
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env("HOME", home)
        .env("JEAN_BRIDGE_HOME", home.join("bridge"))
        .env("XDG_RUNTIME_DIR", home)
        .env("XDG_CONFIG_HOME", home.join(".config"))
        .env("XDG_DATA_HOME", home.join(".local/share"))
        .env("XDG_CACHE_HOME", home.join(".cache"))
        .env("NO_AT_BRIDGE", "1")
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

    fn ends_within(&mut self, patience: Duration) -> Option<ExitStatus> {
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
