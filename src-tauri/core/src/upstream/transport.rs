//! Carries one request to the API and its reply back, over the network or inside this process, and
//! knows for certain whether a byte of the request left.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

use super::error::Unreachable;
use super::remote::Remote;

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

/// The way to the API.
pub(super) enum Transport {
    /// Over the network.
    Remote(Box<Remote>),
    /// The sandbox in this process.
    InProcess(BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>),
}

impl Transport {
    pub(super) fn in_process<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
    {
        Self::InProcess(BoxCloneSyncService::new(service.map_err(Into::into)))
    }

    pub(super) async fn send(
        &self,
        request: Outgoing,
        sent: &Sent,
        max_reply: usize,
    ) -> Result<Incoming, Fault> {
        match self {
            Self::Remote(remote) => remote.send(request, sent, max_reply).await,
            Self::InProcess(service) => {
                sent.set();
                call(service.clone(), request, max_reply).await
            }
        }
    }
}

async fn call(
    service: BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>,
    outgoing: Outgoing,
    max_reply: usize,
) -> Result<Incoming, Fault> {
    let length = outgoing.body.len();
    let mut request = Request::new(outgoing.body);
    *request.method_mut() = outgoing.endpoint.method();
    *request.uri_mut() = http::Uri::from_static(outgoing.endpoint.path());
    *request.headers_mut() = outgoing.headers;
    request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
    request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    let (parts, body) = service.oneshot(request).await.map_err(|_| Fault::Lost)?.into_parts();
    if body.len() > max_reply {
        return Err(Fault::TooLarge);
    }
    Ok(Incoming { status: parts.status, headers: parts.headers, body: body.into() })
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
