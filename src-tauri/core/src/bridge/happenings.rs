//! What a person should hear of when it happens, wherever they are looking.

use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::Bridge;
use crate::accounts::Accounts;
use crate::ids::ClientId;
use crate::oauth::AuthorizationServer;
use crate::view::AccountView;

/// Happenings that a slow listener may be behind.
const MOST_HAPPENINGS: usize = 64;

/// Something that happened. It is told once; how things are is in [`Bridge::status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Jean Memory no longer accepts the key of an account.
    KeyRejected {
        /// The account as it is now.
        account: AccountView,
    },
    /// A client was signed out for safety: something that is good once came back a second time.
    SignedOut {
        /// The client.
        client_id: ClientId,
        /// The name it had when it was allowed.
        client_name: String,
    },
    /// A newer version is out.
    NewVersion {
        /// Its number.
        version: String,
    },
}

/// Everybody who listens.
pub(super) fn channel() -> broadcast::Sender<Happening> {
    broadcast::Sender::new(MOST_HAPPENINGS)
}

impl Bridge {
    /// What happens from now on.
    #[must_use]
    pub fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }
}

/// Gathers them from where they happen.
pub(super) async fn gather(
    happenings: broadcast::Sender<Happening>,
    accounts: Accounts,
    oauth: Arc<AuthorizationServer>,
    shutdown: CancellationToken,
) {
    let (mut rejected, mut signed_out) = (accounts.rejections(), oauth.signed_out());
    loop {
        let happened = tokio::select! {
            account = rejected.recv() => {
                account.map(|account| Happening::KeyRejected { account: account.into() })
            }
            client = signed_out.recv() => client.map(|client| Happening::SignedOut {
                client_id: client.client_id,
                client_name: client.client_name,
            }),
            () = shutdown.cancelled() => return,
        };
        match happened {
            // Nobody may be listening.
            Ok(happening) => drop(happenings.send(happening)),
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "happenings were not told"),
            Err(RecvError::Closed) => return,
        }
    }
}
