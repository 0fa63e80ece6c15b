//! The Jean Memory API, as it really behaves (upstream-api.md): the only place where a key leaves
//! this program, as `X-API-Key` to the configured base and nowhere else.
//!
//! Headers are built from scratch, redirects are never followed, cookies never stored, and of what
//! the upstream says nothing but tool content gets out (protocol.md 7.25 to 7.30).

mod base_url;
mod error;
mod exchange;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
pub mod limits;
mod message;
mod remote;
mod reply;
mod rpc;
mod sanitise;
mod transport;
mod verify;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use tower::{BoxError, Service};

pub(crate) use base_url::is_loopback;
pub use base_url::{BaseUrl, BaseUrlError};
pub use error::{Interruption, Unexpected, Unreachable, UpstreamError};
pub use limits::UpstreamLimits;
pub(crate) use remote::{cause_of, client_builder, trust_for};
pub use reply::ToolReply;
pub use verify::Verdict;

use crate::api_key::ApiKey;
use crate::ids::UserId;
use exchange::{Kind, Line};
use message::Endpoint;
use remote::Remote;
use transport::Transport;

/// The label of this program at the upstream; one constant, because each label becomes an entry
/// that the person sees and can pause there (upstream-api.md 7).
pub const CLIENT_NAME: &str = "jean-memory-bridge";

/// Who calls.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The key, sent as `X-API-Key`.
    pub key: ApiKey,
    /// Sent as `x-user-id`; `None` unless the configuration asks for it and the account is
    /// verified, because today's upstream trusts that header without a key (upstream-api.md 5.2).
    pub identity: Option<UserId>,
}

/// Whether a call may leave at this moment. Asked when its turn comes, which may be long after it was made.
pub type MayLeave<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// The client of the Jean Memory API. Cheap to clone; clones share connections and limits.
#[derive(Clone)]
pub struct Upstream(Arc<Line>);

impl Upstream {
    /// An API on the network. Nothing is opened or read before the first call.
    #[must_use]
    pub fn remote(base: BaseUrl, limits: UpstreamLimits) -> Self {
        let remote = Transport::Remote(Box::new(Remote::new(base, limits)));
        Self(Arc::new(Line::new(remote, limits)))
    }

    /// An API inside this process: the sandbox. Its replies are read by the same rules.
    #[must_use]
    pub fn in_process<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
    {
        Self(Arc::new(Line::new(Transport::in_process(service), UpstreamLimits::default())))
    }

    /// Asks whether a key is good, and whose it is (upstream-api.md 6.3).
    pub async fn verify_key(&self, key: &ApiKey) -> Verdict {
        verify::verify_key(&self.0, key).await
    }

    /// The tools as the upstream describes them (upstream-api.md 9.1).
    ///
    /// # Errors
    /// [`UpstreamError`]; the request changes nothing and may have been repeated once.
    pub async fn list_tools(
        &self,
        credential: &Credential,
    ) -> Result<Vec<Map<String, Value>>, UpstreamError> {
        let (id, body) = rpc::request("tools/list", &Map::new());
        let headers = exchange::rpc_headers(credential);
        let incoming = self.0.exchange(Endpoint::Messages, headers, body, Kind::Repeatable).await?;
        let list: rpc::ToolList = rpc::result(&incoming, id)?;
        Ok(list.read(&credential.key))
    }

    /// Calls a tool. Never repeated once bytes have left (protocol.md 7.27); dropping the future
    /// closes the connection, which does not undo what the upstream already did (7.20).
    ///
    /// # Errors
    /// [`UpstreamError`]. A tool that failed by its own account is an `Ok` with `is_error`.
    pub async fn call_tool(
        &self,
        credential: &Credential,
        name: &str,
        arguments: Map<String, Value>,
        may_leave: MayLeave<'_>,
    ) -> Result<ToolReply, UpstreamError> {
        let (id, body) = rpc::request("tools/call", &rpc::ToolCall { name, arguments: &arguments });
        drop(arguments);
        let headers = exchange::rpc_headers(credential);
        let incoming =
            self.0.exchange_while(may_leave, Endpoint::Messages, headers, body, Kind::Call).await?;
        let result: rpc::ToolResult = rpc::result(&incoming, id)?;
        drop(incoming);
        reply::read(name, result, &credential.key)
    }

    /// Whether the API is there at all, and what its clock says, where the answer tells; sends no key.
    ///
    /// # Errors
    /// [`UpstreamError`] when it is not, or answers like something else.
    pub async fn health(&self) -> Result<Option<SystemTime>, UpstreamError> {
        let headers = exchange::plain_headers();
        let incoming = self.0.exchange(Endpoint::Health, headers, Vec::new(), Kind::Repeatable).await?;
        match rpc::json::<rpc::Health>(&incoming)?.status.as_deref() {
            Some("healthy") => Ok(exchange::date(&incoming.headers)),
            Some(_) | None => Err(UpstreamError::Unexpected(Unexpected::Malformed)),
        }
    }

    /// The host of the API; none for one inside this process.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.host()
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upstream(…)")
    }
}
