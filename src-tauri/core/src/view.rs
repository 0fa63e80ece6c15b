//! What a person or a script is shown: plain data, the same on the socket, in `--json` and in the windows.
//!
//! Members may be added, never renamed.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ClientId, GrantId, QuestionId};
use crate::scope::Scopes;

/// One word for how the bridge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Everything works.
    Ready,
    /// A question waits for a person.
    Asking,
    /// An account needs a key, or a new one.
    NeedsKey,
    /// Jean Memory could not be reached at the last attempt.
    Offline,
    /// A person paused the bridge.
    Paused,
}

/// How the bridge is, in one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// One word.
    pub state: State,
    /// Where it listens, `http://127.0.0.1:P`.
    pub url: String,
    /// Random per start; proves that a reply comes from this process.
    pub instance: String,
    /// Version of the program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Questions that wait.
    pub requests: usize,
    /// Clients with a live grant.
    pub clients: usize,
    /// Accounts.
    pub accounts: usize,
    /// What a person should know: the keychain is missing, the store is damaged. One sentence each.
    #[serde(default)]
    pub notices: Vec<String>,
}

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
    /// What it asks for.
    pub scopes: Scopes,
    /// RFC 3339.
    pub asked_at: String,
    /// RFC 3339; then it is refused.
    pub expires_at: String,
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

/// Where an account's key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A `jean_sk_` key in the keychain.
    Key,
    /// The built-in stand-in.
    Sandbox,
    /// `JEAN_BRIDGE_API_KEY`.
    Environment,
}

/// What is known of an account's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Jean Memory accepted it.
    Ok,
    /// Jean Memory refused it.
    Rejected,
    /// Jean Memory could not be asked yet.
    Unchecked,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its id here.
    pub id: AccountId,
    /// The person's name for it.
    pub label: String,
    /// The id at Jean Memory; empty until the key was checked.
    pub user_id: String,
    /// The last characters of the key.
    pub key_hint: String,
    /// Where its key comes from.
    pub kind: AccountKind,
    /// What is known of its key.
    pub state: KeyState,
}
