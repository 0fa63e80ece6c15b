//! The authorization server as the MCP endpoint sees it.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::http::mcp::Bearers;
use crate::oauth::{Access, AuthorizationServer, BearerError};

/// Judges bearers.
pub(super) struct Bearer(pub(super) Arc<AuthorizationServer>);

impl Bearers for Bearer {
    fn authenticate<'a>(
        &'a self,
        bearer: &'a str,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Access, BearerError>> {
        self.0.authenticate(bearer, now).boxed()
    }
}
