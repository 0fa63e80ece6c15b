//! J8 in a container as people build them: `serve` is process 1, its user has a number and no name, the root is read-only but
//! for the data, and there is no home, no session bus, no keychain and no init.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use serde_json::json;

use super::life::LIMIT;
use super::until;
use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions, Ended, JWT_SECRET};
use crate::harness::mcp::{Session, text};
use crate::harness::oauth::Client;
use crate::harness::programs::{self, program};

/// Of nobody.
const USER: u32 = 41_234;
const MEMORY: &str = "The boat is blue.";
/// Leaves all of the file system read-only but $1, and becomes what follows as the user $2, who has no home.
const ENTER: &str = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro / || exit 99
user=$2; shift 2; cd / && unset HOME
[ "$(id -u)" != 0 ] || set -- setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs "$@"
exec "$@""#;
/// What `docker exec` does: $1 is process 1, seen from outside.
const EXEC: &str = r#"inside=$1 user=$2; shift 2; unset HOME
if [ "$(id -u)" = 0 ]; then
    exec nsenter --target "$inside" --mount --pid setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
fi
exec nsenter --target "$inside" --user --preserve-credentials --mount --pid "$@""#;

/// A folder with the program, and one for the data.
struct Image {
    folder: tempfile::TempDir,
    double: Double,
}

/// One that runs.
struct Container {
    bridge: Bridge,
    options: BridgeOptions,
    first: First,
}

/// Process 1 of a container, as it is called outside. Ended when dropped, and with it the container: `setpriv` takes away
/// what would end it when its parent does.
struct First {
    pid: u32,
    /// Stays this process's, also when another one has its number.
    process: OwnedFd,
}

impl Drop for First {
    fn drop(&mut self) {
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
    }
}

impl Image {
    /// None where this user may not make containers; says why.
    async fn build() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let image = Self { folder, double: Double::start().await };
        std::fs::set_permissions(image.folder.path(), std::fs::Permissions::from_mode(0o755))
            .expect("it is ours");
        programs::install(&image.program(), &std::fs::read(program("jean-bridge")).expect("a program"));
        std::fs::create_dir(image.data()).expect("a folder");
        if rustix::process::geteuid().is_root() {
            chown(image.data(), Some(USER), Some(USER)).expect("root may");
        }
        let mut words = image.enter();
        let tried = Command::new(words.remove(0)).args(words).arg("true").stdin(Stdio::null()).output();
        if tried.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(image);
        }
        println!("skipped: this user may not make a container: {tried:?}");
        None
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("jean-bridge")
    }

    /// What becomes a program in a container of its own.
    fn enter(&self) -> Vec<OsString> {
        let unshare =
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"].map(OsString::from);
        let number = USER.to_string();
        let as_user =
            ["--user", "--keep-caps", "--map-user", &number, "--map-group", &number].map(OsString::from);
        let as_user = as_user.into_iter().filter(|_| !rustix::process::geteuid().is_root());
        let script = ["sh", "-c", ENTER, "sh"].map(OsString::from);
        unshare
            .into_iter()
            .chain(as_user)
            .chain(script)
            .chain([self.data().into(), number.clone().into()])
            .collect()
    }

    async fn run(&self) -> Container {
        let options = BridgeOptions::default()
            .api(&self.double.base_url())
            .without_env("DBUS_SESSION_BUS_ADDRESS")
            .env("JEAN_BRIDGE_API_KEY", ALICE.key)
            .env("JWT_SECRET_KEY", JWT_SECRET)
            .home(&self.data())
            .program(&self.program())
            .wrapped(self.enter());
        let bridge = options.clone().start().await;
        let pid = children(bridge.pid()).first().copied().expect("a first process");
        let process =
            pidfd_open(Pid::from_raw(pid.cast_signed()).expect("a process id"), PidfdFlags::empty());
        Container { bridge, options, first: First { pid, process: process.expect("it runs") } }
    }
}

impl Container {
    /// Runs a program inside.
    async fn exec(&self, words: &[&str]) -> Ended {
        let user = USER.to_string();
        let script = ["sh", "-c", EXEC, "sh", &self.first.pid.to_string(), &user].map(OsString::from);
        self.options.cli_of(script.into_iter().chain(words.iter().map(OsString::from)).collect()).await
    }

    /// Tells process 1 to end, as `docker stop` does, and says with which status it did.
    async fn stop(self) -> Option<i32> {
        pidfd_send_signal(&self.first.process, Signal::TERM).expect("it runs");
        self.bridge.ended().await.code()
    }
}

/// What a process has started, or has been given, and has not yet taken notice of the end of.
fn children(pid: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_bare_container_it_serves_survives_a_restart_and_ends_when_told() {
    let Some(image) = Image::build().await else { return };
    let container = image.run().await;
    let inside = container.exec(&["sh", "-c", "cat /proc/1/comm; id -u; touch /x 2>&1"]).await;
    assert!(inside.stdout.starts_with(&format!("jean-bridge\n{USER}\n")), "{inside:?}");
    assert!(inside.stdout.contains("Read-only file system"), "{inside:?}");

    let client = Client::register(&container.bridge, "App").await;
    let asked = client.ask(&[]).await;
    let jean_bridge = image.program();
    let jean_bridge = jean_bridge.to_str().unwrap();
    until("the key is checked", || async {
        container.exec(&[jean_bridge, "accounts", "--json"]).await.stdout.contains("\"ok\"")
    })
    .await;
    let approved = container.exec(&[jean_bridge, "approve", &asked.code]).await;
    assert!(approved.status.success(), "{approved:?}");
    let redirect = asked.finish().await;
    let tokens = asked.exchange(redirect.get("code").unwrap()).await;
    let session = Session::open(&container.bridge, &tokens.access, "2025-06-18").await;
    session.call("add_memories", json!({ "text": MEMORY })).await;
    let begun = Instant::now();
    assert_eq!(container.stop().await, Some(0));
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());

    let container = image.run().await;
    let client = Client { http: container.bridge.http(), ..client };
    let renewed = client.refresh(tokens.refresh()).await.assert_status(200).json();
    let access = renewed["access_token"].as_str().unwrap();
    let session = Session::open(&container.bridge, access, "2025-06-18").await;
    let listed = session.call("list_memories", json!({})).await;
    assert!(text(&listed).contains(MEMORY), "{listed}");
    let doctor = container.exec(&[jean_bridge, "doctor"]).await;
    assert!(doctor.stdout.contains("It runs at"), "{doctor:?}");
    assert_eq!(container.stop().await, Some(0));
    only_data_is_written(image.folder.path());
}

fn only_data_is_written(folder: &Path) {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["data", "jean-bridge"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_process_1_it_takes_notice_of_every_end() {
    let Some(image) = Image::build().await else { return };
    let container = image.run().await;
    // Its parent ends at once, and process 1 gets it.
    let left = container.exec(&["sh", "-c", "sleep 600 >/dev/null 2>&1 & sleep 600 >/dev/null 2>&1 &"]).await;
    assert!(left.status.success(), "{left:?}");
    let orphans = children(container.first.pid);
    assert_eq!(orphans.len(), 2);
    for orphan in orphans {
        kill_process(Pid::from_raw(orphan.cast_signed()).unwrap(), Signal::KILL).expect("it runs");
    }
    until("nobody is left in the list of processes", || async { children(container.first.pid).is_empty() })
        .await;
    assert_eq!(container.stop().await, Some(0));
}
