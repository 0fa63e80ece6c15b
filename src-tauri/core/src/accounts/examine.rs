//! Whether the key of an account is good now, whatever is remembered of it.

use super::Accounts;
use crate::store::AccountRecord;
use crate::upstream::{UpstreamError, Verdict};
use crate::vault::VaultError;
use crate::view::{AccountKind, KeyState};

/// What is known of a key after asking.
#[derive(Debug)]
pub enum KeyStanding {
    /// Jean Memory accepts it.
    Accepted,
    /// Jean Memory does not, or it is the key of another person.
    Rejected,
    /// The account has none.
    Missing,
    /// The keychain does not give it.
    Unreadable(VaultError),
    /// Jean Memory could not be asked.
    CouldNotCheck(UpstreamError),
    /// The sandbox needs none.
    Sandbox,
}

impl Accounts {
    /// Asks Jean Memory about the key of an account, and remembers the answer.
    pub async fn examine_key(&self, account: AccountRecord) -> KeyStanding {
        if account.kind == AccountKind::Sandbox {
            return KeyStanding::Sandbox;
        }
        let key = match self.0.keys.get(&account.id).await {
            Ok(Some(key)) => key,
            Ok(None) => return KeyStanding::Missing,
            Err(error) => return KeyStanding::Unreadable(error),
        };
        let verdict = self.upstream_of(&key).verify_key(&key).await;
        let standing = KeyStanding::of(&account, &verdict);
        if is_news(&account, &verdict)
            && let Err(error) = self.note_verdict(account, &key, verdict).await
        {
            tracing::error!(%error, "what Jean Memory says of a key could not be kept");
        }
        standing
    }
}

impl KeyStanding {
    /// What a verdict means for an account.
    #[must_use]
    pub fn of(account: &AccountRecord, verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Accepted { user_id: Some(owner) }
                if !account.user_id.is_empty() && account.user_id != owner.as_str() =>
            {
                Self::Rejected
            }
            Verdict::Accepted { .. } => Self::Accepted,
            Verdict::Rejected => Self::Rejected,
            Verdict::CouldNotCheck(error) => Self::CouldNotCheck(error.clone()),
        }
    }
}

/// Whether there is anything to remember.
fn is_news(account: &AccountRecord, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Accepted { user_id } => {
            account.state != KeyState::Ok
                || user_id.as_ref().is_some_and(|owner| owner.as_str() != account.user_id)
        }
        Verdict::Rejected => account.state != KeyState::Rejected,
        Verdict::CouldNotCheck(_) => false,
    }
}
