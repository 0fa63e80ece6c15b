//! The vault against `keyring_core`'s mock, with errors, delays and panics injected (tauri.md 7).

mod failures;
mod patience;
mod support;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{CredentialStore, Error, mock};
use secrecy::{ExposeSecret, SecretString};

use self::support::{SERVICE, Scripted, secret, text};
use super::{Vault, VaultError, VaultState};

#[tokio::test]
async fn what_is_written_is_read_until_it_is_deleted() {
    let (vault, _) = Scripted::vault();
    assert_eq!(vault.state(), VaultState::Untried);
    assert_eq!(text(vault.read("key").await), Ok(None));
    vault.write("key", secret("one")).await.unwrap();
    vault.write("key", secret("two")).await.unwrap();
    assert_eq!(text(vault.read("key").await), Ok(Some("two".to_owned())));
    assert_eq!(text(vault.read("other").await), Ok(None));
    vault.delete("key").await.unwrap();
    assert_eq!(text(vault.read("key").await), Ok(None));
    assert_eq!(vault.state(), VaultState::Ready);
}

#[tokio::test]
async fn deleting_what_is_not_there_is_no_error() {
    let (vault, _) = Scripted::vault();
    assert_eq!(vault.delete("key").await, Ok(()));
}

#[tokio::test]
async fn all_items_of_the_service_are_found_and_removed_and_nobody_elses() {
    let (vault, script) = Scripted::vault();
    assert_eq!(vault.items().await, Ok(Vec::new()));
    vault.write("signing-key", secret("one")).await.unwrap();
    vault.write("account:a", secret("two")).await.unwrap();
    // The mock finds parts of names, which no real keychain does.
    let foreign = script.store.build(&format!("{SERVICE} of another"), "key", None).unwrap();
    foreign.set_password("three").unwrap();
    assert_eq!(vault.items().await.unwrap(), ["account:a", "signing-key"]);
    assert_eq!(vault.clear().await, Ok(2));
    assert_eq!((script.kept("signing-key"), script.kept("account:a")), (None, None));
    assert_eq!(foreign.get_password().unwrap(), "three");
    assert_eq!(vault.clear().await, Ok(0));
}

#[tokio::test]
async fn nothing_is_opened_before_the_first_use_and_then_once() {
    let (vault, script) = Scripted::vault();
    assert_eq!(script.opened(), 0);
    for _ in 0..3 {
        vault.read("key").await.unwrap();
    }
    assert_eq!(script.opened(), 1);
}

#[tokio::test]
async fn every_copy_of_an_item_is_written_and_deleted_and_any_is_read() {
    let (vault, script) = Scripted::vault();
    let copies = || ["copy-1", "copy-2"].map(|name| script.store.build(SERVICE, name, None).unwrap());
    let twice = || script.fail("key", Error::Ambiguous(copies().into()));

    twice();
    vault.write("key", secret("one")).await.unwrap();
    assert_eq!(copies().map(|copy| copy.get_password().unwrap()), ["one", "one"]);
    twice();
    assert_eq!(text(vault.read("key").await), Ok(Some("one".to_owned())));
    twice();
    vault.delete("key").await.unwrap();
    assert!(copies().iter().all(|copy| matches!(copy.get_password(), Err(Error::NoEntry))));
}

#[tokio::test]
async fn clones_share_what_is_known() {
    let (vault, script) = Scripted::vault();
    let (other, mut states) = (vault.clone(), vault.states());
    script.fail("key", Error::NoStorageAccess("locked".into()));
    assert_eq!(other.read("key").await.unwrap_err(), VaultError::Locked);
    assert_eq!(*states.borrow_and_update(), VaultState::Locked);
    assert_eq!(vault.state(), VaultState::Locked);
}

#[tokio::test]
async fn two_services_do_not_see_each_other() {
    let store = mock::Store::new().unwrap();
    let vault = |service: &str| {
        let store = store.clone();
        let open = Box::new(move || Ok(store.clone() as std::sync::Arc<CredentialStore>));
        Vault::new(service, open, super::VaultLimits::default())
    };
    vault("one").write("key", secret("text")).await.unwrap();
    assert_eq!(text(vault("two").read("key").await), Ok(None));
    assert_eq!(text(vault("one").read("key").await), Ok(Some("text".to_owned())));
}

#[tokio::test]
async fn an_empty_secret_and_a_long_one_come_back_as_they_were() {
    let (vault, _) = Scripted::vault();
    for sample in [String::new(), "ü€\n\0".to_owned(), "x".repeat(100_000)] {
        vault.write("key", SecretString::from(sample.clone())).await.unwrap();
        assert_eq!(vault.read("key").await.unwrap().unwrap().expose_secret(), sample);
    }
}
