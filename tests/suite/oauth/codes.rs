//! What an attacker may try with an authorization code: guess, steal, replay, bend (protocol.md 3.10, 3.18,
//! 4.5 to 4.8; RFC 9700 §4.5).

use std::time::Duration;

use serde_json::json;

use super::{is_accepted, stored};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::Answer;
use crate::harness::oauth::{Client, Pkce, REDIRECT_URI, SignIn, Tokens};

/// As the client would, but for `changes`.
async fn redeem(asked: &SignIn, code: &str, changes: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", asked.pkce.verifier.as_str()),
        ("redirect_uri", asked.client.redirect_uri.as_str()),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    asked.client.token(&pairs).await
}

#[tokio::test]
async fn a_code_that_was_never_issued_is_an_invalid_grant() {
    // protocol.md 4.5
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let almost = &code[..code.len() - 1];
    for guess in [
        "x",
        almost,
        &format!("{code} "),
        &format!("{code}\0"),
        &code.to_lowercase(),
        &asked.transaction,
        &asked.code,
        &"x".repeat(10_000),
        "\u{fffd}",
    ] {
        redeem(&asked, guess, &[]).await.assert_error(400, "invalid_grant");
    }
    asked.exchange(&code).await;
}

#[tokio::test]
async fn a_flood_of_invented_codes_costs_nobody_a_sign_in() {
    // RFC 6819 §4.4.1.12
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    for n in 0..2000 {
        redeem(&asked, &format!("jbcode_{n:043}"), &[]).await.assert_error(400, "invalid_grant");
    }
    asked.exchange(&code).await;
}

#[tokio::test]
async fn a_replayed_code_revokes_what_it_produced() {
    // protocol.md 4.7; RFC 6749 §4.1.2, §10.5
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let other = client.sign_in(&bridge).await;
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let tokens = asked.exchange(&code).await;
    let refreshed = client.refresh(tokens.refresh()).await.assert_status(200);
    let refreshed = Tokens::of(&client.id, &refreshed);
    assert!(is_accepted(&bridge, &tokens.access).await && is_accepted(&bridge, &refreshed.access).await);
    asked.redeem(&code).await.assert_error(400, "invalid_grant");
    for token in [&tokens.access, &refreshed.access] {
        assert!(!is_accepted(&bridge, token).await);
    }
    for refresh in [tokens.refresh(), refreshed.refresh()] {
        client.refresh(refresh).await.assert_error(400, "invalid_grant");
    }
    assert!(is_accepted(&bridge, &other.access).await, "another sign-in is not concerned");
}

#[tokio::test]
async fn a_replay_by_somebody_who_cannot_prove_to_be_the_client_ends_nothing() {
    // protocol.md 4.7: else anybody who saw a code in a log could sign people out
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let thief = Client::register(&bridge, "Thief").await;
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let tokens = asked.exchange(&code).await;
    let stranger = Pkce::new();
    redeem(&asked, &code, &[("code_verifier", &stranger.verifier)]).await.assert_error(400, "invalid_grant");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", &asked.pkce.verifier),
        ("redirect_uri", REDIRECT_URI),
    ];
    thief.token(&form).await.assert_error(400, "invalid_grant");
    assert!(is_accepted(&bridge, &tokens.access).await);
    client.refresh(tokens.refresh()).await.assert_status(200);
}

#[tokio::test]
async fn a_wrong_verifier_burns_the_code() {
    // protocol.md 4.5, 4.7; RFC 7636 §4.1, §4.6
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let stranger = Pkce::new();
    for wrong in [
        stranger.verifier.clone(),
        "x".into(),
        "a".repeat(42),
        "a".repeat(129),
        "a".repeat(43),
        format!("{} ", stranger.verifier),
        format!("{}+", stranger.verifier),
        "\u{e9}".repeat(43),
    ] {
        let asked = client.ask(&[]).await;
        let code = asked.allowed(&bridge).await;
        redeem(&asked, &code, &[("code_verifier", &wrong)]).await.assert_error(400, "invalid_grant");
        redeem(&asked, &code, &[]).await.assert_error(400, "invalid_grant");
    }
    // The challenge is public: it must not do as its own verifier (RFC 9700 §4.8.2).
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let challenge = asked.pkce.challenge.clone();
    redeem(&asked, &code, &[("code_verifier", &challenge)]).await.assert_error(400, "invalid_grant");
    assert_eq!(stored(&bridge, "grants"), 0);
}

#[tokio::test]
async fn a_stolen_code_is_of_no_use_to_another_client_and_not_lost_for_its_own() {
    // protocol.md 4.5; RFC 9700 §4.5: code injection
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let thief = Client::register(&bridge, "Thief").await;
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", &asked.pkce.verifier),
        ("redirect_uri", REDIRECT_URI),
    ];
    thief.token(&form).await.assert_error(400, "invalid_grant");
    // Injected into another sign-in of the same client it fails on the verifier, and is burnt.
    let injected = client.ask(&[("state", "victim")]).await;
    asked.exchange(&code).await;
    let own = injected.allowed(&bridge).await;
    redeem(&asked, &own, &[]).await.assert_error(400, "invalid_grant");
    injected.redeem(&own).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn the_redirect_uri_of_the_exchange_is_that_of_the_request() {
    // protocol.md 3.10, 4.6; RFC 6749 §4.1.3
    let bridge = Bridge::start().await;
    let metadata = json!({ "redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "none" });
    let client = Client::register_as(&bridge, &metadata).await;
    let asked_at = "http://localhost:3118/cb";
    for wrong in [
        "http://localhost/cb",
        "http://localhost:3119/cb",
        "http://127.0.0.1:3118/cb",
        "http://localhost:3118/cb/",
        "http://localhost:3118/CB",
        "https://evil.example/",
    ] {
        let mut asked = client.ask(&[("redirect_uri", asked_at)]).await;
        asked.client.redirect_uri = asked_at.into();
        let code = asked.allowed(&bridge).await;
        redeem(&asked, &code, &[("redirect_uri", wrong)]).await.assert_error(400, "invalid_grant");
        redeem(&asked, &code, &[]).await.assert_error(400, "invalid_grant");
    }
    let mut asked = client.ask(&[("redirect_uri", asked_at)]).await;
    asked.client.redirect_uri = asked_at.into();
    let code = asked.allowed(&bridge).await;
    asked.exchange(&code).await;
}

#[tokio::test]
async fn the_resource_of_the_exchange_is_the_granted_one_in_any_spelling() {
    // protocol.md 4.8; RFC 8707 §2.2
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let port = bridge.port();
    for good in [format!("http://localhost:{port}/mcp"), format!("http://127.0.0.1:{port}/"), String::new()] {
        let asked = client.ask(&[("resource", &format!("http://127.0.0.1:{port}/mcp"))]).await;
        let code = asked.allowed(&bridge).await;
        redeem(&asked, &code, &[("resource", &good)]).await.assert_status(200);
    }
    for wrong in [
        "https://evil.example/mcp".to_owned(),
        format!("http://127.0.0.1:{port}/mcp/oauth/somebody"),
        format!("http://127.0.0.1:{port}/mcp#x"),
        "x".into(),
    ] {
        let asked = client.ask(&[]).await;
        let code = asked.allowed(&bridge).await;
        redeem(&asked, &code, &[("resource", &wrong)]).await.assert_error(400, "invalid_target");
    }
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let both = format!("http://127.0.0.1:{port}/mcp");
    let changes = [("resource", both.as_str()), ("resource", "https://evil.example/")];
    redeem(&asked, &code, &changes).await.assert_error(400, "invalid_target");
}

#[tokio::test]
async fn of_many_exchanges_at_once_at_most_one_succeeds_and_its_tokens_end() {
    // protocol.md 4.7: consumed atomically
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let exchanges = (0..20).map(|_| redeem(&asked, &code, &[]));
    let mut issued = Vec::new();
    for answer in futures_util::future::join_all(exchanges).await {
        match answer.status.as_u16() {
            200 => issued.push(Tokens::of(&asked.client.id, &answer)),
            _ => drop(answer.assert_error(400, "invalid_grant")),
        }
    }
    assert!(issued.len() <= 1, "{} got tokens", issued.len());
    for tokens in issued {
        assert!(!is_accepted(&bridge, &tokens.access).await, "nineteen others had the code too");
        asked.client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn an_expired_code_is_an_invalid_grant() {
    // protocol.md 3.18
    let bridge = BridgeOptions::default().env("JEAN_BRIDGE_CODE_TTL", "1s").start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    // The clock is the condition here: the answer to an unspent code cannot be asked twice.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    redeem(&asked, &code, &[]).await.assert_error(400, "invalid_grant");
    assert_eq!(stored(&bridge, "grants"), 0);
}
