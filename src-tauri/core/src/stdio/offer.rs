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

/// What is known of the bridge, and of what the client was shown.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) offer: Offer,
    /// How often somebody has looked.
    pub(super) looks: u64,
    /// Grows when there is a better list than the one that was shown, although the offer is the same.
    better: u64,
    /// What was behind the last list that the client was shown.
    shown: Option<Seen>,
    /// A person ended the bridge, and it was not seen since.
    pub(super) was_quit: bool,
    /// How the app was started because no bridge ran, and none was seen since.
    pub(super) started: Option<Start>,
}

type Seen = (Offer, u64);

/// One start of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It was asked for then.
    At(Instant),
    /// The system refused.
    Failed,
}

impl State {
    /// Takes over what was seen of the bridge.
    pub(super) fn see(state: &watch::Sender<Self>, offer: Offer) {
        state.send_modify(|state| {
            if let Offer::Here(_) = offer {
                state.was_quit = false;
                state.started = None;
            }
            state.looks += 1;
            state.offer = offer;
        });
    }

    /// The client is about to be shown a list.
    pub(super) fn show(state: &watch::Sender<Self>) {
        state.send_if_modified(|state| {
            let (offer, better) = state.seen();
            // Where nobody has looked, the list is the one without a bridge.
            let offer = if offer == Offer::Unknown { Offer::Away } else { offer };
            state.shown = Some((offer, better));
            false
        });
    }

    /// There is a better list than the one that was shown.
    pub(super) fn improve(state: &watch::Sender<Self>) {
        state.send_modify(|state| state.better += 1);
    }

    fn seen(&self) -> Seen {
        (self.offer.clone(), self.better)
    }
}

/// Tells when a client should ask for the list again.
pub(super) struct Changes {
    state: watch::Receiver<State>,
    /// What the client knows of; nothing if it was neither shown a list nor told of a change.
    told: Option<Seen>,
}

impl Changes {
    /// For a client that listens from now on.
    pub(super) fn of(state: watch::Receiver<State>) -> Self {
        let told = state.borrow().shown.clone();
        Self { state, told }
    }

    /// Waits until the client should ask again; never ends otherwise.
    pub(super) async fn next(&mut self) {
        loop {
            let now = self.state.borrow_and_update().seen();
            if now.0 != Offer::Unknown {
                // What is there when nobody has looked yet is no news, unless a list without it was shown meanwhile.
                let shown = || self.state.borrow().shown.clone();
                let before = self.told.replace(now.clone()).or_else(shown);
                if before.is_some_and(|before| before != now) {
                    return;
                }
            }
            if self.state.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn here(digest: &str) -> Offer {
        Offer::Here(Some(digest.to_owned()))
    }

    fn is_told(changes: &mut Changes) -> bool {
        changes.next().now_or_never().is_some()
    }

    #[test]
    fn what_is_there_at_the_start_is_no_news() {
        let state = watch::Sender::<State>::default();
        let mut changes = Changes::of(state.subscribe());
        assert!(!is_told(&mut changes));
        State::see(&state, here("a"));
        assert!(!is_told(&mut changes));
        State::see(&state, here("a"));
        assert!(!is_told(&mut changes), "the same again");
        State::see(&state, here("b"));
        assert!(is_told(&mut changes) && !is_told(&mut changes), "once");
    }

    #[test]
    fn what_changed_between_the_list_and_the_listening_is_told() {
        let state = watch::Sender::<State>::default();
        State::see(&state, here("a"));
        State::show(&state);
        State::see(&state, here("b"));
        assert!(is_told(&mut Changes::of(state.subscribe())));
    }

    #[test]
    fn a_list_without_a_bridge_is_outdated_when_there_is_one() {
        let state = watch::Sender::<State>::default();
        State::show(&state);
        let mut changes = Changes::of(state.subscribe());
        State::see(&state, Offer::Away);
        assert!(!is_told(&mut changes), "the list says the same");
        State::see(&state, Offer::Here(None));
        assert!(is_told(&mut changes));
    }

    #[test]
    fn a_list_that_is_shown_after_the_listening_began_counts() {
        let state = watch::Sender::<State>::default();
        let mut changes = Changes::of(state.subscribe());
        State::show(&state);
        State::see(&state, here("a"));
        assert!(is_told(&mut changes) && !is_told(&mut changes), "once");
    }

    #[test]
    fn coming_going_and_better_lists_are_told() {
        let state = watch::Sender::<State>::default();
        State::see(&state, here("a"));
        State::show(&state);
        let mut changes = Changes::of(state.subscribe());
        State::see(&state, Offer::Away);
        assert!(is_told(&mut changes));
        State::see(&state, here("a"));
        assert!(is_told(&mut changes));
        State::improve(&state);
        assert!(is_told(&mut changes));
    }

    #[test]
    fn a_bridge_that_is_seen_may_be_started_again_when_it_goes() {
        let state = watch::Sender::new(State { was_quit: true, ..State::default() });
        State::see(&state, Offer::Away);
        assert!(state.borrow().was_quit);
        State::see(&state, Offer::Here(None));
        assert!(!state.borrow().was_quit);
    }
}
