//! The way to the bridge: connections to the local socket that are kept open between requests, so that a call costs no
//! more than its bytes. A request that is given up takes its connection with it, which is how the bridge hears of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::control::{Client, ClientError, Connection, IDLE, Unanswered};
use crate::paths::Paths;

/// Open connections that nobody uses. The bridge takes a few hundred, and there may be many adapters.
const MAX_IDLE: usize = 2;
/// How long one is used again. Long before the bridge closes it, which would meet a request on its way.
const FRESH: Duration = Duration::from_secs(IDLE.as_secs() / 2);

/// All connections of one adapter.
pub(super) struct Link {
    client: Client,
    /// Each with the time since when nobody uses it.
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl Link {
    pub(super) fn new(paths: Paths) -> Self {
        Self { client: Client::new(paths), idle: Mutex::default() }
    }

    /// Sends a request, on an open connection if there is one. The connection comes back with the response; whoever has
    /// read that to its end gives it to [`Self::keep`].
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), ClientError> {
        while let Some(mut connection) = self.take() {
            match connection.try_send(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(Unanswered::Unsent(unsent)) => request = *unsent,
                Err(Unanswered::Lost) => return Err(ClientError::Lost),
            }
        }
        let mut connection = self.client.connect().await?;
        let response = connection.send(request).await?;
        Ok((response, connection))
    }

    /// Whether somebody listens.
    pub(super) async fn knock(&self) -> Result<(), ClientError> {
        self.client.connect().await.map(|connection| self.keep(connection))
    }

    /// Keeps a connection for the next request.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE && connection.is_open() {
            idle.push((Instant::now(), connection));
        }
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, _)| since.elapsed() < FRESH);
        idle.pop().map(|(_, connection)| connection)
    }
}
