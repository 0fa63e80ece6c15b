//! A person's home with AI apps in it, or with what looks like them, and the window where they are connected.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::world::World;
use crate::harness::app::AppOptions;
use crate::harness::desktop::{Desktop, Process};
use crate::harness::panel::Panel;
use crate::harness::programs::{self, install};
use crate::harness::webdriver::Page;

/// Where Cursor keeps its servers.
pub(super) const CURSOR: &str = ".cursor/mcp.json";

/// Home and window; the app ends before its desktop.
pub(super) struct Home {
    pub(super) world: World,
}

/// A home before the app is started in it.
pub(super) struct Empty {
    desktop: Desktop,
}

impl Empty {
    pub(super) fn new() -> Self {
        let desktop = Desktop::with_keychain();
        std::fs::create_dir(desktop.keychain().home().join("bin")).expect("a directory");
        let home = Self { desktop };
        // Whatever opens links here only writes them down.
        home.program("xdg-open", r#"printf '%s\n' "$1" >> "$HOME/opened""#);
        home
    }

    pub(super) fn desktop(&self) -> &Desktop {
        &self.desktop
    }

    pub(super) fn with(self, file: &str, text: &str) -> Self {
        write(&self.desktop, file, text);
        self
    }

    /// A program on the PATH.
    pub(super) fn program(&self, name: &str, script: &str) {
        let path = self.desktop.keychain().home().join("bin").join(name);
        install(&path, format!("#!/bin/sh\n{script}\n").as_bytes());
    }

    /// With nothing of this machine's own apps on the PATH.
    pub(super) fn options(&self, options: AppOptions) -> AppOptions {
        let bin = self.desktop.keychain().home().join("bin");
        let path: OsString =
            std::env::join_paths([bin.as_path(), "/usr/bin".as_ref(), "/bin".as_ref()]).expect("a path");
        options.env("PATH", path)
    }

    pub(super) async fn start(self) -> Home {
        self.start_as(AppOptions::default()).await
    }

    pub(super) async fn start_as(self, options: AppOptions) -> Home {
        let options = self.options(options);
        Home { world: World::start_on(self.desktop, options).await }
    }
}

impl Home {
    /// The Connect tab, with the apps in it.
    pub(super) async fn open(&self) -> Page<'_> {
        let page = self.world.open(&self.world.icon()).await;
        page.find("#tab-connect").await.click().await;
        page.until("document.querySelector('#panel-connect .cards') && !document.querySelector('#panel-connect [aria-busy=true]')").await;
        page
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.world.desktop.keychain().home().join(file)
    }

    pub(super) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).expect("a file")
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        write(&self.world.desktop, file, text);
    }

    /// The entry that an app finds under our name.
    pub(super) fn entry(&self, file: &str, container: &str) -> Value {
        let whole: Value = serde_json::from_str(&self.read(file)).expect("JSON");
        whole[container]["jean-memory"].clone()
    }

    /// What an entry with the address says.
    pub(super) fn url_entry(&self) -> Value {
        json!({ "url": format!("{}/mcp", self.world.app.url()) })
    }

    /// A process that does nothing, called like an app.
    pub(super) fn process(&self, name: &str) -> Process {
        let copy = self.path(name);
        programs::copy("/bin/sleep".as_ref(), &copy);
        Process::start(Command::new(copy).arg("600"))
    }

    /// The app has ended to start again by itself.
    pub(super) async fn started_again(self) -> Self {
        Self { world: self.world.started_again().await }
    }

    /// The app ends as at logout and is started again.
    pub(super) async fn restart(self) -> Self {
        self.restart_as(AppOptions::default()).await
    }

    /// The same with these options.
    pub(super) async fn restart_as(self, options: AppOptions) -> Self {
        self.restart_after(|_| {}, options).await
    }

    /// The same, with this written to a file while no app runs that could see it.
    pub(super) async fn restart_with(self, file: &str, text: &str) -> Self {
        self.restart_after(|desktop| write(desktop, file, text), AppOptions::default()).await
    }

    async fn restart_after(self, between: impl FnOnce(&Desktop), options: AppOptions) -> Self {
        let Self { world } = self;
        let World { app, double, panel, desktop } = world;
        assert_eq!(app.terminate().code(), Some(0));
        drop((app, panel));
        between(&desktop);
        let empty = Empty { desktop };
        let options = empty.options(options).api(&double.base_url());
        let panel = Panel::start(&empty.desktop.bus());
        let app = options.start(&empty.desktop).await;
        Self { world: World { app, double, panel, desktop: empty.desktop } }
    }
}

/// Waits until the card of an app is in a state.
pub(super) async fn until_state(page: &Page<'_>, app: &str, state: &str) {
    let (app, state) = (json!(app), json!(state));
    page.until(&format!(
        "[...document.querySelectorAll('#panel-connect article')]
            .some((card) => card.querySelector('h2').innerText === {app} && card.dataset.state === {state})"
    ))
    .await;
}

fn write(desktop: &Desktop, file: &str, text: &str) {
    let path = desktop.keychain().home().join(file);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    std::fs::write(path, text).expect("a file");
}
