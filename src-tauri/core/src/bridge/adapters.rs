//! What the socket needs to serve clients of the stdio adapter.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use http::header::{HOST, ORIGIN};
use tokio_util::sync::CancellationToken;

use super::Bridge;
use crate::adapter_clients::AdapterClients;
use crate::oauth::Access;

impl Bridge {
    /// Who may do what.
    pub(crate) fn adapters(&self) -> &Arc<AdapterClients> {
        &self.adapters
    }

    /// The end of the bridge.
    pub(crate) fn ending(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Answers a request of MCP that came in another way than over HTTP on loopback, where the door would have
    /// looked at its Host: it gets the one that the MCP server knows.
    pub(crate) async fn serve_mcp(&self, access: Access, mut request: Request) -> Response {
        let headers = request.headers_mut();
        headers.remove(ORIGIN);
        headers.remove(HOST);
        if let Ok(host) = HeaderValue::from_str(&self.address.to_string()) {
            headers.insert(HOST, host);
        }
        self.endpoint.serve(access, request).await
    }
}
