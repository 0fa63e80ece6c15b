//! Which resource a token is for (RFC 8707). There is one; its spellings and D14's path are folded into it.

use url::Url;

use super::params::Params;
use crate::ids::UserId;
use crate::origin::{Origin, is_user_id, path};

/// What a `resource` parameter named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// `/mcp`, the bare origin, or nothing (protocol.md D8).
    Mcp,
    /// `/mcp/oauth/{user_id}`, good only for that account (protocol.md 3.14).
    User(UserId),
}

/// It names no resource of this bridge (`invalid_target`, RFC 8707 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("resource must be the URL of this MCP server")]
pub struct InvalidTarget;

impl Resource {
    /// What the request names; none: it left the choice to the server. Several must be the same one
    /// (protocol.md 3.14).
    ///
    /// # Errors
    /// [`InvalidTarget`].
    pub fn named(params: &Params, port: u16) -> Result<Option<Self>, InvalidTarget> {
        let mut named = None;
        for text in params.resources() {
            let resource = Self::parse(text, port)?;
            if named.replace(resource.clone()).is_some_and(|before| before != resource) {
                return Err(InvalidTarget);
            }
        }
        Ok(named)
    }

    fn parse(text: &str, port: u16) -> Result<Self, InvalidTarget> {
        let url = Url::parse(text).map_err(|_| InvalidTarget)?;
        let plain = url.scheme() == "http"
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.query().is_none()
            && !text.bytes().any(|byte| byte <= b' ' || byte == b'\\' || byte == b'%' || byte >= 0x7f)
            // The parser would resolve them.
            && !text.split('/').any(|segment| matches!(segment, "." | ".."));
        let host =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        if !plain || Origin::from_host(&host, port).is_none() {
            return Err(InvalidTarget);
        }
        // One slash at the end is tolerated: older SDKs append it.
        let asked = url.path().strip_suffix('/').unwrap_or(url.path());
        match asked.strip_prefix(path::MCP_OAUTH).and_then(|rest| rest.strip_prefix('/')) {
            Some(id) if is_user_id(id) => Ok(Self::User(UserId::new(id))),
            None if asked.is_empty() || asked == path::MCP => Ok(Self::Mcp),
            Some(_) | None => Err(InvalidTarget),
        }
    }

    /// Whether a grant for `subject` may serve this resource.
    #[must_use]
    pub fn admits(&self, subject: &UserId) -> bool {
        match self {
            Self::Mcp => true,
            Self::User(id) => id == subject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_resource_is_the_resource() {
        // protocol.md 3.14, D3
        for text in [
            "http://127.0.0.1:5326/mcp",
            "http://localhost:5326/mcp/",
            "HTTP://LOCALHOST:5326/mcp",
            "http://[::1]:5326/mcp",
            "http://127.0.0.1:5326",
            "http://127.0.0.1:5326/",
        ] {
            assert_eq!(Resource::parse(text, 5326), Ok(Resource::Mcp), "{text}");
        }
        assert_eq!(
            Resource::parse("http://localhost:5326/mcp/oauth/u-1", 5326),
            Ok(Resource::User(UserId::new("u-1")))
        );
    }

    #[test]
    fn several_resources_must_be_the_same() {
        // protocol.md 3.14, D8
        let named = |query: &str| Resource::named(&Params::parse(query.as_bytes()), 5326);
        assert_eq!(named(""), Ok(None));
        assert_eq!(named("resource="), Ok(None));
        assert_eq!(
            named("resource=http://localhost:5326/mcp&resource=http://127.0.0.1:5326/"),
            Ok(Some(Resource::Mcp))
        );
        for query in [
            "resource=http://localhost:5326/mcp&resource=http://localhost:5326/mcp/oauth/u",
            "resource=http://localhost:5326/mcp&resource=https://evil.example/",
        ] {
            assert_eq!(named(query), Err(InvalidTarget), "{query}");
        }
    }

    #[test]
    fn anything_else_is_an_invalid_target() {
        for text in [
            "mcp",
            "https://127.0.0.1:5326/mcp",
            "http://127.0.0.1:5327/mcp",
            "http://127.0.0.1/mcp",
            "http://127.0.0.1:5326/mcp//",
            "http://127.0.0.1:5326/MCP",
            "http://127.0.0.1:5326/mcp#f",
            "http://127.0.0.1:5326/mcp?x=1",
            "http://a@127.0.0.1:5326/mcp",
            "http://evil.example:5326/mcp",
            "http://127.0.0.1:5326/mcp/oauth/",
            "http://127.0.0.1:5326/mcp/oauth/a/b",
            "http://127.0.0.1:5326/mcp/oauth/%61",
            "http://127.0.0.1:5326/x/../mcp",
            "http://127.0.0.1:5326/./mcp",
        ] {
            assert_eq!(Resource::parse(text, 5326), Err(InvalidTarget), "{text}");
        }
    }
}
