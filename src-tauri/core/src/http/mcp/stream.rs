//! A response body that ends with its grant (protocol.md 7.21).

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::oauth::access::{LiveGrant, Pass};

/// rmcp's body, the grant's place for it, and the end of both.
pub(super) struct GrantBody<B> {
    inner: B,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    _pass: Pass,
}

impl<B> GrantBody<B> {
    pub(super) fn new(inner: B, grant: &LiveGrant, pass: Pass) -> Self {
        Self { inner, ended: Box::pin(grant.cancelled.clone().cancelled_owned()), _pass: pass }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for GrantBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
