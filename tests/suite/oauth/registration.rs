//! Dynamic registration as honest clients use it (RFC 7591; protocol.md 2.1 to 2.10).

use std::collections::HashSet;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::stored;
use crate::harness::bridge::Bridge;
use crate::harness::http::Answer;
use crate::harness::oauth::{Client, Pkce, REDIRECT_URI};

async fn register(bridge: &Bridge, metadata: &Value) -> Answer {
    bridge.http().post("/oauth/register").json(metadata).send().await
}

#[tokio::test]
async fn a_registration_returns_every_value_with_its_default() {
    // protocol.md 2.1, 2.2, 2.6, 2.7, 2.8, 2.12; RFC 7591 §3.2.1
    let bridge = Bridge::start().await;
    let answer = register(&bridge, &json!({ "redirect_uris": [REDIRECT_URI] })).await.assert_status(201);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut reply = answer.json();
    let members = reply.as_object_mut().expect("an object");
    for secret in ["client_id", "client_secret"] {
        let value = members.remove(secret).expect(secret);
        let value = value.as_str().expect("a text");
        assert!(value.len() >= 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{secret}");
    }
    assert!(members.remove("client_id_issued_at").is_some_and(|at| at.as_u64() > Some(1_700_000_000)));
    assert_eq!(
        reply,
        json!({
            "client_name": "Unnamed app",
            "redirect_uris": [REDIRECT_URI],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "client_secret_expires_at": 0,
        })
    );
}

#[tokio::test]
async fn a_public_client_gets_no_secret_and_a_confidential_one_gets_its_own() {
    // protocol.md 2.2, 2.6
    let bridge = Bridge::start().await;
    for (method, secret) in [("none", false), ("client_secret_basic", true), ("client_secret_post", true)] {
        let metadata = json!({ "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": method });
        let reply = register(&bridge, &metadata).await.assert_status(201).json();
        assert_eq!(reply["token_endpoint_auth_method"], method);
        assert_eq!(reply.get("client_secret").is_some(), secret, "{method}");
        assert_eq!(reply.get("client_secret_expires_at").is_some(), secret, "{method}");
    }
}

#[tokio::test]
async fn refresh_tokens_are_for_clients_that_ask_or_do_not_say() {
    // protocol.md 2.7
    let bridge = Bridge::start().await;
    let code = json!(["authorization_code"]);
    let both = json!(["authorization_code", "refresh_token"]);
    for (asked, granted) in [(None, &both), (Some(&code), &code), (Some(&both), &both)] {
        let mut metadata = json!({ "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none" });
        if let Some(asked) = asked {
            metadata["grant_types"] = asked.clone();
        }
        let reply = register(&bridge, &metadata).await.assert_status(201).json();
        assert_eq!(reply["grant_types"], *granted);
        let tokens = Client::register_as(&bridge, &metadata).await.sign_in(&bridge).await;
        assert_eq!(tokens.refresh.is_some(), *granted == both);
    }
}

#[tokio::test]
async fn what_known_clients_register_is_accepted_whole_and_each_address_can_be_used() {
    // protocol.md 2.4, 3.8, 3.9, D6, D7; clients.md 8.1
    let bridge = Bridge::start().await;
    let known = [
        json!({ "client_name": "Claude Code", "redirect_uris": ["http://localhost:3118/callback"] }),
        json!({ "client_name": "Claude", "redirect_uris": ["claude://claude.ai/mcp-auth-callback/sdk"] }),
        json!({ "client_name": "Cursor", "application_type": "web", "redirect_uris": [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback"] }),
        json!({ "client_name": "Visual Studio Code", "application_type": "native", "redirect_uris": [
            "http://127.0.0.1:33418/", "http://127.0.0.1/", "https://vscode.dev/redirect",
            "https://insiders.vscode.dev/redirect"] }),
        json!({ "client_name": "Codex", "redirect_uris": ["http://127.0.0.1:50123/callback/AbCdEfGhIjKl"] }),
        json!({ "client_name": "goose", "redirect_uris": [
            "http://127.0.0.1:4000/oauth_callback", "http://[::1]:4000/oauth_callback"] }),
        json!({ "client_name": "Gemini CLI MCP Client", "redirect_uris": ["http://localhost:7777/oauth/callback"] }),
        json!({ "client_name": "Cline", "redirect_uris": ["vscode://saoudrizwan.claude-dev/mcp-auth/callback/x"] }),
        json!({ "client_name": "Antigravity", "redirect_uris": ["https://antigravity.google/oauth-callback"] }),
        json!({ "client_name": "A native app", "redirect_uris": ["com.example.app:/callback"] }),
    ];
    for mut metadata in known {
        metadata["token_endpoint_auth_method"] = json!("none");
        let reply = register(&bridge, &metadata).await.assert_status(201).json();
        assert_eq!(reply["redirect_uris"], metadata["redirect_uris"], "as they were sent, in their order");
        assert_eq!(reply["client_name"], metadata["client_name"]);
        let client = Client::register_as(&bridge, &metadata).await;
        for uri in metadata["redirect_uris"].as_array().expect("a list") {
            let uri = uri.as_str().expect("a text");
            let asked = client.ask(&[("redirect_uri", uri)]).await;
            bridge.cli_ok(&["deny", &asked.code]).await;
            let back = asked.hand_in().await.assert_status(303).redirect();
            assert!(back.url.starts_with(uri), "{}", back.url);
        }
    }
}

#[tokio::test]
async fn unknown_and_wordy_metadata_is_ignored() {
    // protocol.md 2.4, 2.12; RFC 7591 §2
    let bridge = Bridge::start().await;
    let metadata = json!({
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "none",
        "client_id": "chosen", "client_secret": "chosen", "registration_access_token": "chosen",
        "client_id_issued_at": 0, "software_id": "x", "software_statement": "e30.e30.",
        "application_type": "nonsense", "contacts": [1, 2], "client_name#de": "Anwendung",
        "id_token_signed_response_alg": "none", "subject_type": { "a": [] }, "jwks": null,
        "scope": "read admin offline_access write",
    });
    let reply = register(&bridge, &metadata).await.assert_status(201).json();
    assert_ne!(reply["client_id"], "chosen");
    assert_eq!(reply["scope"], "read write", "what can be granted, not what was wished");
    for member in ["client_secret", "registration_access_token", "registration_client_uri", "software_id"] {
        assert!(reply.get(member).is_none(), "{member}");
    }
}

#[tokio::test]
async fn nothing_that_a_registration_points_to_is_fetched() {
    // protocol.md 2.10: logo_uri and its like are claims of a stranger
    let bridge = Bridge::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("it can be asked");
    let here = format!("http://{}/x", listener.local_addr().expect("an address"));
    let client = Client::register_as(
        &bridge,
        &json!({
            "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none",
            "logo_uri": here, "client_uri": here, "policy_uri": here, "tos_uri": here, "jwks_uri": here,
            "sector_identifier_uri": here, "initiate_login_uri": here,
        }),
    )
    .await;
    let page = client.authorize(&Pkce::new(), &[]).await.assert_status(200).text();
    assert!(!page.contains(&here), "no remote image, no link: {page}");
    client.sign_in(&bridge).await;
    let visitor = listener.accept().err().map(|error| error.kind());
    assert_eq!(visitor, Some(std::io::ErrorKind::WouldBlock), "nobody came");
}

#[tokio::test]
async fn registration_is_open_and_an_authorization_header_means_nothing() {
    // protocol.md 2.1
    let bridge = Bridge::start().await;
    let metadata = json!({ "redirect_uris": [REDIRECT_URI] });
    for value in ["Bearer stale", "Basic !!!", "x"] {
        let asking = bridge.http().post("/oauth/register").header("authorization", value).json(&metadata);
        asking.send().await.assert_status(201);
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/json;x=y"] {
        let asking =
            bridge.http().post("/oauth/register").header("content-type", kind).body(metadata.to_string());
        asking.send().await.assert_status(201);
    }
}

#[tokio::test]
async fn every_registration_is_a_client_of_its_own() {
    // protocol.md 2.8, 2.11: some clients register at every sign-in
    let bridge = Bridge::start().await;
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let reply =
            register(&bridge, &json!({ "redirect_uris": [REDIRECT_URI] })).await.assert_status(201).json();
        for member in ["client_id", "client_secret"] {
            assert!(seen.insert(reply[member].as_str().expect(member).to_owned()));
        }
    }
    assert_eq!(stored(&bridge, "clients"), 20);
}

#[tokio::test]
async fn a_client_secret_is_stored_as_a_digest_only() {
    // protocol.md 2.8, 9.8
    let bridge = Bridge::start().await;
    let reply =
        register(&bridge, &json!({ "redirect_uris": [REDIRECT_URI] })).await.assert_status(201).json();
    let secret = reply["client_secret"].as_str().expect("a secret").as_bytes();
    let id = reply["client_id"].as_str().expect("an id").as_bytes();
    let data = bridge.home().join("data");
    let files = ["bridge.db", "bridge.db-wal"].map(|name| std::fs::read(data.join(name)).unwrap_or_default());
    let holds =
        |needle: &[u8]| files.iter().any(|file| file.windows(needle.len()).any(|bytes| bytes == needle));
    assert!(holds(id), "the search finds what is there");
    assert!(!holds(secret));
}
