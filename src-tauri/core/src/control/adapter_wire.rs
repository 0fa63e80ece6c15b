//! What a stdio adapter and the bridge say to each other: requests of MCP 2026-07-28 as they are over HTTP, for a
//! client whose name the adapter tells, and a stream that says when its list of tools may be another.
//!
//! Whoever is not allowed gets an [`super::ErrorBody`] with one of the codes of [`Refused`].

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// `POST`: one MCP request.
pub const MCP: &str = "/v1/adapter/mcp";
/// `GET`: an [`AdapterEvent`] per line, the first one at once.
pub const EVENTS: &str = "/v1/adapter/events";

/// Where a request for a client of this name goes; `path` is one of the above.
#[must_use]
pub fn target(path: &str, client: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("client", client).finish();
    format!("{path}?{query}")
}

/// A line of [`EVENTS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AdapterEvent {
    /// What the client is offered now.
    Tools {
        /// Another one for another list; none while the client is not allowed.
        digest: Option<String>,
    },
    /// The bridge ends because a person wants it to.
    Ending,
}

/// Why a request is not served, as a code of [`super::ErrorBody`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody has allowed the client yet, and this request is no reason to ask.
    NotAllowed,
    /// A person is being asked, and has not answered while the request could wait.
    Asking,
    /// A person has refused it, or taken it back, and is not asked again while the client's process lives.
    Denied,
    /// Too many questions wait.
    Busy,
}

impl Refused {
    const ALL: [Self; 4] = [Self::NotAllowed, Self::Asking, Self::Denied, Self::Busy];

    /// On the wire.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::Asking => "asking",
            Self::Denied => "denied",
            Self::Busy => "busy",
        }
    }

    /// What stands for this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refused| refused.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_value_whatever_is_in_it() {
        let target = target(MCP, "a&client=b c/ü");
        let query = target.strip_prefix("/v1/adapter/mcp?").expect("the path");
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(pairs, [("client".to_owned(), "a&client=b c/ü".to_owned())]);
    }

    #[test]
    fn every_code_is_understood() {
        for refused in Refused::ALL {
            assert_eq!(Refused::of_code(refused.code()), Some(refused));
        }
    }
}
