//! Routes, keys and validation: upstream-api.md 3 to 6.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::sandbox::rpc::{self, Credentials};
use crate::sandbox::testing::{Answer, Bench};
use crate::sandbox::validation;

const REFUSED: &str = r#"{"error":"Missing user authentication details"}"#;
const REAL_KEY: &str = "jean_sk_EXAMPLE_abcdefghijklmnopqrstuvwxyz0123456789";
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

async fn request(bench: &Bench, method: Method, path: &str) -> Answer {
    bench.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
}

async fn validate(bench: &Bench, body: &Value) -> Answer {
    let request = Request::post("/sdk/validate-developer").header("content-type", "application/json");
    bench.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_missing_or_surplus_slash_is_a_redirect_to_clear_text() {
    // upstream-api.md 3
    let bench = Bench::new();
    for (path, target) in [
        ("/mcp/messages?a=b", "http://127.0.0.1:9/mcp/messages/?a=b"),
        ("/sdk/validate-developer/", "http://127.0.0.1:9/sdk/validate-developer"),
        ("/health/", "http://127.0.0.1:9/health"),
    ] {
        let request = Request::post(path).header("host", "127.0.0.1:9").body(Body::empty()).unwrap();
        let answer = bench.send(request).await;
        assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT, "{path}");
        assert_eq!(answer.header("location"), Some(target));
    }
}

#[tokio::test]
async fn other_methods_and_other_paths_are_the_frameworks_errors() {
    // upstream-api.md 3
    let bench = Bench::new();
    for (method, path, allow) in [
        (Method::GET, "/mcp/messages/", "POST"),
        (Method::DELETE, "/mcp/messages/", "POST"),
        (Method::OPTIONS, "/mcp/messages/", "POST"),
        (Method::GET, "/sdk/validate-developer", "POST"),
        (Method::POST, "/health", "GET, HEAD"),
    ] {
        let answer = request(&bench, method, path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.header("allow"), Some(allow));
        assert_eq!(answer.text, r#"{"detail":"Method Not Allowed"}"#);
    }
    for path in ["/", "/mcp", "/mcp/v2/claude/someone", "/mcp/oauth/someone", "/api/v1/keys", "/fastmcp"] {
        let answer = request(&bench, Method::POST, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.text, r#"{"detail":"Not Found"}"#);
    }
}

#[tokio::test]
async fn health_needs_no_key_and_makes_no_file() {
    let bench = Bench::new();
    let answer = request(&bench, Method::GET, "/health").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({"status": "healthy", "timestamp": "2025-12-09T10:00:00+00:00"}));
    let answer = request(&bench, Method::HEAD, "/health").await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    assert!(!bench.path().exists());
}

#[tokio::test]
async fn replies_carry_the_services_headers_and_no_cors() {
    // upstream-api.md 4; 13.1 rows 11 and 12
    let bench = Bench::new();
    let key = bench.sandbox.key();
    let headers = [("X-API-KEY", key.expose()), ("origin", "https://evil.example"), ("mcp-session-id", "1")];
    let answer = bench.post_with(&headers, LIST).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("x-memory-usage-mb").is_some());
    assert_eq!(answer.header("mcp-session-id"), None);
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));

    let preflight = Request::options("/mcp/messages/")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    let answer = bench.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn only_the_exact_key_in_its_own_header_opens_the_door() {
    // upstream-api.md 5.1
    let bench = Bench::new();
    let key = bench.sandbox.key().expose().to_owned();
    let bearer = format!("Bearer {key}");
    let lower = key.to_lowercase();
    let spaced = format!("{key} x");
    let padded = format!(" {key}");
    let unknown = format!("jean_sk_sandbox_{}", "a".repeat(43));
    let refused: [&[(&str, &str)]; 9] = [
        &[],
        &[("x-api-key", "")],
        &[("x-api-key", &unknown)],
        &[("x-api-key", REAL_KEY)],
        &[("x-api-key", &bearer)],
        &[("x-api-key", &lower)],
        &[("x-api-key", &spaced)],
        &[("x-api-key", &padded)],
        &[("authorization", &bearer)],
    ];
    for headers in refused {
        let answer = bench.post_with(headers, LIST).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{headers:?}");
        assert_eq!(answer.text, REFUSED);
    }
    assert_eq!(bench.post_with(&[("x-api-key", &key)], LIST).await.status, StatusCode::OK);
}

#[tokio::test]
async fn identity_headers_never_stand_in_for_a_key() {
    // upstream-api.md 5.2; 13.1 row 3
    let bench = Bench::new();
    let user_id = bench.sandbox.user_id();
    let claimed = [("x-user-id", user_id.as_str()), ("x-client-name", "claude")];
    for key in [None, Some(REAL_KEY), Some("jean_sk_sandbox_wrongwrongwrong")] {
        let headers: Vec<_> = claimed.into_iter().chain(key.map(|key| ("x-api-key", key))).collect();
        let answer = bench.post_with(&headers, LIST).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::BAD_REQUEST, REFUSED));
    }
}

#[tokio::test]
async fn a_good_key_runs_as_its_owner_whoever_is_claimed() {
    // upstream-api.md 5.1
    let bench = Bench::new();
    bench.remember(&["my bicycle is red"]).await;
    let key = bench.sandbox.key();
    let headers = [("x-api-key", key.expose()), ("x-user-id", "someone-else")];
    let call = json!({"id": 1, "method": "tools/call", "params": {"name": "list_memories", "arguments": {}}});
    let answer = bench.post_with(&headers, call.to_string()).await;
    assert!(answer.text.contains("my bicycle is red"));
}

#[tokio::test]
async fn validation_tells_whose_key_it_is() {
    // upstream-api.md 6.2
    let bench = Bench::new();
    let key = bench.sandbox.key();
    let answer =
        validate(&bench, &json!({"api_key": key.expose(), "client_name": "jean-memory-bridge"})).await;
    assert_eq!(answer.status, StatusCode::OK);
    let user_id = bench.sandbox.user_id();
    assert_eq!(
        answer.json(),
        json!({
            "status": "valid",
            "developer_id": user_id.as_str(),
            "client_name": "jean-memory-bridge",
            "message": "Developer authenticated for client: jean-memory-bridge",
        })
    );
}

#[tokio::test]
async fn a_real_key_is_refused_and_not_kept() {
    // upstream-api.md 13: refused, never stored
    let bench = Bench::new();
    let answer = validate(&bench, &json!({"api_key": REAL_KEY, "client_name": "x"})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.text, r#"{"detail":"Invalid or inactive API key"}"#);
    let padded = format!("{}\n", bench.sandbox.key().expose());
    let answer = validate(&bench, &json!({"api_key": padded, "client_name": "x"})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(!bench.path().exists());
    let answer = validate(&bench, &json!({"api_key": "sk-0123456789", "client_name": "x"})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.text, r#"{"detail":"Invalid API key format"}"#);

    let pasted = format!("my key is {REAL_KEY}, keep it");
    let hidden_among_many = "jean_sk_".repeat(1_000_000) + &"x".repeat(8);
    for (tool, arguments) in [
        ("add_memories", json!({"text": &pasted})),
        ("add_memories", json!({"text": &hidden_among_many})),
        ("add_memories", json!({"text": "a key", "tags": [REAL_KEY]})),
        ("jean_memory", json!({"user_message": &pasted, "is_new_conversation": false})),
        ("store_document", json!({"title": "key", "content": &pasted})),
        (
            "store_document",
            json!({"title": "key", "content": "long enough", "metadata": {"a": [{REAL_KEY: 1}]}}),
        ),
    ] {
        let text = bench.call(tool, arguments).await;
        assert!(text.contains("does not store keys"), "{tool}: {text}");
        assert!(!text.contains(REAL_KEY));
    }
    let key = bench.sandbox.key();
    let headers = [("x-api-key", key.expose()), ("x-client-name", REAL_KEY)];
    let call =
        json!({"method": "tools/call", "params": {"name": "add_memories", "arguments": {"text": "tea"}}});
    assert_eq!(bench.post_with(&headers, call.to_string()).await.status, StatusCode::OK);

    let folder = bench.path();
    let mut read = 0;
    for entry in std::fs::read_dir(folder.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        read += bytes.len();
        assert!(!bytes.windows(REAL_KEY.len()).any(|window| window == REAL_KEY.as_bytes()));
    }
    assert!(read > 0);
}

#[tokio::test]
async fn a_faulty_validation_body_is_a_422_that_never_echoes_the_key() {
    // upstream-api.md 6.2; 13.1 row 9
    let bench = Bench::new();
    let key = bench.sandbox.key();
    let missing = validate(&bench, &json!({"api_key": key.expose()})).await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        missing.json(),
        json!({"detail": [
            {"type": "missing", "loc": ["body", "client_name"], "msg": "Field required", "input": null}
        ]})
    );
    let wrong = validate(&bench, &json!({"api_key": [key.expose()], "client_name": 5})).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.json()["detail"].as_array().unwrap().len(), 2);
    let not_json = format!("{{\"api_key\":\"{}\"", key.expose());
    for (content_type, body) in [
        ("application/json", not_json.as_str()),
        ("application/json", ""),
        ("application/json", "[]"),
        ("text/plain", r#"{"api_key":"a","client_name":"b"}"#),
    ] {
        let request = Request::post("/sdk/validate-developer").header("content-type", content_type);
        let answer = bench.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.json()["detail"].is_array());
        assert!(!answer.text.contains(key.expose()));
    }
    assert!(!missing.text.contains(key.expose()) && !wrong.text.contains(key.expose()));
}

#[test]
fn logs_name_neither_keys_nor_contents() {
    // upstream-api.md 13, 14.8. Called without the router, because the logs are collected on this thread.
    let logs = Logs::default();
    let writer = logs.clone();
    let collector = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let bench = Bench::new();
    let own = bench.sandbox.key();
    let post = |key: &str, body: &str| {
        let credentials = Credentials { key: Some(key.to_owned()), client_name: Some("bridge".to_owned()) };
        rpc::answer(&bench.sandbox.0, &credentials, body.as_bytes());
    };
    let add = json!({"method": "tools/call", "params": {"name": "add_memories", "arguments": {"text": "blue boat"}}});
    let search = add.to_string().replace("add_memories", "search_memory_v2").replace("\"text\"", "\"query\"");
    tracing::subscriber::with_default(collector, || {
        post(REAL_KEY, &add.to_string());
        post(own.expose(), &add.to_string());
        for key in [REAL_KEY, own.expose()] {
            let body = json!({"api_key": key, "client_name": "bridge"}).to_string();
            validation::answer(&bench.sandbox.0, None, body.as_bytes());
        }
        rusqlite::Connection::open(bench.path()).unwrap().execute_batch("DROP TABLE memory_words").unwrap();
        post(own.expose(), &search);
    });
    let text = String::from_utf8(logs.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("made the sandbox") && text.contains("operation=\"search_memory_v2\""), "{text}");
    for secret in ["jean_sk_", "boat", bench.sandbox.user_id().as_str()] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
