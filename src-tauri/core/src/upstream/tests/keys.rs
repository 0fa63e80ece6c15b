//! The three verdicts of upstream-api.md 6.3.

use serde_json::json;

use super::*;
use crate::ids::UserId;
use crate::test_server::{Answer, Seen, Server};

const USER: &str = "7d9f3a52-0000-4000-8000-000000000001";

fn valid() -> Answer {
    Answer::json(200, &json!({ "status": "valid", "developer_id": USER, "client_name": "x", "message": "y" }))
}

fn initialized(seen: &Seen) -> Answer {
    seen.result(&json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {} }))
}

fn no_key() -> Answer {
    Answer::json(400, &json!({ "error": "Missing user authentication details" }))
}

async fn verdict(
    validate: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    initialize: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
) -> (Verdict, Vec<Seen>) {
    let server =
        Server::start(move |seen, _| if seen.is_validation() { validate(seen) } else { initialize(seen) })
            .await;
    (client(&server, limits()).verify_key(&key()).await, server.seen())
}

#[tokio::test]
async fn a_key_is_accepted_when_both_steps_say_so() {
    let (verdict, seen) = verdict(|_| valid(), initialized).await;
    assert_eq!(verdict, Verdict::Accepted { user_id: Some(UserId::new(USER)) });
    assert_eq!(seen.len(), 2);
    // upstream-api.md 14.8: the key only in the validation body and in X-API-Key
    assert_eq!(seen[0].json(), json!({ "api_key": KEY, "client_name": "jean-memory-bridge" }));
    assert!(seen[0].headers.iter().all(|(_, value)| !value.contains(KEY)));
    assert_eq!(seen[1].line, "POST /mcp/messages/ HTTP/1.1");
    assert_eq!(seen[1].header("x-api-key"), Some(KEY));
    assert_eq!(seen[1].header("x-user-id"), None);
    assert!(!String::from_utf8_lossy(&seen[1].body).contains(KEY));
    let params = &seen[1].json()["params"];
    assert!(params["protocolVersion"].is_string() && params["clientInfo"]["name"].is_string());
}

#[tokio::test]
async fn a_key_is_rejected_by_either_step() {
    let (by_validation, seen) =
        verdict(|_| Answer::json(401, &json!({ "detail": "Invalid or inactive API key" })), initialized)
            .await;
    assert_eq!((by_validation, seen.len()), (Verdict::Rejected, 1));
    let (by_initialize, _) = verdict(|_| valid(), |_| no_key()).await;
    assert_eq!(by_initialize, Verdict::Rejected);
    // upstream-api.md 15.5
    let (by_401, _) = verdict(|_| valid(), |_| Answer::json(401, &json!({}))).await;
    assert_eq!(by_401, Verdict::Rejected);
}

#[tokio::test]
async fn without_the_validation_route_the_second_step_decides_alone() {
    let gone = |_: &Seen| Answer::json(404, &json!({ "detail": "Not Found" }));
    assert_eq!(verdict(gone, initialized).await.0, Verdict::Accepted { user_id: None });
    assert_eq!(verdict(gone, |_| no_key()).await.0, Verdict::Rejected);
}

#[tokio::test]
async fn everything_else_says_nothing_about_the_key() {
    let rows: [fn(&Seen) -> Answer; 14] = [
        |_| Answer::with(307, "Location: http://evil.example/\r\n", b""),
        |_| Answer::json(403, &json!({ "detail": "Not authenticated" })),
        |_| Answer::with(429, "Retry-After: 3\r\n", b""),
        |_| Answer::json(500, &json!({ "detail": "Developer validation failed" })),
        |_| Answer::html(502),
        |_| Answer::html(200),
        |_| Answer::with(204, "", b""),
        |_| Answer::Reset,
        |_| Answer::with(200, "Content-Type: application/json\r\n", b"{\"status\""),
        |_| Answer::json(200, &json!({ "status": "ok" })),
        |_| Answer::json(200, &json!({ "status": "invalid", "developer_id": USER })),
        |_| Answer::json(200, &json!({ "status": "valid", "developer_id": "a/../b" })),
        |_| Answer::json(400, &json!({ "error": "Bad request" })),
        |_| Answer::json(200, &json!({ "jsonrpc": "2.0", "id": -1, "result": { "protocolVersion": "x" } })),
    ];
    for (at, row) in rows.into_iter().enumerate() {
        let (in_validation, _) = verdict(row, initialized).await;
        assert!(matches!(in_validation, Verdict::CouldNotCheck(_)), "row {at}: {in_validation:?}");
        let (in_initialize, _) = verdict(|_| valid(), row).await;
        assert!(matches!(in_initialize, Verdict::CouldNotCheck(_)), "row {at}: {in_initialize:?}");
    }
    let (gone, _) = verdict(|_| valid(), |_| Answer::json(404, &json!({ "detail": "Not Found" }))).await;
    assert_eq!(gone, Verdict::CouldNotCheck(UpstreamError::Unexpected(Unexpected::Status(404))));
    let (no_version, _) = verdict(|_| valid(), |seen| seen.result(&json!({}))).await;
    assert_eq!(no_version, Verdict::CouldNotCheck(UpstreamError::Unexpected(Unexpected::Malformed)));
}

#[tokio::test]
async fn a_422_that_echoes_the_key_does_not_bring_it_back() {
    // upstream-api.md 6.2, protocol.md 9.10
    let echo = |seen: &Seen| {
        let input = seen.json();
        Answer::json(422, &json!({ "detail": [{ "type": "missing", "loc": ["body"], "input": input }] }))
    };
    let (verdict, _) = verdict(echo, initialized).await;
    assert_eq!(verdict, Verdict::CouldNotCheck(UpstreamError::Unexpected(Unexpected::Status(422))));
    let Verdict::CouldNotCheck(error) = verdict else { unreachable!() };
    assert!(!format!("{error} {error:?}").contains("jean_sk_"));
}

#[tokio::test]
async fn a_check_that_is_cut_once_comes_through() {
    let server = Server::start(|seen, before| match before {
        0 => Answer::Reset,
        1 => valid(),
        2 => Answer::html(502),
        _ => initialized(seen),
    })
    .await;
    let verdict = client(&server, limits()).verify_key(&key()).await;
    assert_eq!(verdict, Verdict::Accepted { user_id: Some(UserId::new(USER)) });
}

#[test]
fn nothing_that_can_be_printed_shows_the_key() {
    // protocol.md 9.10
    let upstream = Upstream::remote(BaseUrl::parse("https://jean.example").unwrap(), limits());
    let shown = format!("{:?} {upstream:?} {:?}", credential(), exchange::rpc_headers(&credential()));
    assert!(shown.contains("jean-memory-bridge") && !shown.contains("EXAMPLE"), "{shown}");
}
