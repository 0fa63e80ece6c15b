//! Revocation by the client (RFC 7009; protocol.md 5).

use http::Method;
use serde_json::json;

use super::is_accepted;
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::{PATIENCE, encoded};
use crate::harness::oauth::{Client, REDIRECT_URI, Tokens};

#[tokio::test]
async fn a_refresh_token_takes_the_whole_sign_in_with_it() {
    // protocol.md 5.1, 5.2, 5.3, 5.4
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let other = client.sign_in(&bridge).await;
    let first = client.sign_in(&bridge).await;
    let second = client.refresh(first.refresh()).await.assert_status(200);
    let second = Tokens::of(&client.id, &second);
    let answer = client.revoke(second.refresh()).await.assert_status(200);
    assert!(answer.body.is_empty(), "{}", answer.text());
    for tokens in [&first, &second] {
        assert!(!is_accepted(&bridge, &tokens.access).await, "at once");
        client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    }
    assert!(is_accepted(&bridge, &other.access).await, "another sign-in is not concerned");
}

#[tokio::test]
async fn a_spent_refresh_token_revokes_as_well() {
    // protocol.md 5.1, 5.3
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let first = client.sign_in(&bridge).await;
    let second = client.refresh(first.refresh()).await.assert_status(200);
    client.revoke(first.refresh()).await.assert_status(200);
    assert!(!is_accepted(&bridge, &Tokens::of(&client.id, &second).access).await);
}

#[tokio::test]
async fn an_access_token_ends_alone() {
    // protocol.md 5.1, 5.3
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let first = client.sign_in(&bridge).await;
    let second = client.refresh(first.refresh()).await.assert_status(200);
    let second = Tokens::of(&client.id, &second);
    assert!(client.revoke(&first.access).await.assert_status(200).body.is_empty());
    assert!(!is_accepted(&bridge, &first.access).await);
    assert!(is_accepted(&bridge, &second.access).await);
    client.refresh(second.refresh()).await.assert_status(200);
}

#[tokio::test]
async fn an_expired_access_token_can_be_revoked_too() {
    // protocol.md 5.1: signature checked, expiry not
    let bridge = BridgeOptions::default().env("JEAN_BRIDGE_ACCESS_TOKEN_TTL", "1s").start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let ended = async { while is_accepted(&bridge, &tokens.access).await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("it ends");
    client.revoke(&tokens.access).await.assert_status(200);
    client.refresh(tokens.refresh()).await.assert_status(200);
}

#[tokio::test]
async fn there_is_nothing_to_learn_from_revoking_what_is_not_ones_own() {
    // protocol.md 5.2; RFC 7009 §2.2
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let thief = Client::register(&bridge, "Thief").await;
    let tokens = client.sign_in(&bridge).await;
    let own = thief.sign_in(&bridge).await;
    thief.revoke(own.refresh()).await.assert_status(200);
    for token in [
        tokens.refresh(),
        tokens.access.as_str(),
        own.refresh(),
        &own.access,
        "jbrefresh_unknown",
        "unknown",
        "a.b.c",
        "e30.e30.e30",
        &"x".repeat(10_000),
        "\u{0}",
    ] {
        assert!(thief.revoke(token).await.assert_status(200).body.is_empty());
    }
    assert!(is_accepted(&bridge, &tokens.access).await);
    client.refresh(tokens.refresh()).await.assert_status(200);
}

#[tokio::test]
async fn a_wrong_hint_misleads_nobody() {
    // protocol.md 5.1; RFC 7009 §2.1
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for hint in ["access_token", "refresh_token", "unknown", ""] {
        let tokens = client.sign_in(&bridge).await;
        let revoke = async |token: &str| {
            let form = [("client_id", client.id.as_str()), ("token", token), ("token_type_hint", hint)];
            client.http.post("/oauth/revoke").form(&form).send().await.assert_status(200);
        };
        revoke(&tokens.access).await;
        assert!(!is_accepted(&bridge, &tokens.access).await, "{hint}");
        revoke(tokens.refresh()).await;
        client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_request_with_a_fault_revokes_nothing() {
    // protocol.md 5.2
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let (id, token) = (client.id.as_str(), tokens.refresh());
    let post = |form: &[(&str, &str)]| client.http.post("/oauth/revoke").form(form).send();
    post(&[("client_id", id)]).await.assert_error(400, "invalid_request");
    post(&[("client_id", id), ("token", "")]).await.assert_error(400, "invalid_request");
    post(&[("client_id", id), ("token", token), ("token", token)]).await.assert_error(400, "invalid_request");
    post(&[("token", token)]).await.assert_error(401, "invalid_client");
    post(&[("client_id", "unknown"), ("token", token)]).await.assert_error(401, "invalid_client");
    let json = json!({ "client_id": id, "token": token });
    client.http.post("/oauth/revoke").json(&json).send().await.assert_error(400, "invalid_request");
    let in_query = format!("/oauth/revoke?client_id={id}&token={token}");
    client.http.post(&in_query).form(&[]).send().await.assert_error(401, "invalid_client");
    for method in [Method::GET, Method::DELETE] {
        client.http.ask(method, &in_query).send().await.assert_error(405, "method_not_allowed");
    }
    assert!(is_accepted(&bridge, &tokens.access).await);
}

#[tokio::test]
async fn a_confidential_client_proves_itself_here_as_well() {
    // protocol.md 5.1
    let bridge = Bridge::start().await;
    let metadata =
        json!({ "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_post" });
    let client = Client::register_as(&bridge, &metadata).await;
    let tokens = client.sign_in(&bridge).await;
    let thief = Client { secret: Some("guessed".into()), ..client.clone() };
    thief.revoke(tokens.refresh()).await.assert_error(401, "invalid_client");
    assert!(is_accepted(&bridge, &tokens.access).await);
    client.revoke(tokens.refresh()).await.assert_status(200);
    assert!(!is_accepted(&bridge, &tokens.access).await);
}

#[tokio::test]
async fn a_person_who_revokes_ends_every_sign_in_of_the_client_at_once() {
    // protocol.md 5.4, 9.11; design.md J5
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let other = Client::register(&bridge, "Other").await.sign_in(&bridge).await;
    let (one, two) = (client.sign_in(&bridge).await, client.sign_in(&bridge).await);
    bridge.cli_ok(&["revoke", "App"]).await;
    for tokens in [&one, &two] {
        assert!(!is_accepted(&bridge, &tokens.access).await);
        client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    }
    assert!(is_accepted(&bridge, &other.access).await);
    // The registration stays: the client may ask again, and a person is asked again (9.12).
    assert!(is_accepted(&bridge, &client.sign_in(&bridge).await.access).await);
}

#[tokio::test]
async fn a_revocation_is_whole_although_its_asker_hangs_up() {
    // protocol.md 5.4: never revoked on the disk and good in memory
    let bridge = Bridge::start().await;
    for _ in 0..30 {
        let client = Client::register(&bridge, "App").await;
        let tokens = client.sign_in(&bridge).await;
        let body = encoded(&[("client_id", &client.id), ("token", tokens.refresh())]);
        let request = format!(
            "POST /oauth/revoke HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{body}",
            bridge.port(),
            body.len()
        );
        client.http.send_and_leave(request.as_bytes()).await;
        let ended = tokio::time::timeout(PATIENCE, async {
            loop {
                let listed = bridge.cli_json(&["clients"]).await.to_string().contains(&client.id);
                let accepted = is_accepted(&bridge, &tokens.access).await;
                if listed == accepted {
                    break;
                }
            }
        });
        assert!(ended.await.is_ok(), "the list and the door disagree for good");
    }
}
