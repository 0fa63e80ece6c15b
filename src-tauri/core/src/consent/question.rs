//! What a person is asked, and what they may say.

use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use super::MatchingCode;
use crate::ids::{AccountId, ClientId, QuestionId};
use crate::scope::Scopes;
use crate::store::ClientKind;
use crate::view::{Destination, Via, Warning};

/// Who asks for what; made by whoever brings the question to the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Two askers with the same key are one question.
    pub key: String,
    /// The client.
    pub client_id: ClientId,
    /// The name it gave itself, safe to show.
    pub client_name: String,
    /// How it became known.
    pub kind: ClientKind,
    /// When it registered, if it did.
    pub registered_at: Option<SystemTime>,
    /// The host that vouches for its name; without one the name is only claimed (protocol.md 9.16).
    pub confirmed_by: Option<String>,
    /// How it reaches the bridge.
    pub via: Via,
    /// Where the answer goes.
    pub goes_to: AnswerGoesTo,
    /// What it asks for.
    pub scopes: Scopes,
    /// When this client was last allowed with this redirect host.
    pub allowed_before: Option<SystemTime>,
    /// The program that asks, where the operating system tells.
    pub program: Option<LocalProgram>,
    /// Who brought the question about.
    pub sent_by: SentBy,
}

/// Who brought a question about, as far as a browser tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentBy {
    /// A web page sent the browser here, which any page can do at any time (protocol.md 9.21).
    Page,
    /// A program did, or a person, or a browser that does not say.
    Unknown,
}

/// Where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerGoesTo {
    /// A redirect URI, with its host or scheme.
    Redirect {
        /// In full.
        uri: String,
        /// Host or scheme: what consent is keyed by.
        host: String,
        /// Whom that reaches.
        destination: Destination,
        /// What there is to point out about it.
        warning: Option<Warning>,
    },
    /// A program on this computer that is connected to the local socket.
    ThisComputer,
}

/// A program of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalProgram {
    /// Process id.
    pub pid: u32,
    /// Its executable, if it may be known.
    pub path: Option<PathBuf>,
}

impl fmt::Display for LocalProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{} ({})", path.display(), self.pid),
            None => write!(f, "{}", self.pid),
        }
    }
}

/// A question that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its id.
    pub id: QuestionId,
    /// Shown by the browser too.
    pub code: MatchingCode,
    /// Who asks for what.
    pub asker: Asker,
    /// When it was asked.
    pub asked_at: SystemTime,
    /// When it is refused by itself.
    pub expires_at: SystemTime,
}

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, for this account and at most what was asked.
    Allow {
        /// Whose memories.
        account: AccountId,
        /// What it may do.
        scopes: Scopes,
    },
    /// Refused.
    Deny,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A person answered.
    Answered(Decision),
    /// Nobody answered in time.
    TimedOut,
    /// Its client asked so often that this question made room for a newer one.
    Displaced,
}
