//! A home with apps in it, or with what looks like them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::options;
use crate::harness::bridge::{BridgeOptions, Ended};
use crate::harness::programs::{self, install, program};
use crate::harness::waiting::until;

pub(super) struct Home(TempDir);

/// A process that does nothing; it ends when this goes.
pub(super) struct Process(Child);

impl Home {
    pub(super) fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a directory"));
        for folder in ["bridge", "bin"] {
            std::fs::create_dir(home.path(folder)).expect("a directory");
        }
        home
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }

    pub(super) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).expect("a file")
    }

    /// A program on the PATH that writes down how it was called.
    pub(super) fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        let record = r#"{ printf '%s' "${0##*/}"; printf '|%s' "$@"; echo; } >> "$HOME/calls""#;
        install(&path, format!("#!/bin/sh\n{record}\n{script}\n").as_bytes());
    }

    /// How programs were called, their arguments parted by `|`.
    pub(super) fn calls(&self) -> Vec<String> {
        self.read("calls").lines().map(str::to_owned).collect()
    }

    /// A process of that name.
    pub(super) fn process(&self, name: &str) -> Process {
        let copy = self.path(name);
        programs::copy("/bin/sleep".as_ref(), &copy);
        Process(Command::new(copy).arg("600").stdin(Stdio::null()).spawn().expect("a process"))
    }

    pub(super) fn options(&self) -> BridgeOptions {
        options(self.0.path(), &self.path("bin"))
    }

    pub(super) async fn run(&self, args: &[&str]) -> Ended {
        self.options().cli(args).await
    }

    /// What it prints, and it must succeed.
    pub(super) async fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args).await;
        assert!(ended.status.success(), "jean-bridge {args:?}: {ended:?}");
        ended.stdout
    }

    /// The same, once no process runs that has the app's name: other tests start such, and they are seen from here.
    pub(super) async fn ok_once_quit(&self, args: &[&str]) -> String {
        let ended = until("nobody runs it", async || {
            Some(self.run(args).await).filter(|ended| !ended.stderr.contains("quit it first"))
        });
        let ended = ended.await;
        assert!(ended.status.success(), "jean-bridge {args:?}: {ended:?}");
        ended.stdout
    }

    pub(super) async fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[args, &["--json"]].concat()).await).expect("JSON")
    }

    /// Runs a script in a mount namespace of its own, with a folder and the command line to run there.
    pub(super) async fn run_in_namespace(&self, script: &str, folder: &str, args: &[&str]) -> Ended {
        let jean_bridge = program("jean-bridge").into_os_string();
        let words = [self.path(folder).into_os_string(), jean_bridge];
        let words = words.into_iter().chain(args.iter().map(OsString::from));
        self.options().cli_of(crate::system::mounts::in_namespace(script, words)).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
