//! Carries one request to the API and its reply back, over the network or inside this process.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderValue, Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

use super::message::{Fault, Incoming, Outgoing, Sent};
use super::remote::Remote;

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
