//! Registrations that are malformed, hostile or too many: each is refused in JSON, and nothing of it is kept
//! (protocol.md 2.3, 2.5, 2.9, 2.10, 2.11).

use rusqlite::Connection;
use serde_json::{Value, json};

use super::stored;
use crate::harness::bridge::Bridge;
use crate::harness::http::{Answer, Asking};
use crate::harness::oauth::{Client, Pkce, REDIRECT_URI, between};

/// Clients that registered themselves, in all (oauth/limits.rs).
const PLACES: u32 = 20_000;

fn asking(bridge: &Bridge) -> Asking {
    bridge.http().post("/oauth/register")
}

async fn register(bridge: &Bridge, metadata: &Value) -> Answer {
    asking(bridge).json(metadata).send().await
}

#[track_caller]
fn assert_refused(answer: Answer, status: u16, error: &str) {
    let answer = answer.assert_error(status, error);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let reply = answer.json();
    assert!(reply["error_description"].is_string() && reply.get("client_id").is_none(), "{reply}");
}

#[tokio::test]
async fn a_body_that_is_no_client_metadata_is_refused_and_nothing_is_stored() {
    // protocol.md 2.5; RFC 7591 §3.2.2
    let bridge = Bridge::start().await;
    let deep = format!("{{\"jwks\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let twice = format!("{{\"redirect_uris\":[\"{REDIRECT_URI}\"],\"redirect_uris\":[\"{REDIRECT_URI}\"]}}");
    let two = format!("{{\"redirect_uris\":[\"{REDIRECT_URI}\"]}}{{}}");
    let bodies: [&[u8]; 15] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"1",
        b"{}",
        b"\xef\xbb\xbf{}",
        b"{\"redirect_uris\":[\"http://localhost/\xff\"]}",
        b"redirect_uris=http%3A%2F%2Flocalhost%2Fcb",
        b"<html></html>",
        b"{\"redirect_uris\":[\"http://localhost/cb\",]}",
        deep.as_bytes(),
        twice.as_bytes(),
        two.as_bytes(),
    ];
    for body in bodies {
        let answer =
            asking(&bridge).header("content-type", "application/json").body(body.to_vec()).send().await;
        assert_refused(answer, 400, "invalid_client_metadata");
    }
    assert_eq!(stored(&bridge, "clients"), 0);
}

#[tokio::test]
async fn members_of_the_wrong_kind_or_value_are_refused_and_nothing_is_stored() {
    // protocol.md 2.3, 2.5, 2.6, 2.9
    let bridge = Bridge::start().await;
    let good = json!({ "redirect_uris": [REDIRECT_URI] });
    for (member, value) in [
        ("redirect_uris", json!([])),
        ("redirect_uris", Value::Null),
        ("redirect_uris", json!("http://localhost/cb")),
        ("redirect_uris", json!([1])),
        ("redirect_uris", json!([null])),
        ("redirect_uris", json!([["http://localhost/cb"]])),
        ("redirect_uris", json!({ "0": "http://localhost/cb" })),
        ("redirect_uris", json!(vec![REDIRECT_URI; 17])),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_method", json!("NONE")),
        ("token_endpoint_auth_method", json!("")),
        ("token_endpoint_auth_method", json!(["none"])),
        ("grant_types", json!([])),
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!(["refresh_token"])),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!("authorization_code")),
        ("response_types", json!([])),
        ("response_types", json!(["token"])),
        ("response_types", json!(["code token"])),
        ("client_name", json!(7)),
        ("client_name", json!({ "en": "App" })),
        ("scope", json!(["read"])),
    ] {
        let mut metadata = good.clone();
        metadata[member] = value;
        assert_refused(register(&bridge, &metadata).await, 400, "invalid_client_metadata");
    }
    let both =
        json!({ "redirect_uris": [REDIRECT_URI], "jwks": { "keys": [] }, "jwks_uri": "https://a.example/" });
    assert_refused(register(&bridge, &both).await, 400, "invalid_client_metadata");
    assert_eq!(stored(&bridge, "clients"), 0);
    register(&bridge, &good).await.assert_status(201);
}

#[tokio::test]
async fn one_hostile_redirect_uri_fails_the_whole_registration() {
    // protocol.md 2.3, 3.11, 3.12, D7; RFC 6749 §3.1.2
    let bridge = Bridge::start().await;
    let long = format!("https://a.example/{}", "a".repeat(2048));
    for uri in [
        "",
        "callback",
        "/callback",
        "//a.example/cb",
        "http://",
        "https://",
        "https:a.example/cb",
        "https:///a.example/cb",
        "://x",
        "http://localhost/cb#fragment",
        "http://localhost/cb#",
        "cursor://a/b#c",
        "http://user@localhost/cb",
        "http://user:secret@localhost/cb",
        "http://@localhost/cb",
        "http://localhost@evil.example/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://192.168.1.1/cb",
        "http://0.0.0.0/cb",
        "http://127.1/cb",
        "http://127.0.0.2/cb",
        "http://0x7f000001/cb",
        "http://2130706433/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[::]/cb",
        "http://localhost./cb",
        "HTTP://localhost/cb",
        "http://LOCALHOST/cb",
        "http://localhost:99999/cb",
        "http://localhost:/cb",
        "http://localhost:8x/cb",
        "http://localhost\\@evil.example/cb",
        "http://localhost/a b",
        " http://localhost/cb",
        "http://localhost/cb\n",
        "http://localhost/\r\nLocation: https://evil.example/",
        "http://localhost/\u{0}",
        "http://localhost/caf\u{e9}",
        "http://loc\u{200b}alhost/cb",
        "https://\u{430}pple.example/cb",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "javascript://localhost/%0aalert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://a.example/x",
        "about:blank",
        "view-source:https://a.example/",
        "ws://localhost/cb",
        "wss://a.example/cb",
        "ftp://a.example/cb",
        "mailto:a@a.example",
        "tel:123",
        "intent://x/y;end",
        "ms-settings:privacy",
        "ms-msdt:/id",
        "search-ms:query=x",
        "shell:startup",
        "x-man-page://1/ls",
        "chrome-extension://abc/cb",
        "urn ietf:wg:oauth:2.0:oob",
        long.as_str(),
    ] {
        for uris in [json!([uri]), json!([REDIRECT_URI, uri])] {
            let answer = register(&bridge, &json!({ "redirect_uris": uris })).await;
            assert_refused(answer, 400, "invalid_redirect_uri");
        }
    }
    assert_eq!(stored(&bridge, "clients"), 0);
    // More than the limit of 2.11 were refused, and an honest client still gets in.
    Client::register(&bridge, "Honest").await;
}

#[tokio::test]
async fn other_content_types_are_refused() {
    // protocol.md 2.1, 9.4: a web page can send these without asking first
    let bridge = Bridge::start().await;
    let body = json!({ "redirect_uris": [REDIRECT_URI] }).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jso",
        "json",
        "",
    ] {
        let answer = asking(&bridge).header("content-type", kind).body(body.clone()).send().await;
        assert_refused(answer, 400, "invalid_client_metadata");
    }
    assert_refused(asking(&bridge).body(body.clone()).send().await, 400, "invalid_client_metadata");
    let twice =
        asking(&bridge).header("content-type", "application/json").header("content-type", "text/plain");
    assert_refused(twice.body(body).send().await, 400, "invalid_client_metadata");
    assert_eq!(stored(&bridge, "clients"), 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413_in_json() {
    // protocol.md 2.11
    let bridge = Bridge::start().await;
    let mut metadata = json!({ "redirect_uris": [REDIRECT_URI], "pad": "" });
    metadata["pad"] = json!("x".repeat(64 * 1024 - metadata.to_string().len()));
    register(&bridge, &metadata).await.assert_status(201);
    metadata["pad"] = json!(format!("{}x", metadata["pad"].as_str().expect("a text")));
    assert_refused(register(&bridge, &metadata).await, 413, "invalid_request");
    assert_eq!(stored(&bridge, "clients"), 1);
}

#[tokio::test]
async fn other_methods_are_a_405_in_json() {
    // protocol.md 2.1
    let bridge = Bridge::start().await;
    for path in ["/oauth/register", "/register"] {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let method = http::Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = bridge.http().ask(method, path).send().await.assert_error(405, "method_not_allowed");
            assert!(answer.header("allow").is_some_and(|allowed| allowed.contains("POST")));
        }
    }
}

#[tokio::test]
async fn a_hostile_name_is_one_harmless_line_wherever_it_is_shown() {
    // protocol.md 2.10, 9.16, 9.19
    let bridge = Bridge::start().await;
    let bomb = "A".repeat(50_000);
    for (claimed, shown) in [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"><img src=x onerror=alert(1)>", "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"),
        ("' onload='x", "&#39; onload=&#39;x"),
        ("Claude\u{202e}edoC", "ClaudeedoC"),
        ("Jean Memory Bridge\r\n\r\n<b>", "Jean Memory Bridge &lt;b&gt;"),
        ("\u{1b}[2Jcleared", "[2Jcleared"),
        ("a\u{200b}b\u{feff}c\u{0}", "abc"),
        ("\u{2066}\u{2069}  ", "Unnamed app"),
        ("&amp;", "&amp;amp;"),
        ("{{7*7}} ${x} %n", "{{7*7}} ${x} %n"),
        (bomb.as_str(), &bomb[..80]),
    ] {
        let client = Client::register(&bridge, claimed).await;
        let page = client.authorize(&Pkce::new(), &[]).await.assert_status(200).text();
        assert_eq!(between(&page, "<h1>", "</h1>"), format!("{shown} wants to use your memories"));
        assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
    }
    // What the person reads in the terminal is the same line.
    let names = bridge.cli_json(&["requests"]).await;
    for request in names.as_array().expect("a list") {
        let name = request["client_name"].as_str().expect("a name");
        assert!(name.chars().count() <= 80 && !name.chars().any(char::is_control), "{name:?}");
    }
}

#[tokio::test]
async fn a_flood_of_registrations_is_told_to_slow_down_and_harms_nobody_else() {
    // protocol.md 2.11, 4.15
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "Honest").await;
    let metadata = json!({ "redirect_uris": [REDIRECT_URI] });
    let mut taken = 1;
    let refused = loop {
        let answer = register(&bridge, &metadata).await;
        if answer.status.as_u16() != 201 {
            break answer;
        }
        taken += 1;
        assert!(taken <= 200, "there is a limit");
    };
    assert_refused(refused, 429, "too_many_requests");
    assert_eq!(stored(&bridge, "clients"), taken, "what was refused is not stored");
    assert!(super::is_accepted(&bridge, &client.sign_in(&bridge).await.access).await);
}

#[tokio::test]
async fn a_flood_of_registrations_that_is_over_shuts_nobody_out() {
    // protocol.md 2.11
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "First of all").await;
    let tokens = client.sign_in(&bridge).await;
    let db = Connection::open(bridge.home().join("data").join("bridge.db")).expect("its database");
    // The flood came two hours ago, and the client an hour before it.
    db.execute("UPDATE clients SET created_at = created_at - 3 * 3600", []).expect("an older client");
    db.execute(
        "WITH RECURSIVE flood (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM flood WHERE n < ?1)
         INSERT INTO clients SELECT 'flood' || n, kind, name, redirect_uris, auth_method, secret, may_refresh,
                                    created_at + 3600 FROM flood, clients",
        [PLACES - 1],
    )
    .expect("a flood");
    let answer = register(&bridge, &json!({ "redirect_uris": [REDIRECT_URI] })).await;
    answer.assert_status(201);
    assert_eq!(stored(&bridge, "clients"), PLACES, "another one made room");
    client.refresh(tokens.refresh()).await.assert_status(200);
}
