//! The one other outbound request: client metadata documents, fetched with the SSRF rules of
//! protocol.md 2.19. A stranger names the URL and the request leaves from the person's own network,
//! so the address is resolved and judged first and the connection goes to the judged address.

mod addresses;
mod freshness;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use tracing::debug;
use url::{Host, Url};

use crate::tls::{self, Trust};

/// For everything: resolving, connecting, reading (protocol.md 2.19).
pub const TOTAL: Duration = Duration::from_secs(5);
/// Largest document (CIMD §6.6).
pub const MAX_BODY: usize = 5 * 1024;
/// More response headers than this are no document server's.
const MAX_HEADERS: usize = 64;
const HTTPS_PORT: u16 = 443;
const AGENT: &str = concat!("jean-memory-bridge/", env!("CARGO_PKG_VERSION"));

/// A JSON document from the public internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedDocument {
    /// The bytes; said to be JSON, not yet parsed.
    pub body: Vec<u8>,
    /// How long it may be kept by its own headers; zero when they do not say.
    pub max_age: Duration,
}

/// Why there is no document. Tells a caller nothing about a network (protocol.md 2.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL does not lead to the public internet over https.
    #[error("the address of the document is not allowed")]
    NotAllowed,
    /// No answer in time, for whatever reason.
    #[error("the document cannot be reached")]
    Unreachable,
    /// An answer that is not one small JSON document.
    #[error("the address does not give a document")]
    Unusable,
}

/// Fetches documents; holds nothing between two fetches.
#[derive(Clone, Debug)]
pub struct DocumentFetcher(Reach);

/// How far the fetcher reaches.
#[derive(Clone, Debug)]
enum Reach {
    /// The public internet.
    Public,
    /// A test server on loopback that stands in for every host.
    #[cfg(test)]
    Only(SocketAddr, Trust, Duration),
}

impl DocumentFetcher {
    /// A fetcher for the public internet.
    #[must_use]
    pub fn new() -> Self {
        Self(Reach::Public)
    }

    #[cfg(test)]
    pub(crate) fn reaching_only(server: SocketAddr, trust: Trust, total: Duration) -> Self {
        Self(Reach::Only(server, trust, total))
    }

    /// Fetches one document.
    ///
    /// # Errors
    /// [`FetchError`]; what exactly happened is in the log only.
    pub async fn fetch(&self, url: &Url) -> Result<FetchedDocument, FetchError> {
        let fetched = tokio::time::timeout(self.total(), self.fetch_in_time(url)).await;
        let fetched = fetched.unwrap_or(Err(FetchError::Unreachable));
        let error = fetched.as_ref().err().map(tracing::field::display);
        debug!(host = url.host_str(), error, "client metadata document");
        fetched
    }

    async fn fetch_in_time(&self, url: &Url) -> Result<FetchedDocument, FetchError> {
        let host = allowed_host(url)?;
        let addresses = self.judged_addresses(host, url.port().unwrap_or(HTTPS_PORT)).await?;
        let tls = tls::client_config(self.trust()).await.map_err(|_| FetchError::Unreachable)?;
        // A client for one request: its resolver knows the judged addresses and no others, so the
        // connection cannot go elsewhere, while certificate and Host are still the name's.
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Judged(addresses))
            .https_only(true)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(0)
            .http1_max_headers(MAX_HEADERS)
            .user_agent(AGENT)
            .build()
            .map_err(|_| FetchError::Unreachable)?;
        let request = client.get(url.clone()).header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|_| FetchError::Unreachable)?;
        read(response).await
    }

    /// Resolves first, then keeps the public addresses; a name without one is refused.
    async fn judged_addresses(&self, host: Host<&str>, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
        #[cfg(test)]
        if let Reach::Only(server, ..) = self.0 {
            return Ok(vec![server]);
        }
        let resolved: Vec<SocketAddr> = match host {
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((name, port)).await;
                found.map_err(|_| FetchError::Unreachable)?.collect()
            }
        };
        judge(resolved)
    }

    fn trust(&self) -> Trust {
        match &self.0 {
            Reach::Public => Trust::System,
            #[cfg(test)]
            Reach::Only(_, trust, _) => trust.clone(),
        }
    }

    fn total(&self) -> Duration {
        match self.0 {
            Reach::Public => TOTAL,
            #[cfg(test)]
            Reach::Only(_, _, total) => total,
        }
    }
}

impl Default for DocumentFetcher {
    fn default() -> Self {
        Self::new()
    }
}

/// What can be refused without asking anybody.
fn allowed_host(url: &Url) -> Result<Host<&str>, FetchError> {
    let is_plain = url.scheme() == "https"
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    let host = url.host().filter(|_| is_plain).ok_or(FetchError::NotAllowed)?;
    let is_allowed = match host {
        Host::Domain(name) => is_public_name(name),
        Host::Ipv4(address) => addresses::is_public(IpAddr::V4(address)),
        Host::Ipv6(address) => addresses::is_public(IpAddr::V6(address)),
    };
    if is_allowed { Ok(host) } else { Err(FetchError::NotAllowed) }
}

/// Names of this computer and of the local network, and names that only a search list completes.
fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let top = name.rsplit('.').next().unwrap_or_default();
    name.contains('.') && !matches!(top, "localhost" | "local" | "internal" | "")
}

fn judge(resolved: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, FetchError> {
    if resolved.is_empty() {
        return Err(FetchError::Unreachable);
    }
    let public: Vec<_> = resolved.into_iter().filter(|it| addresses::is_public(it.ip())).collect();
    if public.is_empty() { Err(FetchError::NotAllowed) } else { Ok(public) }
}

async fn read(mut response: reqwest::Response) -> Result<FetchedDocument, FetchError> {
    if response.status() != StatusCode::OK || !is_json(&response) {
        return Err(FetchError::Unusable);
    }
    let max_age = freshness::max_age(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Unreachable)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(FetchError::Unusable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(FetchedDocument { body, max_age })
}

fn is_json(response: &reqwest::Response) -> bool {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media =
        value.and_then(|value| value.split(';').next()).map(|media| media.trim().to_ascii_lowercase());
    media.is_some_and(|media| {
        media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
    })
}

/// Answers every question with the addresses that were judged.
struct Judged(Vec<SocketAddr>);

impl Resolve for Judged {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}
