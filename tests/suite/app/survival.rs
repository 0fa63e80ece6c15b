//! J10 with windows: the app is killed in the middle of rotation, calls and a question, and started again. Nobody has to
//! sign in again, and everything that was set is as it was.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::world::{World, signed_in};
use crate::harness::app::AppOptions;
use crate::harness::http::Http;
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::{Client, Tokens};
use crate::harness::waiting::until;
use crate::journeys::rotating::Rotating;
use crate::system::dice::Dice;

const KILLS: u64 = 4;
const CLIENTS: usize = 3;
/// Answers of one life after everything is under way, at most.
const ANSWERS: u64 = 40;
const SWITCHED_OFF: &str = "search_memory_v2";

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_app_costs_nobody_a_sign_in_nor_anything_that_was_set() {
    let mut dice = Dice::new();
    let mut world = World::with_account().await;
    let port = world.app.port();
    let (client, mut tokens) = world.sign_in("Set up").await;
    let mut rotating = Vec::new();
    for number in 0..CLIENTS {
        let (client, tokens) = world.sign_in(&format!("Rotating {number}")).await;
        rotating.push(Rotating::new(client, tokens.refresh()));
    }
    set(&world, &client).await;
    world.list_memories(&tokens).await;
    until("the call is written down", async || (calls_of(&world, &client).await >= 1).then_some(())).await;
    let before = as_set(&world, &tokens).await;
    let accounts = world.accounts().await;

    for kill in 0..KILLS {
        let asked = world.ask(&format!("Waiting {kill}")).await;
        let _window = world.consent(&asked).await;
        let mut work: JoinSet<Option<String>> = rotating.iter().cloned().map(Rotating::rotate).collect();
        let calling = tokio::spawn(call_on(world.app.http(), tokens.access.clone()));
        let count = || rotating.iter().map(|one| one.count() as u64).sum::<u64>();
        let enough = count() + dice.below(ANSWERS);
        until("clients are answered", async || (count() >= enough).then_some(())).await;
        assert!(work.try_join_next().is_none(), "a client ended before the app");
        let called = calls_of(&world, &client).await;
        world.app.kill();
        let access: Vec<_> = work.join_all().await.into_iter().flatten().collect();
        calling.await.expect("every call that was answered succeeded");

        let World { app, double, panel, desktop } = world;
        drop(app);
        let app = AppOptions::default().api(&double.base_url()).port(port).start(&desktop).await;
        world = World { app, double, panel, desktop };
        // What was answered last works, be it seconds old.
        for token in access.iter().chain([&tokens.access]) {
            let answer = modern(&world.app.http(), token, "tools/list", json!({})).send().await;
            answer.assert_status(200);
        }
        tokens = Tokens::of(&client.id, &client.refresh(tokens.refresh()).await.assert_status(200));
        assert_eq!(as_set(&world, &tokens).await, before);
        assert_eq!(world.accounts().await, accounts);
        assert!(calls_of(&world, &client).await >= called, "what was counted stays counted");
        // The question is forgotten; the client asks anew, and a window comes.
        assert_eq!(world.waiting().await, 0);
        let again = asked.client.ask(&[]).await;
        let window = world.consent(&again).await;
        window.allow().await;
        signed_in(&again).await;
    }
    let status = world.app.cli_json(&["status"]).await;
    assert_eq!(status["notices"], json!([]), "nothing was set aside, no key was lost");
}

/// What a person sets.
async fn set(world: &World, client: &Client) {
    let page = world.window().await;
    for change in [json!({ "appearance": "dark" }), json!({ "notifications": false })] {
        page.invoke("settings_change", json!({ "change": change })).await.expect("it is changed");
    }
    let switch = json!({ "client": client.id, "tool": SWITCHED_OFF, "isOn": false });
    page.invoke("apps_switch_tool", switch).await.expect("it is switched");
    let account = world.accounts().await[0]["id"].clone();
    page.invoke("accounts_rename", json!({ "id": account, "label": "Mine" })).await.expect("it is renamed");
}

/// What of it is to be seen.
async fn as_set(world: &World, tokens: &Tokens) -> Value {
    let page = world.window().await;
    let overview = page.invoke("overview", json!({})).await.expect("an overview");
    let tools = world.tools(tokens).await;
    assert!(!tools.is_empty() && !tools.iter().any(|tool| tool == SWITCHED_OFF), "{tools:?}");
    json!({ "settings": overview["settings"], "tools": tools })
}

async fn calls_of(world: &World, client: &Client) -> u64 {
    let clients = world.app.cli_json(&["clients"]).await;
    let clients = clients.as_array().expect("a list");
    let found = clients.iter().find(|one| one["id"] == client.id.as_str()).expect("it is connected");
    found["calls"].as_u64().expect("a number")
}

/// Calls until the app is gone.
async fn call_on(http: Http, access: String) {
    let call = json!({ "name": "list_memories", "arguments": {} });
    while let Some(answer) = modern(&http, &access, "tools/call", call.clone()).try_send().await {
        // A call that was under way may end with the app.
        if answer.status == 200 {
            assert_eq!(reply(&answer)["result"]["isError"], false);
        }
    }
}
