//! Starts everything and knows everyone; the handle that the app, the command line and the socket use.

mod activity;
mod adapters;
mod answer;
mod bearer;
mod calls;
mod changes;
mod error;
mod examine;
mod happenings;
mod housekeeping;
mod in_process;
mod listen;
mod manage;
mod relay;
mod settings;
mod start;
mod status;
#[cfg(test)]
mod tests;
mod tools;
mod updates;
mod window;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use answer::{Approval, ApprovalAccount};
pub use error::{AnswerError, RemoveAccountError, RevokeError, StartError};
pub use happenings::Happening;
pub(crate) use listen::can_listen;
pub(crate) use settings::settings_of;
pub use tools::ToolsError;
pub use window::NoWindow;

pub use crate::accounts::{AddAccountError, RenameAccountError, ReplaceKeyError};
pub use crate::consent::Front;

use self::calls::Calls;
use self::settings::KeptSettings;
use self::tools::ToolSwitches;
use crate::accounts::Accounts;
use crate::adapter_clients::AdapterClients;
use crate::clock::Clock;
use crate::consent::Desk;
use crate::http::mcp::Endpoint;
use crate::mcp::Memories;
use crate::oauth::AuthorizationServer;
use crate::store::Store;
use crate::updates::Updates;
use crate::vault::Vault;
use crate::view::{Problem, RequestView};
use changes::Changes;

/// A bridge that runs.
pub struct Bridge {
    address: SocketAddr,
    front: Front,
    instance: Arc<str>,
    clock: Arc<dyn Clock>,
    store: Store,
    vault: Vault,
    accounts: Accounts,
    desk: Desk,
    oauth: Arc<AuthorizationServer>,
    memories: Arc<Memories>,
    endpoint: Arc<Endpoint>,
    adapters: Arc<AdapterClients>,
    settings: KeptSettings,
    switches: ToolSwitches,
    calls: Calls,
    updates: Updates,
    questions: watch::Sender<Vec<RequestView>>,
    changes: Changes,
    happenings: broadcast::Sender<Happening>,
    window_wanted: watch::Sender<u64>,
    end_wanted: watch::Sender<bool>,
    /// What was found at the start and a person should know.
    found: Option<Problem>,
    database: PathBuf,
    /// Whether the key that signs access tokens is in the keychain.
    keeps_signing_key: bool,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Bridge {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL, in the canonical spelling and without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What waits for a person, and every change of it.
    #[must_use]
    pub fn questions(&self) -> watch::Receiver<Vec<RequestView>> {
        self.questions.subscribe()
    }

    /// Asks whoever runs this bridge to end it, in the order that suits them.
    pub fn ask_to_end(&self) {
        tracing::info!("the bridge is asked to end");
        self.end_wanted.send_replace(true);
    }

    /// Waits until somebody has [asked](Bridge::ask_to_end).
    pub async fn asked_to_end(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.end_wanted.subscribe().wait_for(|asked| *asked).await;
    }

    /// Ends: no new requests, running calls are cancelled, what is to be remembered is written down.
    pub async fn shutdown(&self) {
        self.shutdown.cancel();
        self.tasks.wait().await;
    }
}
