//! One piece of text in the place of another: all that we ever do to a file.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// `removed` at a byte of the text becomes `inserted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::connect) struct Splice {
    pub(in crate::connect) at: usize,
    pub(in crate::connect) removed: String,
    pub(in crate::connect) inserted: String,
}

impl Splice {
    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { at, removed: String::new(), inserted: text.into() }
    }

    pub(super) fn replace(text: &str, range: Range<usize>, by: impl Into<String>) -> Self {
        Self { at: range.start, removed: text[range].to_owned(), inserted: by.into() }
    }

    /// The same in a text that has so many bytes more at its start.
    pub(super) fn after(self, bytes: usize) -> Self {
        Self { at: self.at + bytes, ..self }
    }

    /// The first line that it changes, counted from 1; a line end at the start of it belongs to the line before.
    pub(in crate::connect) fn first_line(&self, text: &str) -> usize {
        let changed = if self.inserted.is_empty() { &self.removed } else { &self.inserted };
        super::line_of(text, self.at) + usize::from(changed.starts_with(['\n', '\r']))
    }

    /// The text it was made for, after it.
    pub(in crate::connect) fn applied_to(&self, text: &str) -> String {
        let (before, rest) = text.split_at(self.at);
        format!("{before}{}{}", self.inserted, &rest[self.removed.len()..])
    }

    /// The ways to undo it in a text that may have changed since, the original place first.
    pub(super) fn undone_in(&self, text: &str) -> impl Iterator<Item = Splice> {
        let undone = |at| Self { at, removed: self.inserted.clone(), inserted: self.removed.clone() };
        let here = text.get(self.at..).is_some_and(|rest| rest.starts_with(&self.inserted));
        let elsewhere: Vec<usize> = text.match_indices(&self.inserted).map(|(at, _)| at).collect();
        here.then_some(self.at).into_iter().chain(elsewhere).map(undone)
    }
}
