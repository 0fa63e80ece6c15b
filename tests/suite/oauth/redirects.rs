//! Which addresses an answer may go to: the registered text and nothing that resembles it
//! (protocol.md 3.8 to 3.13; RFC 9700 §4.1).

use serde_json::json;

use crate::harness::bridge::Bridge;
use crate::harness::oauth::{Client, Pkce};

async fn client(bridge: &Bridge, uris: &[&str]) -> Client {
    Client::register_as(bridge, &json!({ "redirect_uris": uris, "token_endpoint_auth_method": "none" })).await
}

/// An error page that leads nowhere, and no question for anybody.
async fn assert_page_only(bridge: &Bridge, client: &Client, changes: &[(&str, &str)]) {
    let answer = client.authorize(&Pkce::new(), changes).await.assert_status(400);
    assert!(answer.header("location").is_none(), "{changes:?}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{changes:?}");
    let page = answer.text();
    assert!(!page.contains("href=\"http") && !page.contains("<form") && !page.contains("refresh"), "{page}");
    assert_eq!(bridge.cli_json(&["requests"]).await, json!([]), "{changes:?}");
}

#[tokio::test]
async fn an_address_that_only_resembles_a_registered_one_gets_an_error_page() {
    // protocol.md 3.2, 3.8; RFC 9700 §4.1.3
    let bridge = Bridge::start().await;
    let uris = ["https://app.example/cb?a=1", "http://127.0.0.1:45678/callback", "cursor://app/cb"];
    let client = client(&bridge, &uris).await;
    for uri in [
        "https://app.example/cb",
        "https://app.example/cb?a=1&b=2",
        "https://app.example/cb?a=2",
        "https://app.example/cb?a=1/",
        "https://app.example/CB?a=1",
        "https://APP.example/cb?a=1",
        "HTTPS://app.example/cb?a=1",
        "https://app.example:443/cb?a=1",
        "https://app.example./cb?a=1",
        "https://app.example/x/../cb?a=1",
        "https://app.example/%63b?a=1",
        "https://app.example//cb?a=1",
        "https://app.example/cb/?a=1",
        "https://app.example/cb?a=1#f",
        "https://user@app.example/cb?a=1",
        "https://app.example@evil.example/cb?a=1",
        "https://app.example.evil.example/cb?a=1",
        "https://evil.example/?https://app.example/cb?a=1",
        "http://app.example/cb?a=1",
        "http://127.0.0.1:45678/callback/",
        "http://127.0.0.1:45678/callback?x=1",
        "http://127.0.0.1:45678/callback/../callback",
        "http://127.0.0.1:45678/Callback",
        "http://127.0.0.1:45678//callback",
        "http://127.0.0.1:45678/callback#f",
        "http://127.0.0.1:45678@evil.example/callback",
        "http://127.0.0.1.evil.example:45678/callback",
        "http://localhost:45678/callback",
        "http://[::1]:45678/callback",
        "http://127.1:45678/callback",
        "https://127.0.0.1:45678/callback",
        "cursor://app/cb/",
        "cursor://App/cb",
        "cursor:app/cb",
        "vscode://app/cb",
        "javascript:alert(1)",
        "urn:ietf:wg:oauth:2.0:oob",
        "%",
        "\u{0}",
        "http://127.0.0.1:45678/callback\r\nX: y",
    ] {
        assert_page_only(&bridge, &client, &[("redirect_uri", uri)]).await;
    }
}

#[tokio::test]
async fn the_port_of_a_loopback_address_is_free_whether_one_was_registered_or_not() {
    // protocol.md 3.9, D6; RFC 8252 §7.3
    let bridge = Bridge::start().await;
    let client =
        client(&bridge, &["http://localhost/callback", "http://127.0.0.1:33418/", "http://[::1]:1/cb"]).await;
    for uri in [
        "http://localhost/callback",
        "http://localhost:3118/callback",
        "http://localhost:65535/callback",
        "http://127.0.0.1:50001/",
        "http://127.0.0.1/",
        "http://[::1]:9/cb",
    ] {
        let asked = client.ask(&[("redirect_uri", uri)]).await;
        bridge.cli_ok(&["deny", &asked.code]).await;
        let back = asked.hand_in().await.assert_status(303).redirect();
        assert!(back.url.starts_with(&format!("{uri}?error=access_denied&")), "{}", back.url);
    }
    for uri in
        ["http://localhost:65536/callback", "http://localhost:-1/callback", "http://localhost:/callback"]
    {
        assert_page_only(&bridge, &client, &[("redirect_uri", uri)]).await;
    }
}

#[tokio::test]
async fn a_query_of_the_registered_address_is_kept() {
    // protocol.md 3.11; RFC 6749 §4.1.2
    let bridge = Bridge::start().await;
    let client = client(&bridge, &["https://app.example/cb?tenant=a%20b&k"]).await;
    let asked = client.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let back = asked.finish().await;
    assert!(back.url.starts_with("https://app.example/cb?tenant=a%20b&k&code="), "{}", back.url);
    assert_eq!(back.get("state"), Some("a-state"));
}

#[tokio::test]
async fn the_address_may_be_left_out_only_if_there_is_one_that_needs_nothing_added() {
    // protocol.md 3.13; OAuth 2.1 §4.1.1
    let bridge = Bridge::start().await;
    let only = client(&bridge, &["https://app.example/cb"]).await;
    let asked = only.ask(&[("redirect_uri", "")]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let back = asked.hand_in().await.assert_status(303).redirect();
    assert!(back.url.starts_with("https://app.example/cb?code="), "{}", back.url);
    for uris in [
        ["https://app.example/cb", "https://app.example/cb2"].as_slice(),
        &["http://localhost/callback"],
        &["http://127.0.0.1"],
    ] {
        let several = client(&bridge, uris).await;
        assert_page_only(&bridge, &several, &[("redirect_uri", "")]).await;
    }
}

#[tokio::test]
async fn an_address_of_another_client_is_not_an_address_of_this_one() {
    // protocol.md 3.2, 9.12
    let bridge = Bridge::start().await;
    client(&bridge, &["https://victim.example/cb"]).await;
    let thief = client(&bridge, &["https://thief.example/cb"]).await;
    assert_page_only(&bridge, &thief, &[("redirect_uri", "https://victim.example/cb")]).await;
}
