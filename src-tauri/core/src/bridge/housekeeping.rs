//! What is done from time to time: writing down use, forgetting what has ended, asking about keys that could
//! not be checked and whether Jean Memory is back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::Bridge;
use crate::store::StoreError;

/// How often use is written down and unchecked keys are asked about.
const OFTEN: Duration = Duration::from_secs(60);
/// Every so many rounds, what has ended is forgotten.
const ROUNDS_PER_TIDYING: u64 = 60;

/// Runs until the end of the bridge, and once more then.
pub(super) async fn run(bridge: Arc<Bridge>, activity_days: u32) {
    let mut rounds = tokio::time::interval(OFTEN);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut settings = bridge.settings.follow();
    for round in 0_u64.. {
        tokio::select! {
            _ = rounds.tick() => {}
            // What waited for the end of a pause does not wait longer.
            Ok(()) = settings.changed() => {}
            () = bridge.shutdown.cancelled() => break,
        }
        note(bridge.oauth.write_down_uses().await);
        bridge.oauth.tell_uses();
        if round % ROUNDS_PER_TIDYING == 0 {
            let now = bridge.clock.now();
            note(bridge.oauth.tidy(now).await);
            let kept = Duration::from_secs(24 * 3600) * activity_days;
            note(bridge.store.forget_old_activity(kept, now).await.map(drop));
        }
        if bridge.settings().paused {
            continue;
        }
        // Jean Memory may be slow and the keychain may show a prompt; the end waits for neither.
        let asking = async {
            note(bridge.accounts.check_unchecked().await);
            bridge.accounts.look_again().await;
        };
        tokio::select! {
            () = asking => {}
            () = bridge.shutdown.cancelled() => break,
        }
    }
    note(bridge.oauth.write_down_uses().await);
}

/// Saves keys that the keychain did not take, when it may take them.
pub(super) async fn save_keys(bridge: Arc<Bridge>) {
    let saving = async {
        loop {
            bridge.accounts.some_unsaved().await;
            bridge.vault.worth_another_try().await;
            bridge.accounts.save_unsaved().await;
        }
    };
    tokio::select! {
        () = saving => {}
        () = bridge.shutdown.cancelled() => {}
    }
}

fn note(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::error!(%error, "housekeeping could not be done");
    }
}
