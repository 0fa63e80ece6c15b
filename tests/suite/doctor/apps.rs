//! What was entered into the settings of apps.

use std::fs;

use serde_json::json;

use super::{doctor, options};

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_entry_that_an_app_threw_away_is_told_and_connecting_again_is_the_cure() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    let file = home.path().join(".cursor/mcp.json");
    fs::create_dir(home.path().join(".cursor")).unwrap();
    fs::write(&file, "{}").unwrap();
    assert_eq!(doctor(&options).await.codes("apps"), ["no_app_connected"]);
    let connected = options.cli(&["connect", "cursor"]).await;
    assert!(connected.status.success(), "{connected:?}");
    doctor(&options).await.assert_ok("apps", "app_connected");

    fs::write(&file, "{}").unwrap();
    doctor(&options).await.assert_names("apps", "app_wiped", ["Cursor lost", "jean-bridge connect cursor"]);
    assert!(options.cli(&["connect", "cursor"]).await.status.success());
    doctor(&options).await.assert_ok("apps", "app_connected");

    fs::write(&file, "{").unwrap();
    doctor(&options).await.assert_names("apps", "app_unreadable", ["mcp.json", "Correct the file"]);
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
    assert!(before.cli(&["connect", "cursor"]).await.status.success());
    let now = before.env("JEAN_BRIDGE_PORT", "5902");
    let told = doctor(&now).await;
    assert_eq!(told.codes("apps"), ["app_outdated"], "Zed is none of our business");
    told.assert_names("apps", "app_outdated", ["where the bridge was before", "jean-bridge connect cursor"]);
    assert!(now.cli(&["connect", "cursor"]).await.status.success());
    doctor(&now).await.assert_ok("apps", "app_connected");

    let foreign = json!({ "mcpServers": { "jean-memory": { "url": "https://elsewhere.example/mcp" } } });
    fs::write(home.path().join(".cursor/mcp.json"), foreign.to_string()).unwrap();
    let told = doctor(&now).await;
    assert_eq!(told.assert_finds("apps", "app_edited")["state"], "warning");
}
