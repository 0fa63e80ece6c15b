//! Every state of connecting, light and dark: axe-core finds nothing wrong, and a picture is kept for people.

use serde_json::{Value, json};

use super::connect_world::{CURSOR, Empty, Home, until_state};
use super::looks::Light;
use crate::harness::webdriver::Page;

const ZED: &str = "config/zed/settings.json";
const KIRO: &str = ".kiro/settings/mcp.json";
const WINDSURF: &str = ".codeium/windsurf/mcp_config.json";
const OPENCODE: &str = "config/opencode/opencode.json";
const COPILOT: &str = ".copilot/mcp-config.json";

#[tokio::test(flavor = "multi_thread")]
async fn connecting_is_accessible_in_the_light() {
    connecting(Light::Light).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_is_accessible_in_the_dark() {
    connecting(Light::Dark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_is_accessible_with_letters_twice_as_large() {
    let home = Empty::new().with(CURSOR, "{}").start().await;
    let page = home.open().await;
    until_state(&page, "Cursor", "found").await;
    // All sizes are counted in letters of the page.
    page.run("document.documentElement.style.fontSize = '200%';", Value::Null).await;
    page.find_called("What changes of Cursor").await.click().await;
    page.until_shown("Nothing else in the file changes").await;
    look(Light::Light, &home, &page, "connect-large-letters").await;
    page.find_called("Connect Cursor").await.click().await;
    until_state(&page, "Cursor", "connected").await;
    look(Light::Light, &home, &page, "connect-large-letters-connected").await;
}

async fn connecting(light: Light) {
    let empty = Empty::new()
        .with(CURSOR, "{\n  \"mcpServers\": {\n    \"other\": { \"command\": \"x\" }\n  }\n}\n")
        .with(".claude.json", "{}")
        .with(ZED, "{}")
        .with("config/Claude/claude_desktop_config.json", "{}")
        .with(OPENCODE, "{}")
        .with(COPILOT, "{}")
        .with(KIRO, "{ damaged")
        .with(WINDSURF, "{\n  \"mcpServers\": {\n    \"jean-memory\": { \"command\": \"npx\" }\n  }\n}\n");
    let home = empty.start_as(light.options()).await;
    for app in ["zed", "opencode", "copilot-cli"] {
        home.world.app.cli_ok(&["connect", app]).await;
    }
    home.write(OPENCODE, "{\"theme\":\"dark\"}");
    let edited = home.read(COPILOT).replace("127.0.0.1", "localhost.example");
    home.write(COPILOT, &edited);
    let page = home.open().await;
    for (app, state) in [
        ("Claude Code", "found"),
        ("Cursor", "found"),
        ("Zed", "connected"),
        ("OpenCode", "wiped"),
        ("Copilot CLI", "edited"),
        ("Kiro", "unreadable"),
        ("Windsurf", "foreign"),
    ] {
        until_state(&page, app, state).await;
    }
    page.until_shown("OpenCode has lost its connection").await;
    look(light, &home, &page, "connect-cards").await;
    page.run("document.querySelectorAll('#panel-connect article')[4].scrollIntoView();", Value::Null).await;
    look(light, &home, &page, "connect-cards-more").await;
    page.run("document.querySelector('.other-apps').scrollIntoView();", Value::Null).await;
    page.find_called("Other apps").await.click().await;
    page.find_called("Gemini CLI").await.click().await;
    look(light, &home, &page, "connect-other-apps").await;
    page.find_called("Other apps").await.click().await;

    page.find_called("What changes of Cursor").await.click().await;
    page.until_shown("Nothing else in the file changes").await;
    look(light, &home, &page, "connect-changes").await;
    page.find_called("Connect Cursor").await.click().await;
    page.until_shown("Cursor is connected").await;
    look(light, &home, &page, "connect-connected").await;
    page.find_called("Close").await.click().await;
    page.find_called("Details of Zed").await.click().await;
    page.until_shown("Disconnecting it would do this").await;
    look(light, &home, &page, "connect-details").await;

    page.run("[...document.querySelectorAll('article')].find((card) => card.dataset.state === 'foreign').querySelector('.row .row button').click();", Value::Null).await;
    page.until_shown("Replace the entry in Windsurf?").await;
    look(light, &home, &page, "connect-replace").await;
    page.find_called("Keep it").await.click().await;
    page.find_called("By hand of Kiro").await.click().await;
    look(light, &home, &page, "connect-by-hand").await;

    let running = home.process("claude");
    page.find_called("Connect Claude Code").await.click().await;
    page.until_shown("Quit Claude Code first").await;
    look(light, &home, &page, "connect-quit-first").await;
    drop(running);
    page.until_shown("Claude Code is connected").await;

    page.find_called("As an extension …").await.click().await;
    page.until_shown("Do this in place of Connect").await;
    look(light, &home, &page, "connect-extension").await;
}

async fn look(light: Light, home: &Home, page: &Page<'_>, state: &str) {
    // What was said last lies on nothing, and its time is not what is looked at.
    page.run("document.getElementById('toast').replaceChildren();", json!(null)).await;
    light.look(&home.world.desktop.screen(), page, state).await;
}
