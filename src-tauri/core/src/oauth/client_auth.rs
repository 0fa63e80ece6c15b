//! Who is at the token endpoint (RFC 6749 §2.3; protocol.md 4.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::OAuthError;
use super::params::Params;
use crate::ids::ClientId;
use crate::secret::Digest;
use crate::store::{AuthMethod, ClientRecord};

/// What a request brought to prove who it is.
pub(super) struct Credentials {
    /// Who it says it is.
    pub client_id: ClientId,
    method: AuthMethod,
    secret: Option<Digest>,
    basic: bool,
}

impl Credentials {
    /// Reads the Authorization header and the form.
    ///
    /// # Errors
    /// [`OAuthError::InvalidClient`] when there is nothing or nothing readable,
    /// [`OAuthError::TwoAuthentications`] for Basic with a secret in the form.
    pub(super) fn read(authorization: Option<&str>, params: &Params) -> Result<Self, OAuthError> {
        let (body_id, body_secret) = (params.get("client_id"), params.get("client_secret"));
        let Some(authorization) = authorization else {
            let client_id = body_id.ok_or(OAuthError::InvalidClient { basic: false })?;
            return Ok(Self {
                client_id: ClientId::new(client_id),
                method: if body_secret.is_some() { AuthMethod::Post } else { AuthMethod::None },
                secret: body_secret.map(Digest::of),
                basic: false,
            });
        };
        let (id, secret) = basic(authorization).ok_or(OAuthError::InvalidClient { basic: true })?;
        if body_secret.is_some() {
            return Err(OAuthError::TwoAuthentications);
        }
        if body_id.is_some_and(|body| body != id) {
            return Err(OAuthError::InvalidClient { basic: true });
        }
        Ok(Self {
            client_id: ClientId::new(id),
            method: AuthMethod::Basic,
            secret: Some(Digest::of(&secret)),
            basic: true,
        })
    }

    /// Whether they prove to be this client.
    ///
    /// # Errors
    /// [`OAuthError::InvalidClient`].
    pub(super) fn prove(&self, client: &ClientRecord) -> Result<(), OAuthError> {
        // Digests are compared in constant time.
        if self.method == client.auth_method && self.secret == client.secret {
            Ok(())
        } else {
            Err(self.refused())
        }
    }

    /// The refusal that fits how the client tried (RFC 6749 §5.2).
    #[must_use]
    pub(super) fn refused(&self) -> OAuthError {
        OAuthError::InvalidClient { basic: self.basic }
    }
}

/// User and password of a Basic header, each form-decoded (RFC 6749 §2.3.1).
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    (!id.is_empty() && !secret.is_empty()).then(|| (form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    // A bare name is decoded like a value; `&` and `=` cannot stand in it unescaped.
    form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::store::ClientKind;

    fn client(auth_method: AuthMethod, secret: Option<&str>) -> ClientRecord {
        ClientRecord {
            id: ClientId::new("id"),
            kind: ClientKind::Dynamic,
            name: "App".into(),
            redirect_uris: vec![],
            auth_method,
            secret: secret.map(Digest::of),
            may_refresh: true,
            created_at: UNIX_EPOCH,
        }
    }

    fn outcome(header: Option<&str>, form: &str, client: &ClientRecord) -> Result<(), (&'static str, u16)> {
        Credentials::read(header, &Params::parse(form.as_bytes()))
            .and_then(|credentials| credentials.prove(client))
            .map_err(|error| (error.code(), error.status()))
    }

    #[test]
    fn each_method_proves_a_client_that_registered_it_and_no_other() {
        // protocol.md 4.4
        let public = client(AuthMethod::None, None);
        let post = client(AuthMethod::Post, Some("s3cret"));
        let basic = client(AuthMethod::Basic, Some("s3cret"));
        let header = format!("bAsIc {}", STANDARD.encode("id:s3c%72et"));
        let header = Some(header.as_str());
        assert_eq!(outcome(None, "client_id=id", &public), Ok(()));
        assert_eq!(outcome(None, "client_id=id&client_secret=s3cret", &post), Ok(()));
        assert_eq!(outcome(header, "", &basic), Ok(()));
        assert_eq!(outcome(header, "client_id=id", &basic), Ok(()));
        let refused = Err(("invalid_client", 401));
        assert_eq!(outcome(None, "client_id=id", &post), refused);
        assert_eq!(outcome(None, "client_id=id&client_secret=wrong", &post), refused);
        assert_eq!(outcome(None, "client_id=id&client_secret=s3cret", &basic), refused);
        assert_eq!(outcome(None, "client_id=id&client_secret=any", &public), refused);
        assert_eq!(outcome(header, "client_id=other", &basic), refused);
        assert_eq!(outcome(None, "", &public), refused);
        for header in ["Basic", "Basic !!", "Bearer abc", "Basic aWQ=", ""] {
            assert_eq!(outcome(Some(header), "client_id=id", &basic), refused, "{header}");
        }
        assert_eq!(outcome(header, "client_secret=s3cret", &basic), Err(("invalid_request", 400)));
    }
}
