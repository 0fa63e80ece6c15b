//! Turns and deadlines: slow keychains, prompts that wait, calls that never end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keyring_core::Error;

use super::support::{Door, Scripted, secret, text};
use crate::vault::{Vault, VaultError, VaultLimits, VaultState};

/// For calls that are meant to time out; what must succeed has the patience of the program.
const SHORT: Duration = Duration::from_millis(50);
/// Every call that timed out is lost.
const RESTLESS: VaultLimits =
    VaultLimits { deadline: Duration::from_secs(30), abandon_after: Duration::from_millis(1) };

#[tokio::test]
async fn a_slow_opener_ends_at_the_deadline_and_its_answer_still_counts_later() {
    let (vault, script) = Scripted::vault();
    let (hasty, (door, hook)) = (vault.with_deadline(SHORT), doors());
    script.on_open(move || {
        hook.pass();
        Ok(())
    });
    assert_eq!(hasty.read("key").await.unwrap_err(), VaultError::TimedOut);
    assert_eq!(vault.state(), VaultState::Slow);
    door.open();
    assert_eq!(settled(&vault).await, VaultState::Ready);
    assert_eq!(text(vault.read("key").await), Ok(None));
    assert_eq!(script.opened(), 1);
}

#[tokio::test]
async fn while_a_prompt_is_open_later_calls_wait_and_time_out_without_a_second_one() {
    let (vault, script) = Scripted::vault();
    let (hasty, (door, hook)) = (vault.with_deadline(SHORT), doors());
    script.on_use(move || hook.pass());
    for _ in 0..3 {
        assert_eq!(hasty.read("key").await.unwrap_err(), VaultError::TimedOut);
    }
    until_came(&door).await;
    assert_eq!(door.came(), 1);
    door.open();
    assert_eq!(settled(&vault).await, VaultState::Ready);
    assert_eq!(door.came(), 1);
}

#[tokio::test]
async fn what_timed_out_in_line_is_never_done() {
    let (vault, script) = Scripted::vault();
    let (hasty, (door, hook)) = (vault.with_deadline(SHORT), doors());
    script.on_use(move || hook.pass());
    assert_eq!(hasty.read("first").await.unwrap_err(), VaultError::TimedOut);
    assert_eq!(hasty.write("second", secret("late")).await, Err(VaultError::TimedOut));
    door.open();
    assert_eq!(settled(&vault).await, VaultState::Ready);
    // Calls take their turns in order, so a forgotten write would have come before this one.
    vault.read("third").await.unwrap();
    assert_eq!(script.kept("second"), None);
}

#[tokio::test]
async fn what_timed_out_is_not_tried_again_behind_the_callers_back() {
    let (vault, script) = Scripted::vault();
    let (hasty, (door, hook)) = (vault.with_deadline(SHORT), doors());
    script.on_use(move || hook.pass());
    script.fail("key", Error::PlatformFailure("gone".into()));
    assert_eq!(hasty.write("key", secret("late")).await, Err(VaultError::TimedOut));
    door.open();
    assert_eq!(settled(&vault).await, VaultState::Unavailable);
    assert_eq!(script.kept("key"), None);
    assert_eq!(script.opened(), 1);
}

#[tokio::test]
async fn a_caller_who_left_holds_up_nobody() {
    let (vault, script) = Scripted::vault();
    let (door, hook) = doors();
    script.on_use(move || hook.pass());
    let leaver = tokio::spawn({
        let vault = vault.clone();
        async move { vault.read("key").await }
    });
    until_came(&door).await;
    leaver.abort();
    door.open();
    assert_eq!(text(vault.read("key").await), Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_take_turns() {
    const CALLS: usize = 16;
    let (vault, script) = Scripted::vault();
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    script.on_use(move || {
        seen.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // Long enough for another thread to come in if nothing stopped it.
        std::thread::sleep(Duration::from_millis(3));
        inside.fetch_sub(1, Ordering::SeqCst);
    });
    let calls: Vec<_> = (0..CALLS)
        .map(|n| {
            let vault = vault.clone();
            tokio::spawn(async move { vault.write(&format!("item-{n}"), secret("text")).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert!((0..CALLS).all(|n| script.kept(&format!("item-{n}")).is_some()));
    assert_eq!(script.opened(), 1);
}

#[tokio::test]
async fn a_call_that_never_ends_is_abandoned_and_the_next_opens_the_keychain_anew() {
    let (vault, script) = Scripted::vault_with(RESTLESS);
    let (hasty, (door, hook)) = (vault.with_deadline(SHORT), doors());
    script.on_use(move || hook.pass());
    assert_eq!(hasty.write("key", secret("late")).await, Err(VaultError::TimedOut));
    until_came(&door).await;
    script.on_use(|| ());
    assert_eq!(text(vault.read("key").await), Ok(None));
    assert_eq!(script.opened(), 2);
    assert_eq!(vault.state(), VaultState::Ready);
    // Its late end changes neither what is known nor whose turn it is.
    script.fail("key", Error::NoStorageAccess("late".into()));
    door.open();
    while script.failure_is_pending("key") {
        tokio::task::yield_now().await;
    }
    assert_eq!(vault.state(), VaultState::Ready);
    assert_eq!(text(vault.read("other").await), Ok(None));
    assert_eq!(script.opened(), 2);
}

#[tokio::test]
async fn few_calls_may_be_lost_at_a_time() {
    let (vault, script) = Scripted::vault_with(RESTLESS);
    let (hasty, (door, hook)) = (vault.with_deadline(SHORT), doors());
    script.on_use(move || hook.pass());
    for _ in 0..10 {
        assert_eq!(hasty.read("key").await.unwrap_err(), VaultError::TimedOut);
    }
    // Four lost ones and the one whose turn it is.
    while door.came() < 5 {
        tokio::task::yield_now().await;
    }
    assert_eq!(hasty.read("key").await.unwrap_err(), VaultError::TimedOut);
    assert_eq!(door.came(), 5);
    door.open();
    assert_eq!(settled(&vault).await, VaultState::Ready);
    assert_eq!(text(vault.read("key").await), Ok(None));
}

/// One door, for the test and for the keychain.
fn doors() -> (Door, Door) {
    let door = Door::default();
    (door.clone(), door)
}

/// A call that timed out may not have begun yet.
async fn until_came(door: &Door) {
    while door.came() == 0 {
        tokio::task::yield_now().await;
    }
}

/// What is known once the late call has ended.
async fn settled(vault: &Vault) -> VaultState {
    *vault.states().wait_for(|state| *state != VaultState::Slow).await.unwrap()
}
