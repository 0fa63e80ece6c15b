//! Where the bridge is: every path and absolute URL, written once.
//!
//! Issuer, endpoint URLs, `resource` and `iss` follow the spelling of the Host that was asked
//! (protocol.md D3); inside tokens only the canonical `127.0.0.1` spelling is used (4.18).

use std::fmt;

/// Paths of the routes, for the router, the documents, the challenges and the tests.
pub mod path {
    /// Authorization server metadata (RFC 8414 §3).
    pub const SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";
    /// Protected resource metadata (RFC 9728 §3); the resource's path may follow.
    pub const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";
    /// Dynamic registration (RFC 7591).
    pub const REGISTER: &str = "/oauth/register";
    /// The authorization endpoint.
    pub const AUTHORIZE: &str = "/oauth/authorize";
    /// Where a person's browser, or a client that follows redirects, waits for the answer.
    pub const WAIT: &str = "/oauth/wait";
    /// Where the waiting page finishes (protocol.md 3.22).
    pub const CALLBACK: &str = "/oauth/callback";
    /// The token endpoint.
    pub const TOKEN: &str = "/oauth/token";
    /// Revocation (RFC 7009).
    pub const REVOKE: &str = "/oauth/revoke";
    /// The MCP endpoint.
    pub const MCP: &str = "/mcp";
    /// The MCP endpoint with the user id in its path (protocol.md D14).
    pub const MCP_OAUTH: &str = "/mcp/oauth";
    /// Setups from before OAuth.
    pub const MCP_V2: &str = "/mcp/v2";
    /// State, without anything private.
    pub const STATUS: &str = "/status";
}

/// How the client spelled this computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// `127.0.0.1`, the canonical one.
    V4,
    /// `localhost`.
    Localhost,
    /// `[::1]`.
    V6,
}

impl Spelling {
    const ALL: [Self; 3] = [Self::V4, Self::Localhost, Self::V6];

    fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1",
            Self::Localhost => "localhost",
            Self::V6 => "[::1]",
        }
    }
}

/// `http://HOST:PORT`: the issuer, and the start of every URL of this bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    spelling: Spelling,
    port: u16,
}

impl Origin {
    /// The spelling used inside tokens.
    #[must_use]
    pub fn canonical(port: u16) -> Self {
        Self { spelling: Spelling::V4, port }
    }

    /// The origin that a Host header of exactly `host:port` asks for (protocol.md 9.2).
    #[must_use]
    pub fn from_host(host: &str, port: u16) -> Option<Self> {
        Self::all(port).find(|origin| origin.host().eq_ignore_ascii_case(host))
    }

    /// Every spelling of this bridge.
    pub fn all(port: u16) -> impl Iterator<Item = Self> {
        Spelling::ALL.into_iter().map(move |spelling| Self { spelling, port })
    }

    /// `HOST:PORT`.
    #[must_use]
    pub fn host(self) -> String {
        format!("{}:{}", self.spelling.as_str(), self.port)
    }

    /// The port.
    #[must_use]
    pub fn port(self) -> u16 {
        self.port
    }

    /// The absolute URL of a path of [`path`].
    #[must_use]
    pub fn url(self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// The URL of the metadata of the resource at `resource_path` (RFC 9728 §3.1).
    #[must_use]
    pub fn resource_metadata(self, resource_path: &str) -> String {
        format!("{self}{}{resource_path}", path::RESOURCE_METADATA)
    }

    /// The path of the MCP endpoint for one user id.
    #[must_use]
    pub fn mcp_oauth_path(user_id: &str) -> String {
        format!("{}/{user_id}", path::MCP_OAUTH)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.host())
    }
}

/// Whether `id` has the form of a user id: letters, digits, `-`, `_`, `.`, at most 128
/// (protocol.md 1.2: any well-formed id is answered, so that nobody learns which ids exist).
#[must_use]
pub fn is_user_id(id: &str) -> bool {
    const MOST: usize = 128;
    !id.is_empty()
        && id.len() <= MOST
        && id != "."
        && id != ".."
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_spellings_with_the_right_port_are_this_bridge() {
        assert_eq!(Origin::from_host("127.0.0.1:5326", 5326), Some(Origin::canonical(5326)));
        assert_eq!(Origin::from_host("LOCALHOST:5326", 5326).unwrap().to_string(), "http://localhost:5326");
        assert_eq!(Origin::from_host("[::1]:5326", 5326).unwrap().to_string(), "http://[::1]:5326");
        for host in [
            "127.0.0.1",
            "127.0.0.1:5327",
            "127.1:5326",
            "localhost.:5326",
            "evil.example:5326",
            "::1:5326",
            "",
            "2130706433:5326",
            "a@127.0.0.1:5326",
        ] {
            assert_eq!(Origin::from_host(host, 5326), None, "{host}");
        }
    }

    #[test]
    fn the_metadata_url_inserts_the_well_known_path_before_the_resource_path() {
        let origin = Origin::canonical(5326);
        assert_eq!(
            origin.resource_metadata(&Origin::mcp_oauth_path("u1")),
            "http://127.0.0.1:5326/.well-known/oauth-protected-resource/mcp/oauth/u1"
        );
    }
}
