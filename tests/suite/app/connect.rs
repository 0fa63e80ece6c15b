//! Connecting apps in the window: what is shown is what is done, and it can be undone.

use serde_json::{Value, json};

use super::connect_world::{CURSOR, Empty, until_state};
use crate::harness::screen::key;
use crate::harness::waiting::until;
use crate::harness::webdriver::Page;

/// As a person keeps it: tabs, a comment, a comma too many, a secret.
const LIVED_IN: &str =
    "{\n\t\"mcpServers\": {\n\t\t\"a\": { \"env\": { \"TOKEN\": \"hers\" } }, // mine\n\t},\n}";

/// The lines of the preview: what goes and what comes.
async fn changes(page: &Page<'_>, tag: &str) -> Vec<String> {
    let script =
        "return [...document.querySelectorAll(arguments[0])].map((line) => line.lastChild.textContent);";
    let lines = page.run(script, json!(format!(".change {tag}"))).await;
    serde_json::from_value(lines).expect("lines")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_done_with_one_click_and_undone_to_the_byte() {
    let home = Empty::new().with(CURSOR, LIVED_IN).start().await;
    let page = home.open().await;
    until_state(&page, "Cursor", "found").await;
    page.find_called("What changes of Cursor").await.click().await;
    page.until_shown("Nothing else in the file changes").await;
    let comes = changes(&page, "ins").await;
    assert_eq!((changes(&page, "del").await.len(), comes.len()), (0, 3), "{comes:?}");
    assert!(!page.text().await.contains("hers"), "other people's secrets are not shown");
    assert_eq!(home.read(CURSOR), LIVED_IN);

    page.find_called("Connect Cursor").await.click().await;
    page.until_shown("Cursor is connected. Start Cursor anew. When it signs in, your browser opens").await;
    until_state(&page, "Cursor", "connected").await;
    let written = home.read(CURSOR);
    let added: Vec<&str> = written.lines().filter(|line| !LIVED_IN.lines().any(|old| old == *line)).collect();
    assert_eq!(added, comes);
    assert!(written.contains(home.world.app.url()), "{written}");
    // The place of the copy is told, and it is there.
    let backup =
        page.run("return document.querySelector('.inset .quiet code').innerText;", Value::Null).await;
    assert_eq!(std::fs::read_to_string(backup.as_str().unwrap()).unwrap(), LIVED_IN);

    page.find_called("Undo").await.click().await;
    until_state(&page, "Cursor", "found").await;
    page.until_shown("Cursor is disconnected").await;
    assert_eq!(home.read(CURSOR), LIVED_IN);
}

/// Holds back the next answer to `connect_apps` until `window.release()`, and writes down the states of the card.
const SLOW_LOOK: &str = "
    const { core } = window.__TAURI__;
    const invoke = async (command, args) => {
        const answer = await core.invoke(command, args);
        if (command === 'connect_apps' && !window.release) {
            await new Promise((release) => { window.release = release; });
        }
        return answer;
    };
    window.__TAURI__ = { ...window.__TAURI__, core: { ...core, invoke } };
    const card = document.querySelector('#panel-connect article');
    window.states = [];
    new MutationObserver(() => window.states.push(card.dataset.state))
        .observe(card, { attributeFilter: ['data-state'] });
    window.dispatchEvent(new Event('focus'));";

#[tokio::test(flavor = "multi_thread")]
async fn a_look_from_before_a_click_does_not_take_back_what_it_did() {
    let home = Empty::new().with(CURSOR, "{}").start().await;
    let page = home.open().await;
    until_state(&page, "Cursor", "found").await;
    page.run(SLOW_LOOK, Value::Null).await;
    page.until("window.release").await;
    page.find_called("Connect Cursor").await.click().await;
    page.until_shown("Cursor is connected").await;
    page.run("window.release();", Value::Null).await;
    page.until("!document.querySelector('#panel-connect .cards').ariaBusy").await;
    assert_eq!(page.run("return window.states;", Value::Null).await, json!(["connected"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_own_command_is_shown_and_run() {
    let home = Empty::new().with(".claude.json", "{\"mine\":1}");
    home.program(
        "claude",
        r#"printf '%s\n' "$*" >> "$HOME/calls"
if [ "$2" = add ]; then printf '{"mine":1,"mcpServers":{"%s":{"type":"http","url":"%s"}}}' "$7" "$8" > "$HOME/.claude.json"
else printf '{"mine":1}' > "$HOME/.claude.json"; fi"#,
    );
    let home = home.start().await;
    let page = home.open().await;
    until_state(&page, "Claude Code", "found").await;
    page.find_called("What changes of Claude Code").await.click().await;
    let command =
        format!("claude mcp add --scope user --transport http jean-memory {}/mcp", home.world.app.url());
    page.until_shown(&command).await;
    page.find_called("Connect Claude Code").await.click().await;
    page.until_shown("Start Claude Code anew and type /mcp in it").await;
    until_state(&page, "Claude Code", "connected").await;
    page.find_called("Disconnect Claude Code").await.click().await;
    until_state(&page, "Claude Code", "found").await;
    let calls = home.read("calls");
    let calls: Vec<_> = calls.lines().map(|line| format!("claude {line}")).collect();
    assert_eq!(calls, [command.as_str(), "claude mcp remove --scope user jean-memory"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_runs_is_waited_for_and_then_it_goes_on_by_itself() {
    let home = Empty::new().with(".claude.json", "{}").start().await;
    let running = home.process("claude");
    let page = home.open().await;
    page.find_called("What changes of Claude Code").await.click().await;
    page.until_shown("Claude Code is running. It has to be quit before this is done.").await;
    page.find_called("Connect Claude Code").await.click().await;
    page.until_shown("Quit Claude Code first").await;
    assert_eq!(home.read(".claude.json"), "{}");
    page.find_called("Cancel").await.click().await;
    page.find_called("Connect Claude Code").await.click().await;
    page.until_shown("Quit Claude Code first").await;
    drop(running);
    until_state(&page, "Claude Code", "connected").await;
    page.until_shown("Claude Code is connected").await;
    let url = format!("{}/mcp", home.world.app.url());
    assert_eq!(home.entry(".claude.json", "mcpServers"), json!({ "type": "http", "url": url }));

    // The way back as well.
    let running = home.process("claude");
    page.find_called("Undo").await.click().await;
    page.until_shown("Quit Claude Code first").await;
    drop(running);
    until_state(&page, "Claude Code", "found").await;
    assert_eq!(home.read(".claude.json"), "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_link_is_opened_and_the_card_sees_what_the_app_wrote() {
    let home = Empty::new()
        .with(CURSOR, "{}")
        .with(".lmstudio/mcp.json", "{}")
        .with("config/goose/config.yaml", "")
        .with("config/Code/User/settings.json", "{}")
        .start()
        .await;
    let page = home.open().await;
    let url = format!("{}/mcp", home.world.app.url());
    for (app, start) in [
        ("VS Code", "vscode:mcp/install?"),
        ("LM Studio", "lmstudio://add_mcp?"),
        ("Goose", "goose://extension?"),
        ("Cursor", "cursor://anysphere.cursor-deeplink/mcp/install?"),
    ] {
        page.find_called(&format!("Let {app} ask instead")).await.click().await;
        page.until_shown(&format!("{app} opens and asks")).await;
        until("the link", async || {
            let opened = std::fs::read_to_string(home.path("opened")).unwrap_or_default();
            opened.lines().last().is_some_and(|last| last.starts_with(start)).then_some(())
        })
        .await;
    }
    // No page can name another address.
    let refused = page.invoke("connect_open_link", json!({ "id": "https://example.com" })).await.unwrap_err();
    assert_eq!(refused["code"], "unknown_app");
    let refused = page.invoke("connect_open_link", json!({ "id": "zed" })).await.unwrap_err();
    assert_eq!(refused["code"], "unknown_app");
    assert_eq!(home.read("opened").lines().count(), 4);

    home.write(CURSOR, &json!({ "mcpServers": { "jean-memory": { "url": url } } }).to_string());
    until_state(&page, "Cursor", "connected").await;
    page.until_shown("Cursor is connected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    let home = Empty::new().with(CURSOR, "{}").start().await;
    let page = home.open().await;
    until_state(&page, "Cursor", "found").await;
    let screen = home.world.desktop.screen();
    screen.focus(&screen.window("Jean Memory Bridge"));
    page.run("document.querySelector('#tab-connect').focus();", Value::Null).await;
    let mut focused = String::new();
    for _ in 0..8 {
        focused = page.focused_after(|| screen.press(&[key::TAB])).await;
        if focused == "Connect Cursor" {
            break;
        }
    }
    assert_eq!(focused, "Connect Cursor");
    screen.press(&[key::ENTER]);
    until_state(&page, "Cursor", "connected").await;
    // Reading goes on with what was done, and Undo is next.
    page.until("document.activeElement.innerText.includes('Cursor is connected')").await;
    assert_eq!(page.focused_after(|| screen.press(&[key::TAB])).await, "Undo");
    screen.press(&[key::SPACE]);
    until_state(&page, "Cursor", "found").await;
    assert_eq!(home.read(CURSOR), "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_that_are_not_here_are_told_by_hand_in_every_language() {
    let home = Empty::new().with(CURSOR, "{}").start().await;
    let page = home.open().await;
    let url = format!("{}/mcp", home.world.app.url());
    page.until_shown(&url).await;
    page.find_called("Other apps").await.click().await;
    page.find_called("Codex").await.click().await;
    page.until_shown(&format!("codex mcp add jean-memory --url {url}")).await;
    page.until_shown("Or put this into ~/.codex/config.toml").await;
    page.until_shown("Type codex mcp login jean-memory in a terminal").await;
    page.find_called("OpenCode").await.click().await;
    page.until_shown("config/opencode/opencode.json").await;
    page.until_shown(&format!("\"url\": \"{url}\"")).await;
    // What is found later is a card.
    home.write("config/opencode/opencode.json", "{}");
    page.run("window.dispatchEvent(new Event('focus'));", Value::Null).await;
    until_state(&page, "OpenCode", "found").await;

    page.run(
        "setTimeout(() => window.__TAURI__.core.invoke('settings_change', { change: { language: 'de' } }));",
        Value::Null,
    )
    .await;
    let page =
        home.world.app.driver().page_where("main.html", "document.documentElement.lang === 'de'").await;
    page.find("#tab-connect").await.click().await;
    page.find_called("Cursor verbinden").await.click().await;
    page.until_shown("Cursor ist verbunden. Starten Sie Cursor neu").await;
    assert_eq!(home.entry(CURSOR, "mcpServers"), home.url_entry());
}
