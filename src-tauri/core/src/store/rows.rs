//! How our types stand in columns.

use std::time::SystemTime;

use rusqlite::types::Type;

use crate::clock::{from_unix_seconds, unix_seconds};
use crate::secret::Digest;

/// A type that is stored as one of a few words.
pub(super) trait Word: Sized + Copy + 'static {
    /// Every value with its word.
    const WORDS: &'static [(Self, &'static str)];

    fn word(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> rusqlite::Result<Self> {
        Self::WORDS
            .iter()
            .find(|(_, stored)| *stored == word)
            .map(|(value, _)| *value)
            .ok_or_else(|| unreadable("word"))
    }
}

/// A column whose value no version of this program writes: the file was changed by something else.
pub(super) fn unreadable(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, what.into())
}

pub(super) fn seconds(time: SystemTime) -> i64 {
    unix_seconds(time)
}

pub(super) fn time(seconds: i64) -> SystemTime {
    from_unix_seconds(seconds)
}

pub(super) fn digest(bytes: &[u8]) -> rusqlite::Result<Digest> {
    <[u8; 32]>::try_from(bytes).map(Digest::from_bytes).map_err(|_| unreadable("digest"))
}
