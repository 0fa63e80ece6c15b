//! Who is at the token and revocation endpoints: one method per client and request (protocol.md 2.13, 4.4, 4.15).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::is_accepted;
use crate::harness::bridge::Bridge;
use crate::harness::http::{Answer, Asking};
use crate::harness::oauth::{Client, REDIRECT_URI, Tokens};

async fn client(bridge: &Bridge, method: &str) -> Client {
    let metadata = json!({ "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": method });
    Client::register_as(bridge, &metadata).await
}

/// A refresh with a token that does not exist: past the client's authentication it is an invalid grant.
fn probe(client: &Client, pairs: &[(&str, &str)]) -> Asking {
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    client.http.post("/oauth/token").form(&[pairs, &grant].concat())
}

#[track_caller]
fn assert_let_in(answer: Answer) {
    answer.assert_error(400, "invalid_grant");
}

/// protocol.md 4.15: the scheme is named only to those who used the header.
#[track_caller]
fn assert_kept_out(answer: Answer, with_header: bool) {
    let answer = answer.assert_error(401, "invalid_client");
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge.is_some_and(|challenge| challenge.starts_with("Basic realm=")), with_header);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn every_method_signs_its_own_client_in() {
    // protocol.md 4.4, 2.6
    let bridge = Bridge::start().await;
    for method in ["none", "client_secret_post", "client_secret_basic"] {
        let client = client(&bridge, method).await;
        let asked = client.ask(&[]).await;
        let code = asked.allowed(&bridge).await;
        let grant =
            [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", &asked.pkce.verifier)];
        let answer = if method == "client_secret_basic" {
            let secret = client.secret.as_deref().expect("a secret");
            client.http.post("/oauth/token").basic(&client.id, secret).form(&grant).send().await
        } else {
            client.token(&grant).await
        };
        let tokens = Tokens::of(&client.id, &answer.assert_status(200));
        assert!(is_accepted(&bridge, &tokens.access).await, "{method}");
    }
}

#[tokio::test]
async fn basic_credentials_are_read_however_they_are_encoded() {
    // protocol.md 2.8, 4.4; RFC 6749 §2.3.1
    let bridge = Bridge::start().await;
    let client = client(&bridge, "client_secret_basic").await;
    let (id, secret) = (client.id.as_str(), client.secret.as_deref().expect("a secret"));
    let escaped = secret.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let with = |scheme: &str, pair: &str| {
        let value = format!("{scheme} {}", STANDARD.encode(pair));
        probe(&client, &[]).header("authorization", &value).send()
    };
    assert_let_in(with("Basic", &format!("{id}:{secret}")).await);
    assert_let_in(with("basic", &format!("{id}:{secret}")).await);
    assert_let_in(with("BASIC", &format!("{id}:{escaped}")).await);
    // The same id beside it is tolerated; another is not.
    assert_let_in(probe(&client, &[("client_id", id)]).basic(id, secret).send().await);
    assert_kept_out(probe(&client, &[("client_id", "other")]).basic(id, secret).send().await, true);
    // Two methods in one request (RFC 6749 §2.3).
    let both = probe(&client, &[("client_id", id), ("client_secret", secret)]).basic(id, secret);
    both.send().await.assert_error(400, "invalid_request");
    let twice = probe(&client, &[]).basic(id, secret).basic(id, secret);
    twice.send().await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_garbled_authorization_header_is_an_invalid_client() {
    // protocol.md 4.4, 4.15
    let bridge = Bridge::start().await;
    let client = client(&bridge, "client_secret_basic").await;
    let (id, secret) = (client.id.clone(), client.secret.clone().expect("a secret"));
    let pair = |text: &str| format!("Basic {}", STANDARD.encode(text));
    for value in [
        "Basic".to_owned(),
        "Basic ".into(),
        "Basic !!!".into(),
        "Basic e30".into(),
        pair(""),
        pair(":"),
        pair(&id),
        pair(&format!("{id}:")),
        pair(&format!(":{secret}")),
        pair(&format!("{id}:{secret}x")),
        pair(&format!("{id}x:{secret}")),
        pair(&format!("{id}:{}", &secret[1..])),
        pair(&format!("{id}:{}", secret.to_lowercase())),
        pair(&format!("{id}:{secret}\0")),
        pair("\u{0}:\u{0}"),
        format!("Bearer {secret}"),
        format!("Digest {secret}"),
        secret.clone(),
    ] {
        assert_kept_out(probe(&client, &[]).header("authorization", &value).send().await, true);
        assert_kept_out(
            probe(&client, &[("client_id", &id)]).header("authorization", &value).send().await,
            true,
        );
    }
}

#[tokio::test]
async fn a_method_that_the_client_did_not_register_keeps_it_out() {
    // protocol.md 4.4: no downgrade, and no secret for those who have none
    let bridge = Bridge::start().await;
    let post = client(&bridge, "client_secret_post").await;
    let basic = client(&bridge, "client_secret_basic").await;
    let public = client(&bridge, "none").await;
    for confidential in [&post, &basic] {
        let (id, secret) = (confidential.id.as_str(), confidential.secret.as_deref().expect("a secret"));
        assert_kept_out(probe(confidential, &[("client_id", id)]).send().await, false);
        let empty = [("client_id", id), ("client_secret", "")];
        assert_kept_out(probe(confidential, &empty).send().await, false);
        let wrong = [("client_id", id), ("client_secret", "wrong")];
        assert_kept_out(probe(confidential, &wrong).send().await, false);
        let in_body = probe(confidential, &[("client_id", id), ("client_secret", secret)]).send().await;
        let in_header = probe(confidential, &[]).basic(id, secret).send().await;
        if std::ptr::eq(confidential, &raw const post) {
            assert_let_in(in_body);
            assert_kept_out(in_header, true);
        } else {
            assert_kept_out(in_body, false);
            assert_let_in(in_header);
        }
    }
    assert_let_in(probe(&public, &[("client_id", &public.id)]).send().await);
    let invented = [("client_id", public.id.as_str()), ("client_secret", "invented")];
    assert_kept_out(probe(&public, &invented).send().await, false);
    assert_kept_out(probe(&public, &[]).basic(&public.id, "invented").send().await, true);
    // One client's secret is not another's.
    let mixed =
        [("client_id", post.id.as_str()), ("client_secret", basic.secret.as_deref().expect("a secret"))];
    assert_kept_out(probe(&post, &mixed).send().await, false);
}

#[tokio::test]
async fn an_unknown_client_is_told_so_that_it_registers_again() {
    // protocol.md 2.13: 401 invalid_client, never 400 or 5xx
    let bridge = Bridge::start().await;
    let client = client(&bridge, "none").await;
    for id in [
        "unknown",
        "https://unknown.example/client.json",
        "http://127.0.0.1/",
        "https://127.0.0.1/client.json",
        "\u{0}",
        "' OR 1=1 --",
        &"x".repeat(10_000),
        &client.id.to_lowercase(),
    ] {
        assert_kept_out(probe(&client, &[("client_id", id)]).send().await, false);
        let revoke = client.http.post("/oauth/revoke").form(&[("client_id", id), ("token", "x")]);
        assert_kept_out(revoke.send().await, false);
    }
    assert_kept_out(probe(&client, &[]).basic("unknown", "secret").send().await, true);
}

#[tokio::test]
async fn a_stolen_id_of_a_confidential_client_is_worth_nothing() {
    // protocol.md 4.4, 4.12: code and refresh token in hand, but no secret
    let bridge = Bridge::start().await;
    let client = client(&bridge, "client_secret_post").await;
    let tokens = client.sign_in(&bridge).await;
    let thief = Client { secret: None, ..client.clone() };
    thief.refresh(tokens.refresh()).await.assert_error(401, "invalid_client");
    thief.revoke(tokens.refresh()).await.assert_error(401, "invalid_client");
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let grant =
        [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", &asked.pkce.verifier)];
    thief.token(&grant).await.assert_error(401, "invalid_client");
    asked.exchange(&code).await;
    client.refresh(tokens.refresh()).await.assert_status(200);
}
