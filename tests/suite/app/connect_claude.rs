//! Claude Desktop, which starts a program instead of asking for an address: J3 of design.md, with a stand-in for Claude,
//! and the extension that does the same.

use serde_json::json;

use super::connect_world::{Empty, until_state};
use super::consent::Consent;
use crate::double::ALICE;
use crate::harness::app::AppOptions;
use crate::harness::claude_desktop::{CONFIG, ClaudeDesktop};
use crate::harness::programs::program;
use crate::harness::stdio::done;
use crate::harness::waiting::until;

const LIVED_IN: &str = "{\n  \"globalShortcut\": \"\",\n  \"mcpServers\": {}\n}\n";
/// What Claude reads its configuration below.
const CONFIG_HOME: &str = ".config";

fn options(home: &Empty) -> AppOptions {
    AppOptions::default().env("XDG_CONFIG_HOME", home.desktop().keychain().home().join(CONFIG_HOME))
}

/// J3.
#[tokio::test(flavor = "multi_thread")]
async fn from_one_click_to_the_first_answer_without_a_terminal_a_file_or_a_browser() {
    let empty = Empty::new().with(CONFIG, LIVED_IN);
    let options = options(&empty);
    let home = empty.start_as(options).await;
    let running = home.process("claude-desktop");
    let page = home.open().await;
    until_state(&page, "Claude Desktop", "found").await;
    page.find_called("Connect Claude Desktop").await.click().await;
    page.until_shown("Quit Claude Desktop first").await;
    assert_eq!(home.read(CONFIG), LIVED_IN);
    drop(running);
    page.until_shown(
        "Claude Desktop is connected. Start Claude Desktop. The first time it uses your memories",
    )
    .await;
    until_state(&page, "Claude Desktop", "connected").await;
    let entry = home.entry(CONFIG, "mcpServers");
    assert_eq!(entry, json!({ "command": program("jean-bridge"), "args": ["stdio"] }));

    // It starts its servers twice and ends one of each; nobody is asked for that, nor for its list of tools.
    let mut claude = ClaudeDesktop::start(&home.path(""), home.world.app.home(), "jean-memory").await;
    assert!(claude.server.tools().await.contains(&"add_memories".to_owned()));
    assert_eq!(home.world.waiting().await, 0);
    let call = claude.server.begin_call("add_memories", json!({ "text": "I like green tea." })).await;
    let asked = until("a question", async || {
        let requests = home.world.app.cli_json(&["requests"]).await;
        requests.as_array().expect("a list").first().cloned()
    })
    .await;
    let window = Consent::about(&home.world.app, asked["code"].as_str().expect("a code")).await;
    window.until_shown("Claude Desktop").await;
    window.page.find("#details-button").await.click().await;
    // The program that started the adapter: here, that of the tests.
    let own = std::env::current_exe().expect("a path of its own");
    window.until_shown(&own.display().to_string()).await;
    window.until_shown(&std::process::id().to_string()).await;
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;
    done(&claude.server.answer(call).await["result"]);
    let answer = claude.server.call("list_memories", json!({})).await;
    assert!(done(&answer).contains("green tea"), "{answer}");
    assert_eq!(home.world.waiting().await, 0, "once is enough");
    assert!(!home.path("opened").exists(), "no browser");

    page.find("#tab-apps").await.click().await;
    page.until_shown("Claude Desktop").await;
    page.until_shown("2 calls").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_extension_is_saved_among_the_downloads_and_shown_there() {
    let empty = Empty::new()
        .with(CONFIG, LIVED_IN)
        .with(".config/user-dirs.dirs", "XDG_DOWNLOAD_DIR=\"$HOME/Geladen\"\n")
        .with("Geladen/jean-memory.mcpb", "something else");
    let options = options(&empty);
    let home = empty.start_as(options).await;
    let page = home.open().await;
    page.find_called("As an extension …").await.click().await;
    let file = home.path("Geladen/jean-memory (2).mcpb");
    page.until_shown(&format!("Saved as {}", file.display())).await;
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"PK") && bytes.windows(11).any(|window| window == b"server/inde"));
    assert_eq!(home.read("Geladen/jean-memory.mcpb"), "something else");
    until("the folder", async || {
        let opened = std::fs::read_to_string(home.path("opened")).unwrap_or_default();
        (opened.trim_end() == home.path("Geladen").display().to_string()).then_some(())
    })
    .await;
    // The file of Claude is left alone, and no other app has such a thing.
    assert_eq!(home.read(CONFIG), LIVED_IN);
    let refused = page.invoke("connect_save_extension", json!({ "id": "zed" })).await.unwrap_err();
    assert_eq!(refused["code"], "extension_not_saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_is_not_there_is_told_and_nothing_is_written() {
    // The app without the command line beside it.
    let empty = Empty::new().with(CONFIG, LIVED_IN);
    let options = options(&empty).alone_in(&empty.desktop().keychain().home().join("alone"));
    let home = empty.start_as(options).await;
    let page = home.open().await;
    until_state(&page, "Claude Desktop", "adapter").await;
    page.until_shown("jean-bridge was not found where it would stay").await;
    let refused = page.invoke("connect_app", json!({ "id": "claude-desktop", "replace": false })).await;
    assert_eq!(refused.unwrap_err()["code"], "needs_adapter");
    assert_eq!(home.read(CONFIG), LIVED_IN);
}
