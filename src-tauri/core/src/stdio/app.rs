//! Starting the app for a person who calls a tool while it does not run, where that is safe: never on Windows, where
//! what a packaged app starts writes into that package (clients.md 5.3), and never without a display.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::paths::HOME_VARIABLE;
use crate::process;

/// The app's program, beside this one.
const PROGRAM: &str = "jean-memory-bridge";
/// It comes without a window.
const ARGUMENT: &str = "--background";

/// What the app gets: who the person is, and where their desktop and the bridge are. Nothing else of the client's
/// environment: it may come from the folder of a project, where an `API_BASE_URL` would be sent the person's key, or
/// name the libraries of a bundle, which another program must not load.
const KEPT: [&str; 13] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "TZ",
    "LANG",
    "LANGUAGE",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    HOME_VARIABLE,
];
const KEPT_PREFIXES: [&str; 2] = ["LC_", "XDG_"];
/// One of them is a desktop.
const DISPLAYS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];

/// An app that may be started.
#[derive(Clone, Debug)]
pub struct App {
    pub(super) program: PathBuf,
    /// What it is started with, as it is then.
    pub(super) environment: fn() -> Environment,
}

impl App {
    /// The app that was installed together with `own`, this program; nothing where it must not be started.
    #[must_use]
    pub fn beside(own: &Path) -> Option<Self> {
        if !(cfg!(target_os = "macos") || cfg!(target_os = "linux")) {
            return None;
        }
        let program = own.parent()?.join(PROGRAM);
        program.is_file().then_some(Self { program, environment: session })
    }

    /// Starts it in a session of its own, so that it stays when the client ends. Needs a tokio runtime.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::Unsupported`] without a desktop.
    pub(super) fn start(&self) -> io::Result<()> {
        let environment = (self.environment)();
        if cfg!(target_os = "linux") && !has_display(&environment) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let started = match self.started_by("setsid", &environment) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.started_alone(&environment),
            started => started,
        };
        // Somebody has to hear of its end, or it would stay in the list of processes.
        let mut app = started?;
        tokio::spawn(async move { app.wait().await });
        Ok(())
    }

    /// `setsid(1)` makes the session and becomes the app; it is part of every Linux.
    fn started_by(&self, setsid: &str, environment: &Environment) -> io::Result<Child> {
        alone(Command::new(setsid).arg(&self.program), environment).spawn()
    }

    /// Without it, a process group of its own must do.
    fn started_alone(&self, environment: &Environment) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        #[cfg(unix)]
        command.process_group(0);
        alone(&mut command, environment).spawn()
    }
}

/// Names and values.
pub(super) type Environment = BTreeMap<String, String>;

fn session() -> Environment {
    let own = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    environment(own.collect(), process::environment_of_parent)
}

/// What the app is started with. Clients hand little on to what they start, often not even the display; then it is
/// that of the client. An empty one says that there is to be none.
fn environment(own: Environment, of_client: impl FnOnce() -> Environment) -> Environment {
    let is_told = DISPLAYS.iter().any(|name| own.contains_key(*name));
    let mut all = if is_told { own } else { of_client().into_iter().chain(own).collect() };
    all.retain(|name, value| {
        let is_kept = KEPT.contains(&name.as_str()) || KEPT_PREFIXES.iter().any(|it| name.starts_with(it));
        is_kept && !value.is_empty()
    });
    // It starts in another folder.
    if let Some(home) = all.get_mut(HOME_VARIABLE)
        && let Some(absolute) =
            std::path::absolute(&*home).ok().and_then(|path| path.into_os_string().into_string().ok())
    {
        *home = absolute;
    }
    all
}

fn has_display(environment: &Environment) -> bool {
    DISPLAYS.iter().any(|name| environment.get(*name).is_some_and(|value| !value.is_empty()))
}

fn alone<'a>(command: &'a mut Command, environment: &Environment) -> &'a mut Command {
    let command = command.arg(ARGUMENT).env_clear().envs(environment).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn variables<const N: usize>(all: [(&str, &str); N]) -> Environment {
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn only_an_app_that_is_there_may_be_started() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("jean-bridge");
        assert!(App::beside(&own).is_none());
        std::fs::write(home.path().join(PROGRAM), "").unwrap();
        assert_eq!(App::beside(&own).map(|app| app.program), Some(home.path().join(PROGRAM)));
    }

    #[test]
    fn the_client_sets_nothing_for_the_app() {
        let own = variables([
            ("DISPLAY", ":0"),
            ("LC_TIME", "de_DE.UTF-8"),
            ("XDG_RUNTIME_DIR", "/run/user/1000"),
            ("JEAN_BRIDGE_HOME", "/home/jean"),
        ]);
        let mut with_a_project = own.clone();
        for name in
            ["API_BASE_URL", "JEAN_BRIDGE_API_BASE_URL", "JWT_SECRET_KEY", "LD_PRELOAD", "SSL_CERT_FILE"]
        {
            with_a_project.insert(name.to_owned(), "https://project.example".to_owned());
        }
        assert_eq!(environment(with_a_project, || panic!("nobody else is asked")), own);
    }

    #[test]
    fn a_display_that_was_not_handed_on_is_that_of_the_client() {
        let own = variables([("HOME", "/home/jean"), ("PATH", "/bin")]);
        let of_client = variables([("DISPLAY", ":1"), ("PATH", "/opt/client"), ("LD_PRELOAD", "x")]);
        let wanted = variables([("DISPLAY", ":1"), ("HOME", "/home/jean"), ("PATH", "/bin")]);
        assert_eq!(environment(own, || of_client), wanted);
    }

    #[test]
    fn an_empty_display_is_none() {
        let own = variables([("DISPLAY", ""), ("HOME", "/home/jean")]);
        assert_eq!(environment(own, || variables([("DISPLAY", ":1")])), variables([("HOME", "/home/jean")]));
    }

    #[test]
    fn a_place_that_depends_on_the_folder_is_told_in_full() {
        let own = variables([("DISPLAY", ":0"), ("JEAN_BRIDGE_HOME", "here")]);
        let home = environment(own, Environment::new).remove("JEAN_BRIDGE_HOME").unwrap();
        assert_eq!(Path::new(&home), std::env::current_dir().unwrap().join("here"));
    }

    #[tokio::test]
    async fn what_cannot_be_started_is_told() {
        let home = tempfile::tempdir().unwrap();
        let app = App { program: home.path().join("nothing"), environment: Environment::new };
        // With `setsid(1)` it is that which starts, and the app never comes.
        assert!(app.started_alone(&Environment::new()).is_err());
    }
}
