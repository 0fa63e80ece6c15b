//! Why a request to the Jean Memory API failed: causes, never a text of the upstream's
//! (protocol.md 7.28, 7.29). The one exception is [`UpstreamError::Rpc`], which is sanitised.

use std::time::Duration;

/// What went wrong, in the order of protocol.md 7.28.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The key is unknown or revoked: stop using it and ask for a new one.
    #[error("the upstream rejected the key")]
    KeyRejected,
    /// Nothing was done: no connection, or a request that changes nothing was cut off.
    #[error("the upstream cannot be reached: {0}")]
    Unreachable(Unreachable),
    /// The bytes of a tool call left and no answer came: it may have been carried out.
    #[error("the outcome is unknown: {0}")]
    StateUnknown(Interruption),
    /// A request that changes nothing was not answered in time.
    #[error("the upstream did not answer in time")]
    TimedOut,
    /// The upstream, or the line to it, is busy; later it may work.
    #[error("the upstream is busy")]
    Busy {
        /// How long the upstream asked to wait.
        retry_after: Option<Duration>,
    },
    /// An answer that this API never gives on purpose.
    #[error("the upstream answered unexpectedly: {0}")]
    Unexpected(Unexpected),
    /// The upstream reported that the call itself failed.
    #[error("the upstream reported an error")]
    Rpc {
        /// Short, without key, SQL or control characters; may be shown.
        message: String,
    },
    /// The person paused before it left.
    #[error("calls are held back")]
    Held,
    /// The request is over the limit and was not sent.
    #[error("the request is too large")]
    RequestTooLarge,
}

impl UpstreamError {
    /// Whether the upstream may have carried out the call although it failed here.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::StateUnknown(_) | Self::Unexpected(_) | Self::Rpc { .. } => true,
            Self::KeyRejected
            | Self::Unreachable(_)
            | Self::TimedOut
            | Self::Busy { .. }
            | Self::Held
            | Self::RequestTooLarge => false,
        }
    }

    /// Whether the upstream as a whole is out of reach, as opposed to one request that failed.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::StateUnknown(_) | Self::TimedOut => true,
            Self::Unexpected(what) => what.is_somebody_else(),
            Self::KeyRejected | Self::Busy { .. } | Self::Rpc { .. } | Self::Held | Self::RequestTooLarge => {
                false
            }
        }
    }

    /// Whether nobody was asked, so that it says nothing about the upstream.
    #[must_use]
    pub fn is_our_own(&self) -> bool {
        matches!(self, Self::Held | Self::RequestTooLarge)
    }
}

/// Why nothing could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The name has no address.
    #[error("its name cannot be resolved")]
    Dns,
    /// Nobody listens there.
    #[error("the connection was refused")]
    Refused,
    /// The certificate is not trusted, or the peer speaks no TLS.
    #[error("a secure connection is not possible")]
    Tls,
    /// This system has no certificates to trust.
    #[error("this system has no trust store")]
    NoTrustStore,
    /// The configured proxy refused or failed.
    #[error("the proxy did not let the connection through")]
    Proxy,
    /// No connection within the limit.
    #[error("connecting took too long")]
    Timeout,
    /// Any other failure of the network.
    #[error("the network failed")]
    Network,
    /// The connection was cut before an answer.
    #[error("the connection was cut")]
    Disconnected,
    /// A 5xx that is not an answer of the API.
    #[error("HTTP status {0}")]
    ServerFault(u16),
}

/// What came between a tool call and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// No answer within the limit.
    #[error("no answer in time")]
    TimedOut,
    /// The connection was cut.
    #[error("the connection was cut")]
    Disconnected,
    /// A 5xx that is not an answer of the API.
    #[error("HTTP status {0}")]
    ServerFault(u16),
}

impl Unexpected {
    /// Whether it was not the API that answered: a hosting page, a portal, a proxy.
    fn is_somebody_else(self) -> bool {
        match self {
            Self::Redirect | Self::Html | Self::Empty | Self::NotJson | Self::Status(_) => true,
            Self::Truncated | Self::TooLarge | Self::WrongId | Self::Malformed | Self::Incomplete => false,
        }
    }
}

/// What was odd about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexpected {
    /// 3xx; never followed, the key could leave on a clear-text connection.
    #[error("a redirect")]
    Redirect,
    /// A web page.
    #[error("a web page")]
    Html,
    /// No body where one belongs.
    #[error("an empty answer")]
    Empty,
    /// Not JSON.
    #[error("no JSON")]
    NotJson,
    /// The body ended early.
    #[error("a truncated answer")]
    Truncated,
    /// The body is over the limit.
    #[error("too large an answer")]
    TooLarge,
    /// The answer to another request.
    #[error("an answer to another request")]
    WrongId,
    /// JSON of another shape.
    #[error("an answer of unknown shape")]
    Malformed,
    /// A `resultType` other than complete.
    #[error("an incomplete result")]
    Incomplete,
    /// Any other status.
    #[error("HTTP status {0}")]
    Status(u16),
}
