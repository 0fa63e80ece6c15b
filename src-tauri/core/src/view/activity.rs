//! What was called: counted for charts, and one by one. Never arguments or results (protocol.md 7.35).

use serde::{Deserialize, Serialize};

use crate::ids::ClientId;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// The tool answered.
    Ok,
    /// The tool, or Jean Memory, said no.
    Failed,
    /// The client, or the person, stopped it.
    Cancelled,
    /// It never went upstream: a bad argument, or the bridge is paused.
    Refused,
}

impl CallOutcome {
    /// Whether the call did not end well. One that was stopped on purpose did.
    #[must_use]
    pub fn is_failure(self) -> bool {
        match self {
            Self::Failed | Self::Refused => true,
            Self::Ok | Self::Cancelled => false,
        }
    }

    /// Whether how long the call took says something about Jean Memory.
    #[must_use]
    pub fn is_measure(self) -> bool {
        match self {
            Self::Ok | Self::Failed => true,
            Self::Cancelled | Self::Refused => false,
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallView {
    /// Grows with time; for asking for what came before.
    pub id: i64,
    /// RFC 3339, with milliseconds.
    pub at: String,
    /// Who called.
    pub client_id: ClientId,
    /// The name it had when it was allowed; empty if it is not known any more.
    pub client_name: String,
    /// Which tool.
    pub tool: String,
    /// How it ended.
    pub outcome: CallOutcome,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Bytes of the result.
    pub response_bytes: u64,
}

/// Which calls are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallFilter {
    /// Only those before the call of this id.
    pub before: Option<i64>,
    /// Only those of this client.
    pub client_id: Option<ClientId>,
    /// Only those of this tool.
    pub tool: Option<String>,
    /// Only those that did not end well ([`CallOutcome::is_failure`]).
    pub failures_only: bool,
}

/// Calls over time, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityView {
    /// One per stretch that was asked for, in order, also where nothing was called.
    pub stretches: Vec<Stretch>,
    /// Who called in all of it, most calls first.
    pub clients: Vec<ClientActivity>,
    /// Which tools were called in all of it, most calls first.
    pub tools: Vec<ToolActivity>,
}

/// One stretch of time: a day, an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// RFC 3339.
    pub from: String,
    /// Calls of each client that called in it.
    pub clients: Vec<ClientCalls>,
    /// Milliseconds within which half of the calls ended that reached Jean Memory
    /// ([`CallOutcome::is_measure`]); none without such a call.
    pub median_ms: Option<u64>,
    /// Milliseconds within which 95 of 100 of them ended.
    pub p95_ms: Option<u64>,
}

/// Calls of one client in one stretch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCalls {
    /// Who.
    pub client_id: ClientId,
    /// All calls.
    pub calls: u64,
    /// Those of them that did not end well.
    pub failures: u64,
}

/// Calls of one client in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientActivity {
    /// Who.
    pub client_id: ClientId,
    /// The name it had when it was allowed; empty if it is not known any more.
    pub name: String,
    /// All calls.
    pub calls: u64,
    /// Those of them that did not end well.
    pub failures: u64,
}

/// Calls of one tool in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolActivity {
    /// Which.
    pub tool: String,
    /// All calls.
    pub calls: u64,
    /// Those of them that did not end well.
    pub failures: u64,
    /// As in [`Stretch::median_ms`].
    pub median_ms: Option<u64>,
    /// As in [`Stretch::p95_ms`].
    pub p95_ms: Option<u64>,
}
