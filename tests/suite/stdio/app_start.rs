//! A tool is called while the app does not run: it is started, once, unless a person has ended it.

use std::ffi::OsString;

use serde_json::{Value, json};

use super::world::READS;
use crate::harness::bridge::BridgeOptions;
use crate::harness::desktop::{Adopted, Desktop};
use crate::harness::stdio::{StdioClient, done, failed};
use crate::harness::waiting::until;

#[tokio::test]
async fn the_app_is_started_for_a_call_and_stays_when_the_client_goes() {
    let desktop = Desktop::with_keychain();
    std::fs::create_dir_all(desktop.bridge_home()).expect("a directory");
    let settings = "port = 0\napi_base_url = \"sandbox\"\n";
    std::fs::write(desktop.bridge_home().join("config.toml"), settings).expect("a file");
    let mut env: Vec<(OsString, OsString)> =
        desktop.env().into_iter().map(|(name, value)| (name.into(), value)).collect();
    for (name, value) in [
        ("LANG", "C.UTF-8"),
        // Of the project that the client works in.
        ("API_BASE_URL", "http://127.0.0.1:9/of-a-project"),
        ("JWT_SECRET_KEY", "of-a-project"),
        // Of a packaged client, for its own libraries.
        ("LD_LIBRARY_PATH", "/nonexistent"),
    ] {
        env.push((name.into(), value.into()));
    }
    let options =
        env.iter().fold(BridgeOptions::default().home(&desktop.bridge_home()), |options, (name, value)| {
            options.env(&name.to_string_lossy(), value.clone())
        });
    let ask = async |words: &[&str]| options.cli(words).await;

    let mut client = StdioClient::start_with(&desktop.bridge_home(), &env, &[]).opened("2025-06-18").await;
    assert!(!client.tools().await.is_empty());
    assert_eq!(ask(&["status"]).await.status.code(), Some(3), "a list starts nothing");

    let call = client.begin_call(READS, json!({})).await;
    let code = until("a question", async || {
        let asked: Value = serde_json::from_str(&ask(&["requests", "--json"]).await.stdout).ok()?;
        asked[0]["code"].as_str().map(str::to_owned)
    })
    .await;
    let status: Value = serde_json::from_str(&ask(&["status", "--json"]).await.stdout).expect("a status");
    let app = Adopted::new(u32::try_from(status["pid"].as_u64().expect("a pid")).expect("a pid"));
    let approved = ask(&["approve", &code, "--sandbox"]).await;
    assert!(approved.status.success(), "{approved:?}");
    done(&client.answer(call).await["result"]);

    assert_eq!(session_of(app.id()), app.id(), "a session of its own");
    // The app keeps its environment to itself (process_limits.rs); only root sees it all the same.
    if let Ok(environment) = std::fs::read(format!("/proc/{}/environ", app.id())) {
        let has = |name: &[u8]| environment.split(|byte| *byte == 0).any(|it| it.starts_with(name));
        assert!(has(b"JEAN_BRIDGE_HOME="));
        for foreign in [&b"LD_LIBRARY_PATH="[..], b"API_BASE_URL=", b"JWT_SECRET_KEY="] {
            assert!(!has(foreign));
        }
    }

    client.kill().await;
    let mut again = StdioClient::start_with(&desktop.bridge_home(), &env, &[]).opened("2025-06-18").await;
    done(&again.call(READS, json!({})).await);
    let still: Value = serde_json::from_str(&ask(&["status", "--json"]).await.stdout).expect("a status");
    assert_eq!(still["pid"], app.id(), "the same app");

    // A person ends it: it stays ended.
    drop(app);
    let result = again.call(READS, json!({})).await;
    assert!(failed(&result).contains("not running"), "{result}");
    assert_eq!(ask(&["status"]).await.status.code(), Some(3));
}

/// The session that a process is in (proc(5), field 6 of stat).
fn session_of(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    rest.split(' ').nth(3).and_then(|field| field.parse().ok()).expect("a session")
}
