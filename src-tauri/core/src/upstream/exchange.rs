//! One request and its reply under all the rules of time and number: few at once, a deadline, a
//! repetition only where nothing can happen twice (upstream-api.md 10, 14.6).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use secrecy::zeroize::Zeroizing;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::error::{Interruption, Unexpected, Unreachable, UpstreamError};
use super::limits::UpstreamLimits;
use super::message::{Endpoint, Fault, Incoming, Outgoing, Sent};
use super::transport::Transport;
use super::{CLIENT_NAME, Credential, MayLeave, rpc};
use crate::api_key::ApiKey;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_CLIENT_NAME: HeaderName = HeaderName::from_static("x-client-name");
const X_USER_ID: HeaderName = HeaderName::from_static("x-user-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("jean-memory-bridge/", env!("CARGO_PKG_VERSION")));
/// A longer wait than this is not believed.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Whether a request may be repeated when its outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `initialize`, `tools/list`, validation, health: they change nothing.
    Repeatable,
    /// `tools/call`: not one writing tool is idempotent (upstream-api.md 9.5).
    Call,
}

/// The line to one API: its transport, its limits, and when it was last heard of.
pub(super) struct Line {
    transport: Transport,
    limits: UpstreamLimits,
    /// Places for tool calls, which may take minutes, and for everything else, which must not wait for
    /// them: a person who enters a key, a client that asks for the tools.
    calls: Semaphore,
    quick: Semaphore,
    heard: Mutex<Option<Instant>>,
}

/// What became of one attempt that gave no usable reply.
enum Failure {
    NotSent(Unreachable),
    Lost(Interruption),
    Final(UpstreamError),
}

impl Line {
    pub(super) fn new(transport: Transport, limits: UpstreamLimits) -> Self {
        let places = || Semaphore::new(limits.parallel);
        Self { transport, limits, calls: places(), quick: places(), heard: Mutex::new(None) }
    }

    pub(super) fn host(&self) -> Option<&str> {
        match &self.transport {
            Transport::Remote(remote) => Some(remote.host()),
            Transport::InProcess(_) => None,
        }
    }

    /// Sends a request and returns a reply for the caller to read: any 2xx or 4xx other than 429,
    /// or a 500 that carries a JSON-RPC error.
    pub(super) async fn exchange(
        &self,
        endpoint: Endpoint,
        headers: HeaderMap,
        body: Vec<u8>,
        kind: Kind,
    ) -> Result<Incoming, UpstreamError> {
        self.exchange_while(&|| true, endpoint, headers, body, kind).await
    }

    /// The same, as long as it may leave.
    pub(super) async fn exchange_while(
        &self,
        may_leave: MayLeave<'_>,
        endpoint: Endpoint,
        headers: HeaderMap,
        body: Vec<u8>,
        kind: Kind,
    ) -> Result<Incoming, UpstreamError> {
        if body.len() > self.limits.max_request {
            return Err(UpstreamError::RequestTooLarge);
        }
        // The body may carry the key (validation); it is wiped when the last holder lets go.
        let body = Bytes::from_owner(Zeroizing::new(body));
        let request = Outgoing { endpoint, headers, body };
        let started = Instant::now();
        let deadline = started + self.budget(kind, started);
        let places = match kind {
            Kind::Call => &self.calls,
            Kind::Repeatable => &self.quick,
        };
        let Ok(Ok(_place)) = timeout_at(deadline, places.acquire()).await else {
            return Err(UpstreamError::Busy { retry_after: None });
        };
        if !may_leave() {
            return Err(UpstreamError::Held);
        }
        let mut outcome = self.attempt(request.clone(), deadline).await;
        if outcome.as_ref().is_err_and(|failure| may_repeat(failure, kind)) {
            let pause = tokio::time::sleep(self.limits.retry_delay);
            if timeout_at(deadline, pause).await.is_ok() && may_leave() {
                outcome = self.attempt(request, deadline).await;
            }
        }
        let outcome = outcome.map_err(|failure| settle(failure, kind));
        let status = outcome.as_ref().map_or(0, |incoming| incoming.status.as_u16());
        let error = outcome.as_ref().err().map(tracing::field::display);
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        debug!(path = endpoint.path(), status, error, took_ms, "upstream");
        outcome
    }

    async fn attempt(&self, request: Outgoing, deadline: Instant) -> Result<Incoming, Failure> {
        let sent = Sent::default();
        // Without a body there is nothing to mark; such a request changes nothing.
        let is_probe = request.body.is_empty();
        let sending = self.transport.send(request, &sent, self.limits.max_reply);
        let incoming = match timeout_at(deadline, sending).await {
            Err(_) if sent.get() || is_probe => return Err(Failure::Lost(Interruption::TimedOut)),
            Err(_) => return Err(Failure::NotSent(Unreachable::Timeout)),
            Ok(Err(fault)) => return Err(fault.into()),
            Ok(Ok(incoming)) => incoming,
        };
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        match rejection(&incoming) {
            Some(failure) => Err(failure),
            None => Ok(incoming),
        }
    }

    /// The first request after a long silence may have to wake the host up (upstream-api.md 2).
    fn budget(&self, kind: Kind, now: Instant) -> Duration {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_cold = heard.is_none_or(|heard| now.duration_since(heard) >= self.limits.idle_after);
        match kind {
            Kind::Call => self.limits.call,
            Kind::Repeatable if is_cold => self.limits.cold,
            Kind::Repeatable => self.limits.quick,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotSent(cause) => Self::NotSent(cause),
            Fault::Lost => Self::Lost(Interruption::Disconnected),
            Fault::Truncated => Self::Final(UpstreamError::Unexpected(Unexpected::Truncated)),
            Fault::TooLarge => Self::Final(UpstreamError::Unexpected(Unexpected::TooLarge)),
        }
    }
}

/// Status first (upstream-api.md 11): what no caller can use.
fn rejection(incoming: &Incoming) -> Option<Failure> {
    let status = incoming.status;
    let retry_after = || retry_after(&incoming.headers);
    if status.is_redirection() {
        return Some(Failure::Final(UpstreamError::Unexpected(Unexpected::Redirect)));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Some(Failure::Final(UpstreamError::Busy { retry_after: retry_after() }));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE && (rpc::is_guard(incoming) || retry_after().is_some()) {
        return Some(Failure::Final(UpstreamError::Busy { retry_after: retry_after() }));
    }
    let is_fault = status.is_server_error() && !rpc::is_error(incoming);
    is_fault.then(|| Failure::Lost(Interruption::ServerFault(status.as_u16())))
}

/// upstream-api.md 14.6: what changes nothing, and what never left.
fn may_repeat(failure: &Failure, kind: Kind) -> bool {
    match failure {
        Failure::NotSent(Unreachable::Refused | Unreachable::Disconnected) => true,
        Failure::Lost(Interruption::Disconnected | Interruption::ServerFault(502..=504)) => {
            kind == Kind::Repeatable
        }
        Failure::NotSent(_) | Failure::Lost(_) | Failure::Final(_) => false,
    }
}

fn settle(failure: Failure, kind: Kind) -> UpstreamError {
    match (failure, kind) {
        (Failure::Final(error), _) => error,
        (Failure::NotSent(cause), _) => UpstreamError::Unreachable(cause),
        (Failure::Lost(interruption), Kind::Call) => UpstreamError::StateUnknown(interruption),
        (Failure::Lost(Interruption::TimedOut), Kind::Repeatable) => UpstreamError::TimedOut,
        (Failure::Lost(Interruption::Disconnected), Kind::Repeatable) => {
            UpstreamError::Unreachable(Unreachable::Disconnected)
        }
        (Failure::Lost(Interruption::ServerFault(status)), Kind::Repeatable) => {
            UpstreamError::Unreachable(Unreachable::ServerFault(status))
        }
    }
}

/// Seconds, or a date that is read against the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let until = httpdate::parse_http_date(value).ok()?;
        let now = date(headers)?;
        until.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// The server's own clock.
pub(super) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// Headers without any identity.
pub(super) fn plain_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(ACCEPT, JSON);
    headers.insert(USER_AGENT, AGENT);
    headers
}

/// Headers of a JSON body.
pub(super) fn json_headers() -> HeaderMap {
    let mut headers = plain_headers();
    headers.insert(CONTENT_TYPE, JSON);
    headers
}

/// All headers of a JSON-RPC request; nothing of the local client is among them (protocol.md 7.25).
pub(super) fn rpc_headers(credential: &Credential) -> HeaderMap {
    let mut headers = json_headers();
    headers.insert(X_CLIENT_NAME, HeaderValue::from_static(CLIENT_NAME));
    headers.insert(X_API_KEY, key_header(&credential.key));
    let identity = credential.identity.as_ref().and_then(|id| HeaderValue::from_str(id.as_str()).ok());
    if let Some(mut identity) = identity {
        identity.set_sensitive(true);
        headers.insert(X_USER_ID, identity);
    }
    headers
}

#[expect(clippy::expect_used, reason = "an ApiKey has only letters, digits, - and _")]
fn key_header(key: &ApiKey) -> HeaderValue {
    let wiped = Bytes::from_owner(Zeroizing::new(key.expose().as_bytes().to_vec()));
    let mut value = HeaderValue::from_maybe_shared(wiped).expect("a key is a valid header value");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_repeated_only_when_no_byte_of_it_left() {
        // protocol.md 7.27
        for cause in [Unreachable::Refused, Unreachable::Disconnected] {
            assert!(may_repeat(&Failure::NotSent(cause), Kind::Call));
        }
        for interruption in [
            Interruption::Disconnected,
            Interruption::TimedOut,
            Interruption::ServerFault(502),
            Interruption::ServerFault(503),
        ] {
            assert!(!may_repeat(&Failure::Lost(interruption), Kind::Call));
        }
        assert!(!may_repeat(&Failure::Final(UpstreamError::Busy { retry_after: None }), Kind::Call));
        assert!(!may_repeat(&Failure::Final(UpstreamError::Unexpected(Unexpected::Truncated)), Kind::Call));
    }
}
