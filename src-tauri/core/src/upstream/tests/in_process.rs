//! The sandbox's way: a service in this process under the same rules.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use serde_json::json;
use tower::service_fn;

use super::*;

fn answer(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response
}

fn id_of(request: &Request<Bytes>) -> Value {
    serde_json::from_slice::<Value>(request.body()).unwrap()["id"].clone()
}

#[tokio::test]
async fn a_service_is_asked_as_the_network_would_be() {
    let upstream = Upstream::in_process(service_fn(|request: Request<Bytes>| async move {
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().path(), "/mcp/messages/");
        assert_eq!(request.headers()["x-api-key"], KEY);
        assert_eq!(request.headers()["content-type"], "application/json");
        let content = json!([{ "type": "text", "text": r#"{"status": "error", "error": "no"}"# }]);
        let body = json!({ "jsonrpc": "2.0", "id": id_of(&request), "result": { "content": content } });
        Ok::<_, Infallible>(answer(StatusCode::OK, body.to_string()))
    }));
    let reply = ask(&upstream).await.unwrap();
    assert!(reply.is_error, "the same reading of the reply");
}

#[tokio::test]
async fn its_faults_are_read_by_the_same_rules() {
    let with = |status: StatusCode, body: &'static str| {
        Upstream::in_process(service_fn(move |_: Request<Bytes>| async move {
            Ok::<_, Infallible>(answer(status, body))
        }))
    };
    let no_key = with(StatusCode::BAD_REQUEST, r#"{"error":"Missing user authentication details"}"#);
    assert_eq!(ask(&no_key).await, Err(UpstreamError::KeyRejected));
    assert_eq!(no_key.verify_key(&key()).await, {
        Verdict::CouldNotCheck(UpstreamError::Unexpected(Unexpected::Status(400)))
    });
    let cut = with(StatusCode::OK, r#"{"jsonrpc""#);
    assert_eq!(ask(&cut).await, Err(UpstreamError::Unexpected(Unexpected::Truncated)));
    let failing = Upstream::in_process(service_fn(|_: Request<Bytes>| async {
        Err::<Response<Bytes>, _>(std::io::Error::other("gone"))
    }));
    assert_eq!(ask(&failing).await, Err(UpstreamError::StateUnknown(Interruption::Disconnected)));
}

#[tokio::test]
async fn a_reply_over_the_limit_is_refused_here_too() {
    let upstream = Upstream::in_process(service_fn(|_: Request<Bytes>| async {
        Ok::<_, Infallible>(answer(StatusCode::OK, vec![b' '; super::limits::MAX_REPLY + 1]))
    }));
    assert_eq!(ask(&upstream).await, Err(UpstreamError::Unexpected(Unexpected::TooLarge)));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_left_at_the_deadline_and_told_so() {
    struct OnDrop(Arc<AtomicBool>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let seen = dropped.clone();
    let upstream = Upstream::in_process(service_fn(move |_: Request<Bytes>| {
        let guard = OnDrop(seen.clone());
        async move {
            let _guard = guard;
            std::future::pending::<Result<Response<Bytes>, Infallible>>().await
        }
    }));
    let started = tokio::time::Instant::now();
    assert_eq!(ask(&upstream).await, Err(UpstreamError::StateUnknown(Interruption::TimedOut)));
    assert_eq!(started.elapsed().as_secs(), 120, "the limit of a call (upstream-api.md 10)");
    assert!(dropped.load(Ordering::SeqCst));

    let started = tokio::time::Instant::now();
    assert_eq!(upstream.list_tools(&credential()).await, Err(UpstreamError::TimedOut));
    assert_eq!(started.elapsed().as_secs(), 75, "the first answer may take this long");
}
