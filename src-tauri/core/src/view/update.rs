//! Whether a newer version is out, and whether that is asked at all.

use serde::{Deserialize, Serialize};

/// What is known of newer versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateView {
    /// Whether it is asked.
    pub mode: UpdateMode,
    /// Where releases are published, for a browser.
    pub page: Option<String>,
    /// When there was an answer last, RFC 3339.
    pub checked_at: Option<String>,
    /// The newest version, if it is newer than this program.
    pub newer: Option<String>,
    /// Why the last question has no answer; none when it has one, or was not put since the start.
    pub trouble: Option<UpdateTrouble>,
}

impl UpdateView {
    /// What is to be told to somebody who did not ask.
    #[must_use]
    pub fn out(&self) -> Option<NewVersion> {
        let new = NewVersion { version: self.newer.clone()?, page: self.page.clone()? };
        (self.mode == UpdateMode::On).then_some(new)
    }
}

/// A version that is newer than this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewVersion {
    /// Its number.
    pub version: String,
    /// Where it is to be had, for a browser.
    pub page: String,
}

/// Whether it is asked for newer versions, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateMode {
    /// From time to time.
    On,
    /// A person does not want it.
    Off,
    /// The configuration forbids it.
    Forbidden,
    /// Nobody has told this program where releases are published.
    NoSource,
}

/// Why it could not be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum UpdateTrouble {
    /// No connection.
    #[error("the page of releases cannot be reached")]
    Unreachable,
    /// The certificate is not trusted, or is not for now.
    #[error("a secure connection to the page of releases is not possible")]
    Insecure,
    /// The proxy lets nothing through.
    #[error("the proxy does not let the connection through")]
    Proxy,
    /// Not within the limit.
    #[error("the page of releases does not answer in time")]
    Slow,
    /// It led elsewhere too often, or to where nothing is fetched from.
    #[error("the page of releases leads to somewhere else")]
    LedAway,
    /// Another answer than a file.
    #[error("the page of releases answers with HTTP status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// A file that says no version.
    #[error("what the page of releases answers is not understood")]
    NotUnderstood,
    /// It would be asked again and again: that it was asked cannot be written down.
    #[error("the database could not be used")]
    Unkept,
}
