//! Sessions of the legacy era, each bound to the grant that opened it (D10, protocol.md 7.15–7.17).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::model::ProtocolVersion;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::{SessionId, SessionManager};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::ids::GrantId;
use crate::oauth::LiveGrant;

/// A session nobody used for this long is closed; rmcp's 5 minutes would end one over lunch.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions of one grant. Many clients open one per window and close none, so the one used least
/// recently makes room; its client gets a 404 and opens another.
const MAX_PER_GRANT: usize = 64;
/// Sessions in all.
const MAX: usize = 1024;

/// All sessions.
pub(super) struct Sessions {
    manager: Arc<LocalSessionManager>,
    bound: Mutex<HashMap<SessionId, Bound>>,
}

struct Bound {
    grant: GrantId,
    version: ProtocolVersion,
    used: Instant,
    /// Ends the task that waits for the end of the grant.
    _unbound: DropGuard,
}

impl Sessions {
    pub(super) fn new() -> Arc<Self> {
        let mut manager = LocalSessionManager::default();
        manager.session_config.keep_alive = Some(IDLE);
        Arc::new(Self { manager: Arc::new(manager), bound: Mutex::default() })
    }

    pub(super) fn manager(&self) -> Arc<LocalSessionManager> {
        Arc::clone(&self.manager)
    }

    /// The revision that this session of this grant speaks; `None` is the same for unknown, closed
    /// and foreign ones.
    pub(super) async fn check(&self, id: &str, grant: &GrantId) -> Option<ProtocolVersion> {
        let (id, version) = {
            let mut bound = self.bound();
            let (id, _) = bound.get_key_value(id)?;
            let id = Arc::clone(id);
            let session = bound.get_mut(&id).filter(|session| session.grant == *grant)?;
            session.used = Instant::now();
            (id, session.version.clone())
        };
        if self.manager.has_session(&id).await.unwrap_or(false) {
            return Some(version);
        }
        self.bound().remove(&id);
        None
    }

    /// Closes what has to go before `grant` opens another session.
    pub(super) async fn make_room(&self, grant: &GrantId) {
        let mut closing = Vec::new();
        {
            let mut bound = self.bound();
            let own = bound.values().filter(|session| session.grant == *grant).count();
            if own >= MAX_PER_GRANT {
                closing.extend(take_oldest(&mut bound, |session| session.grant == *grant));
            }
            if bound.len() >= MAX {
                closing.extend(take_oldest(&mut bound, |_| true));
            }
        }
        for id in closing {
            self.close_in_rmcp(&id).await;
        }
    }

    /// Records whose session this is; it closes with the grant.
    pub(super) fn bind(self: &Arc<Self>, id: &str, grant: &Arc<LiveGrant>, version: ProtocolVersion) {
        let id = SessionId::from(id);
        let unbound = CancellationToken::new();
        self.bound().insert(
            Arc::clone(&id),
            Bound {
                grant: grant.id.clone(),
                version,
                used: Instant::now(),
                _unbound: unbound.clone().drop_guard(),
            },
        );
        let sessions = Arc::clone(self);
        let ended = grant.cancelled.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = ended.cancelled() => sessions.close(&id).await,
                () = unbound.cancelled() => {}
            }
        });
    }

    /// Forgets a session that rmcp has closed.
    pub(super) fn forget(&self, id: &str) {
        self.bound().remove(id);
    }

    async fn close(&self, id: &SessionId) {
        self.forget(id);
        self.close_in_rmcp(id).await;
    }

    async fn close_in_rmcp(&self, id: &SessionId) {
        if let Err(error) = self.manager.close_session(id).await {
            tracing::debug!(%error, "a session was gone before it was closed");
        }
    }

    fn bound(&self) -> MutexGuard<'_, HashMap<SessionId, Bound>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_oldest(bound: &mut HashMap<SessionId, Bound>, of: impl Fn(&Bound) -> bool) -> Option<SessionId> {
    let oldest = bound.iter().filter(|(_, session)| of(session)).min_by_key(|(_, session)| session.used);
    let id = oldest.map(|(id, _)| Arc::clone(id))?;
    bound.remove(&id);
    Some(id)
}
