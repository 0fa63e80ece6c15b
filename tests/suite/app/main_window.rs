//! The main window's tabs, and what clients get of what a person does there.

use serde_json::{Value, json};

use super::world::World;
use crate::double::{ALICE, BOB, Fault, REVOKED_KEY, path, tool};
use crate::harness::app::AppOptions;
use crate::harness::desktop::Desktop;
use crate::harness::http::Http;
use crate::harness::mcp::reply;
use crate::harness::ports::free_port;
use crate::harness::waiting::until;
use crate::harness::webdriver::Page;

/// Opens a tab.
async fn tab(page: &Page<'_>, name: &str) {
    page.find_called(name).await.click().await;
    page.until(&format!(
        "document.querySelector('[role=tab][aria-selected=true]').innerText.includes('{name}')"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_are_revoked_one_by_one_or_all_at_once() {
    let world = World::with_account().await;
    let page = world.open(&world.icon()).await;
    page.until_shown("No app has access yet").await;
    let mut all = Vec::new();
    for name in ["Claude Code", "Cursor", "VS Code"] {
        all.push(world.sign_in(name).await);
    }
    page.until_shown("VS Code").await;
    page.until_shown("not used yet").await;
    assert_eq!(world.list_memories(&all[0].1).await["isError"], false);
    page.until_shown("1 call").await;

    page.find_called("Revoke Claude Code").await.click().await;
    page.until_shown("Its next call is refused").await;
    page.find_called("Keep").await.click().await;
    assert_eq!(world.list_memories(&all[0].1).await["isError"], false);
    page.find_called("Revoke Claude Code").await.click().await;
    page.find(".confirm button.stop").await.click().await;
    page.until_shown("Claude Code is revoked").await;
    world.call(&all[0].1, "list_memories", json!({})).await.assert_status(401);
    all[0].0.refresh(all[0].1.refresh()).await.assert_error(400, "invalid_grant");
    assert_eq!(world.list_memories(&all[1].1).await["isError"], false);

    page.find_called("Revoke all apps").await.click().await;
    page.find_called("Revoke 2 apps").await.click().await;
    page.until_shown("No app has access yet").await;
    for (_, tokens) in &all[1..] {
        world.call(tokens, "list_memories", json!({})).await.assert_status(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_is_switched_off_is_gone_for_that_app_only() {
    let world = World::with_account().await;
    let page = world.open(&world.icon()).await;
    let (_, tokens) = world.sign_in("Claude Code").await;
    let (_, other) = world.sign_in("Cursor").await;
    assert!(world.tools(&tokens).await.contains(&"list_memories".to_owned()));
    page.until_shown("Claude Code").await;
    let card =
        "[...document.querySelectorAll('article')].find((one) => one.innerText.includes('Claude Code'))";
    page.until(card).await;
    page.run(&format!("{card}.querySelector('.opener').click();"), Value::Null).await;
    let switch = "[data-tool=list_memories]";
    page.find(switch).await.click().await;
    page.until("!document.querySelector('[data-tool=list_memories]').checked").await;
    assert!(!world.tools(&tokens).await.contains(&"list_memories".to_owned()));
    let refused = world.call(&tokens, "list_memories", json!({})).await;
    let refused = reply(&refused);
    assert!(!refused["error"].is_null() || refused["result"]["isError"] == true, "{refused}");
    assert_eq!(world.double.requests().tool("list_memories").count(), 0);
    assert!(world.tools(&other).await.contains(&"list_memories".to_owned()));

    page.find(switch).await.click().await;
    page.until("document.querySelector('[data-tool=list_memories]').checked").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_added_named_given_a_new_key_and_removed() {
    let world = World::start().await;
    let page = world.open(&world.icon()).await;
    tab(&page, "Accounts").await;
    page.until_shown("No account yet").await;
    page.find_called("Add an account").await.click().await;
    let key = async || page.find(".key-field input").await;
    let service = bridge_core::paths::Paths::under(world.app.home()).keychain_service;

    key().await.paste(REVOKED_KEY).await;
    page.find_called("Add account").await.click().await;
    page.until_shown("Jean Memory does not accept this key").await;
    assert_eq!(key().await.property("value").await, "");
    world.double.fault(Fault::Html(502).on(path("/sdk/validate-developer")));
    key().await.paste(ALICE.key).await;
    page.find_called("Add account").await.click().await;
    page.until_shown("Jean Memory could not be reached").await;
    world.double.clear();
    key().await.paste(ALICE.key).await;
    page.find_called("Add account").await.click().await;
    page.until_shown("…aLiC").await;
    assert_eq!(world.accounts().await[0]["user_id"], ALICE.id);
    let (_, tokens) = world.sign_in("Claude Code").await;

    page.find_called("Rename").await.click().await;
    let name = page.find("form input[type=text]").await;
    page.run("document.querySelector('form input[type=text]').value = '';", Value::Null).await;
    name.write("At work").await;
    page.find_called("Save name").await.click().await;
    page.until_shown("At work").await;
    assert_eq!(world.accounts().await[0]["label"], "At work");

    // Somebody else's key is not this account's.
    page.find_called("Replace key").await.click().await;
    key().await.paste(BOB.key).await;
    page.find_called("Use this key").await.click().await;
    page.until_shown("This key belongs to somebody else’s memories").await;
    let fresh = "jean_sk_EXAMPLE_alice_2_000000000000000000000000aNeW";
    world.double.issue_key(fresh, ALICE.id);
    key().await.paste(fresh).await;
    page.find_called("Use this key").await.click().await;
    page.until_shown("…aNeW").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    assert_eq!(world.double.requests().tool("list_memories").last().key().as_deref(), Some(fresh));
    let item = format!("account:{}", world.accounts().await[0]["id"].as_str().unwrap());
    // The page tells what is known; the keychain is told last.
    let stored = || world.desktop.keychain().stored(&service, &item);
    until("the new key", async || (stored().as_deref() == Some(fresh)).then_some(())).await;

    page.find_called("Remove").await.click().await;
    page.until_shown("Claude Code loses its access and must ask again").await;
    page.find_called("Remove At work").await.click().await;
    page.until_shown("No account yet").await;
    world.call(&tokens, "list_memories", json!({})).await.assert_status(401);
    until("no key", async || stored().is_none().then_some(())).await;
    page.find_called("Try the sandbox").await.click().await;
    page.until_shown("Memories stay on this computer").await;
    assert_eq!(world.accounts().await[0]["kind"], "sandbox");
    assert_eq!(world.double.key_leaks(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_shows_what_was_called_and_how_it_went() {
    let world = World::with_account().await;
    let page = world.open(&world.icon()).await;
    tab(&page, "Activity").await;
    page.until_shown("No calls in the last 7 days").await;
    let (_, tokens) = world.sign_in("Claude Code").await;
    let secret = "what only the two of us know";
    for _ in 0..3 {
        world.call(&tokens, "add_memories", json!({ "text": secret })).await.assert_status(200);
    }
    world.double.fault(Fault::Html(502).on(tool("list_memories")));
    assert_eq!(world.list_memories(&tokens).await["isError"], true);
    page.until_shown("4 calls").await;
    page.until_shown("1 failed").await;
    page.until("document.querySelector('svg rect, svg path')").await;
    page.until_shown("add_memories").await;
    page.until_shown("Failed").await;
    assert!(!page.text().await.contains(secret));
    page.find_called("Only what did not end well").await.click().await;
    page.until("document.querySelectorAll('.calls tbody tr, .calls li').length !== 4").await;
    assert!(page.text().await.contains("list_memories"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_take_effect_at_once_and_stay() {
    let world = World::with_account().await;
    let icon = world.icon();
    let page = world.open(&icon).await;
    let (_, tokens) = world.sign_in("Claude Code").await;
    tab(&page, "Settings").await;
    let set = async |name: &str, value: &str| choose(&page, name, value).await;
    page.find("[aria-labelledby=setting-paused]").await.click().await;
    page.until("document.querySelector('[aria-labelledby=setting-paused]').checked").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], true);
    icon.until("the check mark", |menu| {
        menu.iter().find(|e| e.label == "Pause" && e.is_on == Some(true)).cloned()
    });
    page.find("[aria-labelledby=setting-paused]").await.click().await;
    page.until("!document.querySelector('[aria-labelledby=setting-paused]').checked").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);

    set("appearance", "dark").await;
    page.until("matchMedia('(prefers-color-scheme: dark)').matches || document.documentElement.dataset.appearance === 'dark'")
        .await;
    set("language", "de").await;
    icon.entry(&["Beenden"]);
    let home = world.app.http().get("/").as_browser().header("accept-language", "en").send().await;
    assert_eq!(
        home.header("content-language"),
        Some("de"),
        "as the person has set it, not as the browser is"
    );
    let asked = world.ask("Cursor").await;
    let window = world.consent(&asked).await;
    window.until_shown("Erlauben").await;
    window.deny().await;
    window.until_closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_activity_is_kept_is_used_after_the_restart_that_is_offered() {
    let world = World::start().await;
    let keep = "document.querySelector('[aria-labelledby=setting-keep]')";
    let choose = async |page: &Page<'_>, days: &str| {
        // The choice before is answered.
        page.until(&format!("{keep}.getAttribute('aria-busy') !== 'true'")).await;
        let script = format!(
            "{keep}.value = arguments[0]; {keep}.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        );
        page.run(&script, json!(days)).await;
    };
    let page = world.open(&world.icon()).await;
    tab(&page, "Settings").await;
    page.until(&format!("{keep}.value === '30'")).await;
    choose(&page, "90").await;
    page.until_shown("Now 30 days, after a restart 90 days.").await;
    // What it is now needs no restart.
    choose(&page, "30").await;
    page.until("!document.body.innerText.includes('after a restart 90')").await;
    choose(&page, "7").await;
    page.until_shown("Now 30 days, after a restart 7 days.").await;
    // Until then it is kept as before.
    tab(&page, "Activity").await;
    page.until_shown("are kept for 30 days").await;
    tab(&page, "Settings").await;
    page.find_called("Restart now").await.click().await;
    drop(page);

    let world = world.started_again().await;
    let page = world.open(&world.icon()).await;
    tab(&page, "Activity").await;
    page.until_shown("are kept for 7 days").await;
    tab(&page, "Settings").await;
    page.until(&format!("{keep}.value === '7'")).await;
    assert!(!page.text().await.contains("Restart now"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_survive_a_restart_and_the_port_needs_one() {
    let desktop = Desktop::with_keychain();
    let (old, new) = (free_port(), free_port());
    std::fs::create_dir_all(desktop.bridge_home()).unwrap();
    // In the file: what the environment says, no page can change.
    std::fs::write(desktop.bridge_home().join("config.toml"), format!("port = {old}\n")).unwrap();
    let world = World::start_on(desktop, AppOptions::default().without_env("JEAN_BRIDGE_PORT")).await;
    world.add_key(ALICE.key).await;
    assert_eq!(world.app.port(), old);
    let page = world.window().await;
    tab(&page, "Settings").await;
    page.find("[aria-labelledby=setting-notifications]").await.click().await;
    page.until("!document.querySelector('[aria-labelledby=setting-notifications]').checked").await;
    let set = async |name: &str, value: &str| choose(&page, name, value).await;
    set("appearance", "dark").await;
    page.until("document.documentElement.dataset.appearance === 'dark'").await;
    set("keep", "365").await;
    // It moves what is below.
    page.until_shown("Now 30 days, after a restart 365 days.").await;
    page.find("#port").await.paste("80").await;
    page.find_called("Save port").await.click().await;
    page.until_shown("A port is a number from 1024 to 65535").await;
    page.find("#port").await.paste(&new.to_string()).await;
    page.find_called("Save port").await.click().await;
    page.until_shown(&format!("Now {old}, after a restart {new}.")).await;
    // Until then everybody finds it where it was.
    world.app.http().get("/status").send().await.assert_status(200);

    page.find_called("Restart now").await.click().await;
    drop(page);
    let World { app, double, panel, desktop } = world;
    let app = app.until_started_again().await;
    assert_eq!(app.port(), new);
    let world = World { app, double, panel, desktop };
    let (_, tokens) = world.sign_in("Claude Code").await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    assert!(Http::new(&format!("http://127.0.0.1:{old}")).get("/status").try_send().await.is_none());

    let page = world.window().await;
    page.until("document.documentElement.dataset.appearance === 'dark'").await;
    tab(&page, "Settings").await;
    page.until("!document.querySelector('[aria-labelledby=setting-notifications]').checked").await;
    page.until("document.querySelector('[aria-labelledby=setting-appearance]').value === 'dark'").await;
    page.until("document.querySelector('[aria-labelledby=setting-keep]').value === '365'").await;
    page.until(&format!("document.getElementById('port').value === '{new}'")).await;
    assert!(!page.text().await.contains("Restart now"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_diagnostics_tells_nothing_private() {
    let world = World::with_account().await;
    let (client, tokens) = world.sign_in("Ferris the harmless").await;
    world.list_memories(&tokens).await;
    let page = world.open(&world.icon()).await;
    tab(&page, "Diagnostics").await;
    page.until_shown("Nothing is wrong").await;
    page.until_shown(world.app.url()).await;
    page.until_shown("The last").await;
    let report = page.invoke("diagnostics_report", json!({})).await.unwrap();
    let report = report.as_str().expect("a text");
    let home = world.desktop.keychain().home().display().to_string();
    let secrets = [ALICE.key, ALICE.id, &tokens.access, tokens.refresh(), &home];
    for secret in secrets {
        assert!(!report.contains(secret), "{secret} is in {report}");
    }
    assert!(report.contains("0.1.0") && report.contains(&client.id), "{report}");
    let page_text = page.text().await;
    assert!(!page_text.contains(ALICE.key) && !page_text.contains(&tokens.access));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_to_connect_with_is_shown_and_works() {
    let world = World::with_account().await;
    let page = world.open(&world.icon()).await;
    tab(&page, "Connect").await;
    page.until_shown(&format!("{}/mcp", world.app.url())).await;
    page.find_called("Claude Code").await.click().await;
    page.until_shown("claude mcp add").await;
    let (_, tokens) = world.sign_in("Claude Code").await;
    until("it answers there", async || {
        let answer = world.call(&tokens, "list_memories", json!({})).await;
        (answer.status == 200).then_some(())
    })
    .await;
}

/// One of several values of a setting, as the page's own list would.
async fn choose(page: &Page<'_>, setting: &str, value: &str) {
    let script = "
        const [name, value] = arguments[0];
        const control = document.querySelector(`[aria-labelledby=setting-${name}]`);
        control.value = value;
        // Later, because another language makes the page anew, and this script with it.
        setTimeout(() => control.dispatchEvent(new Event('change', { bubbles: true })));";
    page.run(script, json!([setting, value])).await;
}
