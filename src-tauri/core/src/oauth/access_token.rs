//! Access tokens: JWS, HS256, `typ: at+jwt` (protocol.md 4.18, 4.19, 4.21).

use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use super::signing_key::SigningKeys;
use crate::clock::unix_seconds;
use crate::ids::{ClientId, Jti, UserId};
use crate::origin::{Origin, path};
use crate::scope::Scopes;

/// RFC 9068 §2.1; its profile is not claimed.
const TYPE: &str = "at+jwt";

/// How far in the future a token may have been issued. A clock that was a few hours ahead and was set right costs nobody
/// anything; what was issued when it was years ahead would otherwise be good for years.
const MOST_AHEAD: Duration = Duration::from_secs(24 * 3600);

/// What a token says. It is readable by whoever holds it, so nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The canonical issuer.
    pub iss: String,
    /// The account's user id.
    pub sub: UserId,
    /// The canonical resource, one string.
    pub aud: String,
    /// The client's name, for display only.
    pub client: String,
    /// The client.
    pub client_id: ClientId,
    /// Scopes, parted by spaces.
    pub scope: String,
    /// Seconds since 1970.
    pub iat: i64,
    /// Seconds since 1970.
    pub exp: i64,
    /// Its id.
    pub jti: Jti,
}

impl Claims {
    /// The claims of a token for the one resource of the bridge at `port`.
    #[must_use]
    pub fn new(
        port: u16,
        subject: UserId,
        client: (ClientId, String),
        scopes: Scopes,
        jti: Jti,
        life: Life,
    ) -> Self {
        let origin = Origin::canonical(port);
        let (client_id, client) = client;
        Self {
            iss: origin.to_string(),
            sub: subject,
            aud: origin.url(path::MCP),
            client,
            client_id,
            scope: scopes.to_string(),
            iat: unix_seconds(life.from),
            exp: unix_seconds(life.until),
            jti,
        }
    }
}

/// From when until when a token lives.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// Issued at.
    pub from: SystemTime,
    /// Expires at.
    pub until: SystemTime,
}

/// The signature is wrong, or anything it covers is not as it must be. Deliberately without detail
/// (protocol.md 4.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct NotOurs;

/// Signs `claims`; none while there is no key.
pub async fn sign(keys: &SigningKeys, claims: &Claims) -> Option<String> {
    let key = keys.current().await?;
    let header =
        Header { typ: Some(TYPE.into()), kid: Some(key.kid.clone()), ..Header::new(Algorithm::HS256) };
    jsonwebtoken::encode(&header, claims, &key.encoding).ok()
}

/// Checks signature, type, issuer and audience; and expiry, unless `expired_too`, which revocation needs
/// (protocol.md 5.1).
///
/// # Errors
/// [`NotOurs`].
pub async fn verify(
    keys: &SigningKeys,
    token: &str,
    port: u16,
    expired_too: bool,
    now: SystemTime,
) -> Result<Claims, NotOurs> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| NotOurs)?;
    // RFC 8725 §3.1, §3.11: algorithm and type are ours to say, not the header's.
    if header.alg != Algorithm::HS256 || header.typ.as_deref() != Some(TYPE) {
        return Err(NotOurs);
    }
    let key = keys.named(header.kid.as_deref().ok_or(NotOurs)?).await.ok_or(NotOurs)?;
    let origin = Origin::canonical(port);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[origin.to_string()]);
    validation.set_audience(&[origin.url(path::MCP)]);
    // Expiry is compared below with the `now` that was passed in.
    validation.validate_exp = false;
    let claims =
        jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).map_err(|_| NotOurs)?.claims;
    if !expired_too && (claims.exp <= unix_seconds(now) || claims.iat > unix_seconds(now + MOST_AHEAD)) {
        return Err(NotOurs);
    }
    Ok(claims)
}
