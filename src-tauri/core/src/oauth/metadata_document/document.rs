//! What a document must say to make a client (protocol.md 2.15 to 2.17).

use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::ids::ClientId;
use crate::oauth::client_name::showable;

/// More redirect URIs than any client has.
const MAX_REDIRECT_URIS: usize = 32;
/// A longer one is no redirect URI.
const MAX_REDIRECT_URI: usize = 2048;

/// A client as its document describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDocument {
    /// The URL, byte for byte as the client sent it.
    pub client_id: ClientId,
    /// The name the client gives itself, fit to be shown; proves nothing (protocol.md 2.21).
    pub client_name: String,
    /// As the document lists them: well formed, without fragment and user info. Whether one may be
    /// used is for the rules of the authorization endpoint (protocol.md 2.16, 3.8 to 3.12).
    pub redirect_uris: Vec<String>,
    /// The host that vouches for the client; what the consent window shows.
    pub host: String,
    /// Whether the client wants refresh tokens (protocol.md 2.7).
    pub wants_refresh: bool,
    /// Where this comes from.
    pub source: Source,
}

/// Where a document comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From its URL.
    Fetched,
    /// From the program, because its URL could not be reached (protocol.md 2.24).
    Bundled,
}

/// The rule that a document breaks. Deliberately without anything from the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDocument {
    /// Not a JSON object with `client_id`, `client_name` and `redirect_uris`.
    #[error("it is incomplete")]
    Shape,
    /// Its `client_id` is not the URL it came from.
    #[error("it is about another client")]
    OtherClient,
    /// Its name is empty once it is fit to be shown.
    #[error("it has no name")]
    Name,
    /// No usable redirect URI, or too many.
    #[error("it has no usable redirect address")]
    RedirectUris,
    /// It carries or asks for a shared secret.
    #[error("it uses a secret")]
    Secret,
    /// It does not offer `none`.
    #[error("it wants a way to authenticate that is not supported")]
    AuthMethod,
    /// It does not use authorization codes.
    #[error("it does not use authorization codes")]
    Grant,
}

#[derive(Deserialize)]
struct Raw {
    client_id: String,
    client_name: String,
    redirect_uris: Vec<String>,
    client_secret: Option<IgnoredAny>,
    token_endpoint_auth_method: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

impl ClientDocument {
    /// Reads the document that came from `url`, which is the parsed form of `client_id`.
    pub(super) fn parse(client_id: &str, url: &Url, body: &[u8]) -> Result<Self, InvalidDocument> {
        let raw: Raw = serde_json::from_slice(body).map_err(|_| InvalidDocument::Shape)?;
        // Compared as strings, not normalised (protocol.md 2.14, 2.15).
        if raw.client_id != client_id {
            return Err(InvalidDocument::OtherClient);
        }
        raw.check_authentication()?;
        raw.check_grant()?;
        let client_name = showable(&raw.client_name).ok_or(InvalidDocument::Name)?;
        let wants_refresh =
            raw.grant_types.as_ref().is_none_or(|types| types.iter().any(|it| it == "refresh_token"));
        let mut redirect_uris = raw.redirect_uris;
        if redirect_uris.len() > MAX_REDIRECT_URIS {
            return Err(InvalidDocument::RedirectUris);
        }
        // One odd entry can never match; it does not spoil the others (clients.md 8.2).
        redirect_uris.retain(|uri| is_redirect_uri(uri));
        if redirect_uris.is_empty() {
            return Err(InvalidDocument::RedirectUris);
        }
        Ok(Self {
            client_id: ClientId::new(client_id),
            client_name,
            redirect_uris,
            host: url.host_str().unwrap_or_default().to_owned(),
            wants_refresh,
            source: Source::Fetched,
        })
    }
}

impl Raw {
    /// protocol.md 2.17: no shared secrets; `none`, or a choice that includes it.
    fn check_authentication(&self) -> Result<(), InvalidDocument> {
        let method = self.token_endpoint_auth_method.as_deref().unwrap_or("none");
        if self.client_secret.is_some() || method.starts_with("client_secret") {
            return Err(InvalidDocument::Secret);
        }
        let offered = self.token_endpoint_auth_methods_supported.iter().flatten();
        let offers_none = method == "none" || offered.into_iter().any(|it| it == "none");
        if offers_none { Ok(()) } else { Err(InvalidDocument::AuthMethod) }
    }

    fn check_grant(&self) -> Result<(), InvalidDocument> {
        let has = |list: &Option<Vec<String>>, wanted: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|it| it == wanted))
        };
        if has(&self.grant_types, "authorization_code") && has(&self.response_types, "code") {
            Ok(())
        } else {
            Err(InvalidDocument::Grant)
        }
    }
}

fn is_redirect_uri(text: &str) -> bool {
    text.len() <= MAX_REDIRECT_URI
        && !text.contains(['#', '\n', '\r', '\t', ' '])
        && Url::parse(text).is_ok_and(|url| url.username().is_empty() && url.password().is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "https://client.example/oauth/client.json";

    fn valid() -> Value {
        json!({
            "client_id": ID,
            "client_name": "Example",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        })
    }

    fn parse(document: &Value) -> Result<ClientDocument, InvalidDocument> {
        ClientDocument::parse(ID, &Url::parse(ID).unwrap(), document.to_string().as_bytes())
    }

    fn with(member: &str, value: Value) -> Value {
        let mut document = valid();
        document[member] = value;
        document
    }

    #[test]
    fn a_complete_document_makes_a_client() {
        let client = parse(&valid()).unwrap();
        assert_eq!(client.client_id.as_str(), ID);
        assert_eq!(client.client_name, "Example");
        assert_eq!(client.redirect_uris, ["http://127.0.0.1/callback"]);
        assert_eq!(client.host, "client.example");
        assert_eq!(client.source, Source::Fetched);
        assert!(client.wants_refresh);
    }

    #[test]
    fn the_three_members_are_enough_and_unknown_ones_are_ignored() {
        // protocol.md 2.4, 2.15
        let least = json!({ "client_id": ID, "client_name": "Example", "redirect_uris": ["https://a.example/b"],
            "jwks": {}, "application_type": "web", "x": [1] });
        assert!(parse(&least).unwrap().wants_refresh);
        assert!(!parse(&with("grant_types", json!(["authorization_code"]))).unwrap().wants_refresh);
    }

    #[test]
    fn each_broken_rule_is_named() {
        let rows = [
            // protocol.md 2.15
            (json!([]), InvalidDocument::Shape),
            (json!({}), InvalidDocument::Shape),
            (with("client_name", json!(1)), InvalidDocument::Shape),
            (with("client_name", Value::Null), InvalidDocument::Shape),
            (with("redirect_uris", json!("https://a.example")), InvalidDocument::Shape),
            (with("redirect_uris", json!([1])), InvalidDocument::Shape),
            (
                with("client_id", json!("https://client.example/oauth/client.json/")),
                InvalidDocument::OtherClient,
            ),
            (
                with("client_id", json!("https://CLIENT.example/oauth/client.json")),
                InvalidDocument::OtherClient,
            ),
            (
                with("client_id", json!("https://client.example:443/oauth/client.json")),
                InvalidDocument::OtherClient,
            ),
            (with("client_name", json!("")), InvalidDocument::Name),
            (with("client_name", json!(" \n\u{202e}\u{200b} ")), InvalidDocument::Name),
            (with("redirect_uris", json!([])), InvalidDocument::RedirectUris),
            (
                with("redirect_uris", json!(["/callback", "https://a.example/#b"])),
                InvalidDocument::RedirectUris,
            ),
            (with("redirect_uris", json!(["https://user@a.example/"])), InvalidDocument::RedirectUris),
            (with("redirect_uris", json!(vec!["https://a.example/"; 33])), InvalidDocument::RedirectUris),
            // protocol.md 2.17
            (with("client_secret", json!("x")), InvalidDocument::Secret),
            (with("token_endpoint_auth_method", json!("client_secret_basic")), InvalidDocument::Secret),
            (with("token_endpoint_auth_method", json!("client_secret_jwt")), InvalidDocument::Secret),
            (with("token_endpoint_auth_method", json!("private_key_jwt")), InvalidDocument::AuthMethod),
            (with("grant_types", json!(["client_credentials"])), InvalidDocument::Grant),
            (with("response_types", json!(["token"])), InvalidDocument::Grant),
        ];
        for (document, rule) in rows {
            assert_eq!(parse(&document), Err(rule), "{document}");
        }
    }

    #[test]
    fn bytes_that_are_no_single_object_are_refused() {
        let url = Url::parse(ID).unwrap();
        let text = valid().to_string();
        let twice = text.replacen('{', r#"{"client_id":"https://evil.example/x","#, 1);
        for body in [&b""[..], b"{", b"\xff", b"null", twice.as_bytes(), format!("{text}{text}").as_bytes()] {
            assert_eq!(ClientDocument::parse(ID, &url, body), Err(InvalidDocument::Shape));
        }
    }

    #[test]
    fn a_document_that_also_offers_none_is_accepted() {
        let mut document = with("token_endpoint_auth_method", json!("private_key_jwt"));
        document["token_endpoint_auth_methods_supported"] = json!(["none", "private_key_jwt"]);
        assert!(parse(&document).is_ok());
    }

    #[test]
    fn one_odd_redirect_uri_does_not_spoil_the_others() {
        let uris =
            json!(["nonsense", "cursor://x/callback", "http://[::1]/callback", "https://a.example/ b"]);
        let client = parse(&with("redirect_uris", uris)).unwrap();
        assert_eq!(client.redirect_uris, ["cursor://x/callback", "http://[::1]/callback"]);
    }
}
