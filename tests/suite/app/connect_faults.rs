//! Files that are damaged, protected or hold somebody else's entry: the person is told, and the file stays.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::connect_world::{CURSOR, Empty, until_state};

const FOREIGN: &str = "{\"mcpServers\":{\"jean-memory\":{\"command\":\"npx\"}}}";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_entry_is_replaced_only_after_a_question_and_comes_back() {
    let home = Empty::new().with(CURSOR, FOREIGN).start().await;
    let page = home.open().await;
    until_state(&page, "Cursor", "foreign").await;
    page.until_shown("that the bridge did not write").await;
    page.find_called("Replace its entry").await.click().await;
    page.until_shown("Replace the entry in Cursor?").await;
    page.until_shown("npx").await;
    page.find_called("Keep it").await.click().await;
    assert_eq!(home.read(CURSOR), FOREIGN);
    page.find_called("Replace its entry").await.click().await;
    page.find_called("Replace the entry").await.click().await;
    until_state(&page, "Cursor", "connected").await;
    assert_eq!(home.entry(CURSOR, "mcpServers"), home.url_entry());
    page.find_called("Disconnect Cursor").await.click().await;
    until_state(&page, "Cursor", "foreign").await;
    assert_eq!(home.read(CURSOR), FOREIGN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_left_alone_and_what_belongs_into_it_can_be_copied() {
    let damaged = "{\n  \"mcpServers\": {\n";
    let home = Empty::new().with(CURSOR, damaged).start().await;
    let page = home.open().await;
    until_state(&page, "Cursor", "unreadable").await;
    page.until_shown(".cursor/mcp.json is damaged in line").await;
    page.find_called("By hand of Cursor").await.click().await;
    page.until_shown("Put this into ~/.cursor/mcp.json").await;
    page.until_shown("\"jean-memory\"").await;
    // Asked for past the page, too.
    let refused = page.invoke("connect_app", json!({ "id": "cursor", "replace": true })).await.unwrap_err();
    assert_eq!(refused["code"], "settings_damaged");
    assert_eq!(home.read(CURSOR), damaged);
    home.write(CURSOR, "{}");
    page.find_called("Look again").await.click().await;
    until_state(&page, "Cursor", "found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_read_only_stays_and_the_card_says_why() {
    let home = Empty::new().with(CURSOR, "{}").start().await;
    std::fs::set_permissions(home.path(CURSOR), std::fs::Permissions::from_mode(0o444)).unwrap();
    let page = home.open().await;
    page.find_called("Connect Cursor").await.click().await;
    page.until_shown("is read-only, so it stays as it is. Allow writing to it, then try again.").await;
    assert_eq!(home.read(CURSOR), "{}");
    std::fs::set_permissions(home.path(CURSOR), std::fs::Permissions::from_mode(0o600)).unwrap();
    page.find_called("Connect Cursor").await.click().await;
    until_state(&page, "Cursor", "connected").await;
    assert!(!page.text().await.contains("read-only"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_quoted_and_its_secrets_are_not() {
    let home = Empty::new().with(".claude.json", "{}");
    home.program("claude", "echo 'not today jean_sk_EXAMPLE_0123456789abcdef' >&2; exit 1");
    let home = home.start().await;
    let page = home.open().await;
    page.find_called("Connect Claude Code").await.click().await;
    page.until_shown("It said: not today").await;
    assert!(!page.text().await.contains("0123456789abcdef"));
    assert_eq!(home.read(".claude.json"), "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_gone_meanwhile_is_told() {
    let home = Empty::new().with(CURSOR, "{}").start().await;
    let page = home.open().await;
    until_state(&page, "Cursor", "found").await;
    std::fs::remove_dir_all(home.path(".cursor")).unwrap();
    page.find_called("Connect Cursor").await.click().await;
    page.until("![...document.querySelectorAll('#panel-connect article')].length").await;
    assert!(!home.path(".cursor").exists());
    page.until_shown("No app that is known here was found").await;
}
