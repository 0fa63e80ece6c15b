//! What is done with items, once the keychain is open.
//!
//! An item can exist twice: in two keyrings of one service, after the person changed the default one.
//! Writing and removing reach every copy, so that reading may take any.

use std::collections::HashMap;

use keyring_core::{CredentialStore, Entry, Error};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretString};

pub(super) fn read(entry: &Entry) -> Result<SecretString, Error> {
    match entry.get_password() {
        Ok(text) => {
            // Not `SecretString::from(text)`: shrinking the text may leave a copy behind.
            let text = Zeroizing::new(text);
            Ok(SecretString::from(text.as_str()))
        }
        Err(Error::Ambiguous(copies)) => copies.first().ok_or(Error::NoEntry).and_then(read),
        Err(Error::BadEncoding(mut bytes)) => {
            bytes.zeroize();
            Err(Error::BadEncoding(bytes))
        }
        Err(error) => Err(error),
    }
}

pub(super) fn write(entry: &Entry, secret: &SecretString) -> Result<(), Error> {
    match entry.set_password(secret.expose_secret()) {
        Err(Error::Ambiguous(copies)) => copies.iter().try_for_each(|copy| write(copy, secret)),
        done => done,
    }
}

/// Whether what is written can be read; nothing is left of it.
pub(super) fn round_trip(entry: &Entry, proof: &SecretString) -> Result<bool, Error> {
    write(entry, proof)?;
    let found = read(entry);
    delete(entry)?;
    Ok(found?.expose_secret() == proof.expose_secret())
}

pub(super) fn delete(entry: &Entry) -> Result<(), Error> {
    match entry.delete_credential() {
        Err(Error::Ambiguous(copies)) => copies.iter().try_for_each(delete),
        done => done,
    }
}

/// The names of all items of `service`; one that exists twice has one name.
pub(super) fn names(store: &CredentialStore, service: &str) -> Result<Vec<String>, Error> {
    let found = all(store, service)?;
    let mut names: Vec<_> = found.iter().filter_map(|(_, name)| name.clone()).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Removes all items of `service`, as they were found: an item that was made with other particulars is not found by
/// its name.
pub(super) fn clear(store: &CredentialStore, service: &str) -> Result<usize, Error> {
    let mut removed = 0;
    for (entry, _) in all(store, service)? {
        match delete(&entry) {
            Ok(()) => removed += 1,
            Err(Error::NoEntry) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// The items of `service`, each with its name if it has one.
fn all(store: &CredentialStore, service: &str) -> Result<Vec<(Entry, Option<String>)>, Error> {
    // Windows looks for a pattern in the name of the whole, and gives everything without one.
    let wanted = if cfg!(windows) { HashMap::new() } else { HashMap::from([("service", service)]) };
    let named = |entry: Entry| match entry.get_specifiers() {
        Some((of, name)) => (of == service).then_some((entry, Some(name))),
        None => (!cfg!(windows)).then_some((entry, None)),
    };
    Ok(store.search(&wanted)?.into_iter().filter_map(named).collect())
}
