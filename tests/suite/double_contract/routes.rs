//! Paths, methods and headers (upstream-api.md 3, 4; 13.1 rows 1, 11 and 12).

use serde_json::json;

use super::caller::{Caller, MESSAGES, VALIDATE, request};
use crate::double::{ALICE, BOB, Double};

#[tokio::test]
async fn a_wrong_slash_is_redirected_in_clear_text() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let host = double.base_url();
    let v2 = format!("/mcp/v2/cursor/{}", BOB.id);
    for (asked, right) in [
        ("/mcp/messages".to_owned(), MESSAGES.to_owned()),
        (format!("{VALIDATE}/"), VALIDATE.to_owned()),
        ("/health/".to_owned(), "/health".to_owned()),
        ("/mcp/".to_owned(), "/mcp".to_owned()),
        (format!("{v2}/"), v2),
        ("/mcp/messages?a=b".to_owned(), format!("{MESSAGES}?a=b")),
    ] {
        let reply = caller.post(&asked, &[], "{}").await;
        reply.is(307, "");
        assert_eq!(reply.header("location"), Some(format!("{host}{right}").as_str()));
    }
}

#[tokio::test]
async fn the_redirect_is_https_only_where_the_proxy_is_trusted() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let forwarded = [("X-Forwarded-Proto", "https")];
    let scheme = async || {
        let reply = caller.post("/mcp/messages", &forwarded, "").await;
        reply.header("location").unwrap().split_once(':').unwrap().0.to_owned()
    };
    assert_eq!(scheme().await, "http");
    double.trust_proxy(true);
    assert_eq!(scheme().await, "https");
}

#[tokio::test]
async fn other_methods_are_405() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for path in [MESSAGES, VALIDATE, "/agent/v1/mcp/messages/", "/mcp/v2/a/b", "/mcp/a/messages/b"] {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let reply = caller.send(method, path, &[], "").await;
            reply.is(405, r#"{"detail":"Method Not Allowed"}"#);
            assert_eq!(reply.header("allow"), Some("POST"));
        }
    }
}

#[tokio::test]
async fn what_is_not_mounted_is_404() {
    // upstream-api.md 3: paths that documentation mentions, and the SSE route we do not copy.
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for path in [
        "/",
        "/mcp/oauth/a11ce000-0000-4000-8000-000000000001",
        "/mcp-stream",
        "/fastmcp",
        "/api/v1/user/me",
        "/api/v1/health",
        "/mcp/claude/sse/b0b00000-0000-4000-8000-000000000002",
        "/mcp/v2/claude",
    ] {
        caller.get(path, &[]).await.is(404, r#"{"detail":"Not Found"}"#);
    }
}

#[tokio::test]
async fn health_needs_no_key() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let healthy = caller.get("/health", &[]).await;
    healthy.is(200, r#"{"status":"healthy","timestamp":"2025-12-09T12:00:00.000000"}"#);
    caller.send("HEAD", "/health", &[], "").await.is(200, "");
    assert_eq!(caller.post("/health", &[], "").await.status, 405);
}

#[tokio::test]
async fn normal_replies_carry_usage_and_never_a_session() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    for reply in [
        caller.list_tools(&[("X-API-Key", ALICE.key)]).await,
        caller.list_tools(&[]).await,
        caller.validate("nonsense").await,
        caller.get("/health", &[]).await,
    ] {
        assert_eq!(reply.header("content-type"), Some("application/json"), "no charset");
        assert_eq!(reply.header("x-memory-usage-mb"), Some("128.00"));
        assert_eq!(reply.header("mcp-session-id"), None);
        assert_eq!(reply.header("access-control-allow-origin"), None, "nobody asked");
    }
}

#[tokio::test]
async fn every_origin_is_welcome() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let origin = ("Origin", "https://evil.example");
    let reply = caller.list_tools(&[("X-API-Key", ALICE.key), origin]).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-expose-headers"), Some("*"));
    let asks = [
        origin,
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-api-key,x-user-id"),
    ];
    let preflight = caller.send("OPTIONS", MESSAGES, &asks, "").await;
    preflight.is(200, "OK");
    assert_eq!(preflight.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    let methods = "GET, POST, PUT, DELETE, OPTIONS, PATCH";
    assert_eq!(preflight.header("access-control-allow-methods"), Some(methods));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("x-api-key,x-user-id"));
    assert_eq!(preflight.header("access-control-max-age"), Some("3600"));
    // An origin alone is no preflight.
    assert_eq!(caller.send("OPTIONS", MESSAGES, &[origin], "").await.status, 405);
}

#[tokio::test]
async fn json_is_compact_and_utf_8() {
    let double = Double::start().await;
    let caller = Caller::new(&double);
    let unknown = request("größe", &json!({}));
    caller.message(ALICE.key, &unknown).await.is(404, r#"{"error":"Method 'größe' not found"}"#);
}
