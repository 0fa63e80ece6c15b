//! What attempts tell about Jean Memory, seen from the accounts.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::{Accounts, Backends, Reachability};
use crate::api_key::ApiKey;
use crate::store::Store;
use crate::upstream::Upstream;
use crate::vault::Vault;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// A hosting page while it is away; otherwise only the health check answers.
fn upstream(away: &Arc<AtomicBool>) -> Upstream {
    let away = away.clone();
    Upstream::in_process(tower::service_fn(move |request: Request<Bytes>| {
        let is_away = away.load(Ordering::SeqCst);
        async move {
            let (status, kind, body) = match (is_away, request.uri().path()) {
                (true, _) => (StatusCode::BAD_GATEWAY, "text/html", "<html>"),
                (false, "/health") => (StatusCode::OK, "application/json", r#"{"status":"healthy"}"#),
                (false, _) => (StatusCode::NOT_FOUND, "application/json", "{}"),
            };
            let reply = Response::builder().status(status).header("content-type", kind);
            Ok::<_, Infallible>(reply.body(Bytes::from_static(body.as_bytes())).unwrap())
        }
    }))
}

#[tokio::test]
async fn an_outage_is_over_when_the_health_check_says_so() {
    // design.md J7: recovery needs no action, not even a call.
    let home = tempfile::tempdir().unwrap();
    let away = Arc::new(AtomicBool::new(true));
    let backends = Backends {
        remote: upstream(&away),
        sandbox: upstream(&away),
        sandbox_key: Box::new(|| None),
        identity_headers: false,
    };
    let store = Store::open(home.path(), NOW).unwrap();
    let accounts = Accounts::new(store, Vault::os("never asked"), backends);
    let key = ApiKey::parse("jean_sk_EXAMPLE_0123456789").unwrap();
    accounts.use_environment(key, NOW).await.unwrap();
    let id = accounts.all().await.unwrap()[0].id.clone();
    let reachability = accounts.reachability();

    accounts.look_again().await;
    assert_eq!(*reachability.borrow(), Reachability::Online, "nobody has noticed anything");
    accounts.list_tools(&id).await.unwrap_err();
    assert_eq!(*reachability.borrow(), Reachability::Offline);
    accounts.look_again().await;
    assert_eq!(*reachability.borrow(), Reachability::Offline);
    away.store(false, Ordering::SeqCst);
    accounts.look_again().await;
    assert_eq!(*reachability.borrow(), Reachability::Online);
}
