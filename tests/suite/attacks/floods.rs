//! One client that takes what is everybody's: a person's patience, places, disk.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use super::world::{World, calling, questions};
use crate::double::{Fault, tool};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::Redirect;
use crate::harness::mcp::{Session, reply};
use crate::harness::oauth::{Client, Pkce, REDIRECT_URI};
use crate::harness::stdio::done;
use crate::harness::waiting::until_answer;

/// Refusals before a rest (consent/refused.rs).
const REFUSALS: usize = 5;
/// Questions that pages may have waiting (consent/desk.rs).
const OF_PAGES: usize = 5;
/// Of messages with this many bytes (3.5 MiB) this many are in work at once (http/mcp/body.rs).
const LARGE: usize = 3_670_016;
const MOST_LARGE: usize = 4;
/// Authorization requests of programs at once (oauth/limits.rs).
const ASKED_BY_ALL: usize = 120;
/// Refreshes of one grant at once (oauth/limits.rs).
const REFRESHES: usize = 600;

/// As a browser that a page of another site sends here.
async fn sent_by_page(client: &Client, state: &str) -> u16 {
    let path = format!("/oauth/authorize?{}", client.query(&Pkce::new(), &[("state", state)]));
    let asking = client.http.get(&path).as_browser().header("sec-fetch-site", "cross-site");
    let asking = asking.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
    asking.send().await.status.as_u16()
}

#[tokio::test]
async fn who_asks_until_somebody_clicks_the_wrong_button_rests_after_the_fifth_no() {
    let bridge = Bridge::start().await;
    for _ in 0..REFUSALS {
        // Another registration each time: an id is free.
        let asked = Client::register(&bridge, "Claude Code").await.ask(&[]).await;
        bridge.cli_ok(&["deny", &asked.code]).await;
    }
    let again = Client::register(&bridge, "claude CODE").await;
    let back = again.authorize_as_program(&Pkce::new(), &[]).await.assert_status(302).redirect();
    assert_eq!((back.get("error"), back.get("state")), (Some("access_denied"), Some("a-state")));
    let page = again.authorize(&Pkce::new(), &[]).await.assert_status(400).text();
    assert!(page.contains("refused several times"), "{page}");
    assert!(questions(&bridge).await.is_empty());
    // Nobody else has to rest.
    let other = Client::register(&bridge, "Cursor").await;
    other.sign_in(&bridge).await;
}

#[tokio::test]
async fn an_open_page_fills_neither_a_clients_places_nor_everybodys() {
    let bridge = Bridge::start().await;
    let known = Client::register(&bridge, "Known to the page").await;
    let honest = known.ask(&[("state", "of the program")]).await;
    for n in 0..30 {
        assert_eq!(sent_by_page(&known, &format!("page {n}")).await, 200);
    }
    let asked = questions(&bridge).await;
    assert!(asked.iter().any(|question| question["code"] == honest.code.as_str()), "{asked:?}");
    assert_eq!(asked.len(), OF_PAGES);
    // Under however many names.
    for n in 0..10 {
        let client = Client::register(&bridge, &format!("Page {n}")).await;
        assert_eq!(sent_by_page(&client, "x").await, 200);
    }
    assert_eq!(questions(&bridge).await.len(), 1 + OF_PAGES);
    // And the program's question is answered as ever.
    bridge.cli_ok(&["approve", &honest.code, "--sandbox"]).await;
    assert!(honest.finish().await.get("code").is_some());
}

#[tokio::test]
async fn an_open_page_does_not_use_up_how_often_programs_may_ask() {
    let bridge = Bridge::start().await;
    let known = Client::register(&bridge, "Known to the page").await;
    for n in 0..ASKED_BY_ALL + 10 {
        sent_by_page(&known, &format!("page {n}")).await;
    }
    let honest = Client::register(&bridge, "Honest").await.ask(&[]).await;
    bridge.cli_ok(&["approve", &honest.code, "--sandbox"]).await;
    assert!(honest.finish().await.get("code").is_some());
}

#[tokio::test]
async fn a_client_that_refreshes_without_end_writes_no_end_of_rows() {
    let bridge = Bridge::start().await;
    let greedy = Client::register(&bridge, "Greedy").await;
    let mut tokens = greedy.sign_in(&bridge).await;
    let mut refreshes = 0;
    let refused = loop {
        let answer = greedy.refresh(tokens.refresh()).await;
        if answer.status != 200 {
            break answer;
        }
        refreshes += 1;
        assert!(refreshes <= REFRESHES + 10, "nobody stops it");
        tokens = crate::harness::oauth::Tokens::of(&greedy.id, &answer);
    };
    // A code that the SDK does not know, such as RFC 8628's, makes it open the browser for a new sign-in, again and again.
    assert_eq!(refused.header("retry-after"), Some("60"));
    refused.assert_error(429, "too_many_requests");
    // Its token is not spent by that, and nobody else has to wait.
    assert_eq!(calling(&bridge.http(), &tokens, "list_memories", &json!({})).send().await.status, 200);
    let other = Client::register(&bridge, "Other").await;
    let others = other.sign_in(&bridge).await;
    other.refresh(others.refresh()).await.assert_status(200);
}

#[tokio::test]
async fn slow_calls_of_one_client_leave_a_place_for_the_others() {
    let world = World::start().await;
    let (greedy, honest) = (world.allowed("Greedy").await, world.allowed("Honest").await);
    world.double.fault(Fault::Hang.on(tool("ask_memory")));
    let slow: Vec<_> = (0..12)
        .map(|n| {
            let question = json!({ "question": format!("slow {n}") });
            tokio::spawn(calling(&world.bridge.http(), &greedy, "ask_memory", &question).try_send())
        })
        .collect();
    world.double.wait_for_calls("ask_memory", 3).await;
    let answer = calling(&world.bridge.http(), &honest, "list_memories", &json!({})).send().await;
    done(&reply(&answer.assert_status(200))["result"]);
    assert_eq!(world.double.requests().tool("ask_memory").count(), 3, "the others wait for their turn");
    // Those that wait come to their turn when one ends.
    world.double.clear();
    world.double.release();
    for call in slow {
        assert_eq!(call.await.unwrap().expect("an answer").status, 200);
    }
}

#[tokio::test]
async fn large_calls_of_one_client_are_limited_by_their_bytes() {
    let world = World::start().await;
    let (greedy, honest) = (world.allowed("Greedy").await, world.allowed("Honest").await);
    let session = Session::open(&world.bridge, &greedy.access, "2025-06-18").await;
    let question = json!({ "question": "slow ".repeat(LARGE / 5) });
    let (id, large) = (AtomicU32::new(0), json!({ "name": "ask_memory", "arguments": question }));
    let large = || {
        let id = id.fetch_add(1, Ordering::Relaxed);
        session.post(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": large }))
    };
    world.double.fault(Fault::Hang.on(tool("ask_memory")));
    for _ in 0..MOST_LARGE {
        // Nobody waits for it, but until 2026-07-28 it goes on (protocol.md 7.19).
        assert_eq!(large().begin().await.status(), 200);
    }
    let refused = large().send().await.assert_status(429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(session.request("ping", json!({})).await["result"], json!({}), "a small one has room");
    let answer = calling(&world.bridge.http(), &honest, "unknown", &question).send().await;
    assert_eq!(reply(&answer)["error"]["code"], -32602, "the others have room");
    let cancelled =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 0 } });
    session.post(&cancelled).send().await.assert_status(202);
    until_answer("room again", async || large().begin().await.status(), |status| *status == 200).await;
}

#[tokio::test]
async fn a_batch_with_one_id_twice_is_refused_and_holds_no_place() {
    let bridge = BridgeOptions::default().start().await;
    let tokens = Client::register(&bridge, "Twice").await.sign_in(&bridge).await;
    let session = Session::open(&bridge, &tokens.access, "2025-03-26").await;
    for (one, two) in
        [(json!(7), json!(7)), (json!("a"), json!("a")), (json!(7), json!(7.0)), (json!(0), json!(-0.0))]
    {
        let ping = |id| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
        let batch = json!([ping(one), ping(two)]);
        let answer = session.post(&batch).send().await.assert_status(400);
        assert_eq!(answer.json()["error"]["code"], -32600, "{}", answer.text());
    }
    // A number and a text are two ids, and an answer is no request.
    let batch = json!([
        { "jsonrpc": "2.0", "id": 7, "method": "ping" },
        { "jsonrpc": "2.0", "id": "7", "method": "ping" },
    ]);
    assert_eq!(session.post(&batch).send().await.assert_status(200).json().as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_answer_to_a_resting_client_leads_to_its_own_address_only() {
    let bridge = Bridge::start().await;
    let metadata = json!({ "client_name": "Website", "redirect_uris": ["https://app.example/callback"],
                           "token_endpoint_auth_method": "none" });
    for _ in 0..REFUSALS {
        let asked = Client::register_as(&bridge, &metadata).await.ask(&[]).await;
        bridge.cli_ok(&["deny", &asked.code]).await;
    }
    let client = Client::register_as(&bridge, &metadata).await;
    let answer = client.authorize_as_program(&Pkce::new(), &[]).await.assert_status(302);
    let back = Redirect::of(answer.header("location").expect("a redirect"));
    assert!(back.url.starts_with("https://app.example/callback?"), "{}", back.url);
    assert_eq!((back.get("code"), back.get("iss")), (None, Some(bridge.url())));
    let elsewhere = client.authorize(&Pkce::new(), &[("redirect_uri", REDIRECT_URI)]).await;
    assert!(elsewhere.assert_status(400).header("location").is_none());
}
