//! Response bodies that keep the grant's place until they were read (protocol.md 7.8), and streams that end with their
//! grant (protocol.md 7.21).

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::oauth::access::{LiveGrant, Pass};

/// What hyper takes before it wants somebody to read; it would keep a whole answer as soon as it was given to it.
const PIECE: usize = 64 * 1024;

/// A body in pieces, and the grant's place for it.
pub(super) struct PlacedBody<B> {
    inner: B,
    rest: Bytes,
    _pass: Pass,
}

impl<B> PlacedBody<B> {
    pub(super) fn new(inner: B, pass: Pass) -> Self {
        Self { inner, rest: Bytes::new(), _pass: pass }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for PlacedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_frame(context))
                .map(|frame| frame.map(Frame::into_data))
            {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(inner.lower() + rest);
        hint
    }
}

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
