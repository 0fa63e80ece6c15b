//! Calls the sandbox's router without a network in between.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};

/// A router that takes and gives whole bodies.
#[derive(Clone)]
pub(super) struct InProcess(Router);

impl InProcess {
    pub(super) fn new(router: Router) -> Self {
        Self(router)
    }
}

impl Service<Request<Bytes>> for InProcess {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let router = self.0.clone();
        Box::pin(async move {
            let (parts, body) = router.oneshot(request.map(Body::from)).await?.into_parts();
            let Ok(whole) = body.collect().await else {
                let mut failed = Response::new(Bytes::new());
                *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                return Ok(failed);
            };
            Ok(Response::from_parts(parts, whole.to_bytes()))
        })
    }
}
