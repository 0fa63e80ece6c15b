//! Reading an authorization request: what is wrong with it, and whom to tell (protocol.md 3).

use std::time::SystemTime;

use super::params::Params;
use super::pkce::Challenge;
use super::redirect_uri::{RedirectKind, RedirectUri, is_portless_loopback};
use super::resource::Resource;
use crate::ids::ClientId;
use crate::origin::Origin;
use crate::scope::Scopes;
use crate::store::ClientKind;
use crate::view::Warning;

/// Bytes of a `state`.
const MAX_STATE: usize = 4096;

/// Schemes of programs that are known to receive answers this way (clients.md 8.1).
const KNOWN_SCHEMES: [&str; 8] =
    ["cursor", "vscode", "vscode-insiders", "claude", "windsurf", "devin", "zed", "antigravity"];
/// Websites of vendors that receive answers for their own programs (clients.md 8.1).
const KNOWN_WEBSITES: [&str; 8] = [
    "claude.ai",
    "claude.com",
    "www.cursor.com",
    "cursor.com",
    "vscode.dev",
    "insiders.vscode.dev",
    "antigravity.google",
    "chatgpt.com",
];

/// A client, however it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownClient {
    /// Its id.
    pub id: ClientId,
    /// The name it gave itself, safe to show.
    pub name: String,
    /// How it became known.
    pub kind: ClientKind,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Whether it gets refresh tokens.
    pub may_refresh: bool,
    /// When it registered, if it did.
    pub registered_at: Option<SystemTime>,
    /// The host that vouches for its name, if one does (protocol.md 9.16).
    pub confirmed_by: Option<String>,
}

/// A request that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: KnownClient,
    /// Where the answer goes.
    pub redirect: RedirectUri,
    /// Goes back unchanged (RFC 6749 §4.1.2).
    pub state: Option<String>,
    /// PKCE.
    pub challenge: Challenge,
    /// What it asks for, without what is unknown.
    pub scopes: Scopes,
    /// What it asked for by name; none when it left the choice to the server.
    pub asked: Option<String>,
    /// RFC 8707.
    pub resource: Resource,
    /// The spelling under which it asked; `iss` of the answer.
    pub origin: Origin,
}

/// Trouble that is told on a page and never by a redirect (protocol.md 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// No client, or two.
    #[error("the request does not say which app asks")]
    ClientMissing,
    /// Neither registered here nor described by a document that could be read.
    #[error("this app is not registered here")]
    ClientUnknown,
    /// The client's metadata document could not be used (protocol.md 2.23).
    #[error("the app's own description could not be read")]
    DocumentUnusable,
    /// None or two, and it cannot be concluded.
    #[error("the request does not say where the answer goes")]
    RedirectMissing,
    /// Not a redirect URI that this client has registered.
    #[error("the answer would go to an address that this app did not register")]
    RedirectMismatch,
    /// Too many requests or questions.
    #[error("too many apps are asking at once")]
    Busy,
    /// The store failed.
    #[error("the bridge cannot read its own data now")]
    Store,
}

/// The errors that go back to the client (RFC 6749 §4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectCode {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest(&'static str),
    /// Only `code`.
    UnsupportedResponseType,
    /// Nothing grantable is left.
    InvalidScope,
    /// RFC 8707 §2.
    InvalidTarget,
    /// OpenID Connect Core §6: request objects are not read.
    RequestNotSupported,
    /// The same by reference; no URL is ever fetched.
    RequestUriNotSupported,
    /// A person refused, or nobody answered.
    AccessDenied,
    /// A person refused this client over and over, and is not asked for a while.
    Resting,
    /// Too many questions wait.
    TemporarilyUnavailable,
    /// The chosen account is gone.
    ServerError,
}

impl RedirectCode {
    /// The `error` parameter, and words for `error_description` (characters of RFC 6749 §4.1.2.1 only).
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidRequest(why) => ("invalid_request", why),
            Self::UnsupportedResponseType => ("unsupported_response_type", "the only response_type is code"),
            Self::InvalidScope => ("invalid_scope", "the scopes are read and write"),
            Self::InvalidTarget => ("invalid_target", "resource must be the URL of this MCP server"),
            Self::RequestNotSupported => ("request_not_supported", "request objects are not supported"),
            Self::RequestUriNotSupported => {
                ("request_uri_not_supported", "request objects are not supported")
            }
            Self::AccessDenied => ("access_denied", "the person did not allow it"),
            Self::Resting => {
                ("access_denied", "this app was refused several times; it can ask again in a few minutes")
            }
            Self::TemporarilyUnavailable => {
                ("temporarily_unavailable", "too many questions wait for an answer")
            }
            Self::ServerError => ("server_error", "the account is gone"),
        }
    }
}

/// An error answer on its way to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectError {
    /// Where to.
    pub redirect: RedirectUri,
    /// Who asked, for the page that stands in between (protocol.md 3.3).
    pub client_name: String,
    /// What is wrong.
    pub code: RedirectCode,
    /// The full URL.
    pub location: String,
}

/// The client named by the query.
///
/// # Errors
/// [`PageError::ClientMissing`].
pub fn client_id(params: &Params) -> Result<&str, PageError> {
    if params.is_repeated("client_id") {
        return Err(PageError::ClientMissing);
    }
    params.get("client_id").ok_or(PageError::ClientMissing)
}

/// Where the answer goes (protocol.md 3.2, 3.8, 3.13).
///
/// # Errors
/// [`PageError`].
pub fn redirect(params: &Params, client: &KnownClient) -> Result<RedirectUri, PageError> {
    if params.is_repeated("redirect_uri") {
        return Err(PageError::RedirectMissing);
    }
    let Some(text) = params.get("redirect_uri") else {
        return match client.redirect_uris.as_slice() {
            [only] if !is_portless_loopback(only) => {
                RedirectUri::parse(only).map_err(|_| PageError::RedirectMismatch)
            }
            _ => Err(PageError::RedirectMissing),
        };
    };
    let asked = RedirectUri::parse(text).map_err(|_| PageError::RedirectMismatch)?;
    if client.redirect_uris.iter().any(|registered| asked.matches(registered)) {
        Ok(asked)
    } else {
        Err(PageError::RedirectMismatch)
    }
}

/// Reads the rest, now that client and redirect URI are known to be good.
///
/// # Errors
/// [`RedirectCode`], for the client.
pub fn request(
    params: &Params,
    client: KnownClient,
    redirect: RedirectUri,
    origin: Origin,
) -> Result<AuthorizationRequest, RedirectCode> {
    use RedirectCode as E;
    if params.is_malformed() {
        return Err(E::InvalidRequest("a parameter came more than once"));
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(E::UnsupportedResponseType),
        None => return Err(E::InvalidRequest("response_type is missing")),
    }
    if params.get("request").is_some() {
        return Err(E::RequestNotSupported);
    }
    if params.get("request_uri").is_some() {
        return Err(E::RequestUriNotSupported);
    }
    let state = params.get("state").map(str::to_owned);
    if state.as_ref().is_some_and(|state| state.len() > MAX_STATE) {
        return Err(E::InvalidRequest("state is too long"));
    }
    if !params.is_text("state") {
        return Err(E::InvalidRequest("state is not UTF-8"));
    }
    Ok(AuthorizationRequest {
        challenge: challenge(params)?,
        scopes: scopes(params)?,
        asked: params.get("scope").map(str::to_owned),
        resource: resource(params, origin)?,
        client,
        redirect,
        state,
        origin,
    })
}

/// None named means the only one (protocol.md D8).
fn resource(params: &Params, origin: Origin) -> Result<Resource, RedirectCode> {
    let named = Resource::named(params, origin.port()).map_err(|_| RedirectCode::InvalidTarget)?;
    Ok(named.unwrap_or(Resource::Mcp))
}

/// S256 for every client; an absent method means `plain` and is refused like it (protocol.md 3.5).
fn challenge(params: &Params) -> Result<Challenge, RedirectCode> {
    let text =
        params.get("code_challenge").ok_or(RedirectCode::InvalidRequest("code_challenge is missing"))?;
    if params.get("code_challenge_method") != Some("S256") {
        return Err(RedirectCode::InvalidRequest("transform algorithm not supported; use S256"));
    }
    Challenge::parse(text).ok_or(RedirectCode::InvalidRequest("code_challenge is not a SHA-256"))
}

/// None named means all (protocol.md 3.15).
fn scopes(params: &Params) -> Result<Scopes, RedirectCode> {
    let asked = asked_scopes(params).map_err(|NothingGrantable| RedirectCode::InvalidScope)?;
    Ok(asked.unwrap_or(Scopes::ALL))
}

/// A scope was named, but none that exists here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NothingGrantable;

/// The scopes a request names, without those that are unknown; none when it leaves the choice to the server
/// (protocol.md 3.15).
pub(super) fn asked_scopes(params: &Params) -> Result<Option<Scopes>, NothingGrantable> {
    let Some(text) = params.get("scope") else { return Ok(None) };
    let known = Scopes::parse(text);
    // `offline_access` and the like alone ask for nothing in particular.
    let only_formal =
        text.split(' ').all(|word| matches!(word, "offline_access" | "openid" | "profile" | "email" | ""));
    match (known.is_empty(), only_formal) {
        (false, _) => Ok(Some(known)),
        (true, true) => Ok(None),
        (true, false) => Err(NothingGrantable),
    }
}

/// What a person is told about where the answer goes (protocol.md 2.21, 9.17, clients.md 8.2).
#[must_use]
pub fn warning(redirect: &RedirectUri) -> Option<Warning> {
    match redirect.kind() {
        // Whatever else the client registered, and whoever confirmed its name: this answer goes to whoever listens there.
        RedirectKind::Loopback => Some(Warning::LoopbackOnly),
        RedirectKind::CustomScheme(scheme) => {
            (!KNOWN_SCHEMES.contains(&scheme.as_str())).then_some(Warning::UnknownScheme)
        }
        RedirectKind::Website(host) => {
            (!KNOWN_WEBSITES.contains(&host.as_str())).then_some(Warning::ForeignWebsite)
        }
    }
}

/// The URL that carries an error back, with `state` and `iss` (protocol.md 3.3, 3.6, 3.7).
#[must_use]
pub fn error_location(
    redirect: &RedirectUri,
    state: Option<&str>,
    origin: Origin,
    code: RedirectCode,
) -> String {
    let (error, description) = code.words();
    answer_location(redirect, state, origin, &[("error", error), ("error_description", description)])
}

/// The URL that carries an answer back.
#[must_use]
pub fn answer_location(
    redirect: &RedirectUri,
    state: Option<&str>,
    origin: Origin,
    answer: &[(&str, &str)],
) -> String {
    let issuer = origin.to_string();
    let mut pairs = answer.to_vec();
    pairs.extend(state.map(|state| ("state", state)));
    pairs.push(("iss", &issuer));
    redirect.with_query(&pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

    fn client(uris: &[&str]) -> KnownClient {
        KnownClient {
            id: ClientId::new("c"),
            name: "App".into(),
            kind: ClientKind::Dynamic,
            redirect_uris: uris.iter().map(ToString::to_string).collect(),
            may_refresh: true,
            registered_at: None,
            confirmed_by: None,
        }
    }

    fn read(query: &str) -> Result<AuthorizationRequest, RedirectCode> {
        let client = client(&["http://localhost/cb"]);
        let redirect = RedirectUri::parse("http://localhost:1/cb").unwrap();
        request(&Params::parse(query.as_bytes()), client, redirect, Origin::canonical(5326))
    }

    #[test]
    fn a_request_in_order_is_read() {
        let request = read(&format!(
            "{GOOD}&state=s%20&scope=read+bogus&prompt=consent&resource=http://localhost:5326/mcp"
        ))
        .unwrap();
        assert_eq!(request.state.as_deref(), Some("s "));
        assert_eq!(request.scopes, Scopes::parse("read"));
        assert_eq!(read(GOOD).unwrap().scopes, Scopes::ALL);
        assert_eq!(read(&format!("{GOOD}&scope=offline_access")).unwrap().scopes, Scopes::ALL);
    }

    #[test]
    fn each_fault_has_its_error() {
        // protocol.md 3.1, 3.3, 3.4, 3.5, 3.14, 3.15, 3.16
        let plain = GOOD.replace("S256", "plain");
        let no_method = GOOD.replace("&code_challenge_method=S256", "");
        for (query, error) in [
            ("", "invalid_request"),
            ("response_type=code", "invalid_request"),
            (plain.as_str(), "invalid_request"),
            (no_method.as_str(), "invalid_request"),
            (&GOOD.replace("E9M", "E9"), "invalid_request"),
            (&format!("{GOOD}&state=a&state=a"), "invalid_request"),
            (&format!("{GOOD}&state={}", "a".repeat(5000)), "invalid_request"),
            (&format!("{GOOD}&state=%ff"), "invalid_request"),
            (&GOOD.replace("=code&", "=token&"), "unsupported_response_type"),
            (&format!("{GOOD}&scope=admin"), "invalid_scope"),
            (&format!("{GOOD}&resource=https://evil.example/"), "invalid_target"),
            (
                &format!("{GOOD}&resource=http://127.0.0.1:5326/mcp&resource=https://evil.example/"),
                "invalid_target",
            ),
            (&format!("{GOOD}&request=x"), "request_not_supported"),
            (&format!("{GOOD}&request_uri=https://a.example/"), "request_uri_not_supported"),
        ] {
            assert_eq!(read(query).unwrap_err().words().0, error, "{query}");
        }
    }

    #[test]
    fn what_concerns_client_or_redirect_is_told_on_a_page() {
        // protocol.md 3.2, 3.13
        let one = client(&["https://a.example/cb"]);
        let two = client(&["https://a.example/cb", "https://a.example/cb2"]);
        let portless = client(&["http://localhost/cb"]);
        let at = |query: &str, client: &KnownClient| redirect(&Params::parse(query.as_bytes()), client);
        assert_eq!(at("", &one).unwrap().as_str(), "https://a.example/cb");
        assert_eq!(at("", &two), Err(PageError::RedirectMissing));
        assert_eq!(at("", &portless), Err(PageError::RedirectMissing));
        assert_eq!(
            at("redirect_uri=https://a.example/cb&redirect_uri=https://a.example/cb", &one),
            Err(PageError::RedirectMissing)
        );
        assert_eq!(at("redirect_uri=https://evil.example/cb", &one), Err(PageError::RedirectMismatch));
        assert_eq!(at("redirect_uri=:", &one), Err(PageError::RedirectMismatch));
        assert_eq!(client_id(&Params::parse(b"")), Err(PageError::ClientMissing));
        assert_eq!(client_id(&Params::parse(b"client_id=a&client_id=a")), Err(PageError::ClientMissing));
    }

    #[test]
    fn errors_carry_state_and_issuer_and_no_line_breaks() {
        // protocol.md 3.6, 3.7
        let redirect = RedirectUri::parse("http://localhost:1/cb?k=v").unwrap();
        let state = "a\r\nSet-Cookie: x";
        let location =
            error_location(&redirect, Some(state), Origin::canonical(1), RedirectCode::AccessDenied);
        assert_eq!(
            location,
            "http://localhost:1/cb?k=v&error=access_denied&error_description=the+person+did+not+allow+it\
             &state=a%0D%0ASet-Cookie%3A+x&iss=http%3A%2F%2F127.0.0.1%3A1"
        );
    }

    #[test]
    fn warnings_follow_the_kind_of_redirect() {
        let at = |uri| warning(&RedirectUri::parse(uri).unwrap());
        assert_eq!(at("http://localhost/cb"), Some(Warning::LoopbackOnly));
        assert_eq!(at("cursor://x/cb"), None);
        assert_eq!(at("evil://x/cb"), Some(Warning::UnknownScheme));
        assert_eq!(at("https://vscode.dev/redirect"), None);
        assert_eq!(at("https://evil.example/cb"), Some(Warning::ForeignWebsite));
    }
}
