//! What goes wrong at the registration, token and revocation endpoints, and how it stands on the wire.

use super::redirect_uri::RedirectUriError;
use crate::store::StoreError;

/// Causes. [`OAuthError::code`] and [`OAuthError::status`] are the wire, in one match each.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The body is not what the endpoint reads.
    #[error("the request body could not be read")]
    UnreadableBody,
    /// RFC 6749 §5.2.
    #[error("a parameter came more than once")]
    RepeatedParameter,
    /// RFC 6749 §5.2.
    #[error("the parameter {0} is missing")]
    MissingParameter(&'static str),
    /// RFC 6749 §2.3: one method per request.
    #[error("the client used more than one way to authenticate")]
    TwoAuthentications,
    /// Unknown client, wrong secret, or wrong method (RFC 6749 §5.2).
    #[error("the client is unknown or could not be authenticated")]
    InvalidClient {
        /// Whether the Authorization header was used; the answer then names the scheme.
        basic: bool,
    },
    /// The code or refresh token is unknown, expired, spent, revoked or another client's.
    #[error("the code or refresh token is not valid")]
    InvalidGrant,
    /// This client gets no refresh tokens.
    #[error("this client may not use this grant type")]
    UnauthorizedClient,
    /// RFC 6749 §5.2.
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
    /// More than was granted, or nothing that is known.
    #[error("the scope is unknown or more than was granted")]
    InvalidScope,
    /// RFC 8707 §2.
    #[error("resource must be the URL of this MCP server, as it was granted")]
    InvalidTarget,
    /// RFC 7591 §3.2.2.
    #[error("{0}")]
    InvalidRedirectUri(#[from] RedirectUriError),
    /// RFC 7591 §3.2.2.
    #[error("{0}")]
    InvalidMetadata(&'static str),
    /// Too many requests of one kind (protocol.md 2.11, 4.15).
    #[error("too many requests; try again later")]
    TooManyRequests,
    /// Our own trouble.
    #[error("the bridge cannot store this now")]
    Store(#[from] StoreError),
    /// The signing key is not there yet.
    #[error("the bridge is waiting for the keychain")]
    NoSigningKey,
}

impl OAuthError {
    /// The `error` member.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnreadableBody
            | Self::RepeatedParameter
            | Self::MissingParameter(_)
            | Self::TwoAuthentications => "invalid_request",
            Self::InvalidClient { .. } => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidRedirectUri(_) => "invalid_redirect_uri",
            Self::InvalidMetadata(_) => "invalid_client_metadata",
            // No standard names it; this one is known to the SDK, which takes what it does not know for a fault of the
            // server and signs in anew.
            Self::TooManyRequests => "too_many_requests",
            Self::Store(_) | Self::NoSigningKey => "temporarily_unavailable",
        }
    }

    /// The HTTP status (RFC 6749 §5.2; protocol.md 4.15).
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::UnreadableBody
            | Self::RepeatedParameter
            | Self::MissingParameter(_)
            | Self::TwoAuthentications
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::InvalidRedirectUri(_)
            | Self::InvalidMetadata(_) => 400,
            Self::InvalidClient { .. } => 401,
            Self::TooManyRequests => 429,
            Self::Store(_) | Self::NoSigningKey => 503,
        }
    }

    /// Whether the fault is ours and belongs into the log as one.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.status() >= 500
    }
}
