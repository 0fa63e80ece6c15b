//! Authorization requests in order: what they may contain, that each is one question, and what comes back
//! (protocol.md 3.1, 3.6, 3.7, 3.14 to 3.16, 3.21, D15).

use serde_json::{Value, json};

use super::is_accepted;
use crate::harness::bridge::Bridge;
use crate::harness::http::Redirect;
use crate::harness::oauth::{Client, Pkce, SignIn, Tokens, between};

async fn codes(bridge: &Bridge) -> Vec<String> {
    let requests = bridge.cli_json(&["requests"]).await;
    let code = |request: &Value| request["code"].as_str().expect("a code").to_owned();
    requests.as_array().expect("a list").iter().map(code).collect()
}

async fn approved(bridge: &Bridge, asked: &SignIn) -> Redirect {
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    asked.finish().await
}

#[tokio::test]
async fn a_sign_in_ends_with_a_code_the_state_and_the_issuer_once_each() {
    // protocol.md 3.6, 3.7; RFC 9207 §2
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[]).await;
    let back = approved(&bridge, &asked).await;
    assert_eq!(back.get("state"), Some("a-state"));
    assert_eq!(back.get("iss"), Some(bridge.url()));
    assert_eq!(back.get("error"), None);
    let code = back.get("code").expect("a code");
    // protocol.md 3.18: at least 128 bits
    assert!(code.len() >= 43, "{code}");
    let tokens = asked.exchange(code).await;
    assert!(is_accepted(&bridge, &tokens.access).await, "at once (6.13)");
}

#[tokio::test]
async fn the_state_comes_back_byte_for_byte_or_not_at_all() {
    // protocol.md 3.6
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for state in [
        "a b+c%20d&e=f#g?h/i",
        "\"'<>\\`{}|^~[]",
        "\u{e4}\u{20ac}\u{1f600}\u{202e}",
        "line\r\nLocation: https://evil.example/",
        "\u{0}\u{1}\u{7f}",
        "%41%2B",
        " ",
        "null",
    ] {
        let asked = client.ask(&[("state", state)]).await;
        let back = approved(&bridge, &asked).await;
        assert_eq!(back.get("state"), Some(state));
        assert_eq!(back.get("iss"), Some(bridge.url()));
    }
    let back = approved(&bridge, &client.ask(&[("state", "")]).await).await;
    assert_eq!(back.get("state"), None);
    assert!(!back.url.contains("state"), "{}", back.url);
}

#[tokio::test]
async fn the_issuer_is_the_spelling_that_was_asked_and_its_tokens_are_good_under_all() {
    // protocol.md 3.7, 4.18, D3
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let host = format!("{host}:{}", bridge.port());
        let pkce = Pkce::new();
        let resource = format!("http://{host}/mcp");
        let path = format!("/oauth/authorize?{}", client.query(&pkce, &[("resource", &resource)]));
        let page =
            client.http.get(&path).header("host", &host).as_browser().send().await.assert_status(200).text();
        let asked = SignIn {
            client: client.clone(),
            pkce,
            state: "a-state".into(),
            code: between(&page, "class=\"code\">", "<").to_owned(),
            transaction: between(&page, "name=\"transaction\" value=\"", "\"").to_owned(),
        };
        let back = approved(&bridge, &asked).await;
        assert_eq!(back.get("iss"), Some(format!("http://{host}").as_str()));
        let tokens = asked.exchange(back.get("code").expect("a code")).await;
        assert!(is_accepted(&bridge, &tokens.access).await);
    }
}

#[tokio::test]
async fn the_same_request_is_one_question_and_another_is_another() {
    // protocol.md 3.21
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    let resource = format!("{}/mcp", bridge.url());
    for _ in 0..3 {
        client.authorize(&pkce, &[]).await.assert_status(200);
    }
    assert_eq!(codes(&bridge).await.len(), 1);
    client.authorize(&pkce, &[("state", "another")]).await.assert_status(200);
    client.authorize(&Pkce::new(), &[]).await.assert_status(200);
    client.authorize(&pkce, &[("scope", "read")]).await.assert_status(200);
    client.authorize(&pkce, &[("redirect_uri", "http://127.0.0.1:9/callback")]).await.assert_status(200);
    let codes = codes(&bridge).await;
    assert_eq!(codes.len(), 5);
    for code in &codes[..2] {
        bridge.cli_ok(&["deny", code]).await;
    }
    client.authorize(&pkce, &[("resource", &resource), ("state", "third")]).await.assert_status(200);
}

#[tokio::test]
async fn several_windows_of_one_client_each_get_their_own_answer() {
    // protocol.md 3.21
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let mut windows = Vec::new();
    for state in ["one", "two", "three"] {
        windows.push(client.ask(&[("state", state)]).await);
    }
    bridge.cli_ok(&["approve", &windows[1].code, "--sandbox"]).await;
    bridge.cli_ok(&["deny", &windows[0].code]).await;
    let undecided = windows[2].hand_in().await.assert_status(303).redirect();
    assert!(undecided.url.starts_with("/oauth/wait/"), "{}", undecided.url);
    let denied = windows[0].finish().await;
    assert_eq!((denied.get("state"), denied.get("error")), (Some("one"), Some("access_denied")));
    let allowed = windows[1].finish().await;
    assert_eq!(allowed.get("state"), Some("two"));
    windows[1].exchange(allowed.get("code").expect("a code")).await;
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn parameters_may_come_in_a_form() {
    // protocol.md 3.1; RFC 6749 §3.1
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let query = client.query(&Pkce::new(), &[]);
    let posted = |kind: &str, path: &str, body: &str| {
        client.http.post(path).as_browser().header("content-type", kind).body(body.to_owned()).send()
    };
    let page = posted(FORM, "/oauth/authorize", &query).await.assert_status(200).text();
    assert_eq!(codes(&bridge).await, [between(&page, "class=\"code\">", "<")]);
    // The same request by either method is one question.
    client.http.get(&format!("/oauth/authorize?{query}")).as_browser().send().await.assert_status(200);
    assert_eq!(codes(&bridge).await.len(), 1);
    // A post is read from its body only, and only as a form.
    posted(FORM, &format!("/oauth/authorize?{query}"), "").await.assert_status(400);
    posted("application/json", "/oauth/authorize", "{}").await.assert_error(400, "invalid_request");
    posted("text/plain", "/oauth/authorize", &query).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn what_is_not_supported_is_ignored() {
    // protocol.md 3.1, 3.16
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client
        .ask(&[
            ("prompt", "none"),
            ("nonce", "n"),
            ("claims", "{}"),
            ("max_age", "0"),
            ("login_hint", "x@a.example"),
            ("response_mode", "query"),
            ("id_token_hint", "e30.e30."),
            ("audience", "https://evil.example/"),
            ("sub", "somebody"),
            ("approved", "true"),
        ])
        .await;
    // `prompt=none` asks for an answer without a person: there is none.
    assert_eq!(codes(&bridge).await, [asked.code.as_str()]);
    let undecided = asked.hand_in().await.assert_status(303).redirect();
    assert!(undecided.url.starts_with("/oauth/wait/"));
}

#[tokio::test]
async fn every_spelling_of_the_resource_is_this_server() {
    // protocol.md 3.14, D3, D8
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let port = bridge.port();
    for resource in [
        String::new(),
        format!("http://127.0.0.1:{port}/mcp"),
        format!("http://localhost:{port}/mcp/"),
        format!("http://[::1]:{port}/mcp"),
        format!("HTTP://LocalHost:{port}/mcp"),
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}/"),
    ] {
        let tokens = client.sign_in_as(&bridge, &["--sandbox"], &[("resource", &resource)]).await;
        assert!(is_accepted(&bridge, &tokens.access).await, "{resource}");
    }
    // Twice the same is the same.
    let pkce = Pkce::new();
    let twice = format!("resource=http://127.0.0.1:{port}/mcp&resource=http://localhost:{port}/");
    let path = format!("/oauth/authorize?{}&{twice}", client.query(&pkce, &[]));
    client.http.get(&path).as_browser().send().await.assert_status(200);
}

#[tokio::test]
async fn the_resource_of_one_person_is_granted_for_the_account_of_that_person_only() {
    // protocol.md 3.14, D14
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    client.sign_in(&bridge).await;
    let accounts = bridge.cli_json(&["accounts"]).await;
    let own = accounts[0]["user_id"].as_str().expect("an id").to_owned();
    let of = |id: &str| format!("{}/mcp/oauth/{id}", bridge.url());
    let tokens = client.sign_in_as(&bridge, &["--sandbox"], &[("resource", &of(&own))]).await;
    let post = |path: String| {
        bridge
            .http()
            .post(&path)
            .bearer(&tokens.access)
            .json(&json!({ "jsonrpc": "2.0", "method": "x" }))
            .send()
    };
    let status = post(format!("/mcp/oauth/{own}")).await.status.as_u16();
    assert!(status != 401 && status != 403, "{status}");
    post("/mcp/oauth/somebody-else".into()).await.assert_status(403);
    let asked = client.ask(&[("resource", &of("somebody-else"))]).await;
    let back = approved(&bridge, &asked).await;
    assert_eq!((back.get("error"), back.get("code")), (Some("invalid_target"), None));
}

#[tokio::test]
async fn scopes_that_exist_are_granted_and_what_was_granted_is_said() {
    // protocol.md 1.9, 3.15; RFC 6749 §3.3, §5.1
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    for (asked, granted) in [
        ("", "read write"),
        ("read", "read"),
        ("write", "write"),
        ("write read", "read write"),
        ("read admin mcp:tools", "read"),
        ("read offline_access", "read"),
        ("offline_access", "read write"),
        ("openid profile email", "read write"),
        (" read  read ", "read"),
    ] {
        let sign_in = client.ask(&[("scope", asked)]).await;
        let back = approved(&bridge, &sign_in).await;
        let reply = sign_in.redeem(back.get("code").expect("a code")).await.assert_status(200).json();
        assert_eq!(reply["scope"], granted, "{asked}");
        assert!(reply["refresh_token"].is_string(), "whatever the scope (1.9)");
    }
}

#[tokio::test]
async fn a_client_without_metadata_finds_everything_at_the_default_paths() {
    // protocol.md 1.12, D15, 10.5: no resource, no scope, no state
    let bridge = Bridge::start().await;
    let http = bridge.http();
    let uri = "http://localhost:45678/cb";
    let metadata = json!({ "redirect_uris": [uri], "token_endpoint_auth_method": "none" });
    let reply = http.post("/register").json(&metadata).send().await.assert_status(201).json();
    let id = reply["client_id"].as_str().expect("an id").to_owned();
    let client = Client { http, id, redirect_uri: uri.into(), secret: None };
    for (authorize, token) in
        [("/authorize", "/token"), ("/oauth/authorize", "/token"), ("/authorize", "/oauth/token")]
    {
        let pkce = Pkce::new();
        let path = format!("{authorize}?{}", client.query(&pkce, &[("state", "")]));
        let page = client.http.get(&path).as_browser().send().await.assert_status(200).text();
        bridge.cli_ok(&["approve", between(&page, "class=\"code\">", "<"), "--sandbox"]).await;
        let transaction = between(&page, "name=\"transaction\" value=\"", "\"");
        let handed_in =
            client.http.post("/oauth/callback").form(&[("transaction", transaction)]).send().await;
        let back = handed_in.assert_status(303).redirect();
        assert_eq!(back.get("iss"), Some(bridge.url()));
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client.id.as_str()),
            ("code", back.get("code").expect("a code")),
            ("code_verifier", pkce.verifier.as_str()),
        ];
        let answer = client.http.post(token).form(&form).send().await.assert_status(200);
        let tokens = Tokens::of(&client.id, &answer);
        assert!(is_accepted(&bridge, &tokens.access).await);
        let form = [("client_id", client.id.as_str()), ("token", tokens.refresh())];
        client.http.post("/revoke").form(&form).send().await.assert_status(200);
        assert!(!is_accepted(&bridge, &tokens.access).await);
    }
}
