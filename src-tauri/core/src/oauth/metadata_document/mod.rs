//! Clients that are known by the URL of a document about them (protocol.md 2.14 to 2.24): fetched at
//! the authorization endpoint, cached, and for well-known clients at hand when the network is not.

mod cache;
mod document;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod known;
mod url_rules;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::watch;
use tracing::debug;
use url::Url;

pub use document::{ClientDocument, InvalidDocument, Source};
pub use url_rules::is_document_id;

use crate::consent::SentBy;
use crate::fetch::{DocumentFetcher, FetchError};
use cache::Cache;

/// Fetches at once after a quiet time (protocol.md 2.20).
const FETCH_BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Fetches per minute in the long run.
const FETCHES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// The same of those that a web page brings about: an open page can name ever new documents, and uses up its own.
const FETCH_BURST_OF_PAGES: NonZeroU32 = NonZeroU32::new(5).unwrap();
const FETCHES_PER_MINUTE_OF_PAGES: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Why a client cannot be known by this URL. For the error page; never a redirect (protocol.md 2.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The client id is not a URL that may name a document.
    #[error("the client id is not the address of a document")]
    NotADocumentUrl,
    /// The document is not there and no valid copy is at hand.
    #[error("{0}")]
    Unavailable(#[from] FetchError),
    /// The document is there and breaks a rule.
    #[error("the document about the client is not valid: {0}")]
    Invalid(#[from] InvalidDocument),
    /// Too many documents were asked for.
    #[error("too many clients ask at once")]
    TooMany,
}

type Outcome = Result<Arc<ClientDocument>, DocumentError>;
/// Where the outcome of a running fetch will appear.
type Running = watch::Receiver<Option<Outcome>>;

/// The documents of clients. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct ClientDocuments(Arc<Inner>);

struct Inner {
    fetcher: DocumentFetcher,
    limiter: DefaultDirectRateLimiter,
    limiter_of_pages: DefaultDirectRateLimiter,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cache: Cache,
    running: HashMap<String, Running>,
}

impl ClientDocuments {
    /// No document yet; fetches go through `fetcher`.
    #[must_use]
    pub fn new(fetcher: DocumentFetcher) -> Self {
        let quota = Quota::per_minute(FETCHES_PER_MINUTE).allow_burst(FETCH_BURST);
        let of_pages = Quota::per_minute(FETCHES_PER_MINUTE_OF_PAGES).allow_burst(FETCH_BURST_OF_PAGES);
        Self(Arc::new(Inner {
            fetcher,
            limiter: RateLimiter::direct(quota),
            limiter_of_pages: RateLimiter::direct(of_pages),
            state: Mutex::default(),
        }))
    }

    /// The document that `client_id` names: from the cache while it is fresh, else fetched, one fetch
    /// per URL at a time. A well-known client is still known when its document cannot be fetched.
    ///
    /// # Errors
    /// [`DocumentError`]; errors and invalid documents are never cached (protocol.md 2.18).
    pub async fn resolve(&self, client_id: &str, sent_by: SentBy, now: SystemTime) -> Outcome {
        let url = url_rules::parse(client_id).ok_or(DocumentError::NotADocumentUrl)?;
        let mut running = match self.fresh_or_running(client_id, url, sent_by, now) {
            Known::Fresh(document) => return Ok(document),
            Known::TooMany => return known::find(client_id).map(Arc::new).ok_or(DocumentError::TooMany),
            Known::Running(running) => running,
        };
        match running.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(FetchError::Unreachable.into())),
            // The fetch ended without an outcome: it panicked, or the program is going down.
            Err(_) => Err(FetchError::Unreachable.into()),
        }
    }

    /// What is known of a client without asking anybody, for the token endpoint (protocol.md 2.20).
    /// Age does not matter there: the grant was made with this document.
    #[must_use]
    pub fn cached(&self, client_id: &str) -> Option<Arc<ClientDocument>> {
        let cached = self.0.lock().cache.any(client_id);
        cached.or_else(|| known::find(client_id).map(Arc::new))
    }

    fn fresh_or_running(&self, client_id: &str, url: Url, sent_by: SentBy, now: SystemTime) -> Known {
        let mut state = self.0.lock();
        if let Some(document) = state.cache.fresh(client_id, now) {
            return Known::Fresh(document);
        }
        if let Some(running) = state.running.get(client_id) {
            return Known::Running(running.clone());
        }
        let limiter = match sent_by {
            SentBy::Page => &self.0.limiter_of_pages,
            SentBy::Unknown => &self.0.limiter,
        };
        if limiter.check().is_err() {
            return Known::TooMany;
        }
        let (outcome, running) = watch::channel(None);
        state.running.insert(client_id.to_owned(), running.clone());
        let (inner, client_id) = (self.0.clone(), client_id.to_owned());
        // A task of its own: it ends in five seconds, whoever of those who wait goes away.
        tokio::spawn(async move { inner.run(client_id, url, now, outcome).await });
        Known::Running(running)
    }
}

enum Known {
    Fresh(Arc<ClientDocument>),
    Running(Running),
    TooMany,
}

impl Inner {
    async fn run(
        &self,
        client_id: String,
        url: Url,
        now: SystemTime,
        outcome: watch::Sender<Option<Outcome>>,
    ) {
        let running = Forget { inner: self, client_id: &client_id };
        let fetched = self.fetcher.fetch(&url).await;
        let result = match fetched {
            Ok(fetched) => ClientDocument::parse(&client_id, &url, &fetched.body)
                .map(|document| (Arc::new(document), fetched.max_age))
                .map_err(DocumentError::from),
            // 2.24: a copy that came with the program, until the network is back.
            Err(error) => known::find(&client_id)
                .map(|document| (Arc::new(document), std::time::Duration::ZERO))
                .ok_or_else(|| error.into()),
        };
        let result = result.map(|(document, max_age)| {
            self.lock().cache.keep(document.clone(), max_age, now);
            document
        });
        debug!(host = url.host_str(), error = result.as_ref().err().map(tracing::field::display), "client");
        drop(running);
        outcome.send_replace(Some(result));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a fetch off the list of running ones, however it ends.
struct Forget<'a> {
    inner: &'a Inner,
    client_id: &'a str,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.inner.lock().running.remove(self.client_id);
    }
}
