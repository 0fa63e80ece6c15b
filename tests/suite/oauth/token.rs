//! The token endpoint: what it reads, and how every answer stands on the wire (protocol.md 4.1 to 4.3, 4.9,
//! 4.10, 4.15, 4.16, 4.18).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use super::is_accepted;
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::{Answer, PATIENCE, encoded};
use crate::harness::oauth::{Client, REDIRECT_URI, SignIn, Tokens};

const FORM: &str = "application/x-www-form-urlencoded";
/// Who take turns in a flood.
const CLIENTS: usize = 8;

/// JSON that nobody keeps (4.3).
#[track_caller]
fn assert_wire(answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
}

#[track_caller]
fn assert_refused(answer: Answer, status: u16, error: &str) {
    let answer = answer.assert_error(status, error);
    assert_wire(&answer);
    assert!(answer.json()["error_description"].is_string());
    assert_eq!(answer.header("www-authenticate"), None, "only when Authorization was used (4.15)");
}

fn exchange<'a>(asked: &'a SignIn, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", &asked.client.id),
        ("code", code),
        ("code_verifier", &asked.pkce.verifier),
        ("redirect_uri", &asked.client.redirect_uri),
    ]
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn an_exchange_answers_with_everything_a_client_needs() {
    // protocol.md 4.9, 4.10, 4.3
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let answer = asked.redeem(&code).await.assert_status(200);
    assert_wire(&answer);
    let mut reply = answer.json();
    let members = reply.as_object_mut().expect("an object");
    for token in ["access_token", "refresh_token"] {
        assert!(members.remove(token).is_some_and(|token| token.is_string()), "{token}");
    }
    assert_eq!(reply, json!({ "token_type": "Bearer", "expires_in": 3600, "scope": "read write" }));
}

#[tokio::test]
async fn an_access_token_says_what_it_must_and_nothing_secret() {
    // protocol.md 4.18, 4.20; design.md 4
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let resource = format!("http://localhost:{}/mcp/", bridge.port());
    let tokens = client.sign_in_as(&bridge, &["--sandbox"], &[("resource", &resource)]).await;
    let accounts = bridge.cli_json(&["accounts"]).await;
    let header = part(&tokens.access, 0);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("at+jwt")));
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
    assert_eq!(header.as_object().map(serde_json::Map::len), Some(3), "{header}");
    let mut claims = part(&tokens.access, 1);
    let members = claims.as_object_mut().expect("an object");
    let mut take = |name: &str| members.remove(name).expect(name);
    let (issued, expires) = (take("iat").as_i64().expect("seconds"), take("exp").as_i64().expect("seconds"));
    assert_eq!(expires - issued, 3600);
    assert!(take("jti").as_str().is_some_and(|jti| jti.len() >= 43));
    assert_eq!(
        claims,
        json!({
            "iss": bridge.url(),
            "aud": format!("{}/mcp", bridge.url()),
            "sub": accounts[0]["user_id"],
            "client": "App",
            "client_id": client.id,
            "scope": "read write",
        }),
        "the canonical spelling, and neither key nor e-mail"
    );
}

#[tokio::test]
async fn a_client_that_cannot_refresh_gets_a_token_for_a_day() {
    // design.md 4; protocol.md 2.7
    let bridge = Bridge::start().await;
    let metadata = json!({ "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none",
                           "grant_types": ["authorization_code"] });
    let asked = Client::register_as(&bridge, &metadata).await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let reply = asked.redeem(&code).await.assert_status(200).json();
    assert_eq!(reply["expires_in"], 24 * 3600);
    assert!(reply.get("refresh_token").is_none(), "{reply}");
}

#[tokio::test]
async fn only_a_form_in_the_body_is_read() {
    // protocol.md 4.1, 4.2
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let pairs = exchange(&asked, &code);
    let form = encoded(&pairs);
    let json: Value = pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    for path in ["/oauth/token", "/token"] {
        let post = |path: &str, kind: &str, body: String| {
            asked.client.http.post(path).header("content-type", kind).body(body).send()
        };
        let in_query = format!("{path}?{form}");
        assert_refused(post(path, "application/json", json.to_string()).await, 400, "invalid_request");
        assert_refused(post(path, FORM, json.to_string()).await, 401, "invalid_client");
        assert_refused(post(path, "text/plain", form.clone()).await, 400, "invalid_request");
        assert_refused(
            post(path, "multipart/form-data; boundary=x", form.clone()).await,
            400,
            "invalid_request",
        );
        assert_refused(post(&in_query, FORM, String::new()).await, 401, "invalid_client");
        assert_refused(post(&in_query, "", String::new()).await, 400, "invalid_request");
        assert_refused(asked.client.http.post(path).body(form.clone()).send().await, 400, "invalid_request");
        let twice = asked.client.http.post(path).header("content-type", FORM).header("content-type", FORM);
        assert_refused(twice.body(form.clone()).send().await, 400, "invalid_request");
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            assert_refused(asked.client.http.ask(method, &in_query).send().await, 405, "method_not_allowed");
        }
    }
    // None of that spent the code; parameters of the media type and of the URL do not matter.
    let kind = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
    let path = "/oauth/token?client_id=other&code=other";
    let answer = asked.client.http.post(path).header("content-type", kind).body(form).send().await;
    Tokens::of(&asked.client.id, &answer.assert_status(200));
}

#[tokio::test]
async fn a_missing_parameter_is_named_and_an_empty_one_is_missing() {
    // protocol.md 4.1, 4.15
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    for (name, status, error) in [
        ("grant_type", 400, "invalid_request"),
        ("client_id", 401, "invalid_client"),
        ("code", 400, "invalid_request"),
        ("code_verifier", 400, "invalid_request"),
    ] {
        let mut pairs = exchange(&asked, &code);
        pairs.retain(|(pair, _)| *pair != name);
        assert_refused(asked.client.http.post("/oauth/token").form(&pairs).send().await, status, error);
        pairs.push((name, ""));
        assert_refused(asked.client.http.post("/oauth/token").form(&pairs).send().await, status, error);
    }
    let answer = asked.client.token(&[("grant_type", "refresh_token")]).await;
    assert_refused(answer, 400, "invalid_request");
    // Unknown ones and an absent redirect URI are fine (4.6).
    let mut pairs = exchange(&asked, &code);
    pairs.retain(|(name, _)| *name != "redirect_uri");
    pairs.extend([("audience", "x"), ("scope", "admin"), ("redirect_uri", "")]);
    asked.client.http.post("/oauth/token").form(&pairs).send().await.assert_status(200);
}

#[tokio::test]
async fn a_repeated_parameter_is_an_invalid_request_and_spends_nothing() {
    // protocol.md 4.1; RFC 6749 §3.2
    let bridge = Bridge::start().await;
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    for (name, value) in exchange(&asked, &code) {
        for second in [value, "another", ""] {
            let mut pairs = exchange(&asked, &code);
            pairs.push((name, second));
            assert_refused(
                asked.client.http.post("/oauth/token").form(&pairs).send().await,
                400,
                "invalid_request",
            );
        }
    }
    asked.exchange(&code).await;
}

#[tokio::test]
async fn other_grants_are_unsupported() {
    // protocol.md 4.16, 3.4; OAuth 2.1 has neither password nor implicit
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for grant in [
        "client_credentials",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
        "authorization_code ",
        "x",
    ] {
        let pairs = [("grant_type", grant), ("username", "a"), ("password", "b"), ("assertion", "e30.e30.")];
        assert_refused(client.token(&pairs).await, 400, "unsupported_grant_type");
    }
}

#[tokio::test]
async fn an_access_token_ends_when_it_says_and_refreshing_goes_on() {
    // protocol.md 4.10, 4.19, 6.4
    let bridge = BridgeOptions::default().env("JEAN_BRIDGE_ACCESS_TOKEN_TTL", "2s").start().await;
    let client = Client::register(&bridge, "App").await;
    let tokens = client.sign_in(&bridge).await;
    let ended = async {
        while is_accepted(&bridge, &tokens.access).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("it ends");
    // A new one may have ended, too, before it is looked at.
    let renewed = async {
        let mut refresh = tokens.refresh().to_owned();
        loop {
            let answer = client.refresh(&refresh).await.assert_status(200);
            assert_eq!(answer.json()["expires_in"], 2);
            let renewed = Tokens::of(&client.id, &answer);
            if is_accepted(&bridge, &renewed.access).await {
                break;
            }
            renewed.refresh().clone_into(&mut refresh);
        }
    };
    tokio::time::timeout(PATIENCE, renewed).await.expect("a token that is accepted");
    assert!(!is_accepted(&bridge, &tokens.access).await, "ended is ended");
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413_in_json() {
    // protocol.md 4.3
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pad = "x".repeat(70_000);
    for path in ["/oauth/token", "/oauth/revoke", "/token"] {
        let answer = client.http.post(path).form(&[("client_id", &client.id), ("pad", &pad)]).send().await;
        assert_refused(answer, 413, "invalid_request");
    }
}

#[tokio::test]
async fn a_flood_is_told_to_slow_down_in_json() {
    // protocol.md 4.15
    let bridge = Bridge::start().await;
    // So many that none of them comes to the limit of its own.
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        let client = Client::register(&bridge, &format!("App {n}")).await;
        let tokens = client.sign_in(&bridge).await;
        clients.push((client, tokens));
    }
    for _ in 0..2000 {
        // What is refused anyway costs nothing and takes nobody's place.
        clients[0].0.refresh("jbrefresh_unknown").await.assert_error(400, "invalid_grant");
    }
    let mut answered = 0;
    let (refused, at) = loop {
        let at = answered % CLIENTS;
        let (client, tokens) = &mut clients[at];
        let answer = client.refresh(tokens.refresh()).await;
        if answer.status.as_u16() != 200 {
            break (answer, at);
        }
        *tokens = Tokens::of(&client.id, &answer);
        answered += 1;
        assert!(answered < 20_000, "there is a limit");
    };
    assert_refused(refused, 429, "too_many_requests");
    assert!(answered >= 100, "no honest client gets there: {answered}");
    // What was refused spent nothing: the same token is good when there is room again.
    let (client, tokens) = &clients[at];
    let room = async {
        loop {
            let answer = client.refresh(tokens.refresh()).await;
            if answer.status.as_u16() != 429 {
                break answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, room).await.expect("room again").assert_status(200);
}
