//! Requests and headers that two readers understand differently: folded, split, hidden in hop-by-hop names.

use serde_json::json;

use super::world::{World, calling};
use crate::harness::bridge::Bridge;
use crate::harness::mcp::reply;
use crate::harness::oauth::{Client, Pkce};
use crate::harness::stdio::done;

/// Two requests in one: the second must not be answered, or not as anything but a request of its own.
async fn answers(bridge: &Bridge, bytes: &str) -> (usize, String) {
    let answer = bridge.http().raw(bytes.as_bytes()).await;
    (answer.matches("HTTP/1.1 ").count(), answer)
}

#[tokio::test]
async fn a_folded_or_split_header_is_no_header() {
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "Folded").await.sign_in(&bridge).await;
    let host = format!("127.0.0.1:{}", bridge.port());
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for authorization in [
        format!("Authorization: Bearer\r\n {}", tokens.access),
        format!("Authorization:\r\n\tBearer {}", tokens.access),
        format!("X-A: b\r\n Authorization: Bearer {}", tokens.access),
        format!("X-A: b\rAuthorization: Bearer {}", tokens.access),
        format!("X-A: b\nAuthorization : Bearer {}", tokens.access),
        format!("Authorization: Basic x\r\nAuthorization: Bearer {}", tokens.access),
        format!("Authorization: Bearer {0}, Bearer {0}", tokens.access),
        format!("Proxy-Authorization: Bearer {}", tokens.access),
        format!("Authorization\0: Bearer {}", tokens.access),
    ] {
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let (_, answer) = answers(&bridge, &request).await;
        let status = answer.get(9..12).unwrap_or_default();
        assert!(matches!(status, "400" | "401"), "{authorization:?}: {answer}");
    }
}

#[tokio::test]
async fn a_second_request_inside_a_first_is_not_answered_as_the_first_ones() {
    let bridge = Bridge::start().await;
    let host = format!("127.0.0.1:{}", bridge.port());
    let inside = format!("GET /status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    for (head, body) in [
        // The length of the chunk is the length of the second request: it is the body and nothing else.
        ("Transfer-Encoding: chunked", format!("{:x}\r\n{inside}\r\n0\r\n\r\n", inside.len())),
        ("Transfer-Encoding: chunked", format!("{:x};a=\"\r\n\"\r\n{inside}\r\n0\r\n\r\n", inside.len())),
        ("Transfer-Encoding: chunked", format!("{:x}\n{inside}\n0\n\n", inside.len())),
        ("Transfer-Encoding: chunked", format!("-1\r\n\r\n{inside}")),
        ("Transfer-Encoding: chunked", format!("ffffffffffffffff1\r\n{inside}")),
        ("Content-Length: 0\r\nContent-Length: 0\r\nTransfer-Encoding: chunked", inside.clone()),
        ("Content-Length: 99999999999999999999", inside.clone()),
    ] {
        let head =
            format!("POST /oauth/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}\r\n\r\n");
        let (count, answer) = answers(&bridge, &format!("{head}{body}")).await;
        assert!(count <= 1 && !answer.contains("\"ready\""), "{head:?} {body:?}: {answer}");
    }
}

#[tokio::test]
async fn a_header_that_another_one_declares_to_be_hop_by_hop_still_counts() {
    // A proxy drops what `Connection` names; what decides here must not be dropped that way.
    let world = World::start().await;
    let tokens = world.allowed("Hopping").await;
    let hop = "close, authorization, host, origin, content-type, x-api-key, sec-fetch-site";
    let foreign = calling(&world.bridge.http(), &tokens, "list_memories", &json!({}));
    let foreign = foreign.header("connection", hop).header("origin", "https://evil.example");
    foreign.send().await.assert_status(403);
    let cross = calling(&world.bridge.http(), &tokens, "list_memories", &json!({}));
    let cross = cross.header("connection", hop).header("sec-fetch-site", "cross-site");
    cross.send().await.assert_status(403);
    let own = calling(&world.bridge.http(), &tokens, "list_memories", &json!({})).header("connection", hop);
    done(&reply(&own.send().await.assert_status(200))["result"]);
    let seen = world.double.wait_for_call("list_memories").await;
    assert!(seen.header("connection").is_none_or(|named| !named.contains("x-api-key")));
    assert!(world.double.key_leaks().is_empty() && world.double.identity_headers().is_empty());
}

#[tokio::test]
async fn no_way_of_naming_another_method_or_path_is_believed() {
    let bridge = Bridge::start().await;
    let http = bridge.http();
    for (name, value) in [
        ("x-http-method-override", "DELETE"),
        ("x-method-override", "POST"),
        ("x-original-url", "/status"),
        ("x-rewrite-url", "/status"),
        ("x-forwarded-prefix", "/mcp"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1;host=evil.example;proto=https"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
    ] {
        http.get("/nothing-here").header(name, value).send().await.assert_status(404);
        http.get("/mcp").header(name, value).send().await.assert_status(401);
        let document = http.get("/.well-known/oauth-authorization-server").header(name, value).send().await;
        assert_eq!(document.assert_status(200).json()["issuer"], bridge.url(), "{name}");
    }
    for path in
        ["//mcp", "/mcp/", "/./mcp", "/mcp/../mcp", "/%6dcp", "/mcp%2f", "/mcp;x", "/MCP", "/mcp%00", "\\mcp"]
    {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", bridge.port());
        let answer = http.raw(request.as_bytes()).await;
        assert!(matches!(answer.get(9..12), Some("400" | "401" | "404" | "405")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn line_breaks_in_what_goes_back_end_no_header() {
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "Breaks").await;
    let hostile = "x\r\nSet-Cookie: stolen=1\r\n\r\n<script>\u{2028}\u{85}";
    for changes in [
        [("state", hostile), ("scope", "nothing-there")],
        [("state", hostile), ("response_type", "token")],
        [("state", hostile), ("code_challenge_method", "plain")],
    ] {
        let answer = client.authorize_as_program(&Pkce::new(), &changes).await.assert_status(302);
        assert!(answer.header("set-cookie").is_none());
        let location = answer.header("location").expect("a redirect");
        assert!(!location.contains(['\r', '\n', '<', '>', ' ']), "{location}");
        assert_eq!(answer.redirect().get("state"), Some(hostile));
    }
    let asked = client.ask(&[("state", hostile)]).await;
    bridge.cli_ok(&["approve", &asked.code, "--sandbox"]).await;
    let answer = asked.hand_in().await.assert_status(303);
    assert!(answer.header("set-cookie").is_none());
    assert_eq!(answer.redirect().get("state"), Some(hostile));
}
