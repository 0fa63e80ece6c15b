//! What was entered into the settings of apps.

use std::fs;

use serde_json::json;

use super::{doctor, options};
use crate::harness::bridge::BridgeOptions;
use crate::harness::http::PATIENCE;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_entry_that_an_app_threw_away_is_told_and_connecting_again_is_the_cure() {
    for (app, name, file) in [
        ("cursor", "Cursor", ".cursor/mcp.json"),
        ("claude-desktop", "Claude Desktop", ".config/Claude/claude_desktop_config.json"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let options = options(home.path());
        let file = home.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "{}").unwrap();
        assert_eq!(doctor(&options).await.codes("apps"), ["no_app_connected"]);
        connect(&options, app).await;
        doctor(&options).await.assert_ok("apps", "app_connected");

        fs::write(&file, "{}").unwrap();
        let words = [&*format!("{name} lost"), &*format!("jean-bridge connect {app}")];
        doctor(&options).await.assert_names("apps", "app_wiped", words);
        connect(&options, app).await;
        doctor(&options).await.assert_ok("apps", "app_connected");

        fs::write(&file, "{").unwrap();
        let words = [&*file.display().to_string(), "Correct the file"];
        doctor(&options).await.assert_names("apps", "app_unreadable", words);
    }
}

/// Until it is done: another test may have a program of the app's name run for a while.
#[cfg(target_os = "linux")]
async fn connect(options: &BridgeOptions, app: &str) {
    let connecting = async {
        loop {
            let ended = options.cli(&["connect", app]).await;
            if ended.status.success() {
                return;
            }
            assert!(ended.stderr.contains("quit it first"), "{ended:?}");
        }
    };
    tokio::time::timeout(PATIENCE, connecting).await.expect("it is connected in time");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_app_that_leads_to_an_old_address_is_told_and_one_that_was_never_connected_is_not() {
    let home = tempfile::tempdir().unwrap();
    let before = options(home.path()).env("JEAN_BRIDGE_PORT", "5901");
    for folder in [".cursor", ".config/zed"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    fs::write(home.path().join(".config/zed/settings.json"), "{ this is no JSON").unwrap();
    connect(&before, "cursor").await;
    let now = before.env("JEAN_BRIDGE_PORT", "5902");
    let told = doctor(&now).await;
    assert_eq!(told.codes("apps"), ["app_outdated"], "Zed is none of our business");
    told.assert_names("apps", "app_outdated", ["where the bridge was before", "jean-bridge connect cursor"]);
    connect(&now, "cursor").await;
    doctor(&now).await.assert_ok("apps", "app_connected");

    let foreign = json!({ "mcpServers": { "jean-memory": { "url": "https://elsewhere.example/mcp" } } });
    fs::write(home.path().join(".cursor/mcp.json"), foreign.to_string()).unwrap();
    let told = doctor(&now).await;
    assert_eq!(told.assert_finds("apps", "app_edited")["state"], "warning");
}
