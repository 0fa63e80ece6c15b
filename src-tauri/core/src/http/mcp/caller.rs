//! Who asks, and what they are told when they may not.

use http::request::Parts;
use http::{HeaderValue, Uri, header};

use super::challenge::Challenge;
use super::refusal::Refusal;
use crate::oauth::Access;
use crate::oauth::access::{Lane, Load, Pass};
use crate::scope::Scope;
use crate::view::Via;

/// Somebody who proved who they are, and the address at which they asked.
pub(super) struct Caller {
    pub(super) access: Access,
    host: Option<HeaderValue>,
    uri: Uri,
}

impl Caller {
    pub(super) fn new(access: Access, parts: &Parts) -> Self {
        Self { access, host: parts.headers.get(header::HOST).cloned(), uri: parts.uri.clone() }
    }

    /// Whether the client can get another token when this one does not do.
    fn has_authorization_server(&self) -> bool {
        match self.access.grant.via {
            Via::Oauth => true,
            Via::Stdio | Via::ApiKey => false,
        }
    }

    pub(super) fn ended(&self) -> Refusal {
        if self.has_authorization_server() {
            Refusal::InvalidToken(Box::new(self.challenge()))
        } else {
            Refusal::Revoked
        }
    }

    pub(super) fn lacks(&self, scope: Scope) -> Refusal {
        if self.has_authorization_server() {
            Refusal::InsufficientScope(Box::new(self.challenge()), self.access.scopes.union(scope.into()))
        } else {
            Refusal::Forbidden
        }
    }

    fn challenge(&self) -> Challenge {
        Challenge::new(self.host.clone(), self.uri.clone())
    }

    pub(super) fn enter(&self, lane: Lane, most: usize) -> Result<Pass, Refusal> {
        self.access.grant.enter(lane, most).ok_or(Refusal::Busy)
    }

    pub(super) fn load(&self) -> Load {
        self.access.grant.load()
    }
}
