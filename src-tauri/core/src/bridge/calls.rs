//! How many calls are on their way to Jean Memory: whoever wants to do something that is not urgent waits until there is
//! none.

use tokio::sync::watch;

/// The count. Cheap to clone; every clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(watch::Sender<usize>);

/// A call that is on its way until this goes.
pub(super) struct UnderWay(Calls);

impl Calls {
    pub(super) fn begin(&self) -> UnderWay {
        self.0.send_modify(|count| *count += 1);
        UnderWay(self.clone())
    }

    pub(super) fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until none is on its way.
    pub(super) async fn none(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn waiting_ends_with_the_last_call() {
        let calls = Calls::default();
        calls.none().await;
        let (one, other) = (calls.begin(), calls.clone().begin());
        drop(one);
        assert_eq!(calls.count(), 1);
        assert!(tokio::time::timeout(Duration::ZERO, calls.none()).await.is_err());
        drop(other);
        calls.none().await;
    }
}
