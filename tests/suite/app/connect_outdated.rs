//! After a change of the port every connected app leads to where the bridge was: told in the window, and mended by one press.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::connect_world::{CURSOR, Empty, Home, until_state};
use super::looks::Light;
use crate::harness::notifications::{Notification, Notifications};
use crate::harness::ports::free_port;
use crate::harness::webdriver::Page;

const CLAUDE_CODE: &str = ".claude.json";

/// A home with both apps connected, each as it likes it, and the port in the file, where the window can change it.
async fn connected(light: Light) -> Home {
    let home = Empty::new().with(CURSOR, "{}").with(CLAUDE_CODE, "{}");
    home.program(
        "claude",
        r#"printf '%s\n' "$2" >> "$HOME/calls"
if [ "$2" = add ]; then printf '{"mcpServers":{"%s":{"type":"http","url":"%s"}}}' "$7" "$8" > "$HOME/.claude.json"
else printf '{}' > "$HOME/.claude.json"; fi"#,
    );
    let folder = home.desktop().bridge_home();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), format!("port = {}\n", free_port())).unwrap();
    let home = home.start_as(light.options().without_env("JEAN_BRIDGE_PORT")).await;
    for app in ["cursor", "claude-code"] {
        home.world.app.cli_ok(&["connect", app]).await;
    }
    home
}

/// A person changes the port in the settings, and has the app started again there.
async fn on_another_port(home: Home) -> Home {
    let port = free_port();
    let page = home.open().await;
    page.find_called("Settings").await.click().await;
    let field = page.find("#port").await;
    page.run("document.querySelector('#port').value = '';", Value::Null).await;
    field.write(&port.to_string()).await;
    page.find_called("Save port").await.click().await;
    page.find_called("Restart now").await.click().await;
    drop((field, page));
    let home = home.started_again().await;
    assert_eq!(home.world.app.port(), port);
    home
}

fn of_the_old_address(one: &Notification) -> bool {
    one.summary.contains("still have the old address")
}

fn claude_entry(home: &Home) -> Value {
    json!({ "type": "http", "url": format!("{}/mcp", home.world.app.url()) })
}

async fn until_gone(page: &Page<'_>, text: &str) {
    page.until(&format!("!document.body.innerText.includes({})", json!(text))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_change_of_the_port_one_press_gives_every_app_the_new_address() {
    let home = connected(Light::Light).await;
    let screen = home.world.desktop.screen();
    let notifications = Notifications::start(&home.world.desktop.bus());
    let home = on_another_port(home).await;
    let told = notifications.wait_for("of the old address", of_the_old_address);
    let before = (home.read(CURSOR), home.read(CLAUDE_CODE));
    notifications.click(&told);
    let page = home.world.app.page("main.html").await;
    page.find("#tab-connect").await.click().await;
    page.until_shown("2 apps still have the old address. They cannot reach the bridge.").await;
    until_state(&page, "Cursor", "outdated").await;
    assert_eq!((home.read(CURSOR), home.read(CLAUDE_CODE)), before, "nothing is written unasked");
    Light::Light.look(&screen, &page, "main-old-address").await;

    page.find_called("Connect them again").await.click().await;
    page.until_shown("2 apps have the new address. Now sign in once more:").await;
    page.until_shown("Start Cursor anew. When it signs in, your browser opens").await;
    page.until_shown("Start Claude Code anew and type /mcp in it").await;
    assert_eq!(home.entry(CURSOR, "mcpServers"), home.url_entry());
    assert_eq!(home.entry(CLAUDE_CODE, "mcpServers"), claude_entry(&home));
    assert_eq!(home.read("calls"), "add\nremove\nadd\n", "by its own command");
    until_gone(&page, "the old address").await;
    for app in ["Cursor", "Claude Code"] {
        until_state(&page, app, "connected").await;
    }
    Light::Light.look(&screen, &page, "main-new-address").await;
    page.find_called("Close").await.click().await;
    until_gone(&page, "the new address").await;
    assert_eq!(notifications.all().iter().filter(|one| of_the_old_address(one)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_cannot_be_given_the_new_address_is_told_and_holds_up_no_other() {
    let home = on_another_port(connected(Light::Dark).await).await;
    let screen = home.world.desktop.screen();
    std::fs::set_permissions(home.path(CURSOR), std::fs::Permissions::from_mode(0o444)).unwrap();
    let page = home.open().await;
    page.find_called("Connect them again").await.click().await;
    page.until_shown("is read-only, so it stays as it is. Allow writing to it, then try again.").await;
    page.until_shown("Cursor still has the old address.").await;
    page.until_shown("Claude Code has the new address.").await;
    Light::Dark.look(&screen, &page, "main-old-address-failed").await;
    assert_eq!(home.entry(CLAUDE_CODE, "mcpServers"), claude_entry(&home));

    std::fs::set_permissions(home.path(CURSOR), std::fs::Permissions::from_mode(0o600)).unwrap();
    page.find_called("Connect it again").await.click().await;
    page.until_shown("2 apps have the new address.").await;
    until_gone(&page, "the old address").await;
    until_state(&page, "Cursor", "connected").await;
    Light::Dark.look(&screen, &page, "main-new-address").await;
    assert_eq!(home.entry(CURSOR, "mcpServers"), home.url_entry());
}
