//! Where something of ours is, by the configuration: an address to which nothing goes in clear text. The key goes to
//! the one of the Jean Memory API.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// The base of the API, or of another service. https on any host, http only on loopback (protocol.md 7.30, 9.24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why an address cannot be the base. Deliberately without the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not an absolute URL with a host.
    #[error("this is not a web address")]
    NotAUrl,
    /// A scheme other than http and https.
    #[error("the address must start with https://")]
    Scheme,
    /// http to a host that is not this computer.
    #[error("http:// is allowed for this computer only; use https://")]
    ClearText,
    /// A user name or a password in the address.
    #[error("the address must not contain a user name or a password")]
    UserInfo,
    /// A query or a fragment in the address.
    #[error("the address must not contain ? or #")]
    QueryOrFragment,
}

impl BaseUrl {
    /// Checks an address from the configuration.
    ///
    /// # Errors
    /// [`BaseUrlError`] when the key could leave in clear text or the address is no base.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| BaseUrlError::NotAUrl)?;
        match url.scheme() {
            "http" if !is_loopback(&url) => return Err(BaseUrlError::ClearText),
            "http" | "https" => {}
            _ => return Err(BaseUrlError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::QueryOrFragment);
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Whether the base is on this computer; such a base is reached without a proxy.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Its host, as it is written.
    #[must_use]
    pub fn host(&self) -> &str {
        // `parse` lets no address without one through.
        self.0.host_str().unwrap_or_default()
    }

    /// The URL of `path`, which starts with a slash, below this base.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_allowed_anywhere_and_http_only_on_this_computer() {
        // protocol.md 9.24
        for text in [
            "https://jean-memory-api-virginia.onrender.com",
            "https://10.0.0.1:8443/prefix/",
            "http://127.0.0.1:8000",
            "http://127.1.2.3",
            "http://[::1]:8000/",
            "http://localhost:8000",
        ] {
            assert!(BaseUrl::parse(text).is_ok(), "{text}");
        }
        for (text, error) in [
            ("http://example.com", BaseUrlError::ClearText),
            ("http://localhost.example.com", BaseUrlError::ClearText),
            ("http://127.0.0.1.example.com", BaseUrlError::ClearText),
            ("http://0.0.0.0:8000", BaseUrlError::ClearText),
            ("http://[::ffff:127.0.0.1]:8000", BaseUrlError::ClearText),
            ("ftp://example.com", BaseUrlError::Scheme),
            ("file:///etc/passwd", BaseUrlError::Scheme),
            ("example.com", BaseUrlError::NotAUrl),
            ("", BaseUrlError::NotAUrl),
            ("https://", BaseUrlError::NotAUrl),
            ("https://user@example.com", BaseUrlError::UserInfo),
            ("https://:secret@example.com", BaseUrlError::UserInfo),
            ("https://example.com/?a=b", BaseUrlError::QueryOrFragment),
            ("https://example.com/#a", BaseUrlError::QueryOrFragment),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_path_is_joined_with_exactly_one_slash_and_keeps_its_own() {
        for (base, url) in [
            ("https://example.com", "https://example.com/mcp/messages/"),
            ("https://example.com/", "https://example.com/mcp/messages/"),
            ("https://example.com/a/b//", "https://example.com/a/b/mcp/messages/"),
        ] {
            assert_eq!(BaseUrl::parse(base).unwrap().join("/mcp/messages/").as_str(), url);
        }
    }

    #[test]
    fn it_is_shown_as_it_was_written_without_the_slash_at_the_end() {
        assert_eq!(BaseUrl::parse(" https://example.com/ ").unwrap().to_string(), "https://example.com");
    }
}
