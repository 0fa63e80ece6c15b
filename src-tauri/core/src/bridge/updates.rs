//! When the bridge looks for a newer version by itself, and whom it tells: never while a call is under way, and not while
//! it is paused, because whoever pauses a program that talks to the network wants it to be silent.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Bridge, Front, Happening};
use crate::updates::Schedule;
use crate::view::{Settings, UpdateView};

/// How often the wall clock is looked at: a laptop may have slept.
const LOOK: Duration = Duration::from_secs(60);

impl Bridge {
    /// What is known of newer versions.
    #[must_use]
    pub fn updates(&self) -> UpdateView {
        self.updates.view(self.settings().update_check)
    }

    /// Asks now, because a person wants to know now. Whether it is paused, switched off or calls are under way decides
    /// only about what the bridge does by itself; what the configuration forbids stays forbidden. Nothing is told
    /// elsewhere: the person looks at the answer.
    pub async fn check_for_update(&self) -> UpdateView {
        self.updates.check(self.clock.now()).await;
        if let Some(version) = self.updates.untold() {
            self.mark_told(&version).await;
        }
        self.updates()
    }

    /// Whether nothing speaks against it.
    fn may_look(&self) -> bool {
        let settings = self.settings();
        settings.update_check && !settings.paused
    }

    async fn mark_told(&self, version: &str) -> bool {
        let marked = self.updates.mark_told(version).await;
        if let Err(error) = &marked {
            tracing::error!(%error, "that a newer version was told cannot be written down");
        }
        marked.is_ok()
    }
}

/// Runs until the end of the bridge. The times count from this call, and from here on no change of a setting is missed.
pub(super) fn run(bridge: Arc<Bridge>) -> impl Future<Output = ()> {
    let schedule = Schedule::new(bridge.clock.now());
    let settings = bridge.settings.follow();
    follow(bridge, schedule, settings)
}

async fn follow(bridge: Arc<Bridge>, mut schedule: Schedule, mut settings: watch::Receiver<Settings>) {
    if !bridge.updates.may_ask() {
        return;
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            // What waited for a switch does not wait longer.
            Ok(()) = settings.changed() => {}
            () = bridge.shutdown.cancelled() => return,
        }
        tokio::select! {
            () = look(&bridge, &mut schedule) => {}
            () = bridge.shutdown.cancelled() => return,
        }
    }
}

async fn look(bridge: &Bridge, schedule: &mut Schedule) {
    if !bridge.may_look() || !schedule.is_settled(bridge.clock.now()) {
        return;
    }
    if bridge.updates.is_due(schedule, bridge.clock.now()) {
        quiet(bridge).await;
        // Meanwhile a person may have switched it off, or asked.
        let now = bridge.clock.now();
        if bridge.may_look() && bridge.updates.is_due(schedule, now) {
            *schedule = schedule.again();
            bridge.updates.check(now).await;
        }
    }
    tell(bridge).await;
}

/// Waits until no call is under way.
async fn quiet(bridge: &Bridge) {
    let calls = bridge.calls.count();
    if calls > 0 {
        tracing::debug!(calls, "what concerns a newer version waits until no call is under way");
        bridge.calls.none().await;
    }
}

/// Once for each version, where there is somebody to tell. The terminal of `serve` has the log.
async fn tell(bridge: &Bridge) {
    if bridge.front != Front::Windows || bridge.updates.untold().is_none() {
        return;
    }
    quiet(bridge).await;
    let Some(version) = bridge.updates.untold().filter(|_| bridge.may_look()) else { return };
    // First on the disk: rather not at all than again and again.
    if bridge.mark_told(&version).await {
        // Nobody may be listening.
        let _ = bridge.happenings.send(Happening::NewVersion { version });
    }
}
