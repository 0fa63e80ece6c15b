//! One request to the API and its reply, and the certain knowledge whether a byte of the request left.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body::{Body, Frame, SizeHint};

use super::error::Unreachable;

/// Of a reply that is not a 200 no more than this is read: enough for any error of the API.
pub(super) const MAX_ERROR_BODY: usize = 1024 * 1024;

/// The routes of the API that are used, and no others (upstream-api.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// JSON-RPC. The trailing slash is required; without it the answer is a redirect.
    Messages,
    /// Whose key this is.
    Validate,
    /// Whether anybody is there.
    Health,
}

impl Endpoint {
    pub(super) const ALL: [Self; 3] = [Self::Messages, Self::Validate, Self::Health];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Messages => "/mcp/messages/",
            Self::Validate => "/sdk/validate-developer",
            Self::Health => "/health",
        }
    }

    pub(super) fn method(self) -> Method {
        match self {
            Self::Messages | Self::Validate => Method::POST,
            Self::Health => Method::GET,
        }
    }
}

/// A request, complete: nothing is added to these headers but `Host` and `Content-Length`.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) endpoint: Endpoint,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A reply whose body is within the limit.
pub(super) struct Incoming {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no [`Incoming`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not one byte of the request left this computer.
    NotSent(Unreachable),
    /// Something may have left; no reply came.
    Lost,
    /// A 200 whose body ended early.
    Truncated,
    /// A 200 whose body is over the limit.
    TooLarge,
}

/// Set once the connection takes the body of a request; until then nothing was sent.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<AtomicBool>);

impl Sent {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A request body that reports when the connection takes it.
///
/// The HTTP library hands a request back unpolled when its connection dies first, and polls the body
/// before it flushes the head, so this flag is exact where error kinds are not.
pub(super) struct Marked {
    data: Option<Bytes>,
    sent: Sent,
}

impl Marked {
    pub(super) fn new(data: Bytes, sent: Sent) -> Self {
        Self { data: Some(data).filter(|data| !data.is_empty()), sent }
    }
}

impl Body for Marked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.set();
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}
