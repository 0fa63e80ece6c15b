//! The network side: one HTTP client, made when it is first needed, that follows nothing, stores
//! nothing and adds nothing (protocol.md 7.30).

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use reqwest::{Client, ClientBuilder, redirect};
use tokio::sync::Mutex;
use url::Url;

use super::base_url::BaseUrl;
use super::error::Unreachable;
use super::limits::UpstreamLimits;
use super::message::{Endpoint, Fault, Incoming, MAX_ERROR_BODY, Marked, Outgoing, Sent};
use crate::clock::{Clock as _, SystemClock};
use crate::tls::{self, Trust};

/// An API somewhere on the network.
pub(super) struct Remote {
    urls: [Url; Endpoint::ALL.len()],
    base: BaseUrl,
    limits: UpstreamLimits,
    trust: Trust,
    /// Made at the first request, and again after a connection failed, because the trust store and the
    /// proxies of the system may have changed since, and after a sleep.
    client: Mutex<Option<Held>>,
}

/// The client with its connections, and when it was last used, by both clocks.
struct Held {
    client: Client,
    used: Instant,
    used_at: SystemTime,
}

impl Held {
    /// Whether its connections are older than it takes them for: its own clock stood still while the computer slept.
    /// At their other end they are long gone, and a call on one of them would be lost.
    fn has_slept(&self, pool_idle: Duration, now: Instant, now_at: SystemTime) -> bool {
        let by_the_wall_clock = now_at.duration_since(self.used_at).unwrap_or_default();
        by_the_wall_clock >= pool_idle && now.duration_since(self.used) < pool_idle
    }
}

impl Remote {
    pub(super) fn new(base: BaseUrl, limits: UpstreamLimits) -> Self {
        let trust = trust_for(&base);
        Self::trusting(base, limits, trust)
    }

    pub(super) fn trusting(base: BaseUrl, limits: UpstreamLimits, trust: Trust) -> Self {
        let urls = Endpoint::ALL.map(|endpoint| base.join(endpoint.path()));
        Self { urls, base, limits, trust, client: Mutex::new(None) }
    }

    pub(super) fn host(&self) -> &str {
        self.base.host()
    }

    pub(super) async fn send(
        &self,
        outgoing: Outgoing,
        sent: &Sent,
        max_reply: usize,
    ) -> Result<Incoming, Fault> {
        let client = self.client().await.map_err(Fault::NotSent)?;
        let endpoint = outgoing.endpoint;
        let mut request = reqwest::Request::new(endpoint.method(), self.urls[endpoint as usize].clone());
        *request.headers_mut() = outgoing.headers;
        let bodiless = outgoing.body.is_empty();
        if !bodiless {
            *request.body_mut() = Some(reqwest::Body::wrap(Marked::new(outgoing.body, sent.clone())));
        }
        let response = match client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                // A request without a body has nothing to mark; there the kind of the error decides.
                if sent.get() || (bodiless && !error.is_connect()) {
                    return Err(Fault::Lost);
                }
                let cause = cause_of(&error);
                if cause != Unreachable::Refused {
                    *self.client.lock().await = None;
                }
                return Err(Fault::NotSent(cause));
            }
        };
        receive(response, max_reply).await
    }

    async fn client(&self) -> Result<Client, Unreachable> {
        let mut slot = self.client.lock().await;
        let (used, used_at) = (Instant::now(), SystemClock.now());
        let client = match &*slot {
            Some(held) if !held.has_slept(self.limits.pool_idle, used, used_at) => held.client.clone(),
            Some(_) | None => self.build().await?,
        };
        *slot = Some(Held { client: client.clone(), used, used_at });
        Ok(client)
    }

    async fn build(&self) -> Result<Client, Unreachable> {
        let builder = client_builder(&self.base, self.trust.clone()).await?;
        builder
            .connect_timeout(self.limits.connect)
            .pool_idle_timeout(self.limits.pool_idle)
            .pool_max_idle_per_host(self.limits.parallel)
            .build()
            .map_err(|_| Unreachable::Network)
    }
}

/// The system's roots, where there is anybody to trust.
pub(crate) fn trust_for(base: &BaseUrl) -> Trust {
    if base.is_https() { Trust::System } else { Trust::Nobody }
}

/// What every client of an address in the configuration has: the trust store and the proxies of the system, and
/// nothing that follows, repeats or tells more than it is asked to.
pub(crate) async fn client_builder(base: &BaseUrl, trust: Trust) -> Result<ClientBuilder, Unreachable> {
    let tls = tls::client_config(trust).await;
    let builder = Client::builder()
        .tls_backend_preconfigured(tls.map_err(|_| Unreachable::NoTrustStore)?)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .https_only(base.is_https());
    // A proxy would take a loopback request off this computer.
    Ok(if base.is_loopback() { builder.no_proxy() } else { builder })
}

/// Reads the body as it comes and stops at the limit.
async fn receive(mut response: reqwest::Response, max_reply: usize) -> Result<Incoming, Fault> {
    let status = response.status();
    let is_ok = status == StatusCode::OK;
    let limit = if is_ok { max_reply } else { max_reply.min(MAX_ERROR_BODY) };
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if is_ok && announced.is_some_and(|length| length > limit) {
        return Err(Fault::TooLarge);
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(limit));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) if is_ok => return Err(Fault::TooLarge),
            Err(_) if is_ok => return Err(Fault::Truncated),
            // The status alone decides about what is not a 200.
            Ok(Some(_) | None) | Err(_) => break,
        }
    }
    Ok(Incoming { status, headers: std::mem::take(response.headers_mut()), body })
}

/// Why a connection could not be made, read from the chain of causes: the library's own error has
/// no kind for it.
pub(crate) fn cause_of(error: &reqwest::Error) -> Unreachable {
    if error.is_dns() {
        return Unreachable::Dns;
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return Unreachable::Tls;
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            if wraps_tls_error(io) {
                return Unreachable::Tls;
            }
            if io.kind() == io::ErrorKind::ConnectionRefused {
                return Unreachable::Refused;
            }
        }
        // The type of this error is private to the HTTP library.
        if cause.to_string().starts_with("tunnel error") {
            return Unreachable::Proxy;
        }
        next = cause.source();
    }
    if error.is_timeout() {
        Unreachable::Timeout
    } else if error.is_connect() {
        Unreachable::Network
    } else {
        Unreachable::Disconnected
    }
}

/// The wrapped error of an `io::Error` is not among its sources, and TLS wraps twice.
fn wraps_tls_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| {
        inner.is::<rustls::Error>() || inner.downcast_ref::<io::Error>().is_some_and(wraps_tls_error)
    })
}

#[cfg(test)]
mod tests {
    use reqwest::dns::{Name, Resolve, Resolving};

    use super::*;

    #[tokio::test]
    async fn connections_from_before_a_sleep_are_not_used_and_others_are() {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client_config(Trust::Nobody).await.unwrap())
            .build()
            .unwrap();
        let (used, used_at) = (Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let held = Held { client, used, used_at };
        let (second, idle, night) =
            (Duration::from_secs(1), Duration::from_secs(50), Duration::from_secs(30_000));
        assert!(held.has_slept(idle, used + second, used_at + night));
        assert!(!held.has_slept(idle, used + second, used_at + second));
        // The library itself gives these up.
        assert!(!held.has_slept(idle, used + night, used_at + night));
        assert!(!held.has_slept(idle, used + second, used_at - night));
    }

    struct NoName;

    impl Resolve for NoName {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err(io::Error::other("no such name").into()) })
        }
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_told_apart() {
        let tls = tls::client_config(Trust::Nobody).await.unwrap();
        let client =
            Client::builder().tls_backend_preconfigured(tls).no_proxy().dns_resolver(NoName).build().unwrap();
        let error = client.get("https://jean.invalid/").send().await.unwrap_err();
        assert_eq!(cause_of(&error), Unreachable::Dns);
    }
}
