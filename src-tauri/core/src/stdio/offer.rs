//! What the client could be told about its tools now, and how it is seen that this changed.

use tokio::sync::watch;
use tokio::time::Instant;

/// What stands behind a list of tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Offer {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// No bridge runs.
    Away,
    /// One runs, and this is the digest of what it offers; none while the client is not allowed.
    Here(Option<String>),
}

/// What is known of the bridge.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) offer: Offer,
    /// Grows when a list is better than the one that was shown, although the offer is the same.
    pub(super) better: u64,
    /// A person ended the bridge, and it was not seen since.
    pub(super) was_quit: bool,
    /// When the app was started because no bridge ran, and none was seen since.
    pub(super) started: Option<Instant>,
}

impl State {
    /// Takes over what was seen of the bridge.
    pub(super) fn see(state: &watch::Sender<Self>, offer: Offer) {
        state.send_if_modified(|state| {
            if let Offer::Here(_) = offer {
                state.was_quit = false;
                state.started = None;
            }
            let is_new = state.offer != offer;
            state.offer = offer;
            is_new
        });
    }
}

/// Tells when a client should ask for the list again.
pub(super) struct Changes {
    state: watch::Receiver<State>,
    told: (Offer, u64),
}

impl Changes {
    /// From what is known now.
    pub(super) fn of(mut state: watch::Receiver<State>) -> Self {
        let told = Self::now(&mut state);
        Self { state, told }
    }

    /// Waits until the client should ask again; never ends otherwise.
    pub(super) async fn next(&mut self) {
        loop {
            if self.state.changed().await.is_err() {
                return std::future::pending().await;
            }
            let now = Self::now(&mut self.state);
            let before = std::mem::replace(&mut self.told, now);
            // The first look tells nothing new.
            if before != self.told && before.0 != Offer::Unknown {
                return;
            }
        }
    }

    fn now(state: &mut watch::Receiver<State>) -> (Offer, u64) {
        let state = state.borrow_and_update();
        (state.offer.clone(), state.better)
    }
}
