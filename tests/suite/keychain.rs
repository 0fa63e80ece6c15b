//! The vault against a real gnome-keyring, in every state that tauri.md 7 lists.
#![cfg(target_os = "linux")]

mod process;

use std::time::Duration;

use bridge_core::vault::VaultLimits;

use self::process::VaultProcess;
use crate::harness::keychain::{Keychain, PROMPTER, SECRETS, Start};

const SERVICE: &str = "bridge-tests";

/// For a keychain that does not answer: late at once, and lost a moment later.
const HASTY: VaultLimits =
    VaultLimits { deadline: Duration::from_millis(800), abandon_after: Duration::from_millis(1) };
/// Late at once, never lost.
const STEADY: VaultLimits =
    VaultLimits { deadline: Duration::from_millis(800), abandon_after: Duration::from_secs(3600) };

#[expect(clippy::unnecessary_wraps, reason = "compared with what a vault says")]
fn some(text: &str) -> Result<Option<String>, String> {
    Ok(Some(text.to_owned()))
}

fn error<T>(name: &str) -> Result<T, String> {
    Err(name.to_owned())
}

#[test]
fn a_secret_is_kept_for_other_processes_and_after_a_restart() {
    let mut keychain = Keychain::start();
    let mut vault = VaultProcess::start(&keychain);
    assert_eq!(vault.read("key"), Ok(None));
    assert_eq!(vault.write("key", "one"), Ok(()));
    assert_eq!(vault.write("key", "zwei €\n"), Ok(()));
    assert_eq!(vault.read("key"), some("zwei €\n"));
    assert_eq!(keychain.stored(SERVICE, "key").as_deref(), Some("zwei €\n"));
    assert_eq!(keychain.count(SERVICE), 1);
    assert_eq!(VaultProcess::start(&keychain).read("key"), some("zwei €\n"));

    keychain.kill_daemon();
    keychain.start_daemon(Start::Unlocked);
    assert_eq!(vault.read("key"), some("zwei €\n"));
    assert_eq!(vault.delete("key"), Ok(()));
    assert_eq!(vault.delete("key"), Ok(()));
    assert_eq!(vault.read("key"), Ok(None));
    assert_eq!(keychain.count(SERVICE), 0);
    assert_eq!(vault.state(), "Ready");
    vault.finish();
}

#[test]
fn without_a_bus_the_keychain_is_unavailable_until_there_is_one() {
    let mut keychain = Keychain::absent();
    let mut vault = VaultProcess::start(&keychain);
    assert_eq!(vault.read("key"), error("Unavailable"));
    assert_eq!(vault.write("key", "text"), error("Unavailable"));
    assert_eq!(vault.state(), "Unavailable");
    keychain.start_bus();
    assert_eq!(vault.read("key"), error("Unavailable"));
    keychain.start_daemon(Start::Unlocked);
    assert_eq!(vault.write("key", "text"), Ok(()));
    assert_eq!(vault.read("key"), some("text"));
    assert_eq!(vault.state(), "Ready");
}

#[test]
fn a_bus_that_was_restarted_is_found_again() {
    let mut keychain = Keychain::start();
    let mut vault = VaultProcess::start(&keychain);
    assert_eq!(vault.write("key", "text"), Ok(()));
    keychain.stop_bus();
    assert_eq!(vault.read("key"), error("Unavailable"));
    keychain.start_bus();
    keychain.start_daemon(Start::Unlocked);
    assert_eq!(vault.read("key"), some("text"));
}

#[test]
fn a_locked_keyring_is_called_locked_and_works_once_unlocked() {
    let keychain = Keychain::start();
    let mut vault = VaultProcess::start(&keychain);
    assert_eq!(vault.write("key", "text"), Ok(()));
    keychain.lock();
    // No display, so the prompt cannot be shown: an answer at once, not a wait.
    assert_eq!(vault.read("key"), error("Locked"));
    assert_eq!(vault.write("key", "other"), error("Locked"));
    assert_eq!(vault.write("new", "other"), error("Locked"));
    assert_eq!(vault.delete("key"), error("Locked"));
    assert_eq!(vault.state(), "Locked");
    keychain.unlock();
    assert_eq!(vault.read("key"), some("text"));
    assert_eq!(vault.read("new"), Ok(None));
    assert_eq!(vault.state(), "Ready");
}

#[test]
fn a_daemon_that_starts_locked_is_called_locked() {
    let mut keychain = Keychain::start();
    assert_eq!(VaultProcess::start(&keychain).write("key", "text"), Ok(()));
    keychain.kill_daemon();
    keychain.start_daemon(Start::Locked);
    assert_eq!(VaultProcess::start(&keychain).read("key"), error("Locked"));
}

#[test]
fn a_daemon_that_was_never_unlocked_has_no_keyring() {
    let mut keychain = Keychain::with_bus();
    keychain.start_daemon(Start::Locked);
    let mut vault = VaultProcess::start(&keychain);
    assert_eq!(vault.write("key", "text"), error("NoKeyring"));
    // It says that there is no such item, which does not mean that one could be kept.
    assert_eq!(vault.read("key"), Ok(None));
    assert_eq!(vault.state(), "NoKeyring");
    keychain.kill_daemon();
    keychain.start_daemon(Start::Unlocked);
    assert_eq!(vault.write("key", "text"), Ok(()));
    assert_eq!(vault.state(), "Ready");
}

#[test]
fn a_daemon_killed_in_mid_use_is_missed_and_its_successor_found() {
    let mut keychain = Keychain::start();
    let mut vault = VaultProcess::start(&keychain);
    assert_eq!(vault.write("key", "text"), Ok(()));
    keychain.kill_daemon();
    assert_eq!(vault.read("key"), error("Unavailable"));
    assert_eq!(vault.write("key", "other"), error("Unavailable"));
    keychain.start_daemon(Start::Unlocked);
    assert_eq!(vault.read("key"), some("text"));
}

#[test]
fn a_daemon_replaced_between_two_calls_is_not_noticed() {
    let mut keychain = Keychain::start();
    let mut vault = VaultProcess::start(&keychain);
    assert_eq!(vault.write("key", "text"), Ok(()));
    for _ in 0..2 {
        keychain.kill_daemon();
        keychain.start_daemon(Start::Unlocked);
        // The new daemon knows nothing of the session that the open store has.
        assert_eq!(vault.write("key", "other"), Ok(()));
        assert_eq!(vault.read("key"), some("other"));
    }
}

#[test]
fn a_service_that_never_answers_ends_at_the_deadline_and_a_real_one_is_found_later() {
    let mut keychain = Keychain::with_bus();
    let silence = keychain.silence(SECRETS);
    let mut vault = VaultProcess::with_limits(&keychain, STEADY);
    assert_eq!(vault.read("key"), error("TimedOut"));
    assert_eq!(vault.write("key", "text"), error("TimedOut"));
    assert_eq!(vault.state(), "Slow");
    drop(silence);
    keychain.start_daemon(Start::Unlocked);
    eventually(&mut vault, |vault| vault.read("key"), &Ok(None));
    assert_eq!(vault.state(), "Ready");
    // What timed out in line was not written after all.
    assert_eq!(keychain.count(SERVICE), 0);
}

#[test]
fn a_service_that_hangs_but_stays_is_given_up_for_its_successor() {
    let mut keychain = Keychain::with_bus();
    let silence = keychain.silence(SECRETS);
    let mut vault = VaultProcess::with_limits(&keychain, HASTY);
    assert_eq!(vault.read("key"), error("TimedOut"));
    silence.let_go();
    keychain.start_daemon(Start::Unlocked);
    eventually(&mut vault, |vault| vault.write("key", "text"), &Ok(()));
    eventually(&mut vault, |vault| vault.read("key"), &some("text"));
}

#[test]
fn a_prompt_that_waits_is_slow_and_one_whose_daemon_died_is_given_up() {
    let mut keychain = Keychain::start();
    let mut vault = VaultProcess::with_limits(&keychain, HASTY);
    eventually(&mut vault, |vault| vault.write("key", "text"), &Ok(()));
    let _prompter = keychain.silence(PROMPTER);
    keychain.lock();
    assert_eq!(vault.read("key"), error("TimedOut"));
    assert_eq!(vault.state(), "Slow");
    // Nobody will ever answer that prompt, and nothing tells the one who waits for it.
    keychain.kill_daemon();
    keychain.start_daemon(Start::Unlocked);
    eventually(&mut vault, |vault| vault.read("key"), &some("text"));
}

#[test]
fn a_prompt_that_waits_does_not_hold_up_the_exit() {
    let keychain = Keychain::start();
    let mut vault = VaultProcess::with_limits(&keychain, STEADY);
    eventually(&mut vault, |vault| vault.write("key", "text"), &Ok(()));
    let _prompter = keychain.silence(PROMPTER);
    keychain.lock();
    assert_eq!(vault.read("key"), error("TimedOut"));
    vault.finish();
}

#[test]
fn an_item_in_two_keyrings_is_read_written_and_deleted() {
    let keychain = Keychain::start();
    let mut vault = VaultProcess::start(&keychain);
    keychain.store("session", SERVICE, "key", "older");
    keychain.store("login", SERVICE, "key", "newer");
    assert_eq!(keychain.count(SERVICE), 2);
    assert!(["older", "newer"].map(some).contains(&vault.read("key")));
    assert_eq!(vault.write("key", "newest"), Ok(()));
    assert_eq!(vault.read("key"), some("newest"));
    assert_eq!(keychain.count(SERVICE), 2);
    assert_eq!(vault.delete("key"), Ok(()));
    assert_eq!(keychain.count(SERVICE), 0);
}

/// Asks until the answer is `wanted`: on a busy machine a short deadline can hit a good keychain, too.
#[track_caller]
fn eventually<T: PartialEq + std::fmt::Debug>(
    vault: &mut VaultProcess,
    ask: impl Fn(&mut VaultProcess) -> Result<T, String>,
    wanted: &Result<T, String>,
) {
    const TRIES: usize = 30;
    for _ in 0..TRIES {
        let answer = ask(vault);
        if answer == *wanted {
            return;
        }
        assert_eq!(answer, error("TimedOut"));
    }
    panic!("the keychain did not recover");
}
