//! The documents that clients discover everything by (protocol.md 1).

use serde_json::{Value, json};

use crate::harness::bridge::Bridge;
use crate::harness::http::Answer;
use crate::harness::oauth::{Client, between};

const SERVER: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// Every name that this computer has for the bridge (protocol.md D3).
fn origins(bridge: &Bridge) -> [String; 3] {
    ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("http://{host}:{}", bridge.port()))
}

async fn asked_as(bridge: &Bridge, origin: &str, path: &str) -> Answer {
    let host = origin.strip_prefix("http://").expect("a plain origin");
    bridge.http().get(path).header("host", host).send().await
}

#[tokio::test]
async fn the_server_metadata_has_every_member_under_every_spelling() {
    // protocol.md 1.3 to 1.9, D3; RFC 8414 §2, §3.3
    let bridge = Bridge::start().await;
    for origin in origins(&bridge) {
        let answer = asked_as(&bridge, &origin, SERVER).await.assert_status(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let methods = json!(["none", "client_secret_basic", "client_secret_post"]);
        assert_eq!(
            answer.json(),
            json!({
                "issuer": origin,
                "authorization_endpoint": format!("{origin}/oauth/authorize"),
                "token_endpoint": format!("{origin}/oauth/token"),
                "registration_endpoint": format!("{origin}/oauth/register"),
                "revocation_endpoint": format!("{origin}/oauth/revoke"),
                "scopes_supported": ["read", "write", "offline_access"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_methods_supported": methods,
                "revocation_endpoint_auth_methods_supported": methods,
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
                "client_id_metadata_document_supported": true,
                "dynamic_client_registration_supported": true,
                "protected_resources": [format!("{origin}/mcp")],
            }),
            "nothing is missing, and nothing is advertised that is not there"
        );
    }
}

#[tokio::test]
async fn the_resource_metadata_names_the_url_that_the_client_uses() {
    // protocol.md 1.2, 1.4, 1.9, 1.15; RFC 9728 §3.3
    let bridge = Bridge::start().await;
    let user = "/mcp/oauth/a11ce000-0000-4000-8000-000000000001";
    for origin in origins(&bridge) {
        for (path, resource) in [
            (RESOURCE.to_owned(), "/mcp"),
            (format!("{RESOURCE}/mcp"), "/mcp"),
            (format!("{RESOURCE}{user}"), user),
        ] {
            let answer = asked_as(&bridge, &origin, &path).await.assert_status(200);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(
                answer.json(),
                json!({
                    "resource": format!("{origin}{resource}"),
                    "authorization_servers": [origin],
                    "bearer_methods_supported": ["header"],
                    "scopes_supported": ["read", "write"],
                    "resource_name": "Jean Memory",
                })
            );
        }
    }
}

#[tokio::test]
async fn every_endpoint_that_is_advertised_answers_there() {
    // protocol.md 1.8: nothing is advertised that is not implemented
    let bridge = Bridge::start().await;
    let http = bridge.http();
    let metadata = http.get(SERVER).send().await.json();
    let url = |member: &str| metadata[member].as_str().expect("a URL").to_owned();
    http.post(&url("registration_endpoint"))
        .json(&json!({}))
        .send()
        .await
        .assert_error(400, "invalid_client_metadata");
    for endpoint in ["token_endpoint", "revocation_endpoint"] {
        http.post(&url(endpoint))
            .form(&[("client_id", "x")])
            .send()
            .await
            .assert_error(401, "invalid_client");
    }
    http.get(&url("authorization_endpoint")).as_browser().send().await.assert_status(400);
    let resource = metadata["protected_resources"][0].as_str().expect("a URL");
    http.post(resource).json(&json!({})).send().await.assert_status(401);
}

#[tokio::test]
async fn unknown_metadata_is_a_404_in_json() {
    // protocol.md 1.2, 1.10, 1.11, 10.2
    let bridge = Bridge::start().await;
    for path in [
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
        "/mcp/.well-known/oauth-authorization-server",
        "/mcp/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/",
        "/.well-known/oauth-protected-resource/sse",
        "/.well-known/oauth-protected-resource/mcp/",
        "/.well-known/oauth-protected-resource/mcp/oauth/",
        "/.well-known/oauth-protected-resource/mcp/oauth/a/b",
        "/.well-known/oauth-protected-resource/mcp/oauth/..",
        "/.well-known/oauth-protected-resource/mcp/oauth/%61",
        "/.well-known/oauth-protected-resource/mcp/oauth/%ff",
        "/.well-known/oauth-protected-resource/mcp/oauth/%22%3E",
        "/.well-known/jwks.json",
        "/.well-known/",
        "/oauth/introspect",
        "/oauth/jwks",
        "/sse",
    ] {
        for accept in ["application/json", "text/html"] {
            let answer = bridge.http().get(path).header("accept", accept).send().await;
            let answer = answer.assert_error(404, "not_found");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(answer.header("www-authenticate"), None, "{path}");
        }
    }
    let long = format!("{RESOURCE}/mcp/oauth/{}", "a".repeat(129));
    bridge.http().get(&long).send().await.assert_error(404, "not_found");
}

#[tokio::test]
async fn any_well_formed_user_id_is_answered_alike() {
    // protocol.md 1.2: nobody learns which ids exist
    let bridge = Bridge::start().await;
    Client::register(&bridge, "App").await.sign_in(&bridge).await;
    let accounts = bridge.cli_json(&["accounts"]).await;
    let real = accounts[0]["user_id"].as_str().expect("the sandbox's person");
    for id in [real, "a", "nobody", "A.b_c-9", &"x".repeat(128)] {
        let answer = bridge.http().get(&format!("{RESOURCE}/mcp/oauth/{id}")).send().await.assert_status(200);
        assert_eq!(answer.json()["resource"], json!(format!("{}/mcp/oauth/{id}", bridge.url())));
    }
}

#[tokio::test]
async fn any_protocol_version_may_ask_for_metadata() {
    // protocol.md 1.13
    let bridge = Bridge::start().await;
    for version in ["2024-11-05", "2025-03-26", "2026-07-28", "1999-01-01", "latest", ""] {
        for path in [SERVER, RESOURCE] {
            let asking = bridge.http().get(path).header("mcp-protocol-version", version);
            asking.send().await.assert_status(200);
        }
    }
}

#[tokio::test]
async fn only_reading_metadata_is_possible_and_nothing_is_asked_of_the_reader() {
    // protocol.md 1.2, 1.11
    let bridge = Bridge::start().await;
    for path in [SERVER, RESOURCE, "/.well-known/oauth-protected-resource/mcp"] {
        let answer = bridge.http().post(path).json(&Value::Null).send().await.assert_status(405);
        assert!(
            answer.header("allow").is_some_and(|allowed| allowed.contains("GET")),
            "{:?}",
            answer.headers
        );
        let head = bridge.http().ask(http::Method::HEAD, path).send().await.assert_status(200);
        assert!(head.body.is_empty());
        // A stale token is nobody's business here.
        bridge.http().get(path).bearer("stale").send().await.assert_status(200);
    }
}

#[tokio::test]
async fn the_challenge_of_the_mcp_endpoint_leads_to_the_metadata() {
    // protocol.md 1.16, 1.17, 6.3
    let bridge = Bridge::start().await;
    for path in ["/mcp", "/mcp/oauth/u-1"] {
        let answer = bridge.http().post(path).json(&json!({})).send().await.assert_status(401);
        let challenge = answer.header("www-authenticate").expect("a challenge");
        let url = between(challenge, "resource_metadata=\"", "\"");
        assert_eq!(url, format!("{}{RESOURCE}{path}", bridge.url()));
        let document = bridge.http().get(url).send().await.assert_status(200).json();
        assert_eq!(document["resource"], json!(format!("{}{path}", bridge.url())));
    }
}
