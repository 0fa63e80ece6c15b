//! Who is at the other end of a connection; the same for all that comes over it.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::adapter_clients::{AdapterClients, Visitor};

/// The other end of a connection.
#[derive(Clone)]
pub(super) struct Peer(Arc<Inner>);

struct Inner {
    /// None where the system does not tell.
    pid: Option<u32>,
    /// Looked up at the first request of an adapter; it leaves with the connection.
    visitor: OnceCell<Visitor>,
}

impl Peer {
    pub(super) fn new(pid: Option<u32>) -> Self {
        Self(Arc::new(Inner { pid, visitor: OnceCell::new() }))
    }

    pub(super) async fn visitor(&self, clients: &Arc<AdapterClients>) -> &Visitor {
        self.0.visitor.get_or_init(|| clients.visitor(self.0.pid)).await
    }
}
