//! `jean-bridge connect` and `disconnect` in a throw-away home: what is in the apps' files afterwards, as the apps' own
//! parsers read it, and what the apps' own programs are told (design.md 5 "Connect").

mod home;
mod known;
mod links;
mod readers;

use serde_json::{Value, json};

use self::home::Home;
use self::known::{Known, apps};
use self::readers::Parser;
use crate::harness::bridge::{Bridge, BridgeOptions};

const URL: &str = "http://127.0.0.1:5326/mcp";

#[tokio::test]
async fn the_apps_own_parsers_read_the_entry_and_nothing_else_changed() {
    for Known { id, file, parser, container, entry, .. } in apps() {
        let home = Home::new();
        let before = parser.lived_in(container);
        home.write(file, &before);
        let untouched = parser.read(&home.path(file)).await;

        let said = home.ok_once_quit(&["connect", id]).await;
        assert!(
            said.contains("Connected") && said.contains(&home.path(file).display().to_string()),
            "{said}"
        );
        let text = home.read(file);
        assert!(is_inserted_into(&before, &text), "{id}: {text}");
        let mut after = parser.read(&home.path(file)).await;
        assert_eq!(taken_out(&mut after, container), Some(entry), "{id}");
        assert_eq!(after, untouched, "{id}");

        home.ok_once_quit(&["disconnect", id]).await;
        assert_eq!(home.read(file), before, "{id}");
    }
}

#[tokio::test]
async fn a_file_that_is_made_is_read_by_the_apps_own_parser() {
    for Known { id, file, parser, container, entry, .. } in apps() {
        let home = Home::new();
        // These two are known by their file, empty or not.
        let has_file = matches!(id, "claude-code" | "gemini-cli");
        std::fs::create_dir_all(home.path(file).parent().expect("a folder")).expect("folders");
        if has_file {
            home.write(file, "");
        }
        home.ok_once_quit(&["connect", id]).await;
        let mut made = parser.read(&home.path(file)).await;
        assert_eq!(taken_out(&mut made, container), Some(entry), "{id}");
        assert_eq!(made, json!({ container: {} }), "{id}");

        home.ok_once_quit(&["disconnect", id]).await;
        assert_eq!(home.path(file).exists(), has_file, "{id}");
    }
}

#[tokio::test]
async fn an_entry_of_the_other_kind_is_known_and_taken_out_as_well() {
    for Known { id, file, parser, container, other, .. } in apps() {
        let Some(other) = other else { continue };
        let home = Home::new();
        let mut without_nulls = other;
        without_nulls.as_object_mut().expect("a table").retain(|_, value| !value.is_null());
        let mut expected = json!({ "mine": 1, container: { "a": { "b": 2 }, "jean-memory": without_nulls } });
        home.write(file, &parser.written(&expected));
        let apps = home.json(&["connect"]).await;
        let app = apps.as_array().expect("a list").iter().find(|app| app["id"] == id).expect("the app");
        assert_eq!(app["state"], "connected", "{id}");

        home.ok_once_quit(&["disconnect", id]).await;
        taken_out(&mut expected, container);
        assert_eq!(parser.read(&home.path(file)).await, expected, "{id}");
    }
}

#[tokio::test]
async fn each_profile_of_vs_code_and_zed_from_flathub_get_the_entry_too() {
    let home = Home::new();
    let [default, profile] = ["", "profiles/5552b383/"].map(|at| format!(".config/Code/User/{at}mcp.json"));
    home.write(&default, "{}");
    home.write(&profile.replace("mcp.json", "settings.json"), "{}");
    let said = home.ok(&["connect", "vs-code"]).await;
    for file in [&default, &profile] {
        assert!(said.contains(&home.path(file).display().to_string()), "{said}");
        let found = Parser::Jsonc.read(&home.path(file)).await;
        assert_eq!(found["servers"]["jean-memory"], json!({ "type": "http", "url": URL }));
    }
    home.ok(&["disconnect", "vs-code"]).await;
    assert_eq!((home.read(&default).as_str(), home.path(&profile).exists()), ("{}", false));

    let flatpak = ".var/app/dev.zed.Zed/config/zed/settings.json";
    home.write(flatpak, "{}");
    home.ok(&["connect", "zed"]).await;
    let found = Parser::Lenient.read(&home.path(flatpak)).await;
    assert_eq!(found["context_servers"]["jean-memory"], json!({ "url": URL }));
    assert!(!home.path(".config/zed").exists());
    home.ok(&["disconnect", "zed"]).await;
    assert_eq!(home.read(flatpak), "{}");
}

#[tokio::test]
async fn what_an_app_makes_of_its_link_is_our_entry() {
    for Known { id, file, parser, container, .. } in apps() {
        let home = Home::new();
        home.write(file, "");
        let Some(link) =
            home.json(&["connect", id, "--dry-run"]).await["app"]["link"].as_str().map(links::read)
        else {
            continue;
        };
        home.write(file, &parser.written(&json!({ container: { link.name: link.entry } })));
        let again = home.json(&["connect", id, "--dry-run"]).await;
        assert_eq!((&again["app"]["state"], &again["steps"]), (&json!("connected"), &json!([])), "{id}");
    }
}

#[tokio::test]
async fn every_app_is_looked_at_here() {
    let known = Home::new().json(&["connect"]).await;
    let known: Vec<_> = known.as_array().expect("a list").iter().map(|app| app["id"].clone()).collect();
    assert_eq!(known, apps().iter().map(|app| json!(app.id)).collect::<Vec<_>>());
}

/// Takes our entry out of what a parser has found.
fn taken_out(found: &mut Value, container: &str) -> Option<Value> {
    found[container].as_object_mut().expect("a table").remove("jean-memory")
}

/// Whether nothing but one piece was added.
fn is_inserted_into(before: &str, after: &str) -> bool {
    let same = |(a, b): &(u8, u8)| a == b;
    let at_start = before.bytes().zip(after.bytes()).take_while(same).count();
    let at_end = before.bytes().rev().zip(after.bytes().rev()).take_while(same).count();
    after.len() > before.len() && at_start + at_end >= before.len()
}

#[tokio::test]
async fn a_dry_run_shows_the_change_and_changes_nothing() {
    let home = Home::new();
    home.write(".cursor/mcp.json", "{\n  \"mcpServers\": {}\n}\n");
    let said = home.ok(&["connect", "Cursor", "--dry-run"]).await;
    for expected in
        ["This would connect Cursor", "mcp.json, line 3", "+     \"jean-memory\": {", "cursor://anysphere"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let steps = home.json(&["connect", "cursor", "--dry-run"]).await;
    assert_eq!((&steps["steps"][0]["kind"], &steps["app"]["state"]), (&json!("edit"), &json!("found")));
    assert_eq!(home.read(".cursor/mcp.json"), "{\n  \"mcpServers\": {}\n}\n");
    assert!(!home.path("bridge/data/connect").exists());
}

#[tokio::test]
async fn the_list_says_how_each_app_is() {
    let home = Home::new();
    let said = home.ok(&["connect"]).await;
    assert!(said.contains("No app that is known here is installed"), "{said}");
    home.write(".cursor/mcp.json", "{");
    home.write(".codex/config.toml", "");
    home.write(".config/Claude/claude_desktop_config.json", "{}");
    home.ok(&["connect", "codex"]).await;
    let apps = home.json(&["connect"]).await;
    let of = |id: &str| apps.as_array().unwrap().iter().find(|app| app["id"] == id).expect("an app").clone();
    assert_eq!(of("codex")["state"], "connected");
    assert_eq!(of("zed")["state"], "not_found");
    assert_eq!((&of("cursor")["state"], of("cursor")["reason"].is_string()), (&json!("unreadable"), true));
    assert_eq!(
        (&of("claude-desktop")["state"], &of("claude-desktop")["by"]),
        (&json!("found"), &json!("file"))
    );
    let table = home.ok(&["connect"]).await;
    for expected in ["Cursor", "cannot be read", "Not installed: ", "Zed"] {
        assert!(table.contains(expected), "{expected}: {table}");
    }
}

#[tokio::test]
async fn the_address_is_that_of_the_bridge_that_runs() {
    let home = Home::new();
    home.write(".cursor/mcp.json", "{}");
    let bridge: Bridge = home.options().start().await;
    home.ok(&["connect", "cursor"]).await;
    let written = Parser::Json.read(&home.path(".cursor/mcp.json")).await;
    assert_eq!(written["mcpServers"]["jean-memory"]["url"], format!("{}/mcp", bridge.url()));
    // The bridge's next port makes it an old address, which connecting again cures.
    assert!(bridge.terminate().await.success());
    assert!(home.ok(&["connect"]).await.contains("old address"));
    home.ok(&["connect", "cursor"]).await;
    assert!(home.read(".cursor/mcp.json").contains(URL));
    home.ok(&["disconnect", "cursor"]).await;
    assert_eq!(home.read(".cursor/mcp.json"), "{}");
}

#[tokio::test]
async fn an_apps_own_program_is_run_with_its_arguments_and_without_secrets() {
    let home = Home::new();
    home.write(".claude.json", "{\"mine\": 1}");
    home.program(
        "claude",
        r#"[ -z "$JWT_SECRET_KEY" ] || exit 9
printf '{"mine":1,"mcpServers":{"%s":{"type":"http","url":"%s"}}}' "$7" "$8" > "$HOME/.claude.json""#,
    );
    let said = home.ok(&["connect", "claude-code"]).await;
    assert!(said.contains("run    claude mcp add") && said.contains("type: /mcp"), "{said}");
    assert_eq!(
        home.calls(),
        [["claude", "mcp", "add", "--scope", "user", "--transport", "http", "jean-memory", URL].join("|")]
    );
    home.write(".config/Code/User/settings.json", "{}");
    home.program("code", "printf '%s' \"$2\" | sed 's/^/{\"servers\":{\"jean-memory\":/; s/$/}}/' > \"$HOME/.config/Code/User/mcp.json\"");
    home.ok(&["connect", "vscode"]).await;
    let object = json!({ "name": "jean-memory", "type": "http", "url": URL });
    assert_eq!(home.calls()[1], format!("code|--add-mcp|{object}"));
    // It has no command for the way back.
    home.ok(&["disconnect", "vscode"]).await;
    assert_eq!(home.read(".config/Code/User/mcp.json"), "{\"servers\":{}}");
}

#[tokio::test]
async fn a_refusal_is_one_line_that_says_what_to_do() {
    let home = Home::new();
    home.write(".cursor/mcp.json", "{\"mcpServers\":{\"jean-memory\":{\"command\":\"npx\"}}}");
    home.write(".kiro/settings/mcp.json", "{ damaged");
    home.write(".config/Claude/claude_desktop_config.json", "{}");
    home.program("claude", "echo 'not today' >&2; exit 1");
    for (args, words) in [
        (["connect", "cursor"], ["mcp.json", "--replace"]),
        (["disconnect", "cursor"], ["mcp.json", "not made by the bridge"]),
        (["connect", "kiro"], ["mcp.json", "damaged in line 1"]),
        (["connect", "zed"], ["Zed", "not installed"]),
        (["connect", "claude-code"], ["claude mcp add", "not today"]),
        (["connect", "emacs"], ["no app \"emacs\"", "cursor"]),
    ] {
        let ended = home.run(&args).await;
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(words.iter().all(|word| ended.stderr.contains(word)), "{args:?}: {ended:?}");
    }
    assert_eq!(home.read(".kiro/settings/mcp.json"), "{ damaged");
    home.ok(&["connect", "cursor", "--replace"]).await;
    home.ok(&["disconnect", "cursor"]).await;
    assert_eq!(home.read(".cursor/mcp.json"), "{\"mcpServers\":{\"jean-memory\":{\"command\":\"npx\"}}}");
}

#[tokio::test]
async fn without_a_port_of_its_own_there_is_no_address_to_write() {
    let home = Home::new();
    home.write(".cursor/mcp.json", "{}");
    let options = home.options().env("JEAN_BRIDGE_PORT", "0");
    let ended = options.cli(&["connect", "cursor"]).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("set a port"), "{ended:?}");
    assert_eq!(home.read(".cursor/mcp.json"), "{}");
}

mod disks {
    use super::*;
    use crate::system::mounts;

    const FULL: &str = r#"mount -t tmpfs -o size=8k,mode=700 tmpfs "$1" || exit 99
printf '{"mcpServers":{"a":{"command":"x"}}}' > "$1/mcp.json"
head -c 8192 /dev/zero > "$1/filler" 2>/dev/null
shift; "$@"; echo "status $?"; cat "$HOME/.cursor/mcp.json""#;
    const READ_ONLY: &str = r#"mkdir -p "$1"; printf '{}' > "$1/mcp.json"
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99
shift; "$@"; echo "status $?"; cat "$HOME/.cursor/mcp.json""#;

    #[tokio::test]
    async fn a_full_disk_leaves_the_file_as_it_is() {
        if !mounts::are_possible() {
            return;
        }
        let home = Home::new();
        std::fs::create_dir_all(home.path(".cursor")).unwrap();
        let ended = home.run_in_namespace(FULL, ".cursor", &["connect", "cursor"]).await;
        assert_eq!(ended.stdout, "status 1\n{\"mcpServers\":{\"a\":{\"command\":\"x\"}}}", "{ended:?}");
        assert!(ended.stderr.contains("left as it is"), "{ended:?}");
    }

    #[tokio::test]
    async fn a_folder_that_may_not_be_written_is_told() {
        if !mounts::are_possible() {
            return;
        }
        let home = Home::new();
        let ended = home.run_in_namespace(READ_ONLY, ".cursor", &["connect", "cursor"]).await;
        assert_eq!(ended.stdout, "status 1\n{}", "{ended:?}");
        assert!(ended.stderr.contains("left as it is"), "{ended:?}");
    }
}

#[tokio::test]
async fn nobody_elses_process_keeps_a_person_waiting_but_the_apps_own_does() {
    let home = Home::new();
    home.write(".claude.json", "{}");
    let sleeper = home.process("claude");
    let ended = home.run(&["connect", "claude-code"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("quit it first"), "{ended:?}");
    drop(sleeper);
    home.ok(&["connect", "claude-code"]).await;
    assert!(home.read(".claude.json").contains(URL));
}

/// Everything of a test below one folder, with nothing of this machine's own apps.
fn options(home: &std::path::Path, programs: &std::path::Path) -> BridgeOptions {
    BridgeOptions::default()
        .home(&home.join("bridge"))
        .env("HOME", home)
        .env("PATH", std::env::join_paths([programs, "/usr/bin".as_ref(), "/bin".as_ref()]).expect("a path"))
}
