//! The packages for Linux, as `make installers` has made them.

mod contents;
mod lifecycle;
mod lint;
mod root;
mod session;
mod unit;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The `.deb`.
pub(crate) fn deb() -> PathBuf {
    made("deb")
}

/// The `.rpm`.
pub(crate) fn rpm() -> PathBuf {
    made("rpm")
}

#[track_caller]
fn made(suffix: &str) -> PathBuf {
    let suite = std::env::current_exe().expect("a path of its own");
    let target = suite.ancestors().nth(3).expect("target/PROFILE/deps/suite");
    let folder = target.join("installers");
    let files = std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut packages = files.filter(|file| file.extension().is_some_and(|own| own == suffix));
    let package = packages.next();
    assert!(packages.next().is_none(), "two of them in {}: run `make installers`", folder.display());
    package.unwrap_or_else(|| {
        panic!("no .{suffix} in {}: run `make installers` first, or `make test`", folder.display())
    })
}

/// What a command prints; it must succeed.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = String::from_utf8(output.stdout).expect("text");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{printed}{complaints}", output.status);
    printed
}

/// The files of the `.deb`, in a folder that is gone afterwards.
struct Unpacked(TempDir);

impl Unpacked {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        output(Command::new("dpkg-deb").arg("--extract").arg(deb()).arg(folder.path()));
        Self(folder)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    /// The text of a file that is compressed, as documentation is.
    fn read_compressed(&self, below: &str) -> String {
        output(Command::new("gzip").arg("-dc").arg(self.path(below)))
    }
}
