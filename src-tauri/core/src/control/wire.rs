//! What travels on the socket besides the views.
//!
//! A key is written to the wire here and nowhere else; that is why [`ApiKey`] itself cannot be
//! serialised.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::api_key::ApiKey;
use crate::ids::{AccountId, QuestionId};
use crate::scope::Scopes;
use crate::view::Subject;

/// HTTP/1.1 wants a Host (RFC 9112 §3.2), and there is none behind a socket.
pub const HOST: &str = "jean-bridge";

/// `POST /v1/requests/approve`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// The matching code.
    pub code: String,
    /// The question that was read, if it is known: a code may belong to another by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionId>,
    /// Whose memories.
    #[serde(default)]
    pub account: Account,
    /// What is allowed of what was asked; absent: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// Keep a new key even if Jean Memory cannot be asked about it now.
    #[serde(default)]
    pub save_unchecked: bool,
}

/// Whose memories a client gets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Account {
    /// The only one there is.
    #[default]
    Default,
    /// This one.
    Existing {
        /// Its id.
        id: AccountId,
    },
    /// A new one.
    Key {
        /// Its key.
        key: WireKey,
    },
    /// The built-in stand-in.
    Sandbox {},
}

/// `POST /v1/requests/deny`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deny {
    pub(super) code: String,
}

/// `POST /v1/clients/revoke`. In the body, because a client's id may be a URL.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// An id or a name.
    pub(super) client: String,
}

/// `POST /v1/accounts`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddAccount {
    pub(super) key: WireKey,
    #[serde(default)]
    pub(super) save_unchecked: bool,
}

/// `POST /v1/accounts/remove`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveAccount {
    pub(super) id: AccountId,
}

/// `POST /v1/doctor`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Examine {
    pub(super) subject: Subject,
}

/// A key on its way through the socket.
#[derive(Clone)]
pub struct WireKey(pub ApiKey);

impl fmt::Debug for WireKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for WireKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for WireKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The message, not the text: an almost-key is as secret as a key.
        ApiKey::parse(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// What every failure looks like: `{"error":{"code":"…","message":"…"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The failure.
    pub error: Failed,
}

/// A failure: a code for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Never changes its meaning.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "jean_sk_EXAMPLE_0123456789";

    #[test]
    fn an_approval_travels_whole() {
        let sent = json!({
            "code": "K7-42",
            "account": {"kind": "key", "key": KEY},
            "scopes": ["read"],
            "save_unchecked": true,
        });
        let read: Approve = serde_json::from_value(sent.clone()).unwrap();
        assert!(matches!(&read.account, Account::Key { key } if key.0.expose() == KEY));
        assert_eq!(serde_json::to_value(&read).unwrap(), sent);
        assert!(!format!("{read:?}").contains(KEY));
    }

    #[test]
    fn what_is_left_out_is_the_usual() {
        let read: Approve = serde_json::from_value(json!({"code": "K7-42"})).unwrap();
        assert!(matches!(read.account, Account::Default));
        assert!(read.scopes.is_none() && !read.save_unchecked);
    }

    #[test]
    fn a_restriction_that_is_not_known_is_not_passed_over() {
        for body in [
            json!({"code": "K7-42", "scope": ["read"]}),
            json!({"code": "K7-42", "scopes": ["admin"]}),
            json!({"code": "K7-42", "account": {"kind": "sandbox", "id": "x"}}),
            json!({"code": "K7-42", "account": {"kind": "nobody"}}),
        ] {
            assert!(serde_json::from_value::<Approve>(body.clone()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_almost_key_is_not_in_the_error() {
        let almost = "jean_sk_0123456789 0123456789";
        let error = serde_json::from_value::<AddAccount>(json!({"key": almost})).unwrap_err();
        assert!(!error.to_string().contains("0123456789"), "{error}");
    }
}
