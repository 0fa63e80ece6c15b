//! The token endpoint: a code or a refresh token becomes an access token (protocol.md 4).

use std::time::SystemTime;

use serde::Serialize;

use super::access_token::{Claims, Life, sign};
use super::client_auth::Credentials;
use super::codes::{CodeBinding, Presented};
use super::live_grants::Revocations;
use super::params::Params;
use super::resource::Resource;
use super::{AuthorizationServer, OAuthError};
use crate::clock::unix_seconds;
use crate::ids::{ClientId, GrantId, Jti};
use crate::scope::Scopes;
use crate::secret::Token;
use crate::store::{AccessTokenRecord, AuthMethod, ClientKind, ClientRecord, GrantRecord, IssuedRefresh};
use crate::view::Via;

/// How a refresh token starts.
pub(super) const REFRESH_PREFIX: &str = "jbrefresh_";

/// The answer (RFC 6749 §5.1).
#[derive(Serialize)]
pub struct TokenReply {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
}

/// An access token that is made but not yet stored.
pub(super) struct NewAccess {
    pub(super) record: AccessTokenRecord,
    pub(super) jwt: String,
    pub(super) expires_in: u64,
}

impl NewAccess {
    pub(super) fn reply(self, refresh: Option<&Token>) -> TokenReply {
        TokenReply {
            scope: self.record.scopes.to_string(),
            access_token: self.jwt,
            token_type: "Bearer",
            expires_in: self.expires_in,
            refresh_token: refresh.map(|token| token.expose().to_owned()),
        }
    }
}

impl AuthorizationServer {
    /// Exchanges a code or a refresh token (OAuth 2.1 §3.2). What was issued is on the disk before this
    /// returns.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn token(
        &self,
        authorization: Option<&str>,
        form: &[u8],
        now: SystemTime,
    ) -> Result<TokenReply, OAuthError> {
        let params = Params::parse(form);
        if params.is_malformed() {
            return Err(OAuthError::RepeatedParameter);
        }
        let client = self.authenticated_client(authorization, &params, now).await?;
        match params.get("grant_type") {
            Some("authorization_code") => self.exchange_code(&client, &params, now).await,
            Some("refresh_token") => self.exchange_refresh(&client, &params, now).await,
            Some(_) => Err(OAuthError::UnsupportedGrantType),
            None => Err(OAuthError::MissingParameter("grant_type")),
        }
    }

    /// The client, proven by the method it registered (protocol.md 4.4, 2.13).
    pub(super) async fn authenticated_client(
        &self,
        authorization: Option<&str>,
        params: &Params,
        now: SystemTime,
    ) -> Result<ClientRecord, OAuthError> {
        let credentials = Credentials::read(authorization, params)?;
        let known = match self.store.client(&credentials.client_id).await? {
            Some(client) => Some(client),
            None => self.document_client(&credentials.client_id, now),
        };
        let client = known.ok_or_else(|| credentials.refused())?;
        credentials.prove(&client)?;
        Ok(client)
    }

    /// A client that is known by its document; nothing is fetched here (protocol.md 2.20).
    fn document_client(&self, id: &ClientId, now: SystemTime) -> Option<ClientRecord> {
        let document = self.documents.cached(id.as_str())?;
        Some(ClientRecord {
            id: id.clone(),
            kind: ClientKind::MetadataDocument,
            name: document.client_name.clone(),
            redirect_uris: document.redirect_uris.clone(),
            auth_method: AuthMethod::None,
            secret: None,
            may_refresh: document.wants_refresh,
            created_at: now,
        })
    }

    async fn exchange_code(
        &self,
        client: &ClientRecord,
        params: &Params,
        now: SystemTime,
    ) -> Result<TokenReply, OAuthError> {
        let code = params.get("code").ok_or(OAuthError::MissingParameter("code"))?;
        let verifier = params.get("code_verifier").ok_or(OAuthError::MissingParameter("code_verifier"))?;
        // Read before the code is taken: whatever is revoked from here on ends what comes of it.
        let before = self.live.revocations();
        let (binding, grant_id) = match self.codes.present(code, &client.id, verifier, now) {
            Presented::Exchange(binding, grant) => (binding, grant),
            Presented::Replay(grant) => {
                // RFC 6749 §4.1.2: what the code produced ends.
                tracing::warn!(client = %client.id, %grant, "a code was used twice; its grant ends");
                if self.end_grant(&grant, now).await? {
                    self.tell_signed_out(client.id.clone(), client.name.clone());
                }
                return Err(OAuthError::InvalidGrant);
            }
            Presented::Invalid => return Err(OAuthError::InvalidGrant),
        };
        let exchanged = self.redeem(client, params, code, (*binding, grant_id), before, now).await;
        self.codes.exchanged(code);
        exchanged
    }

    async fn redeem(
        &self,
        client: &ClientRecord,
        params: &Params,
        code: &str,
        (binding, grant_id): (CodeBinding, GrantId),
        before: Revocations,
        now: SystemTime,
    ) -> Result<TokenReply, OAuthError> {
        // RFC 6749 §4.1.3; OAuth 2.1 dropped the parameter, so absence is fine (protocol.md 4.6).
        if params.get("redirect_uri").is_some_and(|uri| uri != binding.redirect_uri) {
            return Err(OAuthError::InvalidGrant);
        }
        // RFC 8707 §2.2: the granted one or nothing.
        let named = Resource::named(params, self.port).map_err(|_| OAuthError::InvalidTarget)?;
        if named.is_some_and(|named| named != binding.resource) {
            return Err(OAuthError::InvalidTarget);
        }
        self.create_grant(client, code, (binding, grant_id), before, now).await
    }

    async fn create_grant(
        &self,
        client: &ClientRecord,
        code: &str,
        (binding, grant_id): (CodeBinding, GrantId),
        before: Revocations,
        now: SystemTime,
    ) -> Result<TokenReply, OAuthError> {
        let grant = GrantRecord {
            id: grant_id,
            client_id: binding.client_id,
            client_name: binding.client_name,
            account_id: binding.account,
            subject: binding.subject,
            scopes: binding.scopes,
            via: Via::Oauth,
            redirect_host: binding.redirect_host,
            created_at: now,
            last_used_at: None,
            calls: 0,
        };
        let access = self.new_access(&grant, grant.scopes, binding.may_refresh, now).await?;
        let refresh = binding.may_refresh.then(|| self.new_refresh(now));
        if client.kind == ClientKind::MetadataDocument {
            // The grant outlives the cache of documents; refreshing must not need the network.
            self.store.save_client(client.clone()).await?;
        }
        let stored = refresh.as_ref().map(|(_, issued)| issued.clone());
        self.store.create_grant(grant.clone(), Some(access.record.clone()), stored).await?;
        // A replay, or a revocation that came between: it did not see this grant yet.
        let was_replayed = self.codes.was_replayed(code);
        // Nor did the removal of its account.
        let has_account = self.accounts.get(&grant.account_id).await?.is_some();
        if was_replayed || !has_account || !self.live.add(&access.record, &grant, before, now) {
            let was_alive = self.end_grant(&grant.id, now).await?;
            if was_replayed && was_alive {
                self.tell_signed_out(grant.client_id, grant.client_name);
            }
            return Err(OAuthError::InvalidGrant);
        }
        tracing::info!(client = %client.id, grant = %grant.id, "a client was given access");
        Ok(access.reply(refresh.as_ref().map(|(token, _)| token)))
    }

    /// An access token for a grant (protocol.md 4.18).
    pub(super) async fn new_access(
        &self,
        grant: &GrantRecord,
        scopes: Scopes,
        may_refresh: bool,
        now: SystemTime,
    ) -> Result<NewAccess, OAuthError> {
        let lifetime = self.access_lifetime(may_refresh);
        let jti = Jti::random();
        let life = Life { from: now, until: now + lifetime };
        let client = (grant.client_id.clone(), grant.client_name.clone());
        let claims = Claims::new(self.port, grant.subject.clone(), client, scopes, jti.clone(), life);
        let jwt = sign(&self.keys, &claims).await.ok_or(OAuthError::NoSigningKey)?;
        let record = AccessTokenRecord { jti, grant_id: grant.id.clone(), scopes, expires_at: life.until };
        let expires_in = u64::try_from(unix_seconds(life.until) - unix_seconds(now)).unwrap_or_default();
        Ok(NewAccess { record, jwt, expires_in })
    }

    /// A refresh token, and what is stored of it (protocol.md 4.11, 4.14).
    pub(super) fn new_refresh(&self, now: SystemTime) -> (Token, IssuedRefresh) {
        let token = Token::random(REFRESH_PREFIX);
        let issued = self.stored_refresh(&token, now);
        (token, issued)
    }

    /// What is stored of a refresh token (protocol.md 4.14).
    pub(super) fn stored_refresh(&self, token: &Token, now: SystemTime) -> IssuedRefresh {
        IssuedRefresh { digest: token.digest(), issued_at: now, expires_at: now + self.lifetimes.refresh }
    }
}
