//! File systems that only one bridge sees: small ones and read-only ones, in a mount namespace of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::bridge::{Bridge, BridgeOptions};

/// Mounts a tmpfs of size $1 over each directory up to `--`, and becomes what follows.
const SMALL: &str = r#"size=$1; shift
while [ "$1" != -- ]; do mount -t tmpfs -o "size=$size,mode=700" tmpfs "$1" || exit 99; shift; done
shift; exec "$@""#;
/// Makes the directory $1 read-only, and becomes what follows.
const READ_ONLY: &str =
    r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; shift; exec "$@""#;

/// Whether this user may mount anything at all; if not, says why a test ends here.
pub(crate) fn are_possible() -> bool {
    let directory = tempfile::tempdir().expect("a directory");
    let mut words = in_namespace(SMALL, ["64k".into(), directory.path().into(), "--".into(), "true".into()]);
    let mut command = Command::new(words.remove(0));
    let output = command.args(words).stdin(Stdio::null()).output();
    let possible = output.as_ref().is_ok_and(|output| output.status.success());
    if !possible {
        println!("skipped: this user may not mount a file system: {output:?}");
    }
    possible
}

/// With so little room for the database and the log.
pub(super) fn with_room(options: BridgeOptions, home: &Path, size: &str) -> BridgeOptions {
    let mut words: Vec<OsString> = vec![size.into()];
    for directory in ["data", "logs"].map(|name| home.join(name)) {
        std::fs::create_dir_all(&directory).expect("a directory");
        words.push(directory.into());
    }
    words.push("--".into());
    options.home(home).wrapped(in_namespace(SMALL, words))
}

/// With data that nobody may write.
pub(super) fn read_only(options: BridgeOptions, home: &Path) -> BridgeOptions {
    let data = home.join("data");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::create_dir_all(&data)
        .and_then(|()| std::fs::set_permissions(&data, private))
        .expect("a directory");
    options.home(home).wrapped(in_namespace(READ_ONLY, [data.into()]))
}

/// The script, in a mount namespace of its own, with these words.
pub(crate) fn in_namespace(script: &str, words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut command: Vec<OsString> = vec!["unshare".into(), "--mount".into()];
    if !rustix::process::geteuid().is_root() {
        command.push("--map-root-user".into());
    }
    command.extend(["sh", "-c", script, "sh"].map(OsString::from));
    command.extend(words);
    command
}

/// A directory of the home as the bridge sees it.
fn seen_by(bridge: &Bridge, name: &str) -> PathBuf {
    let below = bridge.home().strip_prefix("/").expect("an absolute path");
    Path::new("/proc").join(bridge.pid().to_string()).join("root").join(below).join(name)
}

/// Takes all the room there is, until this goes.
pub(super) struct Filler(Vec<PathBuf>);

impl Filler {
    pub(super) fn in_home_of(bridge: &Bridge) -> Self {
        let files = ["data", "logs"].map(|name| seen_by(bridge, name).join("filler"));
        for file in &files {
            let mut filler = std::fs::File::create(file).expect("room for a name");
            // Small pieces at the end, so that not one page is left.
            for size in [64 * 1024, 512, 1] {
                while std::io::Write::write_all(&mut filler, &vec![0; size]).is_ok() {}
            }
        }
        Self(files.into())
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        for file in &self.0 {
            // Gone with its file system where the bridge has ended.
            let _ = std::fs::remove_file(file);
        }
    }
}
