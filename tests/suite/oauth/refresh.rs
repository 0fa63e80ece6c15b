//! Refreshing: rotation, the grace for a lost answer, and what a copied token comes to (protocol.md 4.11 to
//! 4.14; RFC 9700 §4.14).

use std::collections::HashSet;

use serde_json::json;

use super::is_accepted;
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::Answer;
use crate::harness::oauth::{Client, REDIRECT_URI, Tokens};

async fn refreshed(client: &Client, refresh: &str) -> Tokens {
    Tokens::of(&client.id, &client.refresh(refresh).await.assert_status(200))
}

async fn refresh_with(client: &Client, refresh: &str, more: &[(&str, &str)]) -> Answer {
    client.token(&[&[("grant_type", "refresh_token"), ("refresh_token", refresh)], more].concat()).await
}

#[tokio::test]
async fn every_use_gives_a_new_pair() {
    // protocol.md 4.9, 4.11
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let mut tokens = client.sign_in(&bridge).await;
    let mut seen = HashSet::new();
    for _ in 0..10 {
        assert!(seen.insert(tokens.access.clone()) && seen.insert(tokens.refresh().to_owned()));
        assert!(tokens.refresh().len() >= 43, "at least 128 bits");
        let answer = client.refresh(tokens.refresh()).await.assert_status(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let reply = answer.json();
        assert_eq!((&reply["token_type"], &reply["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(reply["scope"], "read write");
        tokens = Tokens::of(&client.id, &answer);
        assert!(is_accepted(&bridge, &tokens.access).await);
    }
}

#[tokio::test]
async fn a_repeated_refresh_is_answered_until_its_successor_is_used() {
    // protocol.md 4.13: a lost answer, or a second window
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let first = client.sign_in(&bridge).await;
    let lost = refreshed(&client, first.refresh()).await;
    let again = refreshed(&client, first.refresh()).await;
    assert_eq!(lost.refresh(), again.refresh(), "a family is a line");
    assert_ne!(lost.access, again.access);
    for tokens in [&first, &lost, &again] {
        assert!(is_accepted(&bridge, &tokens.access).await);
    }
    // Both windows go on with what they have.
    let one = refreshed(&client, lost.refresh()).await;
    let other = refreshed(&client, again.refresh()).await;
    refreshed(&client, one.refresh()).await;
    refreshed(&client, other.refresh()).await;
}

#[tokio::test]
async fn a_spent_token_that_comes_back_ends_the_whole_sign_in() {
    // protocol.md 4.13; RFC 9700 §4.14.2
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let other = client.sign_in(&bridge).await;
    let first = client.sign_in(&bridge).await;
    let second = refreshed(&client, first.refresh()).await;
    let third = refreshed(&client, second.refresh()).await;
    // A thief with an old copy.
    client.refresh(first.refresh()).await.assert_error(400, "invalid_grant");
    for tokens in [&first, &second, &third] {
        assert!(!is_accepted(&bridge, &tokens.access).await);
        client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    }
    assert!(is_accepted(&bridge, &other.access).await, "another sign-in is not concerned");
    refreshed(&client, other.refresh()).await;
}

#[tokio::test]
async fn a_scope_narrows_one_access_token_and_never_widens() {
    // protocol.md 4.12, 3.15; RFC 6749 §6
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let mut refresh = client.sign_in(&bridge).await.refresh().to_owned();
    for (asked, granted) in [
        ("read", "read"),
        ("", "read write"),
        ("write", "write"),
        ("read write", "read write"),
        ("read admin", "read"),
        ("offline_access", "read write"),
    ] {
        let answer = refresh_with(&client, &refresh, &[("scope", asked)]).await.assert_status(200);
        assert_eq!(answer.json()["scope"], granted, "{asked}");
        refresh = Tokens::of(&client.id, &answer).refresh().to_owned();
    }
    refresh_with(&client, &refresh, &[("scope", "admin")]).await.assert_error(400, "invalid_scope");
    let reader = client.sign_in_as(&bridge, &["--sandbox", "--scope", "read"], &[]).await;
    for more in ["write", "read write"] {
        let answer = refresh_with(&client, reader.refresh(), &[("scope", more)]).await;
        answer.assert_error(400, "invalid_scope");
    }
    assert_eq!(client.refresh(reader.refresh()).await.assert_status(200).json()["scope"], "read");
}

#[tokio::test]
async fn the_resource_of_a_refresh_is_the_granted_one() {
    // protocol.md 4.12, 4.8
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let port = bridge.port();
    for wrong in ["https://evil.example/", "x", &format!("http://127.0.0.1:{port}/mcp/oauth/somebody")] {
        let answer = refresh_with(&client, tokens.refresh(), &[("resource", wrong)]).await;
        answer.assert_error(400, "invalid_target");
    }
    let right = format!("http://localhost:{port}/mcp");
    refresh_with(&client, tokens.refresh(), &[("resource", &right)]).await.assert_status(200);
}

#[tokio::test]
async fn another_clients_token_is_an_invalid_grant_and_stays_unspent() {
    // protocol.md 4.12
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let thief = Client::register(&bridge, "Thief").await;
    let first = client.sign_in(&bridge).await;
    thief.refresh(first.refresh()).await.assert_error(400, "invalid_grant");
    let second = refreshed(&client, first.refresh()).await;
    let third = refreshed(&client, second.refresh()).await;
    // Even a spent one proves nothing in the hands of another client.
    thief.refresh(first.refresh()).await.assert_error(400, "invalid_grant");
    assert!(is_accepted(&bridge, &third.access).await);
}

#[tokio::test]
async fn one_kind_of_token_is_not_another() {
    // protocol.md 4.11, 4.19
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let tokens = asked.exchange(&code).await;
    let refresh = tokens.refresh();
    for not_one in [
        tokens.access.as_str(),
        &code,
        &asked.transaction,
        "jbrefresh_",
        &refresh[1..],
        &refresh[..refresh.len() - 1],
        &format!("{refresh}="),
        &refresh.to_uppercase(),
        &"x".repeat(10_000),
    ] {
        client.refresh(not_one).await.assert_error(400, "invalid_grant");
    }
    assert!(!is_accepted(&bridge, refresh).await && !is_accepted(&bridge, &code).await);
    let form =
        [("grant_type", "authorization_code"), ("code", refresh), ("code_verifier", &asked.pkce.verifier)];
    client.token(&form).await.assert_error(400, "invalid_grant");
    refreshed(&client, refresh).await;
}

#[tokio::test]
async fn a_client_without_the_refresh_grant_may_not() {
    // protocol.md 2.7, 4.15
    let bridge = Bridge::start().await;
    let metadata = json!({ "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none",
                           "grant_types": ["authorization_code"] });
    let without = Client::register_as(&bridge, &metadata).await;
    let with = Client::register(&bridge, "App").await.sign_in(&bridge).await;
    without.refresh(with.refresh()).await.assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn twenty_windows_that_refresh_at_once_all_stay_signed_in() {
    // protocol.md 4.13; clients.md 9: parallel processes share one token
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let answers = futures_util::future::join_all((0..20).map(|_| client.refresh(tokens.refresh()))).await;
    let windows: Vec<_> =
        answers.into_iter().map(|answer| Tokens::of(&client.id, &answer.assert_status(200))).collect();
    for window in &windows {
        assert!(is_accepted(&bridge, &window.access).await);
        assert_eq!(window.refresh(), windows[0].refresh(), "a family is a line: there is one successor");
    }
    let again =
        futures_util::future::join_all(windows.iter().map(|window| client.refresh(window.refresh()))).await;
    for answer in again {
        let window = Tokens::of(&client.id, &answer.assert_status(200));
        assert!(is_accepted(&bridge, &window.access).await);
    }
}

#[tokio::test]
async fn a_thief_who_repeats_a_token_within_the_grace_is_found_out() {
    // protocol.md 4.13; RFC 9700 §4.14.2: whoever comes second with the successor ends the family
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let stolen = client.sign_in(&bridge).await;
    let honest = refreshed(&client, stolen.refresh()).await;
    let thief = refreshed(&client, stolen.refresh()).await;
    let next = refreshed(&client, honest.refresh()).await;
    let last = refreshed(&client, next.refresh()).await;
    client.refresh(thief.refresh()).await.assert_error(400, "invalid_grant");
    client.refresh(last.refresh()).await.assert_error(400, "invalid_grant");
    for tokens in [honest, thief, next, last] {
        assert!(!is_accepted(&bridge, &tokens.access).await);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_refresh_token_that_is_not_used_ends() {
    // protocol.md 4.14
    const TWENTY_MINUTES: u32 = 20 * 60;
    let home = tempfile::tempdir().unwrap();
    let clock = crate::harness::clock::Clock::start(home.path());
    let options = BridgeOptions::default().env("JEAN_BRIDGE_REFRESH_TOKEN_TTL", "30m");
    let options = clock.env().into_iter().fold(options, |options, (name, value)| options.env(name, value));
    let bridge = options.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").start().await;
    let client = Client::register(&bridge, "App").await;
    let (unused, used) = (client.sign_in(&bridge).await, client.sign_in(&bridge).await);
    clock.advance_to(TWENTY_MINUTES);
    let used = refreshed(&client, used.refresh()).await;
    clock.advance_to(2 * TWENTY_MINUTES);
    client.refresh(unused.refresh()).await.assert_error(400, "invalid_grant");
    refreshed(&client, used.refresh()).await;
    assert!(is_accepted(&bridge, &unused.access).await, "that it ends is no theft");
}
