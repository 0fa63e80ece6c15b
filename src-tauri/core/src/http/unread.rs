//! What is left of a request when its answer is ready: a refusal does not wait for the body.
//!
//! hyper closes a connection whose body was not read to its end, after an answer that did not say so. Clients that write
//! headers and body separately (httpx, and with it the Python SDK) then lose the next request of their sign-in, which
//! goes on over the same connection. So the rest is read and thrown away; where that takes too long or is too much, the
//! answer says that the connection ends (RFC 9112 §9.6).

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONNECTION, EXPECT};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Limited};

/// As much as could have been a message (protocol.md 7.8).
const MAX_REST: usize = 4 * 1024 * 1024;
/// How long a client may take to send it.
const REST_TIME: Duration = Duration::from_secs(5);

/// Reads what nobody read, before the answer leaves.
pub(super) async fn discard(request: Request, next: Next) -> Response {
    // Whoever sends this has not begun with the body, and does not once it sees the answer.
    let waits = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let body = Lent(Arc::new(Mutex::new(body)));
    let rest = body.clone();
    let mut response = next.run(Request::from_parts(parts, Body::new(body))).await;
    if !rest.is_end_stream() && (waits || !rest.drained().await) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that comes back from whoever gave it up.
#[derive(Clone)]
struct Lent(Arc<Mutex<Body>>);

impl Lent {
    /// Whether the end was reached.
    async fn drained(self) -> bool {
        if self.size_hint().lower() > MAX_REST as u64 {
            return false;
        }
        let mut rest = Limited::new(self, MAX_REST);
        let reading = async {
            while let Some(frame) = rest.frame().await {
                if frame.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(REST_TIME, reading).await.unwrap_or_default()
    }

    fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}
