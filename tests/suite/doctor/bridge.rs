//! The bridge, its socket and its port.

use crate::double::Double;
use crate::harness::bridge::Bridge;
use crate::harness::ports::free_port;

use super::{doctor, options};

#[tokio::test]
async fn a_port_that_another_program_has_is_named_with_the_program() {
    let home = tempfile::tempdir().unwrap();
    let port = free_port();
    let other = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let options = options(home.path()).env("JEAN_BRIDGE_PORT", port.to_string());
    let told = doctor(&options).await;
    if cfg!(target_os = "linux") {
        told.assert_names("port", "port_taken", [&format!("port {port}"), "another port"]);
        assert_eq!(told.assert_finds("port", "port_taken")["finding"]["pid"], std::process::id());
    } else {
        told.assert_names("port", "port_taken_by_somebody", [&format!("port {port}"), "another port"]);
    }

    drop(other);
    doctor(&options).await.assert_ok("port", "port_free");
    let _bridge = options.clone().port(port).start().await;
    let told = doctor(&options).await;
    told.assert_ok("port", "port_ours");
    told.assert_ok("bridge", "running");
}

#[tokio::test]
async fn a_port_of_another_bridge_is_named_as_such() {
    let (home, other) = (tempfile::tempdir().unwrap(), Bridge::start().await);
    // Its first answer may take a while.
    other.http().get("/status").send().await.assert_status(200);
    let options = options(home.path()).env("JEAN_BRIDGE_PORT", other.port().to_string());
    doctor(&options).await.assert_names(
        "port",
        "port_of_another_bridge",
        ["Another Jean Memory Bridge", "another port"],
    );
}

#[tokio::test]
async fn a_bridge_on_another_port_than_the_settings_say_is_no_failure() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path()).env("JEAN_BRIDGE_PORT", "5999");
    let _bridge = options.clone().start().await;
    let told = doctor(&options).await;
    assert_eq!(told.assert_finds("port", "port_elsewhere")["state"], "note");
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_that_a_crash_left_is_told_and_the_next_start_is_the_cure() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    options.clone().start().await.kill().await;
    assert!(home.path().join("run/bridge.sock").exists());
    doctor(&options).await.assert_names("bridge", "stale_socket", ["crashed", "jean-bridge serve"]);
    let _bridge = options.clone().start().await;
    doctor(&options).await.assert_ok("bridge", "running");
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_in_the_way_of_the_socket_is_named() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    let file = home.path().join("run/bridge.sock");
    std::fs::create_dir(home.path().join("run")).unwrap();
    std::fs::write(&file, "").unwrap();
    let name = file.display().to_string();
    doctor(&options).await.assert_names("bridge", "socket_in_the_way", [&name, "Move it away"]);
    std::fs::remove_file(file).unwrap();
    let _bridge = options.clone().start().await;
    doctor(&options).await.assert_ok("bridge", "running");
}

#[cfg(unix)]
#[tokio::test]
async fn a_bridge_whose_socket_was_removed_is_not_called_ended() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    let bridge = options.clone().start().await;
    std::fs::remove_file(home.path().join("run/bridge.sock")).unwrap();
    let told = doctor(&options).await;
    told.assert_names("bridge", "socket_gone", ["is gone", "start it again"]);
    // Its database is in use, so nobody else opens it.
    assert_eq!(told.codes("database"), ["bridge_silent"]);
    bridge.kill().await;
    let _bridge = options.clone().start().await;
    doctor(&options).await.assert_ok("bridge", "running");
}

#[tokio::test]
async fn a_pause_is_a_warning_and_nothing_goes_to_jean_memory() {
    let (home, double) = (tempfile::tempdir().unwrap(), Double::start().await);
    let options = options(home.path()).api(&double.base_url());
    let bridge = options.clone().start().await;
    bridge.cli_ok(&["pause"]).await;
    let told = doctor(&options).await;
    assert_eq!((told.codes("bridge"), told.status), (vec!["running", "paused"], Some(0)));
    assert_eq!((told.codes("upstream"), told.codes("keys")), (vec!["upstream_paused"], vec!["keys_paused"]));
    bridge.kill().await;
    assert_eq!(doctor(&options).await.codes("upstream"), ["upstream_paused"], "over restarts too");
    assert_eq!(double.requests().count(), 0);
    let bridge = options.clone().start().await;
    bridge.cli_ok(&["resume"]).await;
    let told = doctor(&options).await;
    told.assert_ok("bridge", "running");
    assert!(double.requests().count() > 0, "asked again");
}
