//! The fault switches: what can go wrong, for which requests, and how often (upstream-api.md 13.2).
//!
//! `double.fault(Fault::Html(502).on(tool("add_memories")).times(2))`. One request can meet one fault
//! of each [`Layer`]; within a layer the rule placed first wins while it lasts, so rules with a count
//! form a sequence. Faults of the world do not exclude each other.

use std::sync::Mutex;
use std::time::Duration;

use axum::http::HeaderValue;
use serde_json::Value;

use super::record::Seen;

#[derive(Clone, Debug)]
pub enum Fault {
    /// `delay`: the work begins later (cold start, slow tool).
    Delay(Duration),
    /// `delay` for ever: the work begins when the test says [`release`](super::Double::release).
    Hang,

    /// `html-502`, `html-503`: a page of the hosting edge.
    Html(u16),
    /// `guard-503`: the memory guard.
    Guard,
    /// `too-many`, with `Retry-After` in seconds or without.
    TooMany { retry_after: Option<u32> },
    /// `redirect`: a 307 that leads elsewhere.
    Redirect(Elsewhere),
    /// 401 or 403 in front of everything, with or without `WWW-Authenticate` (protocol.md 7.28).
    Refused { status: u16, challenge: bool },
    /// `empty-204`.
    NoContent,
    /// `wrong-type`: not JSON, with status 200.
    WrongType(NotJson),
    /// `huge`: a reply above the cap; unannounced ones have no `Content-Length`.
    Huge { announced: bool },
    /// Any other bytes, said to be packed in this way.
    Packed { encoding: &'static str, body: Vec<u8> },
    /// Any other reply, word for word.
    Canned { status: u16, content_type: &'static str, body: String },

    /// `reset`: the work is done, but the connection is reset.
    Cut(CutAt),
    /// The head and half of the body, then silence for as long as the caller stays.
    Stall,
    /// `idle-close`: a whole reply; then the connection is closed, unannounced.
    IdleClose,
    /// `idle-close`, noticed too late: a whole reply; the next request on the connection meets a reset.
    Stale,
    /// `truncate`: JSON cut in half, correctly framed.
    Truncate,
    /// `wrong-id`: the reply carries another `id`.
    WrongId,
    /// `wrong-id`: the reply carries no `id`.
    NoId,
    /// Headers that must not reach any client (protocol.md 7.29).
    HostileHeaders,

    /// `tool-exception`: 500 with JSON-RPC `-32603` and this message.
    ToolException(String),
    /// `logical-error`: this text in a 200 without `isError`; see [`complaints`](super::complaints).
    LogicalError(String),
    /// This JSON-RPC result, whatever it is.
    ToolResult(Value),
    /// A JSON-RPC error with status 200.
    RpcError { code: i64, message: String },

    /// `revoke-now`: the key is no longer good.
    RevokeNow,
    /// `switch-owner`: the key belongs to another user.
    SwitchOwner(&'static str),
    /// The database is away: 500 `text/plain` from MCP, 500 JSON from the validation.
    DatabaseDown,
    /// `missing-auth`: an absent `Authorization` is 401 (newer framework) instead of 403.
    MissingAuth401,
    /// `vector-down`: writes report the id `error`, searches find nothing.
    VectorDown,
    /// `paused`: whatever app writes, it is paused.
    Paused,
    /// `cap-reached`: no room for another memory.
    CapReached,
    /// `job-lost`: no document job is known, as after a deploy.
    JobLost,
    /// The document queued by this call will end as `FAILED`.
    JobFails,
    /// `tools-drift`: the tools are not what they were, neither when listed nor when called.
    ToolsDrift(Drift),
}

#[derive(Clone, Debug)]
pub enum Elsewhere {
    /// The same address with `https://`.
    Https,
    /// The same address, so a loop, in clear text.
    Http,
    /// Another origin, such as that of a second double, which then shows whether anyone came.
    Origin(String),
}

#[derive(Clone, Copy, Debug)]
pub enum NotJson {
    Html,
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutAt {
    BeforeHeaders,
    AfterHeaders,
    MidBody,
}

#[derive(Clone, Debug)]
pub enum Drift {
    Added(Value),
    Removed(&'static str),
    /// The tool's `inputSchema` is now this.
    Changed(&'static str, Value),
}

/// How far into the handling of a request a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Before anything is done.
    Time,
    /// The reply, or the connection that carries it.
    Reply,
    /// What one tool call comes to.
    Tool,
    /// How things are, for as long as the rule stands.
    World,
}

/// Which requests a rule is for. All conditions of a rule have to hold.
#[derive(Clone, Debug)]
pub enum On {
    Path(String),
    Rpc(String),
    Tool(String),
    Key(String),
}

pub fn path(path: &str) -> On {
    On::Path(path.to_owned())
}

/// A JSON-RPC method.
pub fn rpc(method: &str) -> On {
    On::Rpc(method.to_owned())
}

pub fn tool(name: &str) -> On {
    On::Tool(name.to_owned())
}

pub fn key(key: &str) -> On {
    On::Key(key.to_owned())
}

#[derive(Clone, Debug)]
pub struct Rule {
    fault: Fault,
    on: Vec<On>,
    left: Option<usize>,
}

impl From<Fault> for Rule {
    fn from(fault: Fault) -> Self {
        Self { fault, on: Vec::new(), left: None }
    }
}

impl Fault {
    pub fn on(self, on: On) -> Rule {
        Rule::from(self).on(on)
    }

    pub fn times(self, times: usize) -> Rule {
        Rule::from(self).times(times)
    }

    /// Retry hints, as the edge would write them.
    pub(super) fn retry_after(&self) -> Option<HeaderValue> {
        match self {
            Self::TooMany { retry_after } => retry_after.map(HeaderValue::from),
            _ => None,
        }
    }

    fn layer(&self) -> Layer {
        match self {
            Self::Delay(_) | Self::Hang => Layer::Time,
            Self::Html(_)
            | Self::Guard
            | Self::TooMany { .. }
            | Self::Redirect(_)
            | Self::Refused { .. }
            | Self::NoContent
            | Self::WrongType(_)
            | Self::Huge { .. }
            | Self::Packed { .. }
            | Self::Canned { .. }
            | Self::Cut(_)
            | Self::Stall
            | Self::IdleClose
            | Self::Stale
            | Self::Truncate
            | Self::WrongId
            | Self::NoId
            | Self::HostileHeaders => Layer::Reply,
            Self::ToolException(_) | Self::LogicalError(_) | Self::ToolResult(_) | Self::RpcError { .. } => {
                Layer::Tool
            }
            Self::RevokeNow
            | Self::SwitchOwner(_)
            | Self::DatabaseDown
            | Self::MissingAuth401
            | Self::VectorDown
            | Self::Paused
            | Self::CapReached
            | Self::JobLost
            | Self::JobFails
            | Self::ToolsDrift(_) => Layer::World,
        }
    }
}

impl Rule {
    pub fn on(mut self, on: On) -> Self {
        self.on.push(on);
        self
    }

    /// For so many requests; without this, until [`clear`](super::Double::clear).
    pub fn times(mut self, times: usize) -> Self {
        self.left = Some(times);
        self
    }

    fn fits(&self, seen: &Seen) -> bool {
        let wanted = self.on.iter().all(|on| match on {
            On::Path(path) => seen.path() == path,
            On::Rpc(method) => seen.rpc_method() == Some(method),
            On::Tool(name) => seen.tool() == Some(name),
            On::Key(key) => seen.key().as_ref() == Some(key),
        });
        // A fault of a tool is not used up by requests that call none.
        let possible = match &self.fault {
            Fault::ToolsDrift(_) => matches!(seen.rpc_method(), Some("tools/list" | "tools/call")),
            fault => fault.layer() != Layer::Tool || seen.rpc_method() == Some("tools/call"),
        };
        wanted && possible && self.left != Some(0)
    }

    fn use_up(&mut self) -> Fault {
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        self.fault.clone()
    }
}

#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    pub(super) fn place(&self, rule: Rule) {
        self.0.lock().unwrap().push(rule);
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// What this request meets; counts go down.
    pub(super) fn strike(&self, seen: &Seen) -> Struck {
        let mut struck = Struck::default();
        for rule in self.0.lock().unwrap().iter_mut().filter(|rule| rule.fits(seen)) {
            let free = match rule.fault.layer() {
                Layer::Time => &mut struck.time,
                Layer::Reply => &mut struck.reply,
                Layer::Tool => &mut struck.tool,
                Layer::World => {
                    struck.world.push(rule.use_up());
                    continue;
                }
            };
            if free.is_none() {
                *free = Some(rule.use_up());
            }
        }
        struck
    }
}

/// The faults of one request.
#[derive(Clone, Default)]
pub(super) struct Struck {
    pub(super) time: Option<Fault>,
    pub(super) reply: Option<Fault>,
    pub(super) tool: Option<Fault>,
    world: Vec<Fault>,
}

impl Struck {
    pub(super) fn revoked(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::RevokeNow))
    }

    pub(super) fn new_owner(&self) -> Option<&'static str> {
        self.world.iter().find_map(|fault| match fault {
            Fault::SwitchOwner(user_id) => Some(*user_id),
            _ => None,
        })
    }

    pub(super) fn database_down(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::DatabaseDown))
    }

    pub(super) fn missing_auth_is_401(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::MissingAuth401))
    }

    pub(super) fn vector_down(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::VectorDown))
    }

    pub(super) fn paused(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::Paused))
    }

    pub(super) fn cap_reached(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::CapReached))
    }

    pub(super) fn job_lost(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::JobLost))
    }

    pub(super) fn job_fails(&self) -> bool {
        self.world.iter().any(|fault| matches!(fault, Fault::JobFails))
    }

    pub(super) fn drifts(&self) -> impl Iterator<Item = &Drift> {
        self.world.iter().filter_map(|fault| match fault {
            Fault::ToolsDrift(drift) => Some(drift),
            _ => None,
        })
    }
}
