//! Questions that wait for a person.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, QuestionId};
use crate::scope::Scopes;

/// A question that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    /// Its id.
    pub id: QuestionId,
    /// The matching code that the browser shows too.
    pub code: String,
    /// Who asks.
    pub client_id: ClientId,
    /// The name the client gave itself.
    pub client_name: String,
    /// Whether letters of that name only look like those of another.
    #[serde(default)]
    pub name_looks_alike: bool,
    /// The host that vouches for that name; without one it is only claimed.
    #[serde(default)]
    pub confirmed_by: Option<String>,
    /// RFC 3339: when this app was last allowed with this address.
    #[serde(default)]
    pub allowed_before: Option<String>,
    /// What there is to point out about where the answer goes.
    #[serde(default)]
    pub warning: Option<Warning>,
    /// Where the answer goes.
    pub redirect_uri: Option<String>,
    /// Whom that reaches.
    pub goes_to: Destination,
    /// How it became known.
    #[serde(default)]
    pub registered: Registered,
    /// RFC 3339: when that was, if it is known.
    #[serde(default)]
    pub registered_at: Option<String>,
    /// The program that asks, where the system tells: its executable, or its process id.
    #[serde(default)]
    pub program: Option<String>,
    /// What it asks for.
    pub scopes: Scopes,
    /// RFC 3339.
    pub asked_at: String,
    /// RFC 3339; then it is refused.
    pub expires_at: String,
}

/// Whom an answer reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Destination {
    /// A program on this computer.
    ThisComputer,
    /// A website.
    Website {
        /// Its host.
        host: String,
    },
    /// Whatever program opens addresses of a scheme of its own.
    Scheme {
        /// Without the colon.
        scheme: String,
    },
}

/// How a client became known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registered {
    /// It registered itself (RFC 7591): its name is what it says.
    #[default]
    ByItself,
    /// Its id is the address of its own description, which its host vouches for.
    ByDocument,
    /// It uses the stdio adapter.
    ByAdapter,
    /// It brings a key of its own.
    ByKey,
}

/// What is pointed out about where the answer goes (protocol.md 9.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// Whatever program listens on this computer gets the answer; nothing proves which one it is.
    LoopbackOnly,
    /// Whatever program registered the scheme gets the answer.
    UnknownScheme,
    /// A website that is not the client's own gets the answer.
    ForeignWebsite,
}
