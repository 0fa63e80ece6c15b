//! Resolving against a document server: what is asked how often, and what happens when it is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::*;
use crate::test_server::{Answer, Seen, Server, response};
use crate::tls::Trust;

const CLAUDE_CODE: &str = "https://claude.ai/oauth/claude-code-client-metadata";
const MINUTE: Duration = Duration::from_secs(60);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

fn id_of(server: &Server, path: &str) -> String {
    format!("https://client.example:{}/{path}", server.address.port())
}

/// The document that this very request is for.
fn document(seen: &Seen) -> Value {
    let path = seen.line.split(' ').nth(1).unwrap();
    json!({ "client_id": format!("https://{}{path}", seen.header("host").unwrap()), "client_name": "Example",
        "redirect_uris": ["http://127.0.0.1/callback"] })
}

fn documents(server: &Server, certificate: CertificateDer<'static>) -> ClientDocuments {
    let trust = Trust::Only(certificate);
    ClientDocuments::new(DocumentFetcher::reaching_only(server.address, trust, MINUTE))
}

async fn serving(
    script: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
) -> (Server, ClientDocuments) {
    let (server, certificate) = Server::start_tls("client.example", script).await;
    let documents = documents(&server, certificate);
    (server, documents)
}

#[tokio::test]
async fn a_document_is_fetched_once_while_it_is_fresh() {
    // protocol.md 2.18
    let (server, documents) = serving(|seen, _| {
        let headers = "Content-Type: application/json\r\nCache-Control: max-age=600\r\n";
        Answer::with(200, headers, document(seen).to_string().as_bytes())
    })
    .await;
    let id = id_of(&server, "a");
    assert_eq!(documents.cached(&id), None);
    let client = documents.resolve(&id, SentBy::Unknown, now()).await.unwrap();
    assert_eq!((client.client_id.as_str(), client.source), (id.as_str(), Source::Fetched));
    assert!(documents.resolve(&id, SentBy::Unknown, now() + 9 * MINUTE).await.is_ok());
    assert_eq!(server.seen().len(), 1);
    assert!(documents.resolve(&id, SentBy::Unknown, now() + 10 * MINUTE).await.is_ok());
    assert_eq!(server.seen().len(), 2);
    assert_eq!(documents.cached(&id).as_deref(), Some(&*client));
    assert_eq!(server.seen().len(), 2, "the token endpoint never fetches (2.20)");
}

#[tokio::test]
async fn those_who_ask_for_the_same_document_at_once_share_one_fetch() {
    // protocol.md 2.20
    let gate = Arc::new(Semaphore::new(0));
    let at_gate = gate.clone();
    let (server, documents) =
        serving(move |seen, _| Answer::After(at_gate.clone(), Answer::json(200, &document(seen)).bytes()))
            .await;
    let id = id_of(&server, "a");
    let ask = || {
        let (documents, id) = (documents.clone(), id.clone());
        tokio::spawn(async move { documents.resolve(&id, SentBy::Unknown, now()).await })
    };
    let first = ask();
    server.wait_for_requests(1).await;
    let others: Vec<_> = (0..5).map(|_| ask()).collect();
    // The one who started it leaves; the fetch goes on for the others.
    first.abort();
    gate.add_permits(1);
    for other in others {
        assert!(other.await.unwrap().is_ok());
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn errors_and_invalid_documents_are_never_cached() {
    // protocol.md 2.18, 2.23
    let (server, documents) = serving(|seen, before| match before {
        0 => Answer::json(404, &json!({})),
        1 => Answer::json(
            200,
            &json!({ "client_id": "https://other.example/a", "client_name": "x",
            "redirect_uris": [] }),
        ),
        _ => Answer::json(200, &document(seen)),
    })
    .await;
    let id = id_of(&server, "a");
    let unusable = DocumentError::Unavailable(FetchError::Unusable);
    assert_eq!(documents.resolve(&id, SentBy::Unknown, now()).await, Err(unusable));
    assert_eq!(
        documents.resolve(&id, SentBy::Unknown, now()).await,
        Err(DocumentError::Invalid(InvalidDocument::OtherClient))
    );
    assert_eq!(documents.cached(&id), None);
    assert!(documents.resolve(&id, SentBy::Unknown, now()).await.is_ok());
}

#[tokio::test]
async fn a_document_that_turns_bad_is_not_replaced_by_its_old_copy() {
    // protocol.md 2.23: no valid cache
    let (server, documents) = serving(|seen, before| match before {
        0 => Answer::json(200, &document(seen)),
        _ => Answer::json(500, &json!({})),
    })
    .await;
    let id = id_of(&server, "a");
    assert!(documents.resolve(&id, SentBy::Unknown, now()).await.is_ok());
    assert!(documents.resolve(&id, SentBy::Unknown, now() + 6 * MINUTE).await.is_err());
    assert!(documents.cached(&id).is_some(), "grants made with it go on");
}

#[tokio::test]
async fn a_known_client_is_known_without_the_network() {
    // protocol.md 2.24
    let answers = Arc::new(AtomicUsize::new(0));
    let count = answers.clone();
    let (server, certificate) = Server::start_tls("claude.ai", move |seen, _| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut live = document(seen);
        live["client_id"] = json!(CLAUDE_CODE);
        live["client_name"] = json!("Claude Code, live");
        match seen.header("host") {
            Some("claude.ai") => Answer::json(200, &live),
            _ => Answer::Reset,
        }
    })
    .await;
    let reachable = documents(&server, certificate);
    let live = reachable.resolve(CLAUDE_CODE, SentBy::Unknown, now()).await.unwrap();
    assert_eq!((live.client_name.as_str(), live.source), ("Claude Code, live", Source::Fetched));
    assert_eq!(answers.load(Ordering::SeqCst), 1);

    // A certificate nobody trusts: as good as no network.
    let away = ClientDocuments::new(DocumentFetcher::reaching_only(server.address, Trust::Nobody, MINUTE));
    assert_eq!(away.cached(CLAUDE_CODE).unwrap().source, Source::Bundled);
    let copy = away.resolve(CLAUDE_CODE, SentBy::Unknown, now()).await.unwrap();
    assert_eq!(copy.source, Source::Bundled);
    assert_eq!(copy.redirect_uris, ["http://localhost/callback", "http://127.0.0.1/callback"]);
    let unknown = away.resolve("https://claude.ai/oauth/other", SentBy::Unknown, now()).await;
    assert_eq!(unknown, Err(DocumentError::Unavailable(FetchError::Unreachable)));
}

#[tokio::test]
async fn a_known_client_with_a_bad_document_is_refused_all_the_same() {
    let (server, certificate) = Server::start_tls("claude.ai", |_, _| {
        let secret = json!({ "client_id": CLAUDE_CODE, "client_name": "x", "client_secret": "y",
            "redirect_uris": ["http://127.0.0.1/callback"] });
        Answer::json(200, &secret)
    })
    .await;
    let refused = documents(&server, certificate).resolve(CLAUDE_CODE, SentBy::Unknown, now()).await;
    assert_eq!(refused, Err(DocumentError::Invalid(InvalidDocument::Secret)));
}

#[tokio::test]
async fn fetches_are_limited_and_known_clients_go_on() {
    // protocol.md 2.20
    let (server, documents) = serving(|_, _| Answer::Write(response(404, "", b""))).await;
    let unusable = DocumentError::Unavailable(FetchError::Unusable);
    for number in 0..FETCH_BURST.get() {
        let id = id_of(&server, &format!("client-{number}"));
        assert_eq!(documents.resolve(&id, SentBy::Unknown, now()).await, Err(unusable));
    }
    assert_eq!(
        documents.resolve(&id_of(&server, "one-more"), SentBy::Unknown, now()).await,
        Err(DocumentError::TooMany)
    );
    assert_eq!(server.seen().len(), usize::try_from(FETCH_BURST.get()).unwrap());
    assert_eq!(documents.resolve(CLAUDE_CODE, SentBy::Unknown, now()).await.unwrap().source, Source::Bundled);
}

#[tokio::test]
async fn what_a_page_has_fetched_is_limited_by_itself() {
    let (server, documents) = serving(|_, _| Answer::Write(response(404, "", b""))).await;
    let ask = async |path: &str, sent_by| documents.resolve(&id_of(&server, path), sent_by, now()).await;
    for number in 0..FETCH_BURST.get() {
        let of_page = ask(&format!("page-{number}"), SentBy::Page).await;
        assert_eq!(of_page == Err(DocumentError::TooMany), number >= FETCH_BURST_OF_PAGES.get());
    }
    let unusable = DocumentError::Unavailable(FetchError::Unusable);
    for number in 0..FETCH_BURST.get() {
        assert_eq!(ask(&format!("client-{number}"), SentBy::Unknown).await, Err(unusable));
    }
}

#[tokio::test]
async fn a_client_id_that_names_no_document_is_refused_without_a_fetch() {
    // protocol.md 2.14
    let (server, documents) = serving(|seen, _| Answer::json(200, &document(seen))).await;
    for id in ["jbc123", "http://client.example/a", "https://client.example/a/../b", ""] {
        assert_eq!(
            documents.resolve(id, SentBy::Unknown, now()).await,
            Err(DocumentError::NotADocumentUrl),
            "{id}"
        );
    }
    assert_eq!(server.connections(), 0);
    // And one that the network rules refuse (2.19).
    let public = ClientDocuments::new(DocumentFetcher::new());
    let refused = public.resolve("https://169.254.169.254/latest/meta-data", SentBy::Unknown, now()).await;
    assert_eq!(refused, Err(DocumentError::Unavailable(FetchError::NotAllowed)));
}
