//! Clients that were signed out for safety, because something that is good once came back a second time: a person
//! should hear of it.

use tokio::sync::broadcast;

use super::AuthorizationServer;
use crate::ids::ClientId;

/// Events that a slow listener may be behind.
const MOST_WAITING: usize = 16;

/// A client whose grant ended by reuse of a refresh token or of a code (protocol.md 4.7, 4.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// The client.
    pub client_id: ClientId,
    /// The name it had when it was allowed.
    pub client_name: String,
}

pub(super) fn channel() -> broadcast::Sender<SignedOut> {
    broadcast::Sender::new(MOST_WAITING)
}

impl AuthorizationServer {
    /// Every client that is signed out for safety from now on.
    #[must_use]
    pub fn signed_out(&self) -> broadcast::Receiver<SignedOut> {
        self.signed_out.subscribe()
    }

    pub(super) fn tell_signed_out(&self, client_id: ClientId, client_name: String) {
        // Nobody may be listening.
        let _ = self.signed_out.send(SignedOut { client_id, client_name });
    }
}
