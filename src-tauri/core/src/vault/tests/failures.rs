//! What goes wrong is named, and never remembered.

use keyring_core::Error;

use super::support::{Scripted, secret, text};
use crate::vault::{VaultError, VaultState};

fn gone() -> Error {
    Error::PlatformFailure("gone".into())
}

#[tokio::test]
async fn each_error_has_its_cause_and_the_next_call_works() {
    let table = [
        (Error::NoStorageAccess("denied".into()), VaultError::Locked, VaultState::Locked),
        (Error::BadEncoding(vec![0xff]), VaultError::Failed, VaultState::Failed),
        (Error::BadStoreFormat("bad".to_owned()), VaultError::Failed, VaultState::Failed),
        (Error::TooLong("secret".to_owned(), 1), VaultError::Failed, VaultState::Failed),
        (Error::Invalid("user".to_owned(), "empty".to_owned()), VaultError::Failed, VaultState::Failed),
        (Error::NotSupportedByStore("that".to_owned()), VaultError::Failed, VaultState::Failed),
        (Error::NoDefaultStore, VaultError::Unavailable, VaultState::Unavailable),
    ];
    for (error, cause, state) in table {
        let (vault, script) = Scripted::vault();
        vault.write("key", secret("kept")).await.unwrap();
        // Twice, because what is unavailable is tried once more.
        if cause == VaultError::Unavailable {
            script.on_open(|| Err(Error::NoDefaultStore));
        }
        script.fail("key", error);
        assert_eq!(vault.read("key").await.unwrap_err(), cause);
        assert_eq!(vault.state(), state);
        script.on_open(|| Ok(()));
        assert_eq!(text(vault.read("key").await), Ok(Some("kept".to_owned())));
        assert_eq!(vault.state(), VaultState::Ready);
    }
}

#[tokio::test]
async fn a_platform_failure_opens_the_keychain_anew_and_tries_again() {
    let (vault, script) = Scripted::vault();
    vault.write("key", secret("kept")).await.unwrap();
    script.fail("key", gone());
    assert_eq!(text(vault.read("key").await), Ok(Some("kept".to_owned())));
    assert_eq!(script.opened(), 2);
}

#[tokio::test]
async fn it_is_tried_again_once_not_for_ever() {
    let (vault, script) = Scripted::vault();
    let again = script.clone();
    script.on_use(move || again.fail("key", gone()));
    assert_eq!(vault.read("key").await.unwrap_err(), VaultError::Unavailable);
    assert_eq!(script.opened(), 2);
    assert_eq!(vault.state(), VaultState::Unavailable);
}

#[tokio::test]
async fn a_locked_keychain_is_not_asked_twice() {
    // A second try would be a second prompt.
    let (vault, script) = Scripted::vault();
    script.fail("key", Error::NoStorageAccess("dismissed".into()));
    assert_eq!(vault.write("key", secret("new")).await, Err(VaultError::Locked));
    assert_eq!(script.opened(), 1);
    assert_eq!(script.kept("key"), None);
}

#[tokio::test]
async fn a_keychain_that_appears_later_is_found() {
    let (vault, script) = Scripted::vault();
    script.on_open(|| Err(gone()));
    for _ in 0..3 {
        assert_eq!(vault.read("key").await.unwrap_err(), VaultError::Unavailable);
    }
    assert_eq!(vault.state(), VaultState::Unavailable);
    script.on_open(|| Ok(()));
    assert_eq!(vault.write("key", secret("new")).await, Ok(()));
    assert_eq!(vault.state(), VaultState::Ready);
}

#[tokio::test]
async fn a_panic_in_the_keychain_is_a_failure_and_leaves_a_new_one_to_the_next_call() {
    let (vault, script) = Scripted::vault();
    vault.write("key", secret("kept")).await.unwrap();
    script.on_use(|| panic!("on purpose"));
    assert_eq!(vault.read("key").await.unwrap_err(), VaultError::Failed);
    assert_eq!(vault.state(), VaultState::Failed);
    script.on_use(|| ());
    assert_eq!(text(vault.read("key").await), Ok(Some("kept".to_owned())));
    assert_eq!(script.opened(), 2);
}

#[tokio::test]
async fn a_write_that_found_no_item_to_replace_is_not_reported_as_done() {
    let (vault, script) = Scripted::vault();
    script.fail("key", Error::NoEntry);
    assert_eq!(vault.write("key", secret("new")).await, Err(VaultError::Failed));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn secret_service_causes_are_told_apart() {
    use secret_service::Error as Refusal;
    let table: [(Error, VaultError); 6] = [
        (Error::NoStorageAccess(Box::new(Refusal::NoResult)), VaultError::NoKeyring),
        (Error::NoStorageAccess(Box::new(Refusal::Prompt)), VaultError::Locked),
        (Error::NoStorageAccess(Box::new(Refusal::Locked)), VaultError::Locked),
        // While an item is created the store calls a dismissed prompt a platform failure.
        (Error::PlatformFailure(Box::new(Refusal::Prompt)), VaultError::Locked),
        (Error::PlatformFailure(Box::new(Refusal::Unavailable)), VaultError::Unavailable),
        (Error::PlatformFailure(Box::new(Refusal::PromptDisconnected)), VaultError::Unavailable),
    ];
    for (error, cause) in table {
        assert_eq!(VaultError::of(&error), cause, "{error}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn finding_nothing_does_not_hide_that_nothing_can_be_kept() {
    // A daemon without a keyring answers a reading with "no such item".
    let (vault, script) = Scripted::vault();
    script.fail("key", Error::NoStorageAccess(Box::new(secret_service::Error::NoResult)));
    assert_eq!(vault.write("key", secret("new")).await, Err(VaultError::NoKeyring));
    assert_eq!(text(vault.read("key").await), Ok(None));
    assert_eq!(vault.state(), VaultState::NoKeyring);
    vault.write("key", secret("new")).await.unwrap();
    assert_eq!(vault.state(), VaultState::Ready);
}
