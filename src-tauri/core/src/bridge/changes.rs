//! One bell for everything a person is shown: it rings when there may be something new to draw, and whoever
//! draws asks for what it needs.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Bridge;

/// The bell. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes(watch::Sender<u64>);

impl Changes {
    /// Something may be different now.
    pub(super) fn note(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// Rings whenever `source` changes.
    pub(super) fn follow<T: Send + Sync + 'static>(
        &self,
        mut source: watch::Receiver<T>,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) {
        let (bell, shutdown) = (self.clone(), shutdown.clone());
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    changed = source.changed() => if changed.is_err() { return },
                    () = shutdown.cancelled() => return,
                }
                bell.note();
            }
        });
    }
}

impl Bridge {
    /// Grows whenever what the bridge tells about itself may be different: state, questions, clients, accounts,
    /// settings, problems.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.0.subscribe()
    }

    /// Something that [`Bridge::changes`] stands for may be different now.
    pub(super) fn note_change(&self) {
        self.changes.note();
    }
}
