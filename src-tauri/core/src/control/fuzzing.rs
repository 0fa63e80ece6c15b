//! What comes through the local socket, in both directions.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a target tells that a promise is broken")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_slice, to_value};

use super::adapter_wire::{AdapterEvent, Refused};
use super::wire::{AddAccount, Approve, Deny, ErrorBody, Examine, RemoveAccount, Revoke};
use crate::fuzzing::MARK;
use crate::view::SettingChange;

/// Every message reads the same again, and none that holds a key shows it.
pub fn control_message(bytes: &[u8]) {
    reads_again::<Approve>(bytes);
    reads_again::<Deny>(bytes);
    reads_again::<Revoke>(bytes);
    reads_again::<AddAccount>(bytes);
    reads_again::<RemoveAccount>(bytes);
    reads_again::<Examine>(bytes);
    reads_again::<SettingChange>(bytes);
    reads_again::<AdapterEvent>(bytes);
    reads_again::<ErrorBody>(bytes);
    if let Ok(AddAccount { key, .. }) = from_slice(bytes) {
        assert!(!format!("{key:?}").contains(key.0.expose()));
    }
    if let Ok(ErrorBody { error }) = from_slice(bytes)
        && let Some(refused) = Refused::of_code(&error.code)
    {
        assert_eq!(refused.code(), error.code);
    }
    // The one message that is built of a text that cannot be trusted.
    if let Err(error) = from_slice::<super::WireKey>(bytes) {
        assert!(!bytes.starts_with(b"\"") || !error.to_string().contains(MARK), "{error}");
    }
}

fn reads_again<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(read) = from_slice::<T>(bytes) else { return };
    let written = written(&read);
    let again = serde_json::from_value::<T>(written.clone()).map(|again| self::written(&again));
    assert!(again.as_ref().is_ok_and(|again| *again == written), "{written}");
}

fn written<T: Serialize>(message: &T) -> Value {
    to_value(message).unwrap_or_default()
}
