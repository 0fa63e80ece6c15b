//! A server for tests, with a store of its own and nobody to ask for memories.

use std::path::Path;
use std::time::SystemTime;

use tokio_util::sync::CancellationToken;

use super::metadata_document::ClientDocuments;
use super::{AuthorizationServer, Lifetimes, Parts, SigningKeys};
use crate::accounts::{Accounts, Backends};
use crate::consent::Desk;
use crate::fetch::DocumentFetcher;
use crate::store::Store;
use crate::upstream::{BaseUrl, Upstream, UpstreamLimits};
use crate::vault::Vault;

/// What is in this directory goes on: a second one there is a restart.
pub(super) fn server(directory: &Path, now: SystemTime) -> AuthorizationServer {
    let store = Store::open(directory, now).unwrap();
    let upstream = Upstream::remote(BaseUrl::parse("http://127.0.0.1:1").unwrap(), UpstreamLimits::default());
    let backends = Backends {
        remote: upstream.clone(),
        sandbox: upstream,
        sandbox_key: Box::new(|| None),
        identity_headers: false,
    };
    AuthorizationServer::new(Parts {
        accounts: Accounts::new(store.clone(), Vault::absent(), backends),
        store,
        desk: Desk::default(),
        keys: SigningKeys::configured(&"0123456789abcdef0123456789abcdef".to_owned().into()),
        documents: ClientDocuments::new(DocumentFetcher::new()),
        lifetimes: Lifetimes::default(),
        port: 1,
        shutdown: CancellationToken::new(),
    })
}
