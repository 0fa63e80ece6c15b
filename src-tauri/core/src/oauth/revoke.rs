//! Revocation by the client itself (RFC 7009; protocol.md 5).

use std::time::SystemTime;

use super::access_token;
use super::params::Params;
use super::token::REFRESH_PREFIX;
use super::{AuthorizationServer, OAuthError};
use crate::ids::ClientId;
use crate::secret::Digest;

impl AuthorizationServer {
    /// Ends a token of the client that asks. A refresh token takes its whole grant with it, an access token
    /// only itself (5.3). Unknown, expired and foreign tokens are a success too: there is nothing to do.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn revoke_token(
        &self,
        authorization: Option<&str>,
        form: &[u8],
        now: SystemTime,
    ) -> Result<(), OAuthError> {
        let params = Params::parse(form);
        if params.is_malformed() {
            return Err(OAuthError::RepeatedParameter);
        }
        let client = self.authenticated_client(authorization, &params, now).await?;
        let token = params.get("token").ok_or(OAuthError::MissingParameter("token"))?;
        // The kinds tell themselves apart, so a wrong hint misleads nobody (RFC 7009 §2.1).
        if token.starts_with(REFRESH_PREFIX) {
            self.revoke_refresh(token, &client.id, now).await
        } else {
            self.revoke_access(token, &client.id, now).await
        }
    }

    async fn revoke_refresh(
        &self,
        token: &str,
        client: &ClientId,
        now: SystemTime,
    ) -> Result<(), OAuthError> {
        match self.store.refresh_token(Digest::of(token)).await? {
            Some(standing) if standing.grant.client_id == *client => {
                Ok(self.end_grant(&standing.grant.id, now).await.map(drop)?)
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn revoke_access(&self, token: &str, client: &ClientId, now: SystemTime) -> Result<(), OAuthError> {
        let Ok(claims) = access_token::verify(&self.keys, token, self.port, true, now).await else {
            return Ok(());
        };
        // Each revocation has whoever is signed in at that moment ask again, so one that ends nothing is none.
        if claims.client_id == *client && self.store.revoke_access_token(&claims.jti).await? {
            self.live.end_token(&claims.jti);
        }
        Ok(())
    }
}
