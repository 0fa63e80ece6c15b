//! What a package manager does to the app while it runs: another version in its place, or none any more (design.md J10, J11).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::world::World;
use crate::double::ALICE;
use crate::harness::app::{APP, AppOptions, install};
use crate::harness::desktop::{Desktop, PATIENCE};
use crate::harness::notifications::Notifications;
use crate::harness::panel::Panel;
use crate::harness::serving::command;
use crate::harness::stdio::{StdioClient, done};
use crate::harness::waiting::until;

/// What two looks of the app at its own file take (`looking.rs`, `program_fate.rs`).
const LOOKS: Duration = Duration::from_secs(60);
const RESTART: &str = "Restart: a new version is installed";
const HINT: &str = "A new version is installed. Restart the bridge to use it; your apps stay connected.";

/// Installed in a folder of its own, with Alice's account.
async fn installed() -> (World, PathBuf) {
    let desktop = Desktop::with_keychain();
    let folder = desktop.keychain().home().join("usr/bin");
    let world = World::start_on(desktop, AppOptions::default().installed_in(&folder)).await;
    world.add_key(ALICE.key).await;
    (world, folder)
}

/// An adapter of the installed command line.
async fn adapter(world: &World, folder: &Path) -> StdioClient {
    let env: Vec<_> = world.desktop.env().into_iter().map(|(name, value)| (name.into(), value)).collect();
    let home = world.desktop.bridge_home();
    let mut words = command(folder.join("jean-bridge"), &env, &home);
    StdioClient::spawn(words.args(["stdio", "--client", "Claude Desktop"])).opened("2025-06-18").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_takes_over_when_the_person_wants_it_and_nobody_signs_in_again() {
    let (world, folder) = installed().await;
    let icon = world.icon();
    let (client, tokens) = world.sign_in("Claude Code").await;
    let mut adapter = adapter(&world, &folder).await;
    let call = adapter.begin_call("list_memories", json!({})).await;
    let code = until("its question", async || {
        world.app.cli_json(&["requests"]).await[0]["code"].as_str().map(str::to_owned)
    })
    .await;
    world.app.cli_ok(&["approve", &code]).await;
    done(&adapter.answer(call).await["result"]);
    icon.click(&["Start at login"]);
    until("the entry", async || world.login_entry().exists().then_some(())).await;

    install(&folder);
    // The new version is launched, and hands over to the one that runs.
    let second = AppOptions::default().run_from(&folder).arguments(&[]).launch(&world.desktop);
    assert_eq!(second.ended().code(), Some(0));
    let page = world.app.page("main.html").await;
    page.until_shown(HINT).await;
    icon.entry(&[RESTART]);
    // It goes on until it is told to end.
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    done(&adapter.call("list_memories", json!({})).await);
    // Nothing is written down that only holds while the old one runs.
    icon.click(&["Start at login"]);
    until("no entry", async || (!world.login_entry().exists()).then_some(())).await;
    icon.click(&["Start at login"]);
    until("the entry", async || world.login_entry().exists().then_some(())).await;
    let starts = std::fs::read_to_string(world.login_entry()).unwrap();
    let program = folder.join(APP);
    assert!(starts.contains(&format!(" \"{}\" --background\n", program.display())), "{starts}");
    assert!(starts.contains(&format!("TryExec={}\n", program.display())), "{starts}");
    assert!(!starts.contains("deleted"), "{starts}");

    page.find_called("Restart the bridge").await.click().await;
    drop((icon, page));
    let World { app, double: _double, panel, desktop } = world;
    let app = app.until_started_again().await;
    // Which knows the icon of the old one.
    drop(panel);
    let panel = Panel::start(&desktop.bus());
    assert_eq!(std::fs::read_link(format!("/proc/{}/exe", app.pid())).unwrap(), program);
    let client = crate::harness::oauth::Client { http: app.http(), ..client };
    client.refresh(tokens.refresh()).await.assert_status(200);
    // It says so until it has found the new one.
    while adapter.call("list_memories", json!({})).await["isError"] == true {
        tokio::task::yield_now().await;
    }
    assert_eq!(app.cli_json(&["requests"]).await, json!([]));
    let icon = panel.icon();
    icon.until("the state", |menu| (menu[0].label == "Ready").then_some(()));
    icon.until_gone(&[RESTART]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_removed_says_so_ends_and_leaves_everything_else() {
    let (world, folder) = installed().await;
    let told = Notifications::start(&world.desktop.bus());
    let icon = world.icon();
    icon.click(&["Start at login"]);
    icon.until("the check mark", |menu| {
        menu.iter().find(|e| e.label == "Start at login" && e.is_on == Some(true)).cloned()
    });
    until("the entry", async || world.login_entry().exists().then_some(())).await;
    let database = world.desktop.bridge_home().join("data/bridge.db");
    let service = bridge_core::paths::Paths::under(&world.desktop.bridge_home()).keychain_service;
    // The signing key is kept when there is time for it.
    let kept = until("both keys", async || {
        let count = world.desktop.keychain().count(&service);
        (count == 2).then_some(count)
    })
    .await;
    std::fs::remove_dir_all(&folder).unwrap();

    let ended = world.app.ends_within(LOOKS + PATIENCE).expect("the app to end");
    assert_eq!(ended.code(), Some(0));
    told.wait_for("that it was removed", |told| told.summary == "Jean Memory Bridge was removed");
    assert!(database.is_file() && world.login_entry().is_file());
    assert_eq!(world.desktop.keychain().count(&service), kept);
    // What is left of it at login does nothing.
    let entry = std::fs::read_to_string(world.login_entry()).unwrap();
    let program =
        entry.lines().find_map(|line| line.strip_prefix("TryExec=")).expect("a program to look for");
    assert!(!Path::new(program).exists());
}

#[test]
fn it_says_its_version_and_what_may_be_typed_without_a_display() {
    let run = |word: &str| {
        let mut command = Command::new(crate::harness::programs::program(APP));
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").arg(word).output().unwrap()
    };
    let version = run("--version");
    assert!(version.status.success() && version.stderr.is_empty(), "{version:?}");
    assert_eq!(
        String::from_utf8(version.stdout).unwrap(),
        format!("jean-memory-bridge {}\n", env!("CARGO_PKG_VERSION"))
    );
    let help = String::from_utf8(run("--help").stdout).unwrap();
    assert!(help.contains("--background") && help.contains("jean-bridge serve"), "{help}");
    let refused = run("--prot");
    assert_eq!(refused.status.code(), Some(2));
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(words.contains("--prot") && words.contains("--help") && words.lines().count() == 1, "{words}");
}
