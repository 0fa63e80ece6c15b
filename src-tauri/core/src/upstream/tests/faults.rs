//! Every row of protocol.md 7.28 and every fault switch of upstream-api.md 13.2.

use serde_json::json;
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::test_server::{Answer, Seen, Server, response};

type Script = fn(&Seen) -> Answer;

const JSON: &str = "Content-Type: application/json\r\n";

fn unexpected(kind: Unexpected) -> UpstreamError {
    UpstreamError::Unexpected(kind)
}

async fn call_against(script: Script) -> UpstreamError {
    let server = Server::start(move |seen, _| script(seen)).await;
    let error = ask(&client(&server, limits())).await.unwrap_err();
    assert_eq!(server.seen().len(), 1, "a call is sent once");
    error
}

async fn list_against(script: Script) -> (UpstreamError, usize) {
    let server = Server::start(move |seen, _| script(seen)).await;
    let error = client(&server, limits()).list_tools(&credential()).await.unwrap_err();
    (error, server.seen().len())
}

#[tokio::test]
async fn an_odd_answer_to_a_call_has_its_cause_and_is_never_repeated() {
    // protocol.md 7.27, 7.28
    let rows: &[(Script, UpstreamError)] = &[
        (|_| Answer::with(307, "Location: https://evil.example/\r\n", b""), unexpected(Unexpected::Redirect)),
        (|_| Answer::with(301, "Location: /elsewhere\r\n", b"x"), unexpected(Unexpected::Redirect)),
        (|_| Answer::with(204, "", b""), unexpected(Unexpected::Empty)),
        (|_| Answer::with(200, JSON, b""), unexpected(Unexpected::Empty)),
        (|_| Answer::html(200), unexpected(Unexpected::Html)),
        (|_| Answer::with(200, "Content-Type: text/plain\r\n", b"ok"), unexpected(Unexpected::NotJson)),
        (|_| Answer::with(200, "", b"{}"), unexpected(Unexpected::NotJson)),
        (|_| Answer::with(200, JSON, b"nonsense"), unexpected(Unexpected::NotJson)),
        (|_| Answer::with(200, JSON, b"\xff\xfe"), unexpected(Unexpected::NotJson)),
        (|_| Answer::with(200, JSON, br#"{"jsonrpc":"2.0","id":"#), unexpected(Unexpected::Truncated)),
        (|_| Answer::json(200, &json!({ "status": "acknowledged" })), unexpected(Unexpected::Malformed)),
        (|_| Answer::json(200, &json!([])), unexpected(Unexpected::Malformed)),
        (|seen| seen.result(&json!("text")), unexpected(Unexpected::Malformed)),
        (|seen| seen.result(&json!({ "content": [], "isError": "yes" })), unexpected(Unexpected::Malformed)),
        (
            |seen| seen.result(&json!({ "content": [], "resultType": "input_required" })),
            unexpected(Unexpected::Incomplete),
        ),
        (|_| Answer::json(400, &json!({ "error": "something else" })), unexpected(Unexpected::Status(400))),
        (|_| Answer::json(404, &json!({ "error": "Method 'x'" })), unexpected(Unexpected::Status(404))),
        (|_| Answer::json(418, &json!({})), unexpected(Unexpected::Status(418))),
        (|_| Answer::json(201, &json!({})), unexpected(Unexpected::Status(201))),
    ];
    for (at, (script, expected)) in rows.iter().enumerate() {
        assert_eq!(call_against(*script).await, *expected, "row {at}");
    }
}

#[tokio::test]
async fn the_answer_to_another_request_is_refused() {
    // upstream-api.md 13.2 wrong-id
    let rows: [Script; 4] = [
        |_| Answer::json(200, &json!({ "jsonrpc": "2.0", "id": 0, "result": { "content": [] } })),
        |_| Answer::json(200, &json!({ "jsonrpc": "2.0", "id": "1", "result": { "content": [] } })),
        |_| Answer::json(200, &json!({ "jsonrpc": "2.0", "id": null, "result": { "content": [] } })),
        |_| Answer::json(200, &json!({ "jsonrpc": "2.0", "result": { "content": [] } })),
    ];
    for script in rows {
        assert_eq!(call_against(script).await, unexpected(Unexpected::WrongId));
    }
    let wrong_error: Script =
        |_| Answer::json(500, &json!({ "jsonrpc": "2.0", "id": "other", "error": { "message": "x" } }));
    assert_eq!(call_against(wrong_error).await, unexpected(Unexpected::WrongId));
}

#[tokio::test]
async fn a_refused_key_is_told_from_every_other_refusal() {
    // upstream-api.md 5.1; protocol.md 7.28: 401 and 403 too
    let rows: [Script; 4] = [
        |_| Answer::json(400, &json!({ "error": "Missing user authentication details" })),
        |_| Answer::json(401, &json!({ "detail": "x" })),
        |_| Answer::with(401, "WWW-Authenticate: Bearer\r\n", b""),
        |_| Answer::json(403, &json!({ "detail": "Not authenticated" })),
    ];
    for script in rows {
        assert_eq!(call_against(script).await, UpstreamError::KeyRejected);
        assert_eq!(list_against(script).await, (UpstreamError::KeyRejected, 1));
    }
    let near_misses: [Script; 4] = [
        |_| Answer::json(400, &json!({ "error": "missing user authentication details" })),
        |_| Answer::json(400, &json!({ "error": "Missing user authentication details", "more": 1 })),
        |_| Answer::json(400, &json!({ "detail": "Missing user authentication details" })),
        |_| Answer::with(400, "", b"Missing user authentication details"),
    ];
    for script in near_misses {
        assert_eq!(call_against(script).await, unexpected(Unexpected::Status(400)));
    }
}

#[tokio::test]
async fn a_tool_exception_becomes_a_short_clean_message() {
    // protocol.md 7.28 row 3
    for status in [200, 500] {
        let server = Server::start(move |seen, _| {
            let message = format!("boom {KEY} for\nyou");
            let error = json!({ "code": -32603, "message": message });
            Answer::json(status, &json!({ "jsonrpc": "2.0", "error": error, "id": seen.json()["id"] }))
        })
        .await;
        let error = ask(&client(&server, limits())).await.unwrap_err();
        assert_eq!(error, UpstreamError::Rpc { message: "boom [redacted] for you".to_owned() });
    }
    let sql: Script = |_| {
        let message = format!("(psycopg2.Error) [SQL: SELECT 1 FROM x] {}", "y".repeat(300_000));
        let error = json!({ "code": -32603, "message": message });
        Answer::json(500, &json!({ "jsonrpc": "2.0", "error": error, "id": null }))
    };
    let message = "internal error at Jean Memory".to_owned();
    assert_eq!(call_against(sql).await, UpstreamError::Rpc { message });
}

#[tokio::test]
async fn a_server_fault_leaves_the_outcome_of_a_call_unknown() {
    // protocol.md 7.28 last row
    let rows: [(Script, u16); 5] = [
        (|_| Answer::html(502), 502),
        (|_| Answer::html(503), 503),
        (|_| Answer::with(500, "Content-Type: text/plain\r\n", b"Internal Server Error"), 500),
        (|_| Answer::json(500, &json!({ "error": "'NoneType' object has no attribute 'get'" })), 500),
        (|_| Answer::with(504, "", b""), 504),
    ];
    for (script, status) in rows {
        let unknown = UpstreamError::StateUnknown(Interruption::ServerFault(status));
        assert!(unknown.may_have_acted());
        assert_eq!(call_against(script).await, unknown);
        let requests = if status == 500 { 1 } else { 2 };
        let outage = UpstreamError::Unreachable(Unreachable::ServerFault(status));
        assert_eq!(list_against(script).await, (outage, requests), "{status}");
    }
}

#[tokio::test]
async fn busy_carries_the_waiting_time_if_there_is_one() {
    // protocol.md 7.28: 429 (+ Retry-After); upstream-api.md 14.5: the guard
    let rows: [(Script, Option<u64>); 7] = [
        (|_| Answer::with(429, "Retry-After: 7\r\n", b""), Some(7)),
        (|_| Answer::with(429, "", b""), None),
        (|_| Answer::with(429, "Retry-After: soon\r\n", b""), None),
        (|_| Answer::with(429, "Retry-After: 999999999\r\n", b""), Some(3600)),
        (
            |_| {
                let dates =
                    "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2015 07:28:30 GMT\r\n";
                Answer::with(429, dates, b"")
            },
            Some(30),
        ),
        (|_| Answer::json(503, &json!({ "error": "high memory usage", "message": "later" })), None),
        (|_| Answer::with(503, "Retry-After: 5\r\nContent-Type: text/html\r\n", b"<html>"), Some(5)),
    ];
    for (script, seconds) in rows {
        let busy = UpstreamError::Busy { retry_after: seconds.map(Duration::from_secs) };
        assert_eq!(call_against(script).await, busy);
        assert_eq!(list_against(script).await, (busy, 1), "not repeated at once");
    }
}

#[tokio::test]
async fn a_connection_cut_before_the_answer_leaves_a_call_unknown_and_repeats_a_list() {
    // protocol.md 7.27
    let rows: [Script; 3] = [
        |_| Answer::Reset,
        |_| Answer::WriteAndClose(Vec::new()),
        |_| Answer::WriteAndClose(b"HTTP/1.1 200 O".to_vec()),
    ];
    for script in rows {
        let unknown = UpstreamError::StateUnknown(Interruption::Disconnected);
        assert_eq!(call_against(script).await, unknown);
        let cut = UpstreamError::Unreachable(Unreachable::Disconnected);
        assert_eq!(list_against(script).await, (cut, 2));
    }
}

#[tokio::test]
async fn a_list_that_is_cut_once_comes_through() {
    let server =
        Server::start(
            |seen, before| {
                if before == 0 { Answer::Reset } else { seen.result(&json!({ "tools": [] })) }
            },
        )
        .await;
    assert_eq!(client(&server, limits()).list_tools(&credential()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_body_cut_in_the_middle_is_a_truncated_answer() {
    // upstream-api.md 13.2 reset in mid-body, truncate
    let cut: Script = |_| {
        let whole = response(200, JSON, br#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#);
        Answer::WriteAndClose(whole[..whole.len() - 10].to_vec())
    };
    assert_eq!(call_against(cut).await, unexpected(Unexpected::Truncated));
    // A cut error page is still that status.
    let cut_page: Script = |_| {
        let whole = response(502, "Content-Type: text/html\r\n", b"<html><body>Bad gateway");
        Answer::WriteAndClose(whole[..whole.len() - 10].to_vec())
    };
    assert_eq!(call_against(cut_page).await, UpstreamError::StateUnknown(Interruption::ServerFault(502)));
}

#[tokio::test]
async fn a_reply_over_the_limit_is_cut_off_whether_announced_or_not() {
    // upstream-api.md 13.2 huge
    let announced: Script = |_| Answer::with(200, JSON, &vec![b' '; 20_000_000]);
    assert_eq!(call_against(announced).await, unexpected(Unexpected::TooLarge));
    let unannounced: Script = |_| {
        let mut bytes = format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        for _ in 0..20 {
            bytes.extend(b"100000\r\n");
            bytes.extend(vec![b' '; 0x10_0000]);
            bytes.extend(b"\r\n");
        }
        Answer::Write(bytes)
    };
    assert_eq!(call_against(unannounced).await, unexpected(Unexpected::TooLarge));
    let endless_page: Script = |_| Answer::with(502, "", &vec![b'x'; 20_000_000]);
    assert_eq!(call_against(endless_page).await, UpstreamError::StateUnknown(Interruption::ServerFault(502)));
}

#[tokio::test]
async fn silence_ends_at_the_deadline_of_its_kind() {
    let short = Duration::from_millis(500);
    let server = Server::start(|_, _| Answer::Hang).await;
    let upstream = client(&server, UpstreamLimits { call: short, cold: short, ..limits() });
    assert_eq!(ask(&upstream).await, Err(UpstreamError::StateUnknown(Interruption::TimedOut)));
    assert_eq!(upstream.list_tools(&credential()).await, Err(UpstreamError::TimedOut));
    assert_eq!(upstream.health().await, Err(UpstreamError::TimedOut));
    assert_eq!(server.seen().len(), 3, "a timeout is not repeated");
    server.wait_for_departures(3).await;
}

#[tokio::test]
async fn a_body_that_stops_coming_ends_at_the_deadline() {
    let server = Server::start(|_, _| {
        Answer::Write(format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: 100\r\n\r\n{{").into_bytes())
    })
    .await;
    let upstream = client(&server, UpstreamLimits { call: Duration::from_millis(500), ..limits() });
    assert_eq!(ask(&upstream).await, Err(UpstreamError::StateUnknown(Interruption::TimedOut)));
}

#[tokio::test]
async fn only_the_first_request_after_a_silence_has_time_to_wake_the_host() {
    // upstream-api.md 10: 75 s after idle, else 30 s
    let server = Server::start(|seen, before| match before {
        0 => seen.result(&json!({ "tools": [] })),
        _ => Answer::Hang,
    })
    .await;
    let hour = Duration::from_secs(3600);
    let quick = Duration::from_millis(500);
    let upstream = client(&server, UpstreamLimits { cold: hour, quick, idle_after: hour, ..limits() });
    assert!(upstream.list_tools(&credential()).await.is_ok());
    assert_eq!(upstream.list_tools(&credential()).await, Err(UpstreamError::TimedOut));

    let always_cold = UpstreamLimits { cold: quick, quick: hour, idle_after: Duration::ZERO, ..limits() };
    let upstream = client(&server, always_cold);
    assert_eq!(upstream.list_tools(&credential()).await, Err(UpstreamError::TimedOut));
    assert_eq!(upstream.list_tools(&credential()).await, Err(UpstreamError::TimedOut));
}

#[tokio::test]
async fn a_refused_connection_says_so_and_nothing_was_sent() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let base = BaseUrl::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let error = ask(&Upstream::remote(base, limits())).await.unwrap_err();
    assert_eq!(error, UpstreamError::Unreachable(Unreachable::Refused));
    assert!(!error.may_have_acted());
}

#[tokio::test]
async fn a_refused_call_goes_through_when_the_server_comes_back() {
    // protocol.md 7.27: retrying a refused connection is fine
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let base = BaseUrl::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let upstream = Upstream::remote(base, UpstreamLimits { retry_delay: Duration::from_secs(1), ..limits() });
    let calling = tokio::spawn(async move { ask(&upstream).await });
    // The first attempt is refused as soon as the call runs; the port opens before the second.
    tokio::task::yield_now().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let listener = socket.listen(8).unwrap();
    let server = Server::serve_on(listener, |socket| async { Some(socket) }, |seen, _| seen.text("ok"));
    assert!(calling.await.unwrap().is_ok());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_peer_that_accepts_and_never_shakes_hands_is_a_timeout_before_anything_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let upstream = Upstream::remote(base, UpstreamLimits { connect: Duration::from_millis(50), ..limits() });
    assert_eq!(ask(&upstream).await, Err(UpstreamError::Unreachable(Unreachable::Timeout)));
}
