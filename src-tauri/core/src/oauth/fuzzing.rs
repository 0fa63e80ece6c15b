//! What clients send to the endpoints of OAuth.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use http::HeaderValue;
use jsonwebtoken::Algorithm;
use serde_json::Value;
use url::{Host, Url};

use super::access_token::{self, Claims, Life};
use super::authorize::{self, KnownClient};
use super::client_auth::Credentials;
use super::params::Params;
use super::pkce::Challenge;
use super::redirect_uri::{RedirectKind, RedirectUri};
use super::registration::{RegistrationRequest, register};
use super::resource::Resource;
use super::signing_key::SigningKeys;
use crate::fuzzing::{first_line, is_showable, tells_nothing};
use crate::ids::{ClientId, Jti, UserId};
use crate::origin::Origin;
use crate::scope::Scopes;
use crate::store::ClientKind;

const PORT: u16 = 5326;
const SIGNING_KEY: &str = "0123456789abcdef0123456789abcdef";
/// Schemes by which a browser runs something or opens a file, whatever list the rule itself has.
const NEVER: [&str; 10] =
    ["javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "ws", "ftp"];
/// Where the answers of the client may go that the queries are about.
const REGISTERED: [&str; 4] = [
    "http://localhost/callback",
    "http://127.0.0.1:33418/",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback?k=v",
];

/// A registration: whatever is stored may be redirected to and shown.
pub fn registration(bytes: &[u8]) {
    let Ok(request) = serde_json::from_slice::<RegistrationRequest>(bytes) else { return };
    match register(request, UNIX_EPOCH) {
        Ok((client, reply)) => {
            assert!(is_name(&client.name), "{:?}", client.name);
            assert!(!client.redirect_uris.is_empty());
            client.redirect_uris.iter().for_each(|uri| goes_somewhere_harmless(uri));
            let reply = serde_json::to_value(reply).unwrap_or_default();
            assert_eq!(reply["redirect_uris"], Value::from(client.redirect_uris.clone()));
            // Whoever registers with what was answered gets the same again.
            let again =
                serde_json::from_value::<RegistrationRequest>(reply).map(|again| register(again, UNIX_EPOCH));
            let Ok(Ok((again, _))) = again else { panic!("{client:?} cannot be registered again") };
            assert_eq!(
                (again.name, again.redirect_uris, again.auth_method, again.may_refresh),
                (client.name, client.redirect_uris, client.auth_method, client.may_refresh)
            );
        }
        Err(error) => tells_nothing(&error),
    }
}

/// A redirect URI alone.
pub fn redirect_uri(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match RedirectUri::parse(text) {
        Ok(_) => goes_somewhere_harmless(text),
        Err(error) => tells_nothing(&error),
    }
}

/// A query at the authorization endpoint: the answer goes where the client registered, with what it sent.
pub fn authorize_query(bytes: &[u8]) {
    let params = Params::parse(bytes);
    if let Err(error) = authorize::client_id(&params) {
        tells_nothing(&error);
    }
    let client = KnownClient {
        id: ClientId::new("client"),
        name: "App".into(),
        kind: ClientKind::Dynamic,
        redirect_uris: REGISTERED.map(str::to_owned).into(),
        may_refresh: true,
        registered_at: None,
        confirmed_by: None,
    };
    let redirect = match authorize::redirect(&params, &client) {
        Ok(redirect) => redirect,
        Err(error) => return tells_nothing(&error),
    };
    goes_somewhere_harmless(redirect.as_str());
    assert!(is_registered(redirect.as_str()), "{:?} is not registered", redirect.as_str());
    let origin = Origin::canonical(PORT);
    match authorize::request(&params, client, redirect.clone(), origin) {
        Ok(request) => {
            assert!(!request.scopes.is_empty());
            assert_eq!(Challenge::parse(request.challenge.as_str()), Some(request.challenge.clone()));
            let answer = [("code", "jbcode_x")];
            let location = authorize::answer_location(&redirect, request.state.as_deref(), origin, &answer);
            answers(&redirect, &location, request.state.as_deref());
        }
        Err(code) => {
            let (error, description) = code.words();
            tells_nothing(&error);
            tells_nothing(&description);
            let state = params.get("state");
            answers(&redirect, &authorize::error_location(&redirect, state, origin, code), state);
        }
    }
}

/// An `Authorization` header on the first line, a form in the rest.
pub fn token_form(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (authorization, form) = first_line(&text);
    let params = Params::parse(form.as_bytes());
    let authorization = (!authorization.is_empty()).then_some(authorization);
    match Credentials::read(authorization, &params) {
        Ok(credentials) => {
            assert!(
                authorization.is_none() || params.get("client_secret").is_none(),
                "two ways to authenticate"
            );
            let named = params.get("client_id").is_none_or(|id| id == credentials.client_id.as_str());
            assert!(named, "the form names another client than {}", credentials.client_id);
            tells_nothing(&credentials.refused());
        }
        Err(error) => tells_nothing(&error),
    }
    if let Ok(Some(resource)) = Resource::named(&params, PORT) {
        let somebody = UserId::new("somebody else");
        assert!(resource == Resource::Mcp || !resource.admits(&somebody));
    }
    for (challenge, verifier) in [("code_challenge", "code_verifier"), ("code_verifier", "code_verifier")] {
        let (challenge, verifier) = (params.get(challenge), params.get(verifier));
        if let (Some(challenge), Some(verifier)) = (challenge.and_then(Challenge::parse), verifier) {
            assert!(!challenge.is_met_by(verifier) || challenge.as_str() != verifier, "plain is not S256");
        }
    }
}

/// A bearer: as it is; or two lines, header and payload, which are signed with the bridge's own key first.
pub fn access_token(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let keys = SigningKeys::configured(&SIGNING_KEY.to_owned().into());
    let now = UNIX_EPOCH + Duration::from_secs(1000);
    // A configured key is there at once.
    let key = keys.current().now_or_never().flatten();
    let Some(key) = key else { panic!("the key was not there") };
    let token = match text.split_once('\n') {
        None => text.to_owned(),
        Some((header, payload)) => {
            let header = header.replace("KID", &key.kid);
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
            let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key.encoding, Algorithm::HS256);
            format!("{signed}.{}", signature.unwrap_or_default())
        }
    };
    let verdict = |token: &str| access_token::verify(&keys, token, PORT, false, now).now_or_never();
    match verdict(&token) {
        Some(Ok(claims)) => {
            assert!(text.contains('\n'), "{text:?} was signed by nobody here");
            let origin = Origin::canonical(PORT);
            assert_eq!((&claims.iss, &claims.aud), (&origin.to_string(), &origin.url("/mcp")));
            assert!(claims.exp > 1000, "{} is over", claims.exp);
            assert!(first_line(text).0.contains("at+jwt") && first_line(text).0.contains("HS256"));
        }
        Some(Err(error)) => tells_nothing(&error),
        None => panic!("judging a token waited for something"),
    }
    // A good token with this text in the place of any of its parts is not good.
    let claims = Claims::new(
        PORT,
        UserId::new("u"),
        (ClientId::new("c"), "App".into()),
        Scopes::ALL,
        Jti::random(),
        Life { from: now, until: now + Duration::from_secs(60) },
    );
    let Some(Some(good)) = access_token::sign(&keys, &claims).now_or_never() else {
        panic!("nothing was signed")
    };
    assert!(matches!(verdict(&good), Some(Ok(found)) if found == claims));
    let parts: Vec<&str> = good.split('.').collect();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| **part != text) {
        let mut forged = parts.clone();
        forged[at] = text;
        assert!(matches!(verdict(&forged.join(".")), Some(Err(_))), "{text:?} passed for {part}");
    }
}

/// Whether a redirect to `text` can only do what the consent window says of it.
#[track_caller]
pub(in crate::oauth) fn goes_somewhere_harmless(text: &str) {
    let Ok(redirect) = RedirectUri::parse(text) else { panic!("{text:?} was accepted before") };
    let Ok(url) = Url::parse(text) else { panic!("{text:?} is no URL") };
    assert!(!NEVER.contains(&url.scheme()), "{text:?}");
    assert!(
        HeaderValue::from_str(text).is_ok() && is_showable(text) && is_showable(&redirect.host()),
        "{text:?}"
    );
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{text:?}");
    assert!(redirect.matches(text), "{text:?} is not itself");
    match (redirect.kind(), url.scheme()) {
        (RedirectKind::Loopback, "http") => assert!(is_loopback(&url), "{text:?}"),
        (RedirectKind::Website(host), "https") => assert_eq!(Some(host.as_str()), url.host_str(), "{text:?}"),
        (RedirectKind::CustomScheme(scheme), other) => {
            assert!(scheme == other && !["http", "https"].contains(&other), "{text:?}");
        }
        (kind, _) => panic!("{text:?} is taken for {kind:?}"),
    }
    answers(
        &redirect,
        &redirect.with_query(&[("code", "a"), ("state", "\r\nX: y&iss=b#")]),
        Some("\r\nX: y&iss=b#"),
    );
}

/// Whether an answer goes to the place that was registered, and carries the state as it was sent.
#[track_caller]
fn answers(redirect: &RedirectUri, location: &str, state: Option<&str>) {
    assert!(
        location.starts_with(redirect.as_str()) && HeaderValue::from_str(location).is_ok(),
        "{location:?}"
    );
    let (Ok(to), Ok(from)) = (Url::parse(location), Url::parse(redirect.as_str())) else {
        panic!("{location:?} is no URL")
    };
    assert_eq!(
        (to.scheme(), to.host(), to.port(), to.path(), to.fragment()),
        (from.scheme(), from.host(), from.port(), from.path(), None),
        "{location:?}"
    );
    let query = &location[redirect.as_str().len()..];
    let pairs = form_urlencoded::parse(query.trim_start_matches(['?', '&']).as_bytes());
    let states: Vec<_> = pairs.filter(|(name, _)| name == "state").map(|(_, value)| value).collect();
    assert!(states.iter().map(AsRef::as_ref).eq(state), "{location:?} carries {states:?} for {state:?}");
}

/// In the same text, or on this computer with another port.
fn is_registered(text: &str) -> bool {
    REGISTERED.contains(&text)
        || Url::parse(text).is_ok_and(|mut url| {
            let path = url.path().to_owned();
            let is_plain = url.query().is_none() && url.scheme() == "http" && url.set_port(None).is_ok();
            let host = url.host_str().unwrap_or_default();
            is_plain && matches!((host, path.as_str()), ("localhost", "/callback") | ("127.0.0.1", "/"))
        })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// One line that is not empty, not long, and reads as it is written.
pub(in crate::oauth) fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 80 && is_showable(name)
}
