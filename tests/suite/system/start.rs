//! What keeps it from starting is told in one line, with the cause, and nothing is broken by it (design.md 4,
//! J9). A busy port and a second bridge are among the tests of the command line.

use std::net::{Ipv6Addr, TcpListener};
use std::path::Path;

use serde_json::json;

use crate::harness::bridge::{Bridge, BridgeOptions, Ended};
use crate::harness::oauth::Client;

const FAILED: i32 = 1;

/// Without its log, which goes to stderr, too.
fn options() -> BridgeOptions {
    BridgeOptions::default().env("JEAN_BRIDGE_LOG", "off")
}

/// What it says when it does not start: one line on stderr and nothing else.
#[track_caller]
fn refusal(started: Result<Bridge, Ended>) -> String {
    let Err(ended) = started else { panic!("it started") };
    assert_eq!(ended.status.code(), Some(FAILED), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    let line = ended.stderr.strip_suffix('\n').expect("a line").to_owned();
    assert!(!line.contains('\n'), "more than one line: {line}");
    line
}

#[tokio::test]
async fn a_port_that_is_taken_on_ipv6_only_is_taken() {
    // protocol.md 9.7: nobody else answers for `localhost`.
    let Ok(holder) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        println!("skipped: this computer has no IPv6 loopback");
        return;
    };
    let port = holder.local_addr().unwrap().port();
    let line = refusal(options().port(port).try_start().await);
    assert!(line.contains(&format!("uses port {port} (")), "{line}");
    assert!(line.contains(&std::process::id().to_string()), "{line}");
}

#[tokio::test]
async fn who_wants_any_port_gets_a_free_one_and_is_told_which() {
    let bridge = options().port(0).start().await;
    assert_ne!(bridge.port(), 0);
    bridge.http().get("/status").send().await.assert_status(200);
}

#[tokio::test]
async fn a_file_in_the_way_of_the_socket_is_named_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("run/bridge.sock");
    std::fs::create_dir(home.path().join("run")).unwrap();
    std::fs::write(&socket, "somebody's").unwrap();
    let line = refusal(options().home(home.path()).try_start().await);
    assert!(line.contains(&socket.display().to_string()) && line.contains("in the way"), "{line}");
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "somebody's");
}

#[tokio::test]
async fn a_file_in_the_way_of_a_directory_is_named() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("data"), "somebody's").unwrap();
    let line = refusal(options().home(home.path()).try_start().await);
    assert!(line.contains(&home.path().join("data").display().to_string()), "{line}");
}

/// What it says with this configuration file.
async fn with_config(home: &Path, text: &str) -> String {
    std::fs::write(home.join("config.toml"), text).unwrap();
    refusal(options().without_env("JEAN_BRIDGE_API_BASE_URL").home(home).try_start().await)
}

#[tokio::test]
async fn a_wrong_configuration_is_told_by_file_key_and_reason() {
    let home = tempfile::tempdir().unwrap();
    for (text, told) in [
        ("prot = 5326\n", &["unknown key prot", "port"][..]),
        ("port = \"many\"\n", &["port", "must be"]),
        ("port = 65536\n", &["port", "must be"]),
        ("access_token_ttl = \"0s\"\n", &["access_token_ttl", "between 1s and 30d"]),
        ("code_ttl = \"11m\"\n", &["code_ttl", "between 1s and 10m"]),
        ("api_base_url = \"http://memory.example\"\n", &["api_base_url", "https://"]),
        ("allowed_origins = [\"*\"]\n", &["allowed_origins", "not origins"]),
        ("port = 1\nlog = \n", &["line 2"]),
        ("activity_days = -1\n", &["activity_days", "number of days"]),
    ] {
        let line = with_config(home.path(), text).await;
        assert!(line.contains(&home.path().join("config.toml").display().to_string()), "{text}: {line}");
        assert!(told.iter().all(|told| line.contains(told)), "{text}: {line}");
    }
}

#[tokio::test]
async fn a_secret_in_the_file_is_refused_and_not_repeated() {
    // design.md 4: never in the file.
    let home = tempfile::tempdir().unwrap();
    let secret = "jean_sk_EXAMPLE_in_the_file_0123456789";
    for (key, variable) in [("api_key", "JEAN_BRIDGE_API_KEY"), ("jwt_secret_key", "JWT_SECRET_KEY")] {
        let line = with_config(home.path(), &format!("{key} = \"{secret}\"\n")).await;
        assert!(line.contains(key) && line.contains(variable) && !line.contains(secret), "{line}");
    }
    for text in [format!("{secret} = 1\n"), format!("port = {secret}\n"), format!("port = \"{secret}\"\n")] {
        let line = with_config(home.path(), &text).await;
        assert!(!line.contains(secret), "{line}");
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_an_error_and_not_the_default() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    std::fs::create_dir(&file).unwrap();
    let line = refusal(options().home(home.path()).try_start().await);
    assert!(line.contains(&file.display().to_string()) && line.contains("cannot be read"), "{line}");
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    let line = refusal(options().home(home.path()).try_start().await);
    assert!(line.contains(&file.display().to_string()) && line.contains("UTF-8"), "{line}");
}

#[tokio::test]
async fn a_wrong_variable_is_named_and_its_secret_is_not_told() {
    for (name, value, told) in [
        // protocol.md 4.20; design.md 4: at least 32 bytes.
        ("JWT_SECRET_KEY", "only-31-bytes-of-a-secret-here!", "fewer than 32 bytes"),
        ("JEAN_BRIDGE_API_KEY", "sk_EXAMPLE_of_somebody_else", "jean_sk_"),
        ("JEAN_BRIDGE_PORT", "5326 or so", "must be"),
        ("JEAN_BRIDGE_API_BASE_URL", "http://memory.example", "https://"),
        ("JEAN_BRIDGE_IDENTITY_HEADERS", "perhaps", "must be"),
        ("JEAN_BRIDGE_LOG", "loud", "must be off, error"),
    ] {
        let line = refusal(options().env(name, value).try_start().await);
        assert!(line.contains(name) && line.contains(told) && !line.contains(value), "{line}");
    }
    options().env("JWT_SECRET_KEY", "exactly-32-bytes-of-a-secret-ok!").start().await;
}

#[tokio::test]
async fn a_variable_that_sets_nothing_is_named_in_the_log() {
    let bridge = options().env("JEAN_BRIDGE_LOG", "warn").env("JEAN_BRIDGE_PROT", "5327").start().await;
    let said = bridge.stderr();
    assert!(said.contains("JEAN_BRIDGE_PROT") && !said.contains("5327"), "{said}");
}

#[tokio::test]
async fn the_environment_wins_over_the_file() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join("config.toml"),
        "access_token_ttl = \"2m\"\nrefresh_token_ttl = \"1h\"\n",
    )
    .unwrap();
    for (options, seconds) in [(options(), 120), (options().env("JEAN_BRIDGE_ACCESS_TOKEN_TTL", "90"), 90)] {
        let bridge = options.home(home.path()).start().await;
        let asked = Client::register(&bridge, "App").await.ask(&[]).await;
        bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
        let redirect = asked.finish().await;
        let reply = asked.redeem(redirect.get("code").unwrap()).await.assert_status(200).json();
        assert_eq!(reply["expires_in"], json!(seconds));
        assert!(bridge.terminate().await.success());
    }
}
