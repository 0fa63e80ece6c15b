//! Starting the app for a person who calls a tool while it does not run, where that is safe: never on Windows, where
//! what a packaged app starts writes into that package (clients.md 5.3), and never without a display.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::config::VARIABLES;

/// The app's program, beside this one.
#[cfg(unix)]
const PROGRAM: &str = "jean-memory-bridge";
/// It comes without a window.
const ARGUMENT: &str = "--background";

/// What the program that started us set for its own libraries; another program would load the wrong ones.
const FOREIGN: [&str; 21] = [
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "APPDIR",
    "APPIMAGE",
    "ARGV0",
    "OWD",
    "ELECTRON_RUN_AS_NODE",
    "NODE_OPTIONS",
    "CHROME_DESKTOP",
    "GDK_PIXBUF_MODULE_FILE",
    "GDK_PIXBUF_MODULEDIR",
    "GIO_MODULE_DIR",
    "GSETTINGS_SCHEMA_DIR",
    "GTK_EXE_PREFIX",
    "GTK_DATA_PREFIX",
    "GTK_IM_MODULE_FILE",
    "GTK_PATH",
    "PYTHONHOME",
    "PYTHONPATH",
];

/// An app that may be started.
#[derive(Clone, Debug)]
pub struct App {
    pub(super) program: PathBuf,
}

impl App {
    /// The app that was installed together with `own`, this program; nothing where it must not be started.
    #[must_use]
    pub fn beside(own: &Path, env: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let has_display =
            ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| env(name).is_some_and(|it| !it.is_empty()));
        if !(cfg!(target_os = "macos") || cfg!(target_os = "linux") && has_display) {
            return None;
        }
        Self::in_directory(own.parent()?)
    }

    #[cfg(unix)]
    fn in_directory(directory: &Path) -> Option<Self> {
        let program = directory.join(PROGRAM);
        program.is_file().then_some(Self { program })
    }

    #[cfg(not(unix))]
    fn in_directory(_directory: &Path) -> Option<Self> {
        None
    }

    /// Starts it in a session of its own, so that it stays when the client ends. Needs a tokio runtime.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(&self) -> io::Result<()> {
        let started = match self.started_by("setsid") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.started_alone(),
            started => started,
        };
        // Somebody has to hear of its end, or it would stay in the list of processes.
        let mut app = started?;
        tokio::spawn(async move { app.wait().await });
        Ok(())
    }

    /// `setsid(1)` makes the session and becomes the app; it is part of every Linux.
    fn started_by(&self, setsid: &str) -> io::Result<Child> {
        clean(Command::new(setsid).arg(&self.program).arg(ARGUMENT)).spawn()
    }

    /// Without it, a process group of its own must do.
    fn started_alone(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        #[cfg(unix)]
        command.process_group(0);
        clean(command.arg(ARGUMENT)).spawn()
    }
}

/// The app is set up by its own file, as when a person starts it. What the client has in its environment may come from
/// the folder of a project: an `API_BASE_URL` there would be sent the person's key.
fn clean(command: &mut Command) -> &mut Command {
    for name in FOREIGN.iter().chain(&VARIABLES) {
        command.env_remove(name);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn beside(own: &Path, display: Option<&str>) -> Option<PathBuf> {
        let env = |name: &str| (name == "DISPLAY").then_some(display).flatten().map(str::to_owned);
        App::beside(own, &env).map(|app| app.program)
    }

    #[test]
    fn only_an_app_that_is_there_and_has_a_display_may_be_started() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("jean-bridge");
        assert_eq!(beside(&own, Some(":0")), None, "there is no app");
        std::fs::write(home.path().join(PROGRAM), "").unwrap();
        assert_eq!(beside(&own, Some(":0")), Some(home.path().join(PROGRAM)));
        assert_eq!(beside(&own, Some("")), None);
        assert_eq!(beside(&own, None), None);
    }

    #[test]
    fn the_client_sets_nothing_for_the_app() {
        let mut command = Command::new("app");
        for name in ["API_BASE_URL", "JEAN_BRIDGE_API_BASE_URL", "JWT_SECRET_KEY", "LD_PRELOAD"] {
            command.env(name, "https://project.example");
        }
        command.env("JEAN_BRIDGE_HOME", "/home/jean");
        clean(&mut command);
        let set = command.as_std().get_envs().filter_map(|(name, value)| Some((name, value?)));
        assert_eq!(set.collect::<Vec<_>>(), [("JEAN_BRIDGE_HOME".as_ref(), "/home/jean".as_ref())]);
    }

    #[tokio::test]
    async fn what_cannot_be_started_is_told() {
        let home = tempfile::tempdir().unwrap();
        let app = App { program: home.path().join("nothing") };
        // With `setsid(1)` it is that which starts, and the app never comes.
        assert!(app.started_alone().is_err());
    }
}
