//! What is done with one item, once the keychain is open.
//!
//! An item can exist twice: in two keyrings of one service, after the person changed the default one.
//! Writing and removing reach every copy, so that reading may take any.

use keyring_core::{Entry, Error};
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

pub(super) fn delete(entry: &Entry) -> Result<(), Error> {
    match entry.delete_credential() {
        Err(Error::Ambiguous(copies)) => copies.iter().try_for_each(delete),
        done => done,
    }
}
