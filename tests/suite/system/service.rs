//! `serve` under systemd: the unit, what the manager is told, and secrets as credentials. That the unit runs in a real
//! manager is tested with the package.

use std::os::unix::net::UnixDatagram;
use std::process::Command;

use serde_json::json;

use super::until;
use crate::double::{ALICE, Double};
use crate::harness::bridge::{BridgeOptions, JWT_SECRET};
use crate::harness::http::PATIENCE;
use crate::harness::programs::program;

const UNIT: &str = "packaging/linux/jean-bridge.service";

/// Plays the manager's end of `NOTIFY_SOCKET`.
struct Manager {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Manager {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, folder }
    }

    fn told(&self) -> String {
        let mut text = [0; 4096];
        let length = self.socket.recv(&mut text).expect("in time");
        String::from_utf8(text[..length].to_vec()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manager_is_told_when_it_is_ready_where_and_that_it_ends() {
    let manager = Manager::start();
    let options = BridgeOptions::default().env("NOTIFY_SOCKET", manager.folder.path().join("notify"));
    let bridge = options.start().await;
    let ready = manager.told();
    assert_eq!(
        ready.lines().collect::<Vec<_>>(),
        ["READY=1", &format!("STATUS=listening on {}", bridge.url())]
    );
    bridge.http().get("/status").send().await.assert_status(200);
    assert_eq!(bridge.terminate().await.code(), Some(0));
    assert!(manager.told().starts_with("STOPPING=1\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_does_not_listen_keeps_nobody_from_starting() {
    let bridge = BridgeOptions::default().env("NOTIFY_SOCKET", "/nonexistent/notify").start().await;
    assert_eq!(bridge.terminate().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_come_as_credentials_and_are_in_no_variable() {
    let (double, folder) = (Double::start().await, tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("jean-bridge-api-key"), format!("{}\n", ALICE.key)).unwrap();
    std::fs::write(folder.path().join("jean-bridge-jwt-secret-key"), JWT_SECRET).unwrap();
    let options = BridgeOptions::default().api(&double.base_url()).without_env("JWT_SECRET_KEY");
    let bridge = options.env("CREDENTIALS_DIRECTORY", folder.path()).start().await;
    until("it is checked", || async { bridge.cli_json(&["accounts"]).await[0]["state"] == "ok" }).await;
    let accounts = bridge.cli_json(&["accounts"]).await;
    assert_eq!((&accounts[0]["kind"], &accounts[0]["user_id"]), (&json!("environment"), &json!(ALICE.id)));
    let variables = std::fs::read(format!("/proc/{}/environ", bridge.pid())).unwrap();
    let variables = String::from_utf8_lossy(&variables).into_owned();
    assert!(!variables.contains(ALICE.key) && !variables.contains(JWT_SECRET), "{variables}");
}

#[test]
fn the_unit_is_one_that_systemd_understands() {
    let folder = tempfile::tempdir().unwrap();
    let text = crate::documents::read(UNIT);
    assert!(text.contains("\nExecStart=/usr/bin/jean-bridge serve\n"), "as packages install it");
    assert!(!text.contains("jean_sk_"), "everybody may read it");
    // Of the program of these tests, because none needs to be installed here.
    let own = program("jean-bridge");
    let unit = folder.path().join("jean-bridge.service");
    std::fs::write(&unit, text.replace("/usr/bin/jean-bridge", own.to_str().unwrap())).unwrap();
    let analyze = |words: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(["--user", "--man=no"]).args(words).arg(&unit);
        // Not those of whoever runs the tests.
        let units = format!("{}:/usr/lib/systemd/user", folder.path().display());
        command
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("HOME", folder.path())
            .env("SYSTEMD_UNIT_PATH", units);
        let output = command.output().expect("systemd-analyze, which `make setup` installs");
        assert!(output.status.success(), "{output:?}");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let complaints = analyze(&["verify"]);
    assert!(!complaints.contains("jean-bridge.service"), "{complaints}");
    let judged = analyze(&["security", "--offline=true"]);
    for hardening in [
        "NoNewPrivileges=",
        "MemoryDenyWriteExecute=",
        "RestrictNamespaces=~user",
        "SystemCallFilter=~@privileged",
    ] {
        let holds = judged.lines().any(|line| line.starts_with('✓') && line.contains(hardening));
        assert!(holds, "{hardening}\n{judged}");
    }
}
