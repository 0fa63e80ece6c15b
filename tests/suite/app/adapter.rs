//! A client of the stdio adapter, as a person at the desktop meets it: a question without a browser, and a row like any
//! other.

use serde_json::{Value, json};

use super::consent::Consent;
use super::looks::Light;
use super::world::World;
use crate::double::ALICE;
use crate::harness::adapter::Adapter;
use crate::harness::mcp::reply;
use crate::harness::node::CLIENTS;
use crate::harness::waiting::until;

const CLAUDE: &str = "Claude Desktop";

/// The code of the question that waits.
async fn code(world: &World) -> String {
    until("a question", async || {
        let all = world.app.cli_json(&["requests"]).await;
        Some(all[0]["code"].as_str()?.to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_an_adapter_is_allowed_in_the_window_shown_like_any_app_and_revoked_in_the_tray() {
    // design.md J3, J5
    let world = World::start().await;
    let icon = world.icon();
    let mut adapter = Adapter::of_another_program(world.app.home(), CLAUDE).await;
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    let window = Consent::about(&world.app, &code(&world).await).await;
    window.until_shown("Claude Desktop wants to use your memories").await;
    window.until_shown("Answer goes to this computer").await;
    window.until_shown("the app shows it later").await;
    assert!(!window.page.text().await.contains("browser"));
    window.page.find("#details-button").await.click().await;
    let program = CLIENTS.node().canonicalize().unwrap();
    window.until_shown(&format!("Program {} ({})", program.display(), adapter.program())).await;
    window.until_shown("none: a program on this computer").await;
    Light::Light.look(&world.desktop.screen(), &window.page, "consent-program").await;
    assert!(!call.is_finished());

    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;
    let answer = call.await.unwrap().assert_status(200);
    assert_ne!(reply(&answer)["result"]["isError"], json!(true));

    icon.entry(&["Connected apps", CLAUDE, "May read and write"]);
    let page = world.open(&icon).await;
    page.until_shown(CLAUDE).await;
    assert_eq!(world.app.cli_json(&["clients"]).await[0]["via"], "stdio");

    let mut told = Adapter::connect(world.app.home(), CLAUDE).await.listen().await;
    assert!(told.digest().await.is_some());
    icon.click(&["Connected apps", CLAUDE, "Revoke…", "Revoke Claude Desktop now"]);
    assert_eq!(told.digest().await, None);
    let refused = adapter.call("list_memories", &json!({})).await.assert_status(403);
    assert_eq!(refused.json()["error"]["code"], "denied");
    assert_eq!(world.waiting().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_refused_or_closed_is_a_refusal_for_the_program() {
    let world = World::with_account().await;
    let screen = world.desktop.screen();
    let mut adapter = Adapter::connect(world.app.home(), CLAUDE).await;
    let call = tokio::spawn(adapter.call("list_memories", &json!({})));
    let window = Consent::about(&world.app, &code(&world).await).await;
    window.deny().await;
    window.until_closed().await;
    let refused = call.await.unwrap().assert_status(403);
    assert_eq!(refused.json()["error"]["code"], "denied");

    let mut other = Adapter::of_another_program(world.app.home(), CLAUDE).await;
    let call = tokio::spawn(other.call("list_memories", &json!({})));
    let window = Consent::about(&world.app, &code(&world).await).await;
    screen.close(&screen.window("Jean Memory Bridge"));
    window.until_closed().await;
    let refused = call.await.unwrap().assert_status(403);
    assert_eq!(refused.json()["error"]["code"], "denied");
    // Nobody is asked again, and no window comes up.
    for adapter in [&mut adapter, &mut other] {
        adapter.call("list_memories", &json!({})).await.assert_status(403);
    }
    assert_eq!(world.waiting().await, 0);
    assert_eq!(world.app.cli_json(&["clients"]).await, Value::Array(Vec::new()));
}
