//! More questions than a person can answer (protocol.md 3.3, 3.21, 9.21).

use serde_json::{Value, json};

use crate::harness::bridge::Bridge;
use crate::harness::oauth::{Client, Pkce, SignIn};

/// So many questions wait.
async fn waiting(bridge: &Bridge) -> usize {
    bridge.cli_json(&["requests"]).await.as_array().map_or(0, Vec::len)
}

async fn fill(bridge: &Bridge, clients: usize) -> Vec<SignIn> {
    let mut asked = Vec::new();
    for n in 0..clients {
        let client = Client::register(bridge, &format!("App {n}")).await;
        for window in 0..5 {
            asked.push(client.ask(&[("state", &format!("{n}.{window}"))]).await);
        }
    }
    asked
}

/// Refused without a question: a program by redirect, a person by a page.
async fn assert_too_many(client: &Client) {
    let back = client.authorize_as_program(&Pkce::new(), &[]).await.assert_status(302).redirect();
    assert_eq!(back.get("error"), Some("temporarily_unavailable"));
    assert_eq!((back.get("state"), back.get("code")), (Some("a-state"), None));
    let page = client.authorize(&Pkce::new(), &[]).await.assert_status(400).text();
    assert!(page.contains("Too many questions wait for an answer"), "{page}");
}

#[tokio::test]
async fn twenty_questions_wait_and_the_next_is_told_to_come_later() {
    // protocol.md 9.21
    let bridge = Bridge::start().await;
    let asked = fill(&bridge, 4).await;
    assert_eq!(waiting(&bridge).await, 20);
    let codes: std::collections::HashSet<_> = asked.iter().map(|asked| asked.code.clone()).collect();
    assert_eq!(codes.len(), 20, "no two questions show the same code");
    let late = Client::register(&bridge, "Late").await;
    assert_too_many(&late).await;
    // Those who wait already lose nothing by asking again.
    let same = [("state", asked[7].state.as_str())];
    asked[7].client.authorize(&asked[7].pkce, &same).await.assert_status(200);
    assert_eq!(waiting(&bridge).await, 20);
    // One answer makes room for one.
    bridge.cli_ok(&["deny", &asked[0].code]).await;
    let asked = late.ask(&[]).await;
    assert_too_many(&Client::register(&bridge, "Later").await).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    assert!(asked.finish().await.get("code").is_some());
}

#[tokio::test]
async fn a_client_that_asks_too_often_loses_its_oldest_question_and_no_other_clients() {
    // protocol.md 9.21: abandoned windows must not lock their client out
    let bridge = Bridge::start().await;
    let patient = Client::register(&bridge, "Patient").await.ask(&[]).await;
    let mut asked = fill(&bridge, 1).await;
    let oldest = asked.remove(0);
    let http = oldest.client.http.clone();
    let state = format!("/oauth/wait/{}/state", oldest.transaction);
    let listening = tokio::spawn(http.get(&state).send());
    let newest = oldest.client.ask(&[("state", "newest")]).await;
    // Its page is told at once, and says why; it is not sent to an app that no longer waits for it.
    let heard = listening.await.expect("it does not panic").assert_status(200).json();
    assert_eq!(heard, json!({ "decided": true, "displaced": true }));
    let page = format!("/oauth/wait/{}", oldest.transaction);
    let page = http.get(&page).as_browser().send().await.assert_status(200).text();
    assert!(page.contains("has asked again") && page.contains("refused"), "{page}");
    assert!(!page.contains("<script"), "it does not go on by itself: {page}");
    assert_eq!(oldest.finish().await.get("error"), Some("access_denied"));
    // Nobody else lost anything, and the newest can be answered.
    assert_eq!(waiting(&bridge).await, 6);
    for allowed in asked.iter().chain([&newest, &patient]) {
        bridge.cli_ok(&["approve", &allowed.code, "--sandbox"]).await;
        assert!(allowed.finish().await.get("code").is_some());
    }
}

#[tokio::test]
async fn one_client_cannot_take_all_the_places() {
    // protocol.md 9.21
    let bridge = Bridge::start().await;
    let greedy = fill(&bridge, 1).await.remove(0).client;
    for n in 0..20 {
        greedy.ask(&[("state", &format!("more {n}"))]).await;
    }
    assert_eq!(waiting(&bridge).await, 5);
    let other = Client::register(&bridge, "Modest").await;
    let asked = other.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    assert!(asked.finish().await.get("code").is_some());
}

#[tokio::test]
async fn a_flood_of_requests_that_are_faulty_asks_nobody_and_shuts_nobody_out() {
    // protocol.md 2.11, 9.21
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for _ in 0..300 {
        let answer = client.authorize(&Pkce::new(), &[("client_id", "unknown")]).await.assert_status(400);
        assert_eq!(answer.header("location"), None);
    }
    assert_eq!(bridge.cli_json(&["requests"]).await, Value::Array(vec![]));
    client.sign_in(&bridge).await;
}

#[tokio::test]
async fn a_flood_of_requests_in_order_is_stopped_whatever_the_desk_says() {
    // protocol.md 2.11, 9.21
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let mut asked = 0;
    loop {
        let answer = client.authorize(&Pkce::new(), &[]).await;
        if answer.text().contains("Too many apps are asking at once") {
            assert_eq!((answer.status.as_u16(), answer.header("location")), (400, None));
            break;
        }
        asked += 1;
        assert!(asked <= 1000, "there is a limit");
    }
    assert!(asked >= 20, "no honest client gets there: {asked}");
    assert_eq!(waiting(&bridge).await, 5);
}
