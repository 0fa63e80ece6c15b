//! Where an answer may go: which redirect URIs are registered, and which one a request may name.

use url::{Host, Url};

/// Longer than any callback in use.
const MAX_LENGTH: usize = 2048;

/// Schemes that run code, read files or start programs (protocol.md 3.12); for a redirect there is no use in
/// any of them.
const DANGEROUS: [&str; 53] = [
    "javascript",
    "livescript",
    "mocha",
    "vbscript",
    "vbs",
    "data",
    "blob",
    "filesystem",
    "file",
    "content",
    "about",
    "view-source",
    "chrome",
    "chrome-extension",
    "moz-extension",
    "resource",
    "res",
    "jar",
    "mhtml",
    "mk",
    "cid",
    "mid",
    "ws",
    "wss",
    "ftp",
    "ftps",
    "sftp",
    "tftp",
    "gopher",
    "ldap",
    "ldaps",
    "smb",
    "afp",
    "nfs",
    "dav",
    "davs",
    "ssh",
    "telnet",
    "rlogin",
    "vnc",
    "rdp",
    "mailto",
    "news",
    "tel",
    "sms",
    "callto",
    "intent",
    "android-app",
    "itms-services",
    "x-man-page",
    "search",
    "search-ms",
    "shell",
];

/// A redirect URI that may be registered. It keeps the text as it was sent: comparison is by text
/// (protocol.md 3.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    kind: RedirectKind,
}

/// What kind of place the answer goes to; the consent window words its warning by this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// `http` to this computer.
    Loopback,
    /// A website, by its host.
    Website(String),
    /// A program that registered this scheme with the operating system.
    CustomScheme(String),
}

/// Why a redirect URI is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Not an absolute URI, or too long.
    #[error("a redirect_uri must be an absolute URI")]
    Malformed,
    /// RFC 6749 §3.1.2.
    #[error("a redirect_uri must not have a fragment")]
    Fragment,
    /// protocol.md 3.11.
    #[error("a redirect_uri must not have a user name or password")]
    Userinfo,
    /// protocol.md 3.11.
    #[error("an http redirect_uri must point to this computer")]
    PlainHttp,
    /// protocol.md 3.12.
    #[error("this redirect_uri scheme is not allowed")]
    DangerousScheme,
}

impl RedirectUri {
    /// Checks a redirect URI that a client registers or that its metadata document lists.
    ///
    /// # Errors
    /// [`RedirectUriError`].
    pub fn parse(text: &str) -> Result<Self, RedirectUriError> {
        use RedirectUriError as E;
        // Only what is left unchanged by parsing is compared safely as text; control characters and blanks
        // would be dropped silently by URL parsers.
        if text.len() > MAX_LENGTH || !text.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\')
        {
            return Err(E::Malformed);
        }
        let url = Url::parse(text).map_err(|_| E::Malformed)?;
        if url.fragment().is_some() {
            return Err(E::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() || has_userinfo(text) {
            return Err(E::Userinfo);
        }
        let kind = match url.scheme() {
            "http" if is_loopback(text) => RedirectKind::Loopback,
            "http" => return Err(E::PlainHttp),
            // Parsers supply slashes that are missing and drop those that are too many; a browser that
            // follows the text does not always agree on the host then.
            "https" if !has_authority(text) => return Err(E::Malformed),
            "https" => RedirectKind::Website(https_host(&url).ok_or(E::Malformed)?),
            scheme if DANGEROUS.contains(&scheme) || scheme.starts_with("ms-") => {
                return Err(E::DangerousScheme);
            }
            scheme => RedirectKind::CustomScheme(scheme.to_owned()),
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// The text as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind of place it is.
    #[must_use]
    pub fn kind(&self) -> &RedirectKind {
        &self.kind
    }

    /// What consent is keyed by besides the client: the host, or the scheme (protocol.md 9.12).
    #[must_use]
    pub fn host(&self) -> String {
        match &self.kind {
            RedirectKind::Loopback => {
                split_loopback(&self.text).map_or_else(String::new, |(host, _)| host.to_owned())
            }
            RedirectKind::Website(host) => host.clone(),
            RedirectKind::CustomScheme(scheme) => format!("{scheme}:"),
        }
    }

    /// The URI with `pairs` added to its query; a query it already has stays (RFC 6749 §4.1.2).
    #[must_use]
    pub fn with_query(&self, pairs: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        let joint = match self.text.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some((_, before)) if before.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{joint}{}", self.text, query.finish())
    }

    /// Whether a request may name `self` when `registered` is on the list: the same text, or for loopback
    /// the same but for the port (RFC 8252 §7.3; RFC 9700 §4.1.3; protocol.md 3.8, 3.9).
    #[must_use]
    pub fn matches(&self, registered: &str) -> bool {
        if self.text == registered {
            return true;
        }
        match (split_loopback(&self.text), split_loopback(registered)) {
            (Some(asked), Some(listed)) => asked == listed,
            _ => false,
        }
    }
}

/// Whether it is an `http` URI of this computer that names no port, so that the port is chosen per request.
#[must_use]
pub fn is_portless_loopback(uri: &str) -> bool {
    split_loopback(uri).is_some_and(|(host, rest)| uri.len() == "http://".len() + host.len() + rest.len())
}

fn is_loopback(text: &str) -> bool {
    split_loopback(text).is_some()
}

/// Host spelling, and everything after the port, of an `http` URI of this computer. The port must be a
/// port; scheme and host in lower case only, since anything else is another text.
fn split_loopback(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| authority.starts_with(host))?;
    let (host, port) = authority.split_at(host.len());
    let is_port = |digits: &str| {
        digits.len() <= 5 && digits.bytes().all(|d| d.is_ascii_digit()) && digits.parse::<u16>().is_ok()
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some((host, tail))
}

fn has_authority(text: &str) -> bool {
    text.split_once(':')
        .and_then(|(_, rest)| rest.strip_prefix("//"))
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

/// An `@` before the path is userinfo even where it is empty, which parsers do not report.
fn has_userinfo(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(_, rest)| rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())].contains('@'))
}

fn https_host(url: &Url) -> Option<String> {
    match url.host()? {
        Host::Domain(domain) => Some(domain.to_owned()),
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(format!("[{address}]")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn what_known_clients_register_is_accepted() {
        // clients.md 8.1
        for text in [
            "http://localhost/callback",
            "http://127.0.0.1:33418/",
            "http://[::1]/oauth_callback",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "claude://claude.ai/mcp-auth-callback/sdk",
            "vscode://saoudrizwan.claude-dev/mcp-auth/callback/abc",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "com.example.app:/callback",
        ] {
            assert!(RedirectUri::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn hostile_redirect_uris_are_refused_with_their_cause() {
        use RedirectUriError as E;
        // protocol.md 3.11, 3.12; RFC 6749 §3.1.2
        for (text, cause) in [
            ("", E::Malformed),
            ("/callback", E::Malformed),
            ("http://127.0.0.1/a b", E::Malformed),
            ("http://127.0.0.1/\r\nSet-Cookie: a=b", E::Malformed),
            ("http://127.0.0.1\\@evil.example/", E::Malformed),
            ("http://127.0.0.1/cb#f", E::Fragment),
            ("https://user@example.com/", E::Userinfo),
            ("https://user:pass@example.com/", E::Userinfo),
            ("http://127.0.0.1@evil.example/", E::Userinfo),
            ("http://@127.0.0.1/", E::Userinfo),
            ("http://evil.example/", E::PlainHttp),
            ("http://127.0.0.1.evil.example/", E::PlainHttp),
            ("http://localhost.evil.example/", E::PlainHttp),
            ("http://127.1/", E::PlainHttp),
            ("http://2130706433/", E::PlainHttp),
            ("http://LOCALHOST/", E::PlainHttp),
            ("http://[::ffff:127.0.0.1]/", E::PlainHttp),
            ("http://0.0.0.0/", E::PlainHttp),
            ("javascript:alert(1)", E::DangerousScheme),
            ("JavaScript:alert(1)", E::DangerousScheme),
            ("data:text/html,x", E::DangerousScheme),
            ("file:///etc/passwd", E::DangerousScheme),
            ("ms-settings:", E::DangerousScheme),
            ("intent://x#y", E::Fragment),
            ("search-ms:query=x", E::DangerousScheme),
            ("x-man-page://1/ls", E::DangerousScheme),
            ("https:example.com/cb", E::Malformed),
            ("https:/example.com/cb", E::Malformed),
            ("https:///example.com/cb", E::Malformed),
            ("https://", E::Malformed),
        ] {
            assert_eq!(RedirectUri::parse(text), Err(cause), "{text}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_redirect_is_ignored() {
        // protocol.md 3.8, 3.9
        assert!(uri("http://localhost:3118/callback").matches("http://localhost/callback"));
        assert!(uri("http://127.0.0.1:9/cb").matches("http://127.0.0.1:33418/cb"));
        assert!(uri("http://[::1]:9/cb").matches("http://[::1]/cb"));
        for (asked, listed) in [
            ("http://localhost:1/callback", "http://127.0.0.1/callback"),
            ("http://127.0.0.1:1/callback/", "http://127.0.0.1/callback"),
            ("http://127.0.0.1:1/callback?x=1", "http://127.0.0.1/callback"),
            ("https://example.com:444/cb", "https://example.com/cb"),
            ("https://example.com/cb/", "https://example.com/cb"),
            ("https://example.com/CB", "https://example.com/cb"),
            ("https://EXAMPLE.com/cb", "https://example.com/cb"),
            ("https://example.com/a/../cb", "https://example.com/cb"),
            ("https://example.com/c%62", "https://example.com/cb"),
            ("cursor://other/cb", "cursor://anysphere.cursor-mcp/cb"),
        ] {
            assert!(!uri(asked).matches(listed), "{asked} {listed}");
        }
    }

    #[test]
    fn an_existing_query_is_kept() {
        // RFC 6749 §4.1.2
        let pairs = [("code", "a b"), ("state", "x&y")];
        assert_eq!(uri("cursor://a/b").with_query(&pairs), "cursor://a/b?code=a+b&state=x%26y");
        assert_eq!(
            uri("https://a.example/?k=v").with_query(&pairs),
            "https://a.example/?k=v&code=a+b&state=x%26y"
        );
    }

    #[test]
    fn a_portless_loopback_uri_is_recognised() {
        assert!(
            is_portless_loopback("http://localhost/callback") && is_portless_loopback("http://127.0.0.1")
        );
        assert!(
            !is_portless_loopback("http://localhost:1/callback")
                && !is_portless_loopback("https://a.example/")
        );
    }
}
