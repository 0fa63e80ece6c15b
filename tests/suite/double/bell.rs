//! Rings whenever something happened, so that tests wait for conditions and not for time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Longer than anything a test waits for; only a failing test ever waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) struct Bell(watch::Sender<()>);

impl Bell {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(super) fn ring(&self) {
        self.0.send_replace(());
    }

    /// Asks `answer` after every ring until it has something to say.
    pub(super) async fn until<T>(&self, what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
        let mut rings = self.0.subscribe();
        let waiting = async {
            loop {
                rings.mark_unchanged();
                if let Some(found) = answer() {
                    return found;
                }
                rings.changed().await.expect("the bell lives as long as we do");
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }
}
