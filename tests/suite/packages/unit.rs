//! The unit of the package, under a systemd that manages the person's services: nothing stands in for it.

use std::process::{Child, Command};

use serde_json::{Value, json};

use super::lifecycle::{list_memories, with_package};
use super::root::{Kind, Root, ok};
use super::session::RUNTIME;
use crate::harness::bridge::JWT_SECRET;
use crate::harness::http::Http;
use crate::harness::oauth::{Client, Tokens};
use crate::harness::ports::free_port;
use crate::harness::serving::Serving;
use crate::harness::waiting::until;

const UNIT: &str = "jean-bridge.service";
const FILE: &str = "/usr/lib/systemd/user/jean-bridge.service";
/// In tenths, of `systemd-analyze security`; what a user's manager cannot restrict counts as open.
const EXPOSURE: &str = "--threshold=65";

/// A user's systemd; it ends with the root.
struct Manager<'a> {
    root: &'a Root,
    _systemd: Child,
}

#[tokio::test(flavor = "multi_thread")]
async fn its_unit_starts_confines_restarts_and_stops_the_service() {
    let root = with_package(Kind::Desktop);
    let manager = Manager::start(&root).await;
    // The manual is there; what shows manuals is not.
    manager.ok(&["systemd-analyze", "--user", "--man=no", "verify", FILE]);
    manager.ok(&["systemd-analyze", "--user", "--no-pager", "security", "--offline=true", EXPOSURE, FILE]);

    let port = free_port();
    let settings = format!("JEAN_BRIDGE_PORT={port}\\nJWT_SECRET_KEY={JWT_SECRET}\\n");
    let write = format!(
        "umask 77; mkdir -p .config/jean-bridge; printf '{settings}' >.config/jean-bridge/environment"
    );
    manager.ok(&["sh", "-c", &write]);
    manager.ok(&["systemctl", "--user", "enable", "--now", UNIT]);
    // Enabled when it has said that it is ready: no waiting here.
    let bridge = Serving::at(&format!("http://127.0.0.1:{port}"), root.shared());
    bridge.http().get("/status").send().await.assert_status(200);
    assert_eq!(manager.property("ActiveState"), "active");
    assert_eq!(manager.property("StatusText"), format!("listening on {}", bridge.url()));
    assert_eq!(manager.ok(&["systemctl", "--user", "is-enabled", UNIT]), "enabled\n");

    let id = manager.property("MainPID");
    let process = root.root_ok(&["cat", &format!("/proc/{id}/status")]);
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "Umask:\t0077", "CapEff:\t0000000000000000"] {
        assert!(process.contains(line), "{line} in {process}");
    }

    let asked = Client::register(&bridge, "Claude Code").await.ask(&[]).await;
    manager.ok(&["jean-bridge", "approve", &asked.code, "--sandbox"]);
    let back = asked.finish().await;
    let tokens = asked.exchange(back.get("code").expect("a code")).await;
    assert_works(&bridge.http(), &tokens).await;

    root.root_ok(&["kill", "-KILL", &id]);
    until("a second start", async || (manager.property("NRestarts") == "1").then_some(())).await;
    until("that it is ready", async || (manager.property("ActiveState") == "active").then_some(())).await;
    assert_ne!(manager.property("MainPID"), id);
    assert_works(&bridge.http(), &tokens).await;

    manager.ok(&["systemctl", "--user", "stop", UNIT]);
    assert_eq!((&*manager.property("ActiveState"), &*manager.property("Result")), ("inactive", "success"));
    assert!(bridge.http().get("/status").try_send().await.is_none());
}

impl<'a> Manager<'a> {
    async fn start(root: &'a Root) -> Self {
        root.root_ok(&["install", "-d", "-m", "700", "-o", "person", "-g", "person", RUNTIME]);
        // As `user@.service` does it for whoever logs in. The folder says that systemd has started this computer.
        let group = root.group();
        let prepare = format!(
            "mkdir -p /run/systemd/system && mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir {group} &&
             echo $$ >{group}/cgroup.procs && chown -R person:person {group} &&
             exec setpriv --reuid=person --regid=person --init-groups env HOME=/home/person USER=person \
                  XDG_RUNTIME_DIR={RUNTIME} /usr/lib/systemd/systemd --user"
        );
        let log = std::fs::File::create(root.shared().join("systemd.txt")).expect("a file");
        let mut systemd = root.by_root(&["sh", "-c", &prepare]);
        systemd.stdout(log.try_clone().expect("a file")).stderr(log);
        let manager = Self { root, _systemd: systemd.spawn().expect("it can be started") };
        until("a user's systemd", async || {
            let state =
                manager.command(&["systemctl", "--user", "is-system-running"]).output().expect("a state");
            state.stdout.starts_with(b"running").then_some(())
        })
        .await;
        manager
    }

    fn command(&self, words: &[&str]) -> Command {
        self.root.by_person(&[("XDG_RUNTIME_DIR", RUNTIME.to_owned()), ("LANG", "C.UTF-8".to_owned())], words)
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        ok(&mut self.command(words))
    }

    #[track_caller]
    fn property(&self, name: &str) -> String {
        let shown = self.ok(&["systemctl", "--user", "show", "--value", "--property", name, UNIT]);
        shown.trim_end().to_owned()
    }
}

async fn assert_works(http: &Http, tokens: &Tokens) {
    let listed: Value = list_memories(http, tokens).await;
    assert_eq!(listed["isError"], json!(false), "{listed}");
}
