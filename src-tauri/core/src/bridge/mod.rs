//! Starts everything and knows everyone; the handle that the app, the command line and the socket use.

mod activity;
mod answer;
mod bearer;
mod error;
mod housekeeping;
mod in_process;
mod listen;
mod manage;
mod relay;
mod settings;
mod start;
mod status;
mod tools;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use answer::{Approval, ApprovalAccount};
pub use error::{AnswerError, RemoveAccountError, RevokeError, StartError};
pub use tools::ToolsError;

pub use crate::accounts::AddAccountError;

use self::settings::KeptSettings;
use self::tools::ToolSwitches;
use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::consent::Desk;
use crate::mcp::Memories;
use crate::oauth::AuthorizationServer;
use crate::store::Store;
use crate::vault::Vault;
use crate::view::{Problem, RequestView};

/// A bridge that runs.
pub struct Bridge {
    address: SocketAddr,
    instance: Arc<str>,
    clock: Arc<dyn Clock>,
    store: Store,
    vault: Vault,
    accounts: Accounts,
    desk: Desk,
    oauth: Arc<AuthorizationServer>,
    memories: Arc<Memories>,
    settings: KeptSettings,
    switches: ToolSwitches,
    questions: watch::Sender<Vec<RequestView>>,
    /// What was found at the start and a person should know.
    found: Option<Problem>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Bridge {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What waits for a person, and every change of it.
    #[must_use]
    pub fn questions(&self) -> watch::Receiver<Vec<RequestView>> {
        self.questions.subscribe()
    }

    /// Ends: no new requests, running calls are cancelled, what is to be remembered is written down.
    pub async fn shutdown(&self) {
        self.shutdown.cancel();
        self.tasks.wait().await;
    }
}
