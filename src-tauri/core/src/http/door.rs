//! The door: who may talk to this server at all. It stands in front of every route, metadata and pages
//! included, before anything else is looked at (protocol.md 6.1, 9.2, 9.3).
//!
//! A page of a foreign website that was made to resolve to 127.0.0.1 has the wrong Host; a page that sends
//! requests across origins has the wrong Origin; a program of another computer cannot connect at all.

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, HOST, ORIGIN, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::oauth_reply::json_error;
use crate::origin::{Origin, path};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Who may come in.
#[derive(Clone, Debug)]
pub(super) struct Door {
    port: u16,
    /// Origins beyond our own, from the configuration (protocol.md 1.20).
    allowed_origins: Vec<String>,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// No Host, two, or one that is not text; or two body lengths (RFC 9112 §6.1).
    Garbled,
    /// Not one of the names of this bridge.
    ForeignHost,
    /// A web page of somebody else.
    ForeignOrigin,
}

impl Door {
    pub(super) fn new(port: u16, allowed_origins: Vec<String>) -> Self {
        Self { port, allowed_origins }
    }

    fn check(&self, request: &Request) -> Result<Origin, Refused> {
        let headers = request.headers();
        let origin = self.host(request)?;
        if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
            return Err(Refused::Garbled);
        }
        self.origin(request)?;
        if is_cross_site(headers) && !may_be_cross_site(request) {
            return Err(Refused::ForeignOrigin);
        }
        Ok(origin)
    }

    #[cfg(any(fuzzing, test))]
    pub(super) fn admits(&self, request: &Request) -> Option<Origin> {
        self.check(request).ok()
    }

    /// The Host header and, where the target is absolute, the target name the same bridge (protocol.md 9.2).
    fn host(&self, request: &Request) -> Result<Origin, Refused> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Refused::Garbled) };
        let host = host.to_str().map_err(|_| Refused::Garbled)?;
        if let Some(authority) = request.uri().authority() {
            Origin::from_host(authority.as_str(), self.port).ok_or(Refused::ForeignHost)?;
        }
        Origin::from_host(host, self.port).ok_or(Refused::ForeignHost)
    }

    /// Absent is fine; `null`, foreign, or two are not (protocol.md 9.3).
    fn origin(&self, request: &Request) -> Result<(), Refused> {
        let mut origins = request.headers().get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return Ok(()) };
        if origins.next().is_some() {
            return Err(Refused::Garbled);
        }
        let origin = origin.to_str().map_err(|_| Refused::ForeignOrigin)?;
        let own = Origin::all(self.port).any(|own| own.to_string() == origin);
        let listed = self.is_listed(origin) && !is_of_own_pages(request);
        if own || listed { Ok(()) } else { Err(Refused::ForeignOrigin) }
    }

    /// Whether the person listed this origin in the configuration.
    pub(super) fn is_listed(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|listed| listed == origin)
    }
}

/// Only the waiting page hands a transaction in (protocol.md 3.22); no list opens that to other pages.
fn is_of_own_pages(request: &Request) -> bool {
    request.uri().path() == path::CALLBACK
}

fn is(headers: &HeaderMap, name: &HeaderName, value: &str) -> bool {
    headers.get(name).is_some_and(|sent| sent == value)
}

/// Whether a browser says that another page sent it here; no page can keep it from saying so.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// A browser comes to the authorization endpoint from wherever the client is; everything else is either
/// our own page or no browser at all (protocol.md 9.4).
fn may_be_cross_site(request: &Request) -> bool {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) && !is_of_own_pages(request) {
        // It passed the check above: our own or listed.
        return true;
    }
    let path = request.uri().path();
    let reads_only = matches!(*request.method(), Method::GET | Method::HEAD);
    // An image or frame of a foreign page navigates nowhere; without this it could ask a person things, or use
    // up the places for those who do, unseen.
    let navigates = is(headers, &SEC_FETCH_MODE, "navigate") && is(headers, &SEC_FETCH_DEST, "document");
    reads_only && navigates && path != path::MCP && !path.starts_with("/mcp/")
}

/// Lets a request in with its [`Origin`], or not.
pub(super) async fn guard(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    match door.check(&request) {
        Ok(origin) => {
            request.extensions_mut().insert(origin);
            next.run(request).await
        }
        Err(refused) => {
            tracing::debug!(?refused, "refused at the door");
            refused.into_response()
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Garbled => {
                json_error(StatusCode::BAD_REQUEST, "invalid_request", "the request is malformed")
            }
            Self::ForeignHost => json_error(
                StatusCode::FORBIDDEN,
                "forbidden",
                "this server is reached as 127.0.0.1 or localhost only",
            ),
            // No WWW-Authenticate here: clients would read it as a question for more scope (protocol.md 6.8).
            Self::ForeignOrigin => {
                json_error(StatusCode::FORBIDDEN, "forbidden", "requests from this origin are not allowed")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn check(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<(), Refused> {
        let mut request = axum::http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let door = Door::new(5326, vec!["http://localhost:6274".into()]);
        door.check(&request.body(Body::empty()).unwrap()).map(drop)
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:5326");

    #[test]
    fn only_the_names_of_this_bridge_are_a_host() {
        // protocol.md 9.2
        for host in ["127.0.0.1:5326", "localhost:5326", "LocalHost:5326", "[::1]:5326"] {
            assert_eq!(check("GET", "/status", &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:5326",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:5326.evil.example",
            "127.0.0.1:05326",
            "localhost",
            "127.0.0.2:5326",
            "0.0.0.0:5326",
            "127.0.0.1:5326@evil.example",
        ] {
            assert_eq!(check("GET", "/status", &[("host", host)]), Err(Refused::ForeignHost), "{host}");
        }
        assert_eq!(check("GET", "/status", &[]), Err(Refused::Garbled));
        assert_eq!(check("GET", "/status", &[HOST, HOST]), Err(Refused::Garbled));
        assert_eq!(check("GET", "http://evil.example/status", &[HOST]), Err(Refused::ForeignHost));
    }

    #[test]
    fn only_own_and_listed_origins_are_let_in() {
        // protocol.md 9.3
        for origin in ["http://127.0.0.1:5326", "http://localhost:5326", "http://localhost:6274"] {
            assert_eq!(check("POST", "/mcp", &[HOST, ("origin", origin)]), Ok(()), "{origin}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "https://127.0.0.1:5326",
            "http://127.0.0.1:5327",
            "http://localhost:5326/",
            "file://",
        ] {
            assert_eq!(
                check("POST", "/mcp", &[HOST, ("origin", origin)]),
                Err(Refused::ForeignOrigin),
                "{origin}"
            );
        }
        let own = ("origin", "http://127.0.0.1:5326");
        assert_eq!(check("POST", "/mcp", &[HOST, own, own]), Err(Refused::Garbled));
    }

    #[test]
    fn a_cross_site_request_may_only_read_what_is_no_secret() {
        // protocol.md 9.4
        let cross = ("sec-fetch-site", "cross-site");
        let (navigates, document) = (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"));
        assert_eq!(check("GET", "/oauth/authorize?x", &[HOST, cross, navigates, document]), Ok(()));
        let image = [HOST, cross, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
        assert_eq!(check("GET", "/oauth/authorize?x", &image), Err(Refused::ForeignOrigin));
        let frame = [HOST, cross, navigates, ("sec-fetch-dest", "iframe")];
        assert_eq!(check("GET", "/oauth/authorize?x", &frame), Err(Refused::ForeignOrigin));
        for (method, path) in [
            ("POST", "/oauth/token"),
            ("POST", "/oauth/register"),
            ("POST", "/oauth/callback"),
            ("GET", "/mcp"),
            ("POST", "/mcp"),
        ] {
            assert_eq!(check(method, path, &[HOST, cross]), Err(Refused::ForeignOrigin), "{path}");
        }
        assert_eq!(check("POST", "/mcp", &[HOST, ("sec-fetch-mode", "cors")]), Ok(()));
        let listed = ("origin", "http://localhost:6274");
        assert_eq!(check("POST", "/oauth/token", &[HOST, listed, cross]), Ok(()));
    }

    #[test]
    fn only_our_own_page_hands_a_transaction_in() {
        // protocol.md 3.22, 9.4
        let own = ("origin", "http://127.0.0.1:5326");
        let callback = |headers: &[(&str, &str)]| check("POST", "/oauth/callback", headers);
        assert_eq!(callback(&[HOST, own, ("sec-fetch-site", "same-origin")]), Ok(()));
        for site in ["cross-site", "same-site"] {
            assert_eq!(callback(&[HOST, own, ("sec-fetch-site", site)]), Err(Refused::ForeignOrigin));
        }
        assert_eq!(callback(&[HOST, ("origin", "http://localhost:6274")]), Err(Refused::ForeignOrigin));
    }

    #[test]
    fn two_body_lengths_are_refused() {
        // RFC 9112 §6.1; protocol.md 7.7
        let lengths = [HOST, ("content-length", "1"), ("transfer-encoding", "chunked")];
        assert_eq!(check("POST", "/mcp", &lengths), Err(Refused::Garbled));
    }
}
