//! Another program of the same user that wants the keys out of the memory of a running bridge, and what a crash leaves
//! of it on the disk: of `serve` and `stdio`, and of the app, where keys are pasted.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Output};

use rustix::io::Errno;
use rustix::process::{Signal, geteuid};
use tokio::process::Command;

use crate::harness::app::AppOptions;
use crate::harness::bridge::BridgeOptions;
use crate::harness::desktop::Desktop;
use crate::harness::oauth::Client;
use crate::harness::processes;
use crate::harness::programs::program;
use crate::harness::serving::command;
use crate::harness::stdio::StdioClient;
use crate::harness::waiting::until;

/// Allows core files as large as they get, where the program is, and becomes what follows.
const WITH_CORES: &str = r#"ulimit -c "$(ulimit -H -c)"; cd "$1" || exit 99; shift; exec "$@""#;
/// Somebody who is not root: root may read everything.
const NOBODY: u32 = 65534;

/// The soft limit of that name (proc(5)).
fn limit(pid: u32, name: &str) -> String {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).expect("a process");
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("a limit");
    line.split_whitespace().next().expect("a value").to_owned()
}

fn with_cores(home: &Path) -> impl Iterator<Item = OsString> {
    ["sh", "-c", WITH_CORES, "sh"].map(OsString::from).into_iter().chain([home.into()])
}

#[track_caller]
fn assert_no_core_file(ended: ExitStatus, home: &Path) {
    assert_eq!(ended.signal(), Some(Signal::ABORT.as_raw()));
    assert!(!ended.core_dumped());
    let files = std::fs::read_dir(home).unwrap().flatten().map(|file| file.file_name());
    let cores: Vec<_> = files.filter(|name| name.to_string_lossy().starts_with("core")).collect();
    assert!(cores.is_empty(), "{cores:?}");
}

#[tokio::test]
async fn a_crash_writes_no_core_file() {
    let home = tempfile::tempdir().unwrap();
    let options = BridgeOptions::default().home(home.path()).wrapped(with_cores(home.path()));
    let bridge = options.start().await;
    assert_eq!(limit(bridge.pid(), "Max core file size"), "0");
    assert_no_core_file(bridge.end_by(Signal::ABORT).await, home.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_a_crash_of_the_app_with_a_page_for_keys() {
    let desktop = Desktop::with_keychain();
    let home = desktop.bridge_home();
    std::fs::create_dir_all(&home).unwrap();
    let app = AppOptions::default().wrapped(with_cores(&home)).start(&desktop).await;
    assert_eq!(limit(app.pid(), "Max core file size"), "0");
    let asked = Client::register(&app, "Claude Code").await.ask(&[]).await;
    let page = app.page("consent.html").await;
    page.until_shown(&asked.code).await;
    for process in processes::of_pages(&app) {
        let pid = process.as_raw_nonzero().get().cast_unsigned();
        assert_eq!(limit(pid, "Max core file size"), "0", "where keys are pasted");
    }
    assert_no_core_file(app.end_by(Signal::ABORT), &home);
}

#[tokio::test]
async fn an_adapter_leaves_no_core_file_either() {
    let home = tempfile::tempdir().unwrap();
    let mut words = command("sh", &[], home.path());
    words.args(["-c", WITH_CORES, "sh"]).arg(home.path()).arg(program("jean-bridge")).arg("stdio");
    let adapter = StdioClient::spawn(&mut words).opened("2025-06-18").await;
    assert_eq!(limit(adapter.pid(), "Max core file size"), "0");
}

#[tokio::test]
async fn another_program_of_the_user_can_neither_read_the_memory_nor_trace_it() {
    let home = tempfile::tempdir().unwrap();
    let mut options = BridgeOptions::default().home(home.path());
    let mut as_user = vec![];
    if geteuid().is_root() {
        std::os::unix::fs::chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        as_user = become_nobody();
        options = options.wrapped(as_user.clone());
    }
    let bridge = options.start().await;
    assert_private(bridge.pid(), &as_user).await;
    bridge.http().get("/status").send().await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_that_of_the_app() {
    let desktop = Desktop::with_keychain();
    let as_user = without_privileges();
    let app = AppOptions::default().wrapped(as_user.clone()).start(&desktop).await;
    assert_private(app.pid(), &as_user).await;
    app.http().get("/status").send().await.assert_status(200);
}

/// Nobody reads or traces this process of theirs.
async fn assert_private(pid: u32, as_user: &[OsString]) {
    // Any other program of theirs is open to them, as soon as it is theirs.
    let usual = Command::new("sh")
        .args(["-c", "exec \"$@\"", "sh"])
        .args(as_user)
        .args(["sleep", "600"])
        .kill_on_drop(true)
        .spawn();
    let usual = usual.expect("a program");
    let environ = format!("/proc/{}/environ", usual.id().expect("it runs"));
    until("a look into another program", async || {
        said(as_user, &["head", "-c", "1", &environ]).await.0.then_some(())
    })
    .await;
    // It can be seen, it is the user's own, and yet:
    for file in ["mem", "maps", "environ", "auxv", "pagemap", "fd/0", "exe", "root/etc/hostname"] {
        let path = format!("/proc/{pid}/{file}");
        let read = said(as_user, &["head", "-c", "1", &path]).await;
        assert!(!read.0, "{path} can be read: {}", read.1);
    }
    let (seen, _) = said(as_user, &["cat", &format!("/proc/{pid}/cmdline")]).await;
    assert!(seen, "only what is secret is kept from others");
    // PTRACE_ATTACH, as a debugger does it.
    let attach = format!(
        "import ctypes, os, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         sys.exit(0 if libc.ptrace(16, {pid}, 0, 0) == 0 else ctypes.get_errno())"
    );
    let traced = run(as_user, &["/usr/bin/python3", "-c", &attach]).await;
    assert_eq!(traced.status.code(), Some(Errno::PERM.raw_os_error()), "{traced:?}");
}

#[tokio::test]
async fn a_bridge_may_open_as_many_files_as_it_promises_connections() {
    const LOW: &str = r#"ulimit -S -n 256; exec "$@""#;
    let options = BridgeOptions::default().wrapped(["sh", "-c", LOW, "sh"].map(OsString::from));
    let bridge = options.start().await;
    let files: u64 = limit(bridge.pid(), "Max open files").parse().unwrap();
    assert!(files >= 1024, "{files}");
}

/// Root as nobody, without what root may do.
fn become_nobody() -> Vec<OsString> {
    let id = NOBODY.to_string();
    let words =
        ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--inh-caps=-all", "--no-new-privs"];
    words.map(OsString::from).into()
}

/// Root with no more rights than anybody has over what is their own: what the desktop keeps is root's here.
fn without_privileges() -> Vec<OsString> {
    if !geteuid().is_root() {
        return vec![];
    }
    ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"].map(OsString::from).into()
}

/// Whether a program succeeded, and what it said.
async fn said(as_user: &[OsString], words: &[&str]) -> (bool, String) {
    let output = run(as_user, words).await;
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn run(as_user: &[OsString], words: &[&str]) -> Output {
    let all: Vec<OsString> = as_user.iter().cloned().chain(words.iter().map(OsString::from)).collect();
    Command::new(&all[0]).args(&all[1..]).output().await.expect("a program")
}
