//! What a client may do: read memories, write memories.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One permission. Which tool needs which: `upstream-api.md` 9.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Search and list memories.
    Read,
    /// Add memories and documents.
    Write,
}

impl Scope {
    /// Every scope there is, in the order they are shown.
    pub const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A set of scopes; on the wire a list parted by spaces (RFC 6749 §3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes {
    read: bool,
    write: bool,
}

impl Scopes {
    /// Read and write.
    pub const ALL: Self = Self { read: true, write: true };
    /// Nothing.
    pub const NONE: Self = Self { read: false, write: false };

    /// The scopes named in `text`; unknown names are dropped (protocol.md 3.15).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut scopes = Self::NONE;
        for word in text.split(' ') {
            match word {
                "read" => scopes.read = true,
                "write" => scopes.write = true,
                _ => {}
            }
        }
        scopes
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub fn contains(self, scope: Scope) -> bool {
        match scope {
            Scope::Read => self.read,
            Scope::Write => self.write,
        }
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Whether every scope of `self` is in `other`.
    #[must_use]
    pub fn is_subset_of(self, other: Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// What both sets have.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self { read: self.read && other.read, write: self.write && other.write }
    }

    /// What either set has.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { read: self.read || other.read, write: self.write || other.write }
    }

    /// The scopes in the order they are shown.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self { read: scope == Scope::Read, write: scope == Scope::Write }
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        scopes.into_iter().fold(Self::NONE, |set, scope| set.union(scope.into()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Scope>::deserialize(deserializer)?.into_iter().collect())
    }
}
