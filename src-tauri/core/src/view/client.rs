//! Connected clients.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ClientId, GrantId};
use crate::scope::{Scope, Scopes};

/// How a client reaches the bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// OAuth over HTTP.
    Oauth,
    /// The stdio adapter.
    Stdio,
    /// A setup from before OAuth, with a key of its own (`/mcp/v2`).
    ApiKey,
}

/// A connected client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    /// Its id.
    pub id: ClientId,
    /// The name the client gave itself.
    pub name: String,
    /// How it reaches the bridge.
    pub via: Via,
    /// What it may do.
    pub scopes: Scopes,
    /// Whose memories.
    pub account: Option<AccountId>,
    /// Its newest grant.
    pub grant: Option<GrantId>,
    /// RFC 3339: when it was first allowed.
    pub created_at: String,
    /// RFC 3339.
    pub last_used_at: Option<String>,
    /// Tool calls so far.
    pub calls: u64,
}

/// A tool, and whether one client may use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolView {
    /// Its name in the list.
    pub name: String,
    /// What a person calls it, if Jean Memory says.
    pub title: Option<String>,
    /// What it needs.
    pub scope: Scope,
    /// Whether what the client was allowed covers that.
    pub is_allowed: bool,
    /// Whether a person, or the default, has it switched on for this client.
    pub is_on: bool,
}
