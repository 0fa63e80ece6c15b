//! A clean Debian to install the package in: a copy, in namespaces of its own, of the root that `tests/packages/install`
//! made once. Whatever happens to the test, the copy and all that runs in it end with it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// What a shell finds programs by, for root; the person's has no `sbin`.
const ROOT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const PERSON_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Whose home is `/home/person`.
const PERSON: u32 = 1000;
/// Where the copy sees the folder that both sides share.
pub(super) const SHARED: &str = "/shared";

/// Where the roots are.
static ROOTS: LazyLock<PathBuf> = LazyLock::new(|| {
    let output = as_root(&tests().join("install")).stdin(Stdio::null()).output().expect("it can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "there is no clean Debian to try the package in: {errors}");
    String::from_utf8(output.stdout).expect("a path").trim_end().into()
});

/// Which root.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// What every Debian has. The packages that ours depends on are there to be installed, without the network.
    Bare,
    /// With those, and with a desktop session.
    Desktop,
}

/// A copy of a root, in which programs can be run.
pub(super) struct Root {
    /// The first process of the copy: it ends when its input closes, and everything in the copy with it.
    first: Child,
    /// Its id outside.
    id: u32,
    shared: TempDir,
    _place: TempDir,
}

impl Root {
    pub(super) fn start(kind: Kind) -> Self {
        let folder = match kind {
            Kind::Bare => "bare",
            Kind::Desktop => "desktop",
        };
        let (place, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(shared.path(), open).unwrap();
        let mut enter = as_root(Path::new("unshare"));
        enter.args(["--mount", "--pid", "--fork", "--kill-child"]).arg(tests().join("enter"));
        enter.args([&ROOTS.join(folder), place.path(), shared.path()]);
        let mut first =
            enter.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare can be started");
        let mut id = String::new();
        BufReader::new(first.stdout.take().expect("it is piped")).read_line(&mut id).unwrap();
        let id = id.trim_end().parse().unwrap_or_else(|_| panic!("no copy of {folder}: {:?}", first.wait()));
        Self { first, id, shared, _place: place }
    }

    /// The folder that both sides share, as this side sees it.
    pub(super) fn shared(&self) -> &Path {
        self.shared.path()
    }

    /// The name of a group of processes that ends with the copy, if anybody makes it.
    pub(super) fn group(&self) -> String {
        format!("/sys/fs/cgroup/jean-bridge-{}", self.id)
    }

    /// A program that the administrator runs.
    pub(super) fn by_root(&self, words: &[&str]) -> Command {
        let mut command = self.enter();
        command.args([
            "env",
            "--ignore-environment",
            "HOME=/root",
            "LC_ALL=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive",
        ]);
        command.arg(format!("PATH={ROOT_PATH}")).args(words);
        command
    }

    /// A program that the person runs, with these variables and no others but where home and programs are.
    pub(super) fn by_person(&self, variables: &[(&str, String)], words: &[&str]) -> Command {
        let mut command = self.enter();
        command
            .arg("setpriv")
            .arg(format!("--reuid={PERSON}"))
            .arg(format!("--regid={PERSON}"))
            .arg("--init-groups");
        command.args([
            "env",
            "--ignore-environment",
            "--chdir=/home/person",
            "HOME=/home/person",
            "USER=person",
        ]);
        command.arg(format!("PATH={PERSON_PATH}"));
        command.args(variables.iter().map(|(name, value)| format!("{name}={value}"))).args(words);
        command
    }

    /// What the administrator's program prints.
    #[track_caller]
    pub(super) fn root_ok(&self, words: &[&str]) -> String {
        ok(&mut self.by_root(words))
    }

    /// `apt-get install` of a package file in the shared folder.
    #[track_caller]
    pub(super) fn install(&self, file: &str) -> String {
        // What is only recommended must not be needed, and is not downloaded.
        self.root_ok(&["apt-get", "--yes", "--no-install-recommends", "install", &format!("{SHARED}/{file}")])
    }

    fn enter(&self) -> Command {
        let mut command = as_root(Path::new("nsenter"));
        command.args(["--mount", "--pid", "--target", &self.id.to_string(), "--"]).stdin(Stdio::null());
        command
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        drop(self.first.stdin.take());
        let _ = self.first.wait();
    }
}

/// What a program prints that succeeds.
#[track_caller]
pub(super) fn ok(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("it can be started");
    let (said, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{said}\n{errors}");
    said.into_owned()
}

/// A program that only the administrator may run.
fn as_root(program: &Path) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let asked = Command::new("sudo").args(["--non-interactive", "true"]).output();
    assert!(
        asked.is_ok_and(|asked| asked.status.success()),
        "the package is tried in a clean Debian, which needs root, or a sudo that asks for no password"
    );
    let mut command = Command::new("sudo");
    command.args([
        OsStr::new("--non-interactive"),
        OsStr::new("--preserve-env=HOME,XDG_CACHE_HOME"),
        program.as_os_str(),
    ]);
    command
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packages")
}

/// What has a mistake in its call must not meet the computer: without processes of its own nothing is mounted or ended.
#[test]
fn the_copy_is_entered_in_namespaces_of_its_own_only() {
    let (place, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Mounts of its own at least, should it go on; processes are the computer's.
    let mut enter = as_root(Path::new("unshare"));
    enter.arg("--mount").arg(tests().join("enter")).args([Path::new("/"), place.path(), shared.path()]);
    let ended = enter.stdin(Stdio::null()).output().expect("it can be started");
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("namespaces of its own"), "{ended:?}");
}
