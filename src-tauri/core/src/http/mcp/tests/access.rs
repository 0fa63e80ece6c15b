//! Who may ask: bearer, challenge, user id, scope.

use std::sync::Arc;

use http::{Method, StatusCode};
use rmcp::serve_server;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::eras::names;
use super::world::*;
use crate::ids::{AccountId, ClientId, GrantId, UserId};
use crate::mcp::MemoryServer;
use crate::oauth::{Access, LiveGrant};
use crate::scope::Scope;
use crate::view::Via;

const METADATA: &str = "http://127.0.0.1:5326/.well-known/oauth-protected-resource";

#[tokio::test]
async fn without_a_token_the_challenge_names_the_metadata_and_no_error() {
    // protocol.md 6.3, 6.5, 6.8, 6.12
    let world = World::new();
    let answer = world.post(&initialize("2025-06-18")).without("authorization").send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.header("www-authenticate"),
        Some(&*format!("Bearer resource_metadata=\"{METADATA}/mcp\", scope=\"read write\""))
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.message(), json!({"error": "unauthorized"}));
}

#[tokio::test]
async fn the_challenge_follows_the_host_and_path_that_were_asked() {
    // D3, protocol.md 6.3, 6.14: whatever the id
    let world = World::new();
    for path in [format!("/mcp/oauth/{USER}"), "/mcp/oauth/nobody".to_owned()] {
        let ask = world.post(&initialize("2025-06-18")).without("authorization");
        let answer = ask.path(&path).header("host", "localhost:5326").send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let expected =
            format!("resource_metadata=\"http://localhost:5326/.well-known/oauth-protected-resource{path}\"");
        assert!(answer.header("www-authenticate").unwrap().contains(&expected), "{answer:?}");
    }
}

#[tokio::test]
async fn every_method_and_message_needs_a_token() {
    // protocol.md 6.1: session or not
    let world = World::new();
    let session = world.session(FULL, "2025-06-18").await;
    let asks = [
        session.post(&request("ping", &json!({}))),
        session.ask(Method::GET).header("accept", "text/event-stream"),
        session.ask(Method::DELETE),
        world.modern("server/discover", &json!({})),
        world.modern("tools/list", &json!({})),
        world.post(&json!("nonsense")),
    ];
    for ask in asks {
        assert_eq!(ask.without("authorization").send().await.status, StatusCode::UNAUTHORIZED);
    }
    assert!(session.post(&request("ping", &json!({}))).send().await.status.is_success());
}

#[tokio::test]
async fn tokens_elsewhere_than_in_the_header_do_not_exist() {
    // protocol.md 6.2
    let world = World::new();
    let ask = world.post(&initialize("2025-06-18")).without("authorization");
    let answer = ask.path(&format!("/mcp?access_token={FULL}")).send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer =
        world.post(&initialize("2025-06-18")).header("authorization", "Basic dG9rZW46dG9rZW4=").send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(!answer.header("www-authenticate").unwrap().contains("error"), "{answer:?}");
}

#[tokio::test]
async fn garbled_credentials_are_a_bad_request() {
    // protocol.md 6.2, 6.11
    let world = World::new();
    for value in ["", "Bearer", "Bearer a b", "Bearer a,b"] {
        let answer = world.post(&initialize("2025-06-18")).header("authorization", value).send().await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{value}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer error=\"invalid_request\""));
    }
}

#[tokio::test]
async fn a_bad_token_is_invalid_and_nothing_more() {
    // protocol.md 6.4
    let world = World::new();
    let answer = world.post(&initialize("2025-06-18")).bearer("forged").send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.header("www-authenticate"),
        Some(&*format!(
            "Bearer error=\"invalid_token\", resource_metadata=\"{METADATA}/mcp\", scope=\"read write\""
        ))
    );
    assert_eq!(answer.message(), json!({"error": "invalid_token"}));
}

#[tokio::test]
async fn the_user_id_of_the_path_must_be_the_tokens() {
    // protocol.md 6.14
    let world = World::new();
    let own = world.post(&initialize("2025-06-18")).path(&format!("/mcp/oauth/{USER}")).send().await;
    assert_eq!(own.result()["protocolVersion"], "2025-06-18");
    let encoded = USER.replacen('-', "%2D", 1);
    for other in ["someone-else", &USER.to_uppercase(), &encoded, "%ff", &format!("{USER}x")] {
        let answer = world.post(&initialize("2025-06-18")).path(&format!("/mcp/oauth/{other}")).send().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{other}");
        // protocol.md 6.8: a client would take it for insufficient scope.
        assert!(answer.header("www-authenticate").is_none());
        assert_eq!(answer.message(), json!({"error": "wrong_user"}));
    }
}

#[tokio::test]
async fn a_tool_beyond_the_scopes_asks_for_more_and_never_runs() {
    // protocol.md 6.6: granted and needed
    let world = World::new();
    let params = call("add_memories", &json!({"text": "x"}));
    let session = world.session(READER, "2025-11-25").await;
    for ask in
        [session.post(&request("tools/call", &params)), world.modern("tools/call", &params).bearer(READER)]
    {
        let answer = ask.send().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
        assert_eq!(
            answer.header("www-authenticate"),
            Some(&*format!(
                "Bearer error=\"insufficient_scope\", resource_metadata=\"{METADATA}/mcp\", scope=\"read write\""
            ))
        );
    }
    assert!(world.jean.calls().is_empty());
    let allowed = world.modern("tools/call", &call("list_memories", &json!({}))).bearer(READER).send().await;
    assert_eq!(allowed.result()["isError"], false);
}

#[tokio::test]
async fn scope_is_decided_on_the_body_not_on_headers() {
    // protocol.md 6.7, 7.34
    let world = World::new();
    let ask = world.modern("tools/call", &call("add_memories", &json!({"text": "x"}))).bearer(READER);
    let answer = ask.header("mcp-name", "list_memories").header("mcp-method", "tools/list").send().await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert!(world.jean.calls().is_empty());
}

#[tokio::test]
async fn who_has_no_authorization_server_is_not_sent_to_one() {
    // protocol.md 6.8: a client with a key of its own (design.md 4, /mcp/v2)
    let world = World::new();
    let grant = Arc::new(LiveGrant::new(
        GrantId::random(),
        ClientId::new("cursor"),
        "cursor".to_owned(),
        AccountId::random(),
        UserId::new(USER),
        Via::ApiKey,
    ));
    let access = Access { grant: Arc::clone(&grant), scopes: Scope::Read.into() };
    let request = |tool| world.modern("tools/call", &call(tool, &json!({"text": "x"}))).request();
    let refused = Answer::of(world.endpoint.serve(access.clone(), request("add_memories")).await).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.header("www-authenticate").is_none());
    grant.cancelled.cancel();
    let refused = Answer::of(world.endpoint.serve(access, request("list_memories")).await).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.header("www-authenticate").is_none());
}

#[tokio::test]
async fn without_http_the_servers_own_access_decides() {
    // protocol.md 7.26: the adapter for stdio has no layer in front
    let world = World::new();
    let (client, server) = tokio::io::duplex(64 * 1024);
    let (server_in, server_out) = tokio::io::split(server);
    let serving = tokio::spawn(serve_server(
        MemoryServer::new(Arc::clone(&world.memories), world.access(READER)),
        (server_in, server_out),
    ));
    let (client_in, mut client_out) = tokio::io::split(client);
    let mut lines = BufReader::new(client_in).lines();
    let mut ask = async |message: Value| {
        client_out.write_all(format!("{message}\n").as_bytes()).await.unwrap();
        serde_json::from_str::<Value>(&lines.next_line().await.unwrap().unwrap()).unwrap()
    };
    assert_eq!(ask(initialize("2025-11-25")).await["result"]["protocolVersion"], "2025-11-25");
    let list = ask(request("tools/list", &json!({}))).await;
    assert_eq!(names(&list["result"]), ["ask_memory", "list_memories"]);
    let refused = ask(request("tools/call", &call("add_memories", &json!({"text": "x"})))).await;
    assert_eq!(refused["error"]["code"], -32602);
    let called = ask(request("tools/call", &call("list_memories", &json!({})))).await;
    assert_eq!(called["result"]["isError"], false);
    assert_eq!(world.jean.calls().len(), 1);
    drop((client_out, lines));
    serving.await.unwrap().unwrap().waiting().await.unwrap();
}

#[tokio::test]
async fn the_clients_token_and_cookies_stay_in_the_layer() {
    // protocol.md 6.10, 7.25
    let world = World::new();
    let (parts, _) = world.post(&json!({})).header("cookie", "a=b").request().into_parts();
    let forwarded = super::super::server::request(&world.access(FULL), parts, "{}".into(), None);
    assert!(!format!("{forwarded:?}").contains(FULL));
    assert!(forwarded.headers().get("cookie").is_none());
    assert!(forwarded.extensions().get::<Access>().is_some());
}
