//! Every limit of the upstream client, with the reason for its size (upstream-api.md 10).

use std::time::Duration;

/// To resolve, connect and shake hands.
pub const CONNECT: Duration = Duration::from_secs(10);
/// For a tool list, a key check or a health check.
pub const QUICK: Duration = Duration::from_secs(30);
/// The same for the first request after [`IDLE_AFTER`]: the host may have to wake up first.
pub const COLD: Duration = Duration::from_secs(75);
/// For a tool call: 15 to 60 seconds are normal.
pub const CALL: Duration = Duration::from_secs(120);
/// After this long without an answer the host may have gone to sleep (upstream-api.md 2).
pub const IDLE_AFTER: Duration = Duration::from_secs(15 * 60);
/// The server closes idle connections after 75 s; stay below 60 (protocol.md 7.30).
pub const POOL_IDLE: Duration = Duration::from_secs(50);
/// Before the one repetition of a request that may be repeated.
pub const RETRY_DELAY: Duration = Duration::from_millis(250);
/// Largest request body.
pub const MAX_REQUEST: usize = 4 * 1024 * 1024;
/// Largest reply body; the largest plausible one is about 14 MB (upstream-api.md 10).
pub const MAX_REPLY: usize = 16 * 1024 * 1024;
/// Tool calls at once, and as many other requests: one process over there serves everyone
/// (upstream-api.md 14.6).
pub const PARALLEL: usize = 4;

/// The limits of one [`Upstream`](super::Upstream); the default is what ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamLimits {
    /// See [`CONNECT`].
    pub connect: Duration,
    /// See [`QUICK`].
    pub quick: Duration,
    /// See [`COLD`].
    pub cold: Duration,
    /// See [`CALL`].
    pub call: Duration,
    /// See [`IDLE_AFTER`].
    pub idle_after: Duration,
    /// See [`POOL_IDLE`].
    pub pool_idle: Duration,
    /// See [`RETRY_DELAY`].
    pub retry_delay: Duration,
    /// See [`MAX_REQUEST`].
    pub max_request: usize,
    /// See [`MAX_REPLY`].
    pub max_reply: usize,
    /// See [`PARALLEL`].
    pub parallel: usize,
}

impl Default for UpstreamLimits {
    fn default() -> Self {
        Self {
            connect: CONNECT,
            quick: QUICK,
            cold: COLD,
            call: CALL,
            idle_after: IDLE_AFTER,
            pool_idle: POOL_IDLE,
            retry_delay: RETRY_DELAY,
            max_request: MAX_REQUEST,
            max_reply: MAX_REPLY,
            parallel: PARALLEL,
        }
    }
}
