//! The authorization server (OAuth 2.1): rules without HTTP.
//!
//! One file per rule; [`AuthorizationServer`] holds what they share. Its answers are plain data that the
//! `http` module puts on the wire.

pub mod access;
pub mod access_token;
pub mod authorize;
mod client_auth;
mod client_name;
mod codes;
mod error;
mod flow;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod limits;
mod live_grants;
mod manage;
pub mod metadata;
pub mod metadata_document;
mod params;
mod pkce;
pub mod redirect_uri;
mod refresh;
mod registration;
mod resource;
mod revoke;
#[cfg(test)]
mod sequences;
mod signed_out;
mod signing_key;
#[cfg(test)]
mod testing;
mod token;
mod transactions;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub use access::{Access, LiveGrant};
pub use authorize::{PageError, RedirectCode, RedirectError};
pub use client_name::{display_name, looks_alike};
pub use error::OAuthError;
pub use flow::{AuthorizeError, Finish, FinishError, Waiting};
pub use live_grants::LiveGrants;
pub use manage::{Arriving, Connected};
pub use registration::{RegistrationReply, RegistrationRequest};
pub use signed_out::SignedOut;
pub use signing_key::SigningKeys;
pub use token::TokenReply;

use crate::accounts::Accounts;
use crate::consent::Desk;
use crate::store::{Store, StoreError};
use codes::Codes;
use limits::Limits;
use metadata_document::ClientDocuments;
use transactions::Transactions;

/// How long tokens and codes live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an access token, if it was configured.
    pub access: Option<Duration>,
    /// Of a refresh token, from its issue (protocol.md 4.14).
    pub refresh: Duration,
    /// Of a code (protocol.md 3.18).
    pub code: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { access: None, refresh: Duration::from_secs(30 * 24 * 3600), code: Duration::from_secs(60) }
    }
}

/// Of an access token when its client can refresh it (protocol.md 4.10).
const ACCESS_WITH_REFRESH: Duration = Duration::from_secs(3600);
/// Of an access token when its client cannot: revocation is immediate all the same (design.md 4).
const ACCESS_WITHOUT_REFRESH: Duration = Duration::from_secs(24 * 3600);

/// What the authorization server works with.
pub struct Parts {
    /// Clients, grants, digests.
    pub store: Store,
    /// Whose memories.
    pub accounts: Accounts,
    /// Where questions wait.
    pub desk: Desk,
    /// Signs access tokens.
    pub keys: Arc<SigningKeys>,
    /// Clients that are known by their metadata document.
    pub documents: ClientDocuments,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// Where the bridge listens: part of issuer and audience.
    pub port: u16,
    /// Ends every grant's work.
    pub shutdown: CancellationToken,
}

/// The authorization server.
pub struct AuthorizationServer {
    store: Store,
    accounts: Accounts,
    desk: Desk,
    keys: Arc<SigningKeys>,
    documents: ClientDocuments,
    lifetimes: Lifetimes,
    port: u16,
    live: LiveGrants,
    codes: Codes,
    transactions: Transactions,
    limits: Limits,
    signed_out: broadcast::Sender<SignedOut>,
    uses_to_tell: AtomicBool,
}

/// Why a bearer could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// It is unknown, expired, revoked, forged or meant for somebody else; which of these is nobody's
    /// business (protocol.md 6.4; RFC 6750 §3.1).
    #[error("the token is not valid")]
    Invalid,
    /// The keychain has not given the key that signs tokens, so nobody knows; not the token's fault.
    #[error("the bridge is waiting for the keychain")]
    NoSigningKey,
    /// The store failed, so nobody knows; not the token's fault.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl AuthorizationServer {
    /// An authorization server of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            live: LiveGrants::new(parts.store.clone(), parts.shutdown),
            store: parts.store,
            accounts: parts.accounts,
            desk: parts.desk,
            keys: parts.keys,
            documents: parts.documents,
            lifetimes: parts.lifetimes,
            port: parts.port,
            codes: Codes::default(),
            transactions: Transactions::default(),
            limits: Limits::default(),
            signed_out: signed_out::channel(),
            uses_to_tell: AtomicBool::new(false),
        }
    }

    /// What this bearer may do now: signature, type, issuer, audience and expiry of the token, then its
    /// grant, which must be alive and the same (protocol.md 4.19).
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn authenticate(&self, bearer: &str, now: SystemTime) -> Result<Access, BearerError> {
        if self.keys.current().await.is_none() {
            return Err(BearerError::NoSigningKey);
        }
        let claims = access_token::verify(&self.keys, bearer, self.port, false, now)
            .await
            .map_err(|_| BearerError::Invalid)?;
        let access = self.live.find(&claims.jti, now).await?.ok_or(BearerError::Invalid)?;
        if access.grant.client_id != claims.client_id || access.grant.subject != claims.sub {
            return Err(BearerError::Invalid);
        }
        access.grant.note_use(now, 0);
        Ok(access)
    }

    /// Grants in use, for whoever writes down their use or ends their work.
    #[must_use]
    pub fn live(&self) -> &LiveGrants {
        &self.live
    }

    fn access_lifetime(&self, may_refresh: bool) -> Duration {
        let usual = if may_refresh { ACCESS_WITH_REFRESH } else { ACCESS_WITHOUT_REFRESH };
        self.lifetimes.access.unwrap_or(usual)
    }
}
