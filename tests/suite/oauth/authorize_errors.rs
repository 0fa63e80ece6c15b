//! Authorization requests with a fault: who is told, what, and that nobody is asked (protocol.md 3.1 to 3.7,
//! 3.14 to 3.16, 3.19).

use serde_json::json;

use crate::harness::bridge::Bridge;
use crate::harness::http::{Answer, Redirect, encoded};
use crate::harness::oauth::{Client, Pkce, REDIRECT_URI, between};

/// A program is told by a redirect at once.
#[track_caller]
fn assert_told(answer: &Answer, bridge: &Bridge, error: &str, state: Option<&str>) {
    assert_eq!(answer.status.as_u16(), 302, "{}", answer.text());
    let back = answer.redirect();
    assert!(back.url.starts_with(&format!("{REDIRECT_URI}?")), "{}", back.url);
    assert_eq!(back.get("error"), Some(error), "{}", back.url);
    assert_eq!(back.get("state"), state, "{}", back.url);
    assert_eq!(back.get("iss"), Some(bridge.url()), "{}", back.url);
    assert_eq!(back.get("code"), None, "{}", back.url);
    let description = back.get("error_description").expect("a description");
    let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(!description.is_empty() && description.bytes().all(allowed), "{description}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
}

async fn assert_nobody_is_asked(bridge: &Bridge) {
    assert_eq!(bridge.cli_json(&["requests"]).await, json!([]));
}

#[tokio::test]
async fn what_concerns_the_client_or_its_address_is_a_page_and_never_a_redirect() {
    // protocol.md 3.2; RFC 6749 §4.1.2.1
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let good = client.query(&Pkce::new(), &[]);
    let without = |name: &str| client.query(&Pkce::new(), &[(name, "")]);
    let stranger = |id: &str| client.query(&Pkce::new(), &[("client_id", id)]);
    let id = client.id.as_str();
    for query in [
        String::new(),
        "x".repeat(20_000),
        "%".into(),
        "&&&=&=".into(),
        without("client_id"),
        stranger("unknown"),
        stranger(&"x".repeat(4096)),
        stranger(&id.to_lowercase()),
        stranger(&format!("{id} ")),
        stranger(&format!("{id}\0")),
        stranger("' OR 1=1 --"),
        stranger("http://127.0.0.1/client.json"),
        stranger("file:///etc/passwd"),
        format!("{good}&{}", encoded(&[("client_id", id)])),
        format!("{good}&{}", encoded(&[("client_id", "other")])),
        format!("{good}&{}", encoded(&[("redirect_uri", REDIRECT_URI)])),
        format!("{good}&{}", encoded(&[("redirect_uri", "https://evil.example/")])),
        format!("{}&redirect_uri=", client.query(&Pkce::new(), &[("redirect_uri", "https://evil.example/")])),
        client.query(&Pkce::new(), &[("redirect_uri", "https://evil.example/"), ("response_type", "token")]),
    ] {
        let path = format!("/oauth/authorize?{query}");
        let page = bridge.http().get(&path).as_browser().send().await.assert_status(400);
        assert_eq!(page.header("location"), None, "{query}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        let text = page.text();
        assert!(!text.contains("evil.example") && !text.contains("<a "), "{text}");
        let told = bridge.http().get(&path).send().await.assert_error(400, "invalid_request");
        assert_eq!(told.header("location"), None);
        assert_eq!(told.header("cache-control"), Some("no-store"));
    }
    assert_nobody_is_asked(&bridge).await;
}

#[tokio::test]
async fn every_other_fault_goes_back_to_the_client_with_state_and_issuer() {
    // protocol.md 3.3 to 3.7, 3.16
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    let challenge = pkce.challenge.as_str();
    let standard_alphabet = format!("+{}", &challenge[1..]);
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("response_type", "code token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "CODE", "unsupported_response_type"),
        ("response_type", "none", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge", &challenge[1..], "invalid_request"),
        ("code_challenge", &format!("{challenge}a"), "invalid_request"),
        ("code_challenge", &format!("{challenge}="), "invalid_request"),
        ("code_challenge", &standard_alphabet, "invalid_request"),
        ("code_challenge", &pkce.verifier.repeat(3), "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "s256", "invalid_request"),
        ("code_challenge_method", "S512", "invalid_request"),
        ("request", "e30.e30.", "request_not_supported"),
        ("request_uri", "https://evil.example/request.jwt", "request_uri_not_supported"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "request_uri_not_supported"),
        ("scope", "admin", "invalid_scope"),
        ("scope", "READ", "invalid_scope"),
        ("scope", "read,write", "invalid_scope"),
    ] {
        let answer = client.authorize_as_program(&pkce, &[(name, value)]).await;
        assert_told(&answer, &bridge, error, Some("a-state"));
        let answer = client.authorize_as_program(&pkce, &[(name, value), ("state", "")]).await;
        assert_told(&answer, &bridge, error, None);
    }
    assert_nobody_is_asked(&bridge).await;
}

#[tokio::test]
async fn a_repeated_parameter_is_an_invalid_request() {
    // protocol.md 3.1; RFC 6749 §3.1
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    for (name, value) in [
        ("response_type", "code"),
        ("scope", "read"),
        ("code_challenge", pkce.challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("code_challenge_method", ""),
    ] {
        let query = client.query(&pkce, &[("scope", "read")]);
        let path = format!("/oauth/authorize?{query}&{}", encoded(&[(name, value)]));
        let answer = client.http.get(&path).send().await;
        assert_told(&answer, &bridge, "invalid_request", Some("a-state"));
    }
    // Of two states neither is the client's.
    let path = format!("/oauth/authorize?{}&state=another", client.query(&pkce, &[]));
    assert_told(&client.http.get(&path).send().await, &bridge, "invalid_request", None);
    // A flood of parameters is not looked through.
    let flood = (0..200).map(|n| format!("&p{n}=1")).collect::<Vec<_>>().concat();
    let path = format!("/oauth/authorize?{}{flood}", client.query(&pkce, &[]));
    assert_told(&client.http.get(&path).send().await, &bridge, "invalid_request", Some("a-state"));
    assert_nobody_is_asked(&bridge).await;
}

#[tokio::test]
async fn a_state_that_cannot_be_returned_as_it_came_is_refused() {
    // protocol.md 3.6
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    let garbled = format!("/oauth/authorize?{}&state=a%ff", client.query(&pkce, &[("state", "")]));
    assert_told(&client.http.get(&garbled).send().await, &bridge, "invalid_request", None);
    let longest = "s".repeat(4096);
    let asked = client.ask(&[("state", &longest)]).await;
    bridge.cli_ok(&["deny", &asked.code]).await;
    assert_eq!(asked.finish().await.get("state"), Some(longest.as_str()));
    let too_long = format!("{longest}s");
    let answer = client.authorize_as_program(&pkce, &[("state", &too_long)]).await;
    assert_told(&answer, &bridge, "invalid_request", Some(&too_long));
}

#[tokio::test]
async fn a_resource_that_is_not_this_server_is_an_invalid_target() {
    // protocol.md 3.14; RFC 8707 §2
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let pkce = Pkce::new();
    let (url, port) = (bridge.url(), bridge.port());
    for resource in [
        "mcp".to_owned(),
        "https://evil.example/mcp".into(),
        format!("https://127.0.0.1:{port}/mcp"),
        format!("http://127.0.0.1:{}/mcp", port ^ 1),
        "http://127.0.0.1/mcp".into(),
        format!("http://127.0.0.1:{port}@evil.example/mcp"),
        format!("http://evil.example@127.0.0.1:{port}/mcp"),
        format!("{url}/mcp#fragment"),
        format!("{url}/mcp#"),
        format!("{url}/mcp?x=1"),
        format!("{url}/mcp//"),
        format!("{url}/MCP"),
        format!("{url}/mcp/other"),
        format!("{url}/x/../mcp"),
        format!("{url}/%6dcp"),
        format!("{url}/mcp/oauth/"),
        format!("{url}/mcp/oauth/a/b"),
        format!("{url}/mcp/oauth/{}", "u".repeat(129)),
        format!("{url}/mcp\\"),
        format!(" {url}/mcp"),
        format!("{url}/mcp\u{e9}"),
    ] {
        let answer = client.authorize_as_program(&pkce, &[("resource", &resource)]).await;
        assert_told(&answer, &bridge, "invalid_target", Some("a-state"));
    }
    let good = [("resource", format!("{url}/mcp"))];
    let two = format!(
        "/oauth/authorize?{}&{}",
        client.query(&pkce, &[("resource", &good[0].1)]),
        encoded(&[("resource", "https://evil.example/")])
    );
    assert_told(&client.http.get(&two).send().await, &bridge, "invalid_target", Some("a-state"));
    assert_nobody_is_asked(&bridge).await;
}

#[tokio::test]
async fn the_issuer_of_an_error_is_the_spelling_that_was_asked() {
    // protocol.md 3.7, D3
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "App").await;
    let query = client.query(&Pkce::new(), &[("response_type", "token")]);
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let host = format!("{host}:{}", bridge.port());
        let path = format!("/oauth/authorize?{query}");
        let back = client.http.get(&path).header("host", &host).send().await.redirect();
        assert_eq!(back.get("iss"), Some(format!("http://{host}").as_str()));
    }
}

#[tokio::test]
async fn a_person_in_a_browser_sees_the_error_and_chooses_to_go_on() {
    // protocol.md 3.3, 9.22; RFC 9700 §4.11.2: no open redirector
    let bridge = Bridge::start().await;
    let name = "<i>Evil</i> & \"Co\"";
    let client = Client::register(&bridge, name).await;
    let state = "\"><script>alert(1)</script>";
    let changes = [("response_type", "token"), ("state", state)];
    let page = client.authorize(&Pkce::new(), &changes).await.assert_status(400);
    assert_eq!(page.header("location"), None);
    assert_eq!(page.header("refresh"), None);
    let text = page.text();
    assert!(!text.contains("<script") && !text.contains("http-equiv") && !text.contains("<i>"), "{text}");
    let link = between(&text, "href=\"http://127.0.0.1:45678", "\"").replace("&amp;", "&");
    let back = Redirect::of(&format!("http://127.0.0.1:45678{link}"));
    assert_eq!(back.get("error"), Some("unsupported_response_type"));
    assert_eq!(back.get("state"), Some(state));
    assert_eq!(back.get("iss"), Some(bridge.url()));
    assert!(text.contains("&lt;i&gt;Evil&lt;/i&gt; &amp; &quot;Co&quot;"), "{text}");
    assert!(text.contains("(127.0.0.1)"), "the person sees where the link goes: {text}");
}
