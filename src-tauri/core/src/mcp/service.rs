//! What the MCP server asks of the rest: tools and their replies, a person's switches, a place to
//! note what was called.
//!
//! Deliberately absent: keys, headers, HTTP. Whoever answers knows the account; the MCP server
//! never sees a credential.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::ToolPolicy;
use crate::ids::AccountId;
use crate::oauth::LiveGrant;

/// An answer that takes its time; dropping it gives up on the work behind it.
pub type Future<'a, T> = BoxFuture<'a, T>;

/// Jean Memory as the MCP server sees it, for every account.
pub trait MemoryService: Send + Sync + 'static {
    /// The tools as Jean Memory lists them, unchanged.
    fn list_tools<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> Future<'a, Result<Vec<Map<String, Value>>, MemoryError>>;

    /// Calls one tool, once: a call that may have been carried out is never repeated
    /// (protocol.md 7.27). Dropping the future closes the connection to Jean Memory.
    fn call_tool<'a>(
        &'a self,
        account: &'a AccountId,
        tool: &'a str,
        arguments: Map<String, Value>,
    ) -> Future<'a, Result<ToolReply, MemoryError>>;

    /// Which tools a person has switched on or off for this client.
    fn tool_policy(&self, _grant: &LiveGrant) -> Arc<ToolPolicy> {
        Arc::default()
    }

    /// Notes a call that ended. Must return at once.
    fn record(&self, _call: CallRecord) {}
}

/// What a tool answered, with the first rows of protocol.md 7.28 applied: a failure that came
/// in the shape of a success is marked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolReply {
    /// MCP content items as they came.
    pub content: Vec<Value>,
    /// The structured form, if there is one.
    pub structured_content: Option<Value>,
    /// Whether the tool failed.
    pub is_error: bool,
}

/// Why there is no answer; variants are causes (protocol.md 7.28).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// No key is set up for the account.
    #[error("the account has no key")]
    NoKey,
    /// The keychain is locked, missing or silent.
    #[error("the keychain does not hand over the key")]
    Keychain,
    /// The bridge cannot read its own data.
    #[error("the store failed")]
    Store,
    /// A person paused the bridge; nothing was sent.
    #[error("the bridge is paused")]
    Paused,
    /// The account was removed.
    #[error("the account is gone")]
    UnknownAccount,
    /// Jean Memory does not accept the key.
    #[error("Jean Memory rejected the key")]
    KeyRejected,
    /// Nothing was sent: no name, no route, no TLS, no listener.
    #[error("Jean Memory cannot be reached")]
    Unreachable,
    /// The request left, the answer never came.
    #[error("the connection to Jean Memory was lost")]
    StateUnknown,
    /// A request that changes nothing was not answered in time.
    #[error("Jean Memory did not answer")]
    NoAnswer,
    /// More than Jean Memory takes; nothing was sent.
    #[error("the request is too large")]
    TooLarge,
    /// The request left, and the time for the answer is over.
    #[error("Jean Memory took too long")]
    TimedOut,
    /// Jean Memory asks for patience.
    #[error("Jean Memory is busy")]
    Busy {
        /// How long to wait, if it said so.
        retry_after: Option<Duration>,
    },
    /// An answer that is none: a redirect, HTML, the wrong id, too much.
    #[error("Jean Memory answered unexpectedly")]
    Unexpected,
    /// Jean Memory answered with an error of its own.
    #[error("Jean Memory refused the request")]
    Refused {
        /// Its words, shortened and cleaned of anything internal.
        message: String,
    },
}

/// One tool call that ended: who, what, how long, how much; never arguments or results
/// (protocol.md 7.35).
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// For whom.
    pub grant: Arc<LiveGrant>,
    /// The tool, by its name in the list.
    pub tool: String,
    /// When it was asked for.
    pub started: SystemTime,
    /// How long it took.
    pub duration: Duration,
    /// Bytes of what was asked: the arguments, as JSON.
    pub asked: usize,
    /// Bytes of the answer's content.
    pub size: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The tool answered.
    Done,
    /// The tool answered that it failed.
    ToolError,
    /// The arguments did not fit, or the bridge is paused; Jean Memory was not asked.
    Refused,
    /// There was no answer.
    Failed,
    /// The client gave up.
    Cancelled,
    /// The grant was revoked, or the bridge shut down.
    Stopped,
}

impl Outcome {
    /// The word for the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ToolError => "tool_error",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
        }
    }
}
