//! Accounts.

use serde::{Deserialize, Serialize};

use crate::ids::AccountId;

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
