//! The settings file, the folders, the log, the clock.

use std::fs;

use crate::double::Double;

use super::{doctor, options};

#[tokio::test]
async fn a_key_that_does_not_exist_is_named_whether_the_bridge_runs_or_not() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    let bridge = options.clone().start().await;
    let file = home.path().join("config.toml");
    fs::write(&file, "colour = \"red\"\n").unwrap();
    let words = ["colour", "next start"];
    doctor(&options).await.assert_names("config", "settings_unknown_key", words);
    bridge.kill().await;
    let told = doctor(&options).await;
    told.assert_names("config", "settings_unknown_key", words);
    // What depends on it is not guessed.
    assert_eq!(told.codes("port"), ["settings_first"]);
    told.assert_ok("database", "database_fine");

    fs::write(&file, "log = \"info\"\n").unwrap();
    doctor(&options).await.assert_ok("config", "settings_fine");
    fs::remove_file(&file).unwrap();
    doctor(&options).await.assert_ok("config", "settings_absent");
}

#[tokio::test]
async fn a_value_of_the_settings_is_never_shown() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    fs::write(home.path().join("config.toml"), "api_key = \"jean_sk_EXAMPLE_0123456789abcdef\"\n").unwrap();
    let told = doctor(&options).await;
    told.assert_names("config", "settings_wrong", ["api_key", "Correct"]);
    assert!(!told.view.to_string().contains("EXAMPLE"));
}

#[tokio::test]
async fn a_folder_that_is_none_is_named() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    fs::write(home.path().join("data"), "").unwrap();
    let name = home.path().join("data").display().to_string();
    doctor(&options).await.assert_names("folders", "folder_unusable", [&name, "permissions"]);
    fs::remove_file(home.path().join("data")).unwrap();
    let _bridge = options.clone().start().await;
    doctor(&options).await.assert_ok("folders", "folders_fine");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_that_cannot_be_written_is_named() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    // For root, who may write everything, too.
    fs::create_dir_all(home.path().join("logs/jean-bridge.log")).unwrap();
    let told = doctor(&options).await;
    let check = told.assert_finds("log", "log_unwritable");
    assert!(check["cure"].as_str().unwrap().contains("permissions"), "{check}");
    fs::remove_dir(home.path().join("logs/jean-bridge.log")).unwrap();
    let _bridge = options.clone().env("JEAN_BRIDGE_LOG", "info").start().await;
    doctor(&options).await.assert_ok("log", "log_fine");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_clock_that_is_hours_off_is_told_and_set_it_is_fine() {
    let (home, double) = (tempfile::tempdir().unwrap(), Double::start().await);
    let right = options(home.path()).api(&double.base_url());
    let wrong = |offset: &str| {
        let options = right.clone().env("LD_PRELOAD", crate::harness::faketime::library());
        // Waiting goes on by the right one.
        options.env("FAKETIME", offset).env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    };
    // By the clock of the bridge, where it runs.
    let bridge = wrong("-3h").start().await;
    doctor(&right).await.assert_names("clock", "clock_behind", ["behind", "Set the clock"]);
    bridge.kill().await;
    let told = doctor(&wrong("+2h")).await;
    told.assert_names("clock", "clock_ahead", ["2h", "Set the clock"]);
    doctor(&right).await.assert_ok("clock", "clock_fine");
    let _bridge = right.clone().start().await;
    doctor(&right).await.assert_ok("clock", "clock_fine");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_app_that_would_not_be_found_at_login_is_told() {
    let home = tempfile::tempdir().unwrap();
    let options = options(home.path());
    assert_eq!(doctor(&options).await.codes("start"), ["start_off"]);
    let program = home.path().join("bridge app");
    let entry = format!("[Desktop Entry]\nType=Application\nExec=\"{}\" --background\n", program.display());
    fs::create_dir_all(home.path().join(".config/autostart")).unwrap();
    fs::write(home.path().join(".config/autostart/com.jeanmemory.bridge.desktop"), entry).unwrap();
    let told = doctor(&options).await;
    let check = told.assert_finds("start", "start_broken");
    assert!(check["cause"].as_str().unwrap().contains("bridge app"), "{check}");
    fs::write(program, "").unwrap();
    doctor(&options).await.assert_ok("start", "start_on");
}
