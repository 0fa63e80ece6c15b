//! Dynamic client registration (RFC 7591; protocol.md 2a).

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::client_name::display_name;
use super::error::OAuthError;
use super::redirect_uri::RedirectUri;
use crate::clock::unix_seconds;
use crate::ids::ClientId;
use crate::scope::Scopes;
use crate::secret::Token;
use crate::store::{AuthMethod, ClientKind, ClientRecord};

/// Redirect URIs of one client.
const MAX_REDIRECT_URIS: usize = 16;
/// How a client secret starts. No underscore: clients disagree on how it stands in Basic credentials
/// (protocol.md 2.8).
const SECRET_PREFIX: &str = "jbs";

/// What a client asks to be registered as; unknown members are ignored (RFC 7591 §2).
#[derive(Debug, Deserialize)]
pub struct RegistrationRequest {
    #[serde(default)]
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    client_name: Option<String>,
    scope: Option<String>,
    jwks: Option<serde_json::Value>,
    jwks_uri: Option<serde_json::Value>,
}

/// What was registered: every value, including those filled in or replaced (RFC 7591 §3.2.1).
#[derive(Debug, Serialize)]
pub struct RegistrationReply {
    client_id: ClientId,
    client_id_issued_at: i64,
    client_name: String,
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: &'static str,
    grant_types: Vec<&'static str>,
    response_types: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// 0: never. Required with a secret (RFC 7591 §3.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// Makes a client of a request: what is stored, and what is answered.
///
/// # Errors
/// [`OAuthError::InvalidRedirectUri`] and [`OAuthError::InvalidMetadata`].
pub(super) fn register(
    request: RegistrationRequest,
    now: SystemTime,
) -> Result<(ClientRecord, RegistrationReply), OAuthError> {
    let redirect_uris = checked_redirect_uris(&request.redirect_uris)?;
    let auth_method = checked_auth_method(&request)?;
    let may_refresh = checked_grant_types(&request)?;
    let secret = (auth_method != AuthMethod::None).then(|| Token::random(SECRET_PREFIX));
    let client = ClientRecord {
        id: ClientId::random(),
        kind: ClientKind::Dynamic,
        name: display_name(request.client_name.as_deref().unwrap_or_default()),
        redirect_uris,
        auth_method,
        secret: secret.as_ref().map(Token::digest),
        may_refresh,
        created_at: now,
    };
    let reply = RegistrationReply {
        client_id: client.id.clone(),
        client_id_issued_at: unix_seconds(now),
        client_name: client.name.clone(),
        redirect_uris: client.redirect_uris.clone(),
        token_endpoint_auth_method: auth_method.as_str(),
        grant_types: if may_refresh {
            vec!["authorization_code", "refresh_token"]
        } else {
            vec!["authorization_code"]
        },
        response_types: ["code"],
        client_secret: secret.as_ref().map(|secret| secret.expose().to_owned()),
        client_secret_expires_at: secret.is_some().then_some(0),
        // Replaced by what can be granted (protocol.md 2.2).
        scope: request
            .scope
            .map(|scope| Scopes::parse(&scope))
            .filter(|scopes| !scopes.is_empty())
            .map(|scopes| scopes.to_string()),
    };
    Ok((client, reply))
}

/// One dangerous URI fails the whole request (protocol.md D7); an odd but harmless one does not
/// (clients.md 8.2).
fn checked_redirect_uris(uris: &[String]) -> Result<Vec<String>, OAuthError> {
    if uris.is_empty() {
        return Err(OAuthError::InvalidMetadata("redirect_uris is missing"));
    }
    if uris.len() > MAX_REDIRECT_URIS {
        return Err(OAuthError::InvalidMetadata("there are too many redirect_uris"));
    }
    uris.iter().map(|uri| Ok(RedirectUri::parse(uri)?.as_str().to_owned())).collect()
}

/// An omitted method means `client_secret_basic` (RFC 7591 §2; protocol.md 2.6).
fn checked_auth_method(request: &RegistrationRequest) -> Result<AuthMethod, OAuthError> {
    if request.jwks.is_some() && request.jwks_uri.is_some() {
        return Err(OAuthError::InvalidMetadata("jwks and jwks_uri exclude each other"));
    }
    let Some(name) = request.token_endpoint_auth_method.as_deref() else { return Ok(AuthMethod::Basic) };
    AuthMethod::from_name(name)
        .ok_or(OAuthError::InvalidMetadata("this token_endpoint_auth_method is not supported"))
}

/// Whether the client gets refresh tokens: it asked, or it did not say (protocol.md 2.7).
fn checked_grant_types(request: &RegistrationRequest) -> Result<bool, OAuthError> {
    if request.response_types.as_ref().is_some_and(|types| !types.iter().any(|kind| kind == "code")) {
        return Err(OAuthError::InvalidMetadata("the only response_type is code"));
    }
    let Some(types) = &request.grant_types else { return Ok(true) };
    if !types.iter().any(|kind| kind == "authorization_code") {
        return Err(OAuthError::InvalidMetadata("grant_types must contain authorization_code"));
    }
    Ok(types.iter().any(|kind| kind == "refresh_token"))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::{Value, json};

    use super::*;

    fn ask(request: Value) -> Result<(ClientRecord, Value), OAuthError> {
        let request = serde_json::from_value(request).unwrap();
        register(request, UNIX_EPOCH).map(|(client, reply)| (client, serde_json::to_value(reply).unwrap()))
    }

    #[test]
    fn every_value_is_returned_with_its_default() {
        // RFC 7591 §3.2.1; protocol.md 2.2, 2.6, 2.7
        let (client, reply) = ask(json!({"redirect_uris": ["http://localhost/cb"], "jam": 1})).unwrap();
        assert_eq!(reply["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!(reply["grant_types"], json!(["authorization_code", "refresh_token"]));
        assert_eq!(reply["client_secret_expires_at"], 0);
        assert_eq!(client.secret, Some(crate::secret::Digest::of(reply["client_secret"].as_str().unwrap())));
        assert!(reply.get("registration_access_token").is_none() && reply.get("jam").is_none());
        assert!(reply["client_secret"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn a_scope_is_answered_with_what_can_be_granted() {
        let scope =
            |asked: &str| ask(json!({"redirect_uris": ["http://localhost/cb"], "scope": asked})).unwrap().1;
        assert_eq!(scope("admin write  read")["scope"], "read write");
        assert!(scope("admin").get("scope").is_none());
    }

    #[test]
    fn a_public_client_gets_no_secret() {
        let (client, reply) = ask(json!({
            "redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code"], "client_name": "App"
        }))
        .unwrap();
        assert!(client.secret.is_none() && reply.get("client_secret").is_none());
        assert!(!client.may_refresh);
        assert_eq!(reply["grant_types"], json!(["authorization_code"]));
    }

    #[test]
    fn what_cursor_sends_is_accepted_whole() {
        // protocol.md D7, 2.4
        let (client, _) = ask(json!({"application_type": "web", "redirect_uris": [
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback"]}))
        .unwrap();
        assert_eq!(client.redirect_uris.len(), 3);
    }

    #[test]
    fn one_dangerous_redirect_fails_the_whole_request() {
        let error =
            ask(json!({"redirect_uris": ["http://localhost/cb", "javascript:alert(1)"]})).unwrap_err();
        assert_eq!(error.code(), "invalid_redirect_uri");
    }

    #[test]
    fn invalid_metadata_is_called_that() {
        let cb = json!(["http://localhost/cb"]);
        for request in [
            json!({}),
            json!({"redirect_uris": []}),
            json!({"redirect_uris": vec!["http://localhost/cb"; 17]}),
            json!({"redirect_uris": cb, "token_endpoint_auth_method": "private_key_jwt"}),
            json!({"redirect_uris": cb, "response_types": ["token"]}),
            json!({"redirect_uris": cb, "grant_types": ["client_credentials"]}),
            json!({"redirect_uris": cb, "jwks": {}, "jwks_uri": "https://a.example/"}),
        ] {
            assert_eq!(ask(request.clone()).unwrap_err().code(), "invalid_client_metadata", "{request}");
        }
    }
}
