//! Ids as types that do not mix.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::secret::random_alphanumeric;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a value that was made elsewhere: read from the store, or sent by a client.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// The text as it travels.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! random_id {
    ($name:ident, $prefix:literal) => {
        impl $name {
            /// A fresh id with at least 128 random bits, letters and digits after its prefix
            /// (protocol.md 2.8).
            #[must_use]
            pub fn random() -> Self {
                Self(format!("{}{}", $prefix, random_alphanumeric()))
            }
        }
    };
}

id!(
    /// An OAuth client: a random id, or the URL of its metadata document.
    ClientId
);
random_id!(ClientId, "jbc");

id!(
    /// One approval of one client for one account.
    GrantId
);
random_id!(GrantId, "jbg");

id!(
    /// An account of this bridge: one key in the keychain, the sandbox, or the environment.
    AccountId
);
random_id!(AccountId, "jba");

id!(
    /// The person's id at Jean Memory; sensitive, because upstream takes it as a credential on
    /// some routes (upstream-api.md 5.2). Never logged, shortened on screen.
    UserId
);

id!(
    /// The id of one access token (RFC 7519 §4.1.7).
    Jti
);
random_id!(Jti, "jbt");

id!(
    /// A pending authorization request; whoever knows it may wait for its outcome.
    TransactionId
);
random_id!(TransactionId, "jbw");

id!(
    /// A question at the consent desk.
    QuestionId
);
random_id!(QuestionId, "jbq");

id!(
    /// An MCP session of the legacy era (`Mcp-Session-Id`).
    SessionId
);
