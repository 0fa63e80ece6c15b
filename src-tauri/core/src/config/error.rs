//! What can be wrong with the configuration: where, and why.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::KEYS;

/// Why the configuration is refused. Never holds a value, because a value may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("{} cannot be read: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        reason: io::Error,
    },
    /// The file cannot be written; it is as it was.
    #[error("{} cannot be written: {reason}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        reason: io::Error,
    },
    /// The file is no configuration.
    #[error("{} is too large for a configuration file", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// The file is not text.
    #[error("{} is not UTF-8 text", file.display())]
    NotText {
        /// The file.
        file: PathBuf,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {message}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the parser expected; it does not quote the file.
        message: String,
    },
    /// A key that means nothing.
    #[error("{}: unknown key {key}; known keys are {}", file.display(), KEYS.join(", "))]
    UnknownKey {
        /// The file.
        file: PathBuf,
        /// The key, if it is safe to show.
        key: ShownKey,
    },
    /// A value that cannot be used.
    #[error("{origin} {reason}")]
    Value {
        /// Where it stands.
        origin: Origin,
        /// What is wrong with it.
        reason: Reason,
    },
}

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the file.
    File {
        /// The file.
        file: PathBuf,
        /// The key.
        key: &'static str,
    },
    /// In the environment.
    Environment {
        /// The variable.
        name: &'static str,
    },
    /// As a credential of the service manager.
    Credential {
        /// Its file.
        file: PathBuf,
    },
}

impl Origin {
    pub(super) fn file(file: &Path, key: &'static str) -> Self {
        Self::File { file: file.to_owned(), key }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, key } => write!(f, "{}: {key}", file.display()),
            Self::Environment { name } => f.write_str(name),
            Self::Credential { file } => write!(f, "{}", file.display()),
        }
    }
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A secret in a file.
    #[error(
        "is a secret and must not be in a file; remove it there and set the environment variable {variable}, or leave it to the keychain"
    )]
    SecretInFile {
        /// The variable that may hold it.
        variable: &'static str,
    },
    /// Not the kind of value.
    #[error("must be {expected}")]
    Expected {
        /// What it must be.
        expected: &'static str,
    },
    /// A duration outside what makes sense.
    #[error("must be between {least} and {most}")]
    OutOfRange {
        /// The least that is allowed.
        least: &'static str,
        /// The most that is allowed.
        most: &'static str,
    },
    /// Too short for a signing key.
    #[error("has fewer than 32 bytes; `openssl rand -base64 48` prints a good one")]
    ShortSecret,
    /// Not of the form of a Jean Memory key.
    #[error("does not look like a Jean Memory key; it starts with jean_sk_")]
    NotAKey,
    /// Plain text over the network.
    #[error("must start with https://; http:// is only for this computer")]
    Insecure,
    /// Not a base URL.
    #[error(
        "must be an address like https://example.com, without user name, query or fragment, or the word sandbox"
    )]
    NotABaseUrl,
    /// Not the address of a page.
    #[error("must be an address like https://example.com/releases, without user name, query or fragment")]
    NotAPage,
    /// Not an origin.
    #[error(
        "must list origins like https://example.com or http://localhost:6274, without a path; * and null are not origins"
    )]
    NotAnOrigin,
    /// Not a log filter.
    #[error("must be off, error, warn, info, debug or trace, or a list like info,bridge_core::oauth=debug")]
    NotALogFilter,
}

/// A key as it may be shown: a stray secret in the file can look like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownKey(Option<String>);

impl ShownKey {
    /// Longer than any key of ours by far.
    const LONGEST: usize = 30;

    pub(super) fn new(key: &str) -> Self {
        let harmless = key.len() <= Self::LONGEST
            && !key.contains("jean_sk")
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        Self(harmless.then(|| key.to_owned()))
    }
}

impl fmt::Display for ShownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(key) => f.write_str(key),
            None => f.write_str("(not shown)"),
        }
    }
}
