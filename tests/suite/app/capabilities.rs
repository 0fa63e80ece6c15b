//! Which window may ask what of the app: Tauri's access lists, from inside the pages.

use serde_json::{Value, json};

use super::world::{World, assert_denied, assert_waits, signed_in};
use crate::double::ALICE;
use crate::harness::webdriver::Page;

/// A command and arguments for it.
type Command = (&'static str, fn() -> Value);

/// What only the main window may ask, with arguments that would do.
const OF_MAIN: [Command; 17] = [
    ("overview", || json!({})),
    ("apps_revoke_all", || json!({})),
    ("accounts_add", || json!({ "key": ALICE.key, "saveUnchecked": true })),
    ("accounts_add_sandbox", || json!({})),
    ("settings_change", || json!({ "change": { "paused": true } })),
    ("settings_port", || json!({ "port": 5326 })),
    ("updates_check", || json!({})),
    ("updates_open_page", || json!({})),
    ("connect_apps", || json!({})),
    ("connect_app", || json!({ "id": "cursor", "replace": true })),
    ("disconnect_app", || json!({ "id": "cursor" })),
    ("connect_open_link", || json!({ "id": "cursor" })),
    ("diagnostics_report", || json!({})),
    ("diagnostics_save_report", || json!({})),
    ("doctor_examine", || json!({ "subject": "keychain" })),
    ("app_restart", || json!({})),
    ("app_quit", || json!({})),
];

/// What only a consent window may ask.
const OF_CONSENT: [Command; 5] = [
    ("consent_question", || json!({})),
    ("consent_allow", || {
        let account = json!({ "kind": "sandbox" });
        json!({ "answer": { "account": account, "scopes": ["read", "write"], "save_unchecked": false } })
    }),
    ("consent_deny", || json!({})),
    ("consent_deny_all", || json!({})),
    ("consent_shown", || json!({ "height": 500 })),
];

/// What no page needs, and Tauri offers.
const OF_TAURI: [Command; 7] = [
    ("plugin:event|listen", || json!({ "event": "x", "target": { "kind": "Any" }, "handler": 1 })),
    ("plugin:event|emit", || json!({ "event": "x", "payload": null })),
    ("plugin:window|get_all_windows", || json!({})),
    (
        "plugin:webview|create_webview_window",
        || json!({ "options": { "label": "consent-x", "url": "consent.html" } }),
    ),
    ("plugin:webview|internal_toggle_devtools", || json!({})),
    ("plugin:path|resolve_directory", || json!({ "directory": 1 })),
    ("plugin:app|version", || json!({})),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_window_reaches_its_own_question_and_nothing_else() {
    // protocol.md 9
    let world = World::with_account().await;
    let first = world.ask("First").await;
    let second = world.ask("Second").await;
    let window = world.consent(&first).await;
    assert_refused(&window.page, &OF_MAIN).await;
    assert_refused(&window.page, &OF_TAURI).await;
    assert_refused(
        &window.page,
        &[("cannot_start", || json!({})), ("show_request", || json!({ "id": "x" }))],
    )
    .await;

    // The label says which question it is; nothing that the page adds changes that.
    let ids = world.app.cli_json(&["requests"]).await;
    let other = ids.as_array().unwrap().iter().find(|one| one["code"] == second.code.as_str()).unwrap();
    let extra = json!({ "question": other["id"], "id": other["id"], "label": format!("consent-{}", other["id"]),
                        "window": "x", "code": second.code });
    let asked = window.page.invoke("consent_question", extra.clone()).await.unwrap();
    assert_eq!(asked["request"]["code"], first.code.as_str());
    assert!(!asked.to_string().contains(&second.code), "{asked}");
    window.page.invoke_and_close("consent_deny", extra).await;
    let window = world.consent(&second).await;
    assert_denied(&first).await;
    assert_waits(&second).await;
    window.allow().await;
    window.until_closed().await;
    signed_in(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_window_answers_no_question() {
    let world = World::with_account().await;
    let icon = world.icon();
    let page = world.open(&icon).await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    assert_refused(&page, &OF_CONSENT).await;
    assert_refused(&page, &OF_TAURI).await;
    assert_refused(
        &page,
        &[("cannot_start", || json!({})), ("cannot_start_use_port", || json!({ "port": 1 }))],
    )
    .await;
    assert_waits(&asked).await;
    window.deny().await;
    assert_denied(&asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_nowhere_and_loads_nothing_from_elsewhere() {
    let world = World::with_account().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let page = &window.page;
    let url = world.double.base_url();
    let before = world.double.requests().count();
    for script in [
        "location.href = argument",
        "document.head.append(Object.assign(document.createElement('script'), { src: argument }))",
        "document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: argument }))",
        "document.body.append(Object.assign(document.createElement('img'), { src: argument }))",
        "document.body.append(Object.assign(document.createElement('iframe'), { src: argument }))",
        "window.open(argument)",
        "new WebSocket(argument.replace('http', 'ws'))",
        "navigator.sendBeacon(argument)",
        "Object.assign(document.body.appendChild(document.createElement('form')), { action: argument }).submit()",
    ] {
        let _ = page.wait_for(script, json!(url)).await;
    }
    assert!(page.wait_for("fetch(argument)", json!(url)).await.is_err());
    assert!(page.wait_for("eval('1')", Value::Null).await.is_err());
    let inline = "document.body.append(Object.assign(document.createElement('script'), { text: 'window.hacked = 1' }))";
    let _ = page.wait_for(inline, Value::Null).await;
    assert_eq!(page.run("return window.hacked ?? null;", Value::Null).await, Value::Null);
    assert_eq!(world.double.requests().count(), before);
    // It is the same page still.
    window.allow().await;
    window.until_closed().await;
    signed_in(&asked).await;
}

/// Each is refused by the access list, before the app sees it.
async fn assert_refused(page: &Page<'_>, commands: &[Command]) {
    for (command, arguments) in commands {
        let refused = page.invoke(command, arguments()).await.expect_err(command);
        let said = refused.as_str().unwrap_or_else(|| panic!("{command} was answered: {refused}"));
        assert!(said.contains("not allowed") || said.contains("not found"), "{command}: {said}");
    }
}
