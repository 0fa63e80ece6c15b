//! Another user of the computer, and a file in the way.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use rustix::process::geteuid;
use tokio::process::Command;

use crate::harness::bridge::{Bridge, BridgeOptions};

/// The system's: one in the home of root is nothing for others.
const PYTHON: &str = "/usr/bin/python3";
/// Connects to the socket, asks what waits, and prints what comes back.
const ASK: &str = r#"
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
try:
    s.connect(sys.argv[1])
    s.sendall(b"GET /v1/requests HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\n\r\n")
    while data := s.recv(65536):
        sys.stdout.buffer.write(data)
except PermissionError:
    print("kept out")
except (BrokenPipeError, ConnectionResetError):
    pass
"#;

/// What a program of this user gets out of the socket; nobody else can be had without being root.
async fn asked_as(bridge: &Bridge, user: Option<&str>) -> String {
    let socket = bridge.home().join("run").join("bridge.sock");
    let mut command = match user {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", user, "--clear-groups", PYTHON]);
            command
        }
        None => Command::new(PYTHON),
    };
    let output = command.args(["-c", ASK]).arg(socket).output().await.expect("a program");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn another_user_gets_no_word_out_of_the_local_socket() {
    let bridge = Bridge::start().await;
    assert!(asked_as(&bridge, None).await.starts_with("HTTP/1.1 200"));
    let run = bridge.home().join("run");
    for private in [run.clone(), run.join("bridge.sock")] {
        let mode = std::fs::metadata(&private).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", private.display());
    }
    if !geteuid().is_root() {
        println!("skipped in part: only root can become somebody else");
        return;
    }
    assert_eq!(asked_as(&bridge, Some("65534")).await.trim(), "kept out");
    // Were the folders open to all, by accident or a careless backup: the bridge asks the system who is there.
    for open in [bridge.home(), &run, &run.join("bridge.sock")] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    assert_eq!(asked_as(&bridge, Some("65534")).await, "");
    assert!(asked_as(&bridge, None).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_not_followed_into_somebody_elses() {
    let home = tempfile::tempdir().unwrap();
    let victims = tempfile::tempdir().unwrap();
    let precious = victims.path().join("precious");
    std::fs::write(&precious, "precious").unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    for folder in ["run", "data"] {
        std::fs::create_dir(home.path().join(folder)).unwrap();
        std::fs::set_permissions(home.path().join(folder), std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    for place in ["run/bridge.sock", "run/bridge.lock", "data/bridge.db"] {
        let link = home.path().join(place);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&link);
        symlink(&precious, &link).unwrap();
        // It may start without what is there, or refuse to; it takes nothing that is not its own for a socket or a database.
        let started = BridgeOptions::default().home(home.path()).try_start().await;
        if let Ok(bridge) = started {
            bridge.kill().await;
        }
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious", "{place}");
        let _ = std::fs::remove_file(&link);
    }
    let bridge = BridgeOptions::default().home(home.path()).start().await;
    bridge.http().get("/status").send().await.assert_status(200);
}
