//! Between the MCP server and the accounts: calls go up, what happened is written down.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::calls::Calls;
use super::changes::Changes;
use super::tools::ToolSwitches;
use crate::accounts::{AccountError, Accounts};
use crate::ids::AccountId;
use crate::mcp::{CallRecord, Future, Memories, MemoryError, MemoryService, Outcome, ToolPolicy, ToolReply};
use crate::oauth::LiveGrant;
use crate::store::{ActivityRecord, Store};
use crate::upstream::{Interruption, UpstreamError};
use crate::view::{CallOutcome, Settings};

/// Calls that wait to be written down; beyond this some are forgotten rather than held in memory.
const MOST_WAITING: usize = 4096;
/// How long calls are gathered before they are written in one commit.
const GATHERING: Duration = Duration::from_secs(1);

/// The MCP server's way to Jean Memory.
pub(super) struct Relay {
    accounts: Accounts,
    settings: watch::Receiver<Settings>,
    switches: ToolSwitches,
    calls: Calls,
    activity: mpsc::Sender<ActivityRecord>,
}

impl Relay {
    pub(super) fn new(
        accounts: Accounts,
        settings: watch::Receiver<Settings>,
        switches: ToolSwitches,
        store: Store,
        changes: Changes,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let (activity, waiting) = mpsc::channel(MOST_WAITING);
        tasks.spawn(write_down(store, waiting, changes, shutdown));
        Self { accounts, settings, switches, calls: Calls::default(), activity }
    }

    /// What is on its way to Jean Memory.
    pub(super) fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// What is under way when a person pauses may end.
    fn refuse_while_paused(&self) -> Result<(), MemoryError> {
        if self.settings.borrow().paused { Err(MemoryError::Paused) } else { Ok(()) }
    }
}

impl MemoryService for Relay {
    fn list_tools<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> Future<'a, Result<Vec<Map<String, Value>>, MemoryError>> {
        async move {
            self.refuse_while_paused()?;
            let _under_way = self.calls.begin();
            self.accounts.list_tools(account).await.map_err(failure)
        }
        .boxed()
    }

    fn call_tool<'a>(
        &'a self,
        account: &'a AccountId,
        tool: &'a str,
        arguments: Map<String, Value>,
    ) -> Future<'a, Result<ToolReply, MemoryError>> {
        async move {
            self.refuse_while_paused()?;
            let _under_way = self.calls.begin();
            let may_leave = || !self.settings.borrow().paused;
            let reply =
                self.accounts.call_tool(account, tool, arguments, &may_leave).await.map_err(failure)?;
            Ok(ToolReply {
                content: reply.content,
                structured_content: reply.structured_content,
                is_error: reply.is_error,
            })
        }
        .boxed()
    }

    fn tool_policy(&self, grant: &LiveGrant) -> Arc<ToolPolicy> {
        self.switches.policy(&grant.client_id)
    }

    fn record(&self, call: CallRecord) {
        call.grant.note_use(call.started, 1);
        let bytes = |size| u64::try_from(size).unwrap_or(u64::MAX);
        let record = ActivityRecord {
            at: call.started,
            client_id: call.grant.client_id.clone(),
            tool: call.tool,
            outcome: outcome(call.outcome),
            duration: call.duration,
            request_bytes: bytes(call.asked),
            response_bytes: bytes(call.size),
        };
        if self.activity.try_send(record).is_err() {
            tracing::debug!("a call was not written down");
        }
    }
}

fn outcome(outcome: Outcome) -> CallOutcome {
    match outcome {
        Outcome::Done => CallOutcome::Ok,
        Outcome::ToolError | Outcome::Failed => CallOutcome::Failed,
        Outcome::Refused => CallOutcome::Refused,
        Outcome::Cancelled | Outcome::Stopped => CallOutcome::Cancelled,
    }
}

fn failure(error: AccountError) -> MemoryError {
    match error {
        AccountError::Unknown => MemoryError::UnknownAccount,
        AccountError::NoKey => MemoryError::NoKey,
        AccountError::KeyRejected => MemoryError::KeyRejected,
        AccountError::Keychain(_) => MemoryError::Keychain,
        AccountError::Store(_) => MemoryError::Store,
        AccountError::Upstream(error) => upstream_failure(error),
    }
}

fn upstream_failure(error: UpstreamError) -> MemoryError {
    match error {
        UpstreamError::KeyRejected => MemoryError::KeyRejected,
        UpstreamError::Unreachable(_) => MemoryError::Unreachable,
        UpstreamError::StateUnknown(Interruption::TimedOut) => MemoryError::TimedOut,
        UpstreamError::StateUnknown(Interruption::Disconnected | Interruption::ServerFault(_)) => {
            MemoryError::StateUnknown
        }
        UpstreamError::TimedOut => MemoryError::NoAnswer,
        UpstreamError::Busy { retry_after } => MemoryError::Busy { retry_after },
        UpstreamError::Unexpected(_) => MemoryError::Unexpected,
        UpstreamError::Held => MemoryError::Paused,
        UpstreamError::RequestTooLarge => MemoryError::TooLarge,
        UpstreamError::Rpc { message } => MemoryError::Refused { message },
    }
}

/// Drops what is held of an account's tools when its key changes (protocol.md 7.24).
pub(super) async fn forget_changed(memories: Arc<Memories>, accounts: Accounts, shutdown: CancellationToken) {
    let mut changes = accounts.changes();
    loop {
        let next = tokio::select! {
            next = changes.recv() => next,
            () = shutdown.cancelled() => return,
        };
        match next {
            Ok(id) => memories.forget(&id),
            Err(RecvError::Lagged(_)) => {
                for account in accounts.all().await.unwrap_or_default() {
                    memories.forget(&account.id);
                }
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Gathers calls and writes them in one commit, so that a busy client keeps neither the disk busy nor whoever draws
/// what it does.
async fn write_down(
    store: Store,
    mut calls: mpsc::Receiver<ActivityRecord>,
    changes: Changes,
    shutdown: CancellationToken,
) {
    let mut gathered = Vec::new();
    loop {
        let more = tokio::select! {
            count = calls.recv_many(&mut gathered, MOST_WAITING) => count > 0,
            () = shutdown.cancelled() => false,
        };
        if more {
            tokio::select! {
                () = tokio::time::sleep(GATHERING) => {}
                () = shutdown.cancelled() => {}
            }
        }
        while let Ok(call) = calls.try_recv() {
            gathered.push(call);
        }
        if !gathered.is_empty() {
            if let Err(error) = store.add_activity(std::mem::take(&mut gathered)).await {
                tracing::error!(%error, "calls could not be written down");
            }
            changes.note();
        }
        if !more {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use crate::upstream::{Unexpected, Unreachable};
    use crate::vault::VaultError;

    #[test]
    fn every_failure_keeps_its_cause() {
        // protocol.md 7.28
        use MemoryError as M;
        use UpstreamError as U;
        let upstream = AccountError::Upstream;
        for (error, told) in [
            (AccountError::Unknown, M::UnknownAccount),
            (AccountError::NoKey, M::NoKey),
            (AccountError::KeyRejected, M::KeyRejected),
            (AccountError::Keychain(VaultError::Locked), M::Keychain),
            (AccountError::Store(StoreError::Full), M::Store),
            (upstream(U::Unreachable(Unreachable::Dns)), M::Unreachable),
            (upstream(U::StateUnknown(Interruption::TimedOut)), M::TimedOut),
            (upstream(U::StateUnknown(Interruption::Disconnected)), M::StateUnknown),
            (upstream(U::StateUnknown(Interruption::ServerFault(502))), M::StateUnknown),
            (upstream(U::TimedOut), M::NoAnswer),
            (upstream(U::Busy { retry_after: None }), M::Busy { retry_after: None }),
            (upstream(U::Unexpected(Unexpected::Html)), M::Unexpected),
            (upstream(U::RequestTooLarge), M::TooLarge),
            (upstream(U::Rpc { message: "no".into() }), M::Refused { message: "no".into() }),
        ] {
            assert_eq!(failure(error), told);
        }
    }
}
