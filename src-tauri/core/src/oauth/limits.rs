//! How often strangers may ask for things that cost something (protocol.md 2.11, 9.21).

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Registrations at once, and per minute in the long run. Some clients register at every sign-in.
const REGISTRATIONS: (u32, u32) = (60, 60);
/// Authorization requests at once, and per minute.
const AUTHORIZATIONS: (u32, u32) = (120, 120);
/// Token and revocation requests at once, and per minute.
const TOKENS: (u32, u32) = (600, 1200);
/// Clients that registered themselves, in all.
pub(super) const MOST_CLIENTS: u64 = 20_000;

pub(super) struct Limits {
    pub(super) registrations: DefaultDirectRateLimiter,
    pub(super) authorizations: DefaultDirectRateLimiter,
    pub(super) tokens: DefaultDirectRateLimiter,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            registrations: limiter(REGISTRATIONS),
            authorizations: limiter(AUTHORIZATIONS),
            tokens: limiter(TOKENS),
        }
    }
}

fn limiter((burst, per_minute): (u32, u32)) -> DefaultDirectRateLimiter {
    let at_least_one = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst)))
}
