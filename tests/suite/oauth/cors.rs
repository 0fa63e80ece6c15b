//! CORS for listed origins and nobody else (protocol.md 1.20, 9.3, 9.5).

use http::Method;
use serde_json::json;

use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::{Answer, Asking};
use crate::harness::mcp;
use crate::harness::oauth::{Client, Tokens};

const INSPECTOR: &str = "http://localhost:6274";
const SHARED: [&str; 12] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/openid-configuration",
    "/oauth/register",
    "/oauth/token",
    "/oauth/revoke",
    "/register",
    "/token",
    "/revoke",
    "/mcp",
    "/mcp/oauth/u-1",
];

async fn bridge() -> Bridge {
    let origins = format!("https://inspector.example,{INSPECTOR}");
    BridgeOptions::default().env("JEAN_BRIDGE_ALLOWED_ORIGINS", origins).start().await
}

fn preflight(bridge: &Bridge, path: &str, origin: &str) -> Asking {
    bridge
        .http()
        .ask(Method::OPTIONS, path)
        .header("origin", origin)
        .header("sec-fetch-site", "cross-site")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,mcp-protocol-version,x-api-key")
}

#[track_caller]
fn assert_shared(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(INSPECTOR));
    assert_eq!(answer.header("vary"), Some("Origin"));
    let exposed = answer.header("access-control-expose-headers").expect("headers to read");
    assert_eq!(exposed, "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version");
    assert_eq!(answer.header("access-control-allow-credentials"), None, "there are no cookies");
}

#[track_caller]
fn assert_not_shared(answer: &Answer) {
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{answer:?}");
}

#[tokio::test]
async fn a_preflight_of_a_listed_origin_is_answered() {
    // protocol.md 1.20
    let bridge = bridge().await;
    for path in SHARED {
        let answer = preflight(&bridge, path, INSPECTOR).send().await.assert_status(204);
        assert_shared(&answer);
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, DELETE"));
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("authorization, content-type, mcp-protocol-version"),
            "and not X-API-Key"
        );
        assert_eq!(answer.header("access-control-allow-private-network"), None, "nobody asked");
        let asking =
            preflight(&bridge, path, INSPECTOR).header("access-control-request-private-network", "true");
        let answer = asking.send().await.assert_status(204);
        assert_eq!(answer.header("access-control-allow-private-network"), Some("true"));
    }
}

#[tokio::test]
async fn an_origin_that_only_resembles_a_listed_one_gets_nothing() {
    // protocol.md 9.3, 9.5
    let bridge = bridge().await;
    for origin in [
        "null",
        "http://localhost:6275",
        "https://localhost:6274",
        "http://127.0.0.1:6274",
        "http://localhost:6274/",
        "http://LOCALHOST:6274",
        "http://localhost:6274.evil.example",
        "https://inspector.example.evil.example",
        "https://evil-inspector.example",
        "https://sub.inspector.example",
        "http://inspector.example",
        "https://inspector.example:444",
        "*",
    ] {
        for path in ["/mcp", "/oauth/token", "/.well-known/oauth-authorization-server"] {
            let asking =
                preflight(&bridge, path, origin).header("access-control-request-private-network", "true");
            assert_not_shared(&asking.send().await.assert_status(403));
            assert_not_shared(
                &bridge.http().get(path).header("origin", origin).send().await.assert_status(403),
            );
        }
    }
}

#[tokio::test]
async fn where_a_persons_browser_goes_no_page_may_read() {
    // protocol.md 1.20, 3.22: the list opens what clients fetch, not what people see
    let bridge = bridge().await;
    for path in [
        "/",
        "/status",
        "/oauth/authorize",
        "/authorize",
        "/oauth/wait/x",
        "/oauth/wait/x/state",
        "/assets/wait.js",
    ] {
        let answer = preflight(&bridge, path, INSPECTOR).send().await.assert_status(405);
        assert_not_shared(&answer);
        let answer = bridge.http().get(path).header("origin", INSPECTOR).send().await;
        assert_not_shared(&answer);
    }
    let asked = Client::register(&bridge, "App").await.ask(&[]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    assert_not_shared(&preflight(&bridge, "/oauth/callback", INSPECTOR).send().await.assert_status(403));
    let form = [("transaction", asked.transaction.as_str())];
    let foreign = asked.client.http.post("/oauth/callback").form(&form).header("origin", INSPECTOR);
    assert_not_shared(&foreign.send().await.assert_error(403, "forbidden"));
    assert!(asked.finish().await.get("code").is_some());
}

#[tokio::test]
async fn a_client_in_a_page_gets_all_the_way() {
    // protocol.md 1.20: MCP Inspector
    let bridge = bridge().await;
    let http = bridge.http();
    let from_page = |asking: Asking| asking.header("origin", INSPECTOR).header("sec-fetch-site", "same-site");
    let unauthorized = from_page(http.post("/mcp").json(&json!({}))).send().await.assert_status(401);
    assert_shared(&unauthorized);
    assert!(unauthorized.header("www-authenticate").is_some());
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"] {
        assert_shared(&from_page(http.get(path)).send().await.assert_status(200));
    }
    let metadata = json!({ "redirect_uris": ["http://localhost:6274/oauth/callback"], "token_endpoint_auth_method": "none" });
    let reply = from_page(http.post("/oauth/register").json(&metadata)).send().await.assert_status(201);
    assert_shared(&reply);
    let id = reply.json()["client_id"].as_str().expect("an id").to_owned();
    let client = Client {
        http: http.clone(),
        id,
        redirect_uri: "http://localhost:6274/oauth/callback".into(),
        secret: None,
    };
    let asked = client.ask(&[]).await;
    let code = asked.allowed(&bridge).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &client.id),
        ("code", &code),
        ("code_verifier", &asked.pkce.verifier),
    ];
    let answer = from_page(http.post("/oauth/token").form(&form)).send().await.assert_status(200);
    assert_shared(&answer);
    let tokens = Tokens::of(&client.id, &answer);
    let called = from_page(mcp::modern(&http, &tokens.access, "server/discover", json!({}))).send().await;
    assert_shared(&called.assert_status(200));
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "protocolVersion": "2025-11-25",
        "capabilities": {}, "clientInfo": { "name": "page", "version": "1" } } });
    let opened = from_page(mcp::post(&http, &tokens.access, &hello)).send().await.assert_status(200);
    assert_shared(&opened);
    assert!(opened.header("mcp-session-id").is_some());
    let refused =
        from_page(http.post("/oauth/token").form(&form)).send().await.assert_error(400, "invalid_grant");
    assert_shared(&refused);
}

#[tokio::test]
async fn an_own_origin_and_no_origin_need_no_headers() {
    // protocol.md 1.20
    let bridge = bridge().await;
    let path = "/.well-known/oauth-authorization-server";
    assert_not_shared(&bridge.http().get(path).send().await.assert_status(200));
    assert_not_shared(
        &bridge.http().get(path).header("origin", bridge.url()).send().await.assert_status(200),
    );
}
