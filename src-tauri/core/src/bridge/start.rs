//! Wiring: the one place where everybody meets.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bearer::Bearer;
use super::changes::Changes;
use super::in_process::InProcess;
use super::relay::Relay;
use super::settings::KeptSettings;
use super::tools::ToolSwitches;
use super::{Bridge, StartError, happenings, housekeeping, listen, relay, status, updates};
use crate::accounts::{Accounts, Backends};
use crate::adapter_clients::{self, AdapterClients};
use crate::api_key_clients::ApiKeyClients;
use crate::clock::{Clock, SystemClock};
use crate::config::{ApiBase, Config, unknown_variables};
use crate::consent::{self, Desk, Front};
use crate::control;
use crate::fetch::DocumentFetcher;
use crate::http::{self, App};
use crate::mcp::Memories;
use crate::oauth::metadata_document::ClientDocuments;
use crate::oauth::{AuthorizationServer, Lifetimes, Parts, SigningKeys};
use crate::origin::Origin;
use crate::paths::Paths;
use crate::sandbox::Sandbox;
use crate::secret::random_alphanumeric;
use crate::store::Store;
use crate::updates::{Permission, Updates};
use crate::upstream::{BaseUrl, Upstream, UpstreamLimits};
use crate::vault::Vault;
use crate::view::Problem;

/// The sandbox's database.
const SANDBOX_FILE: &str = "sandbox.db";

impl Bridge {
    /// Takes the socket and the port, opens the store, and serves; `front` says where the person is asked. The
    /// keychain answers later; whoever needs it waits.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config, paths: &Paths, front: Front) -> Result<Arc<Self>, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        paths.create()?;
        let socket = control::Listener::claim(paths)?;
        let (address, listeners) = listen::listen(config.port)?;
        warn_of_unknown_variables();
        let shutdown = CancellationToken::new();
        let unusable = |reason| StartError::Store { file: Store::file(&paths.data_dir), reason };
        let store = Store::open(&paths.data_dir, clock.now()).map_err(unusable)?;
        let settings = KeptSettings::read(store.clone()).await.map_err(unusable)?;
        let switches = ToolSwitches::read(store.clone()).await.map_err(unusable)?;
        let permission = Permission::new(config.releases.clone(), config.update_check);
        let updates = Updates::read(store.clone(), permission).await.map_err(unusable)?;
        let vault = Vault::os(&paths.keychain_service);
        let (backends, found) = backends(&config, paths, &clock)?;
        let accounts = Accounts::new(store.clone(), vault.clone(), backends);
        if let Some(key) = config.api_key.clone() {
            accounts.use_environment(key, clock.now()).await.map_err(unusable)?;
        }
        let tasks = TaskTracker::new();
        let keys = signing_keys(&config, &vault, &tasks, &shutdown);
        let desk = Desk::default();
        let oauth = Arc::new(AuthorizationServer::new(Parts {
            store: store.clone(),
            accounts: accounts.clone(),
            desk: desk.clone(),
            keys,
            documents: ClientDocuments::new(DocumentFetcher::new()),
            lifetimes: lifetimes(&config),
            port: address.port(),
            shutdown: shutdown.clone(),
        }));
        let changes = Changes::default();
        let relay = Arc::new(Relay::new(
            accounts.clone(),
            settings.follow(),
            switches.clone(),
            store.clone(),
            changes.clone(),
            &tasks,
            shutdown.clone(),
        ));
        let memories = Memories::new(relay.clone(), clock.clone(), shutdown.clone());
        tasks.spawn(relay::forget_changed(memories.clone(), accounts.clone(), shutdown.clone()));
        let endpoint =
            http::mcp::Endpoint::new(memories.clone(), mcp_options(address.port(), &config.allowed_origins));
        let key_clients =
            ApiKeyClients::new(accounts.clone(), store.clone(), oauth.clone(), settings.follow());
        let mcp = http::mcp::routes(endpoint.clone(), Arc::new(Bearer(oauth.clone())), clock.clone())
            .merge(http::v2::routes(endpoint.clone(), Arc::new(key_clients), clock.clone()));
        let adapters = AdapterClients::new(adapter_clients::Parts {
            store: store.clone(),
            accounts: accounts.clone(),
            desk: desk.clone(),
            oauth: oauth.clone(),
            memories: memories.clone(),
            settings: settings.follow(),
            clock: clock.clone(),
            front,
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        });
        let bridge = Arc::new(Self {
            address,
            front,
            instance: random_alphanumeric().into(),
            clock,
            store,
            vault,
            accounts,
            desk,
            oauth,
            memories,
            endpoint,
            adapters,
            settings,
            switches,
            calls: relay.calls(),
            updates,
            questions: watch::Sender::new(Vec::new()),
            changes,
            happenings: happenings::channel(),
            window_wanted: watch::Sender::default(),
            end_wanted: watch::Sender::default(),
            found,
            database: Store::file(&paths.data_dir),
            keeps_signing_key: config.jwt_secret.is_none(),
            shutdown: shutdown.clone(),
            tasks,
        });
        let router = bridge.router(mcp, config.allowed_origins);
        bridge.tasks.spawn(http::serve::serve(listeners, router, shutdown.clone()));
        bridge.tasks.spawn(socket.serve(control::router(bridge.clone()), shutdown));
        bridge.work(config.activity_days);
        bridge.tasks.close();
        Ok(bridge)
    }

    /// What clients and browsers reach; `mcp` answers below `/mcp`.
    fn router(&self, mcp: axum::Router, allowed_origins: Vec<String>) -> axum::Router {
        let app = App {
            oauth: self.oauth.clone(),
            clock: self.clock.clone(),
            instance: self.instance.clone(),
            front: self.front,
            settings: self.settings.follow(),
        };
        http::router(app, mcp, self.address.port(), allowed_origins)
    }

    /// What goes on whether anybody asks for something or not.
    fn work(self: &Arc<Self>, activity_days: u32) {
        let tasks = &self.tasks;
        tasks.spawn(status::follow_questions(self.clone()));
        tasks.spawn(consent::keep_time(self.desk.clone(), self.clock.clone(), self.shutdown.clone()));
        tasks.spawn(happenings::gather(
            self.happenings.clone(),
            self.accounts.clone(),
            self.oauth.clone(),
            self.shutdown.clone(),
        ));
        self.follow_changes();
        tasks.spawn(housekeeping::run(self.clone(), activity_days));
        tasks.spawn(housekeeping::save_keys(self.clone()));
        tasks.spawn(updates::run(self.clone()));
    }

    /// Everything that [`Bridge::changes`] stands for and that changes by itself. Questions ring where their
    /// views are made.
    fn follow_changes(&self) {
        let (tasks, shutdown) = (&self.tasks, &self.shutdown);
        self.changes.follow(self.accounts.list_changes(), tasks, shutdown);
        self.changes.follow(self.accounts.reachability(), tasks, shutdown);
        self.changes.follow(self.accounts.unsaved_changes(), tasks, shutdown);
        self.changes.follow(self.oauth.live().changes(), tasks, shutdown);
        self.changes.follow(self.adapters.changes(), tasks, shutdown);
        self.changes.follow(self.memories.list_changes(), tasks, shutdown);
        self.changes.follow(self.store.troubles(), tasks, shutdown);
        self.changes.follow(self.vault.states(), tasks, shutdown);
        self.changes.follow(self.settings.follow(), tasks, shutdown);
        self.changes.follow(self.updates.follow(), tasks, shutdown);
    }
}

fn warn_of_unknown_variables() {
    for name in unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        tracing::warn!(name, "this variable sets nothing; the README lists those that do");
    }
}

/// The second line behind the door: rmcp checks the same names (protocol.md 7.3).
fn mcp_options(port: u16, allowed_origins: &[String]) -> http::mcp::Options {
    let own = Origin::all(port).map(|origin| origin.to_string());
    http::mcp::Options {
        hosts: Origin::all(port).map(Origin::host).collect(),
        origins: own.chain(allowed_origins.iter().cloned()).collect(),
    }
}

fn signing_keys(
    config: &Config,
    vault: &Vault,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> Arc<SigningKeys> {
    match &config.jwt_secret {
        Some(secret) => SigningKeys::configured(secret),
        None => SigningKeys::from_vault(vault.clone(), tasks, shutdown.clone()),
    }
}

fn lifetimes(config: &Config) -> Lifetimes {
    Lifetimes { access: config.access_token_ttl, refresh: config.refresh_token_ttl, code: config.code_ttl }
}

/// Where accounts live, and what a person should know of it. A broken sandbox is no reason to keep the real
/// memories from anybody.
fn backends(
    config: &Config,
    paths: &Paths,
    clock: &Arc<dyn Clock>,
) -> Result<(Backends, Option<Problem>), StartError> {
    let file = paths.sandbox_dir.join(SANDBOX_FILE);
    let (sandbox, found) = match (Sandbox::open(&file, clock.clone()), &config.api_base) {
        (Ok(sandbox), _) => (Some(sandbox), None),
        (Err(reason), ApiBase::Sandbox) => return Err(StartError::Sandbox { file, reason }),
        (Err(reason), ApiBase::Remote(_)) => {
            tracing::error!(%reason, "the sandbox cannot be used");
            (None, Some(Problem::SandboxUnusable { file: file.clone(), reason: reason.to_string() }))
        }
    };
    let router = sandbox.as_ref().map(Sandbox::router).unwrap_or_default();
    let stand_in = Upstream::in_process(InProcess::new(router));
    let remote = match &config.api_base {
        ApiBase::Remote(url) => Upstream::remote(BaseUrl::parse(url.as_str())?, UpstreamLimits::default()),
        ApiBase::Sandbox => stand_in.clone(),
    };
    let backends = Backends {
        remote,
        sandbox: stand_in,
        sandbox_key: Box::new(move || sandbox.as_ref().map(Sandbox::key)),
        identity_headers: config.identity_headers,
    };
    Ok((backends, found))
}
