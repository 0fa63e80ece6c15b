//! The places in the main window that something else leads to.

use std::fmt;

use bridge_core::ids::AccountId;

/// What the window shows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where it was, or its first page.
    Anywhere,
    /// What this app is, at the first start.
    Welcome,
    /// What is connected.
    Apps,
    /// How an app is connected.
    Connect,
    /// The card of this app there.
    ConnectApp(String),
    /// Where the account gets a new key.
    Key(AccountId),
    /// What can be set.
    Settings,
}

/// The part of the page's address after `main.html`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere => Ok(()),
            Self::Welcome => f.write_str("#welcome"),
            Self::Apps => f.write_str("#apps"),
            Self::Connect => f.write_str("#connect"),
            Self::ConnectApp(id) => write!(f, "#connect/{id}"),
            Self::Key(id) => write!(f, "#accounts/{id}/key"),
            Self::Settings => f.write_str("#settings"),
        }
    }
}
