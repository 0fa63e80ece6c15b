//! How often strangers may ask for things that cost something (protocol.md 2.11, 9.21).

use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::consent::SentBy;
use crate::ids::GrantId;

/// Registrations at once, and per minute in the long run. Some clients register at every sign-in.
const REGISTRATIONS: (u32, u32) = (60, 60);
/// Authorization requests at once, and per minute.
const AUTHORIZATIONS: (u32, u32) = (120, 120);
/// The same of those to which a web page sent the browser: an open page can do so without end, and uses up its own.
const AUTHORIZATIONS_OF_PAGES: (u32, u32) = (60, 60);
/// Refreshes of everybody at once, and per minute. Codes and other tokens that nobody issued cost a look into the database.
const TOKENS: (u32, u32) = (600, 1200);
/// Refreshes of one grant at once, and per hour: each leaves a digest by which a stolen token is known again, and these
/// must stay as long as the tokens would have lasted. An access token is good for an hour, so a client needs about one;
/// this gives each of dozens of windows its own, and bounds what one client can write to a few megabytes.
const REFRESHES: (u32, u32) = (600, 60);
/// Grants whose refreshes are counted before those are forgotten that have all of theirs again.
const MOST_COUNTED: usize = 1024;
/// Clients that registered themselves, in all.
pub(super) const MOST_CLIENTS: u64 = 20_000;
/// Where there is no place for another, one goes that registered longer ago than this and was never allowed anything. Nobody
/// takes that long to sign in, and within it fewer can register than there are places: no flood shuts anybody out.
pub(super) const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

pub(super) struct Limits {
    pub(super) registrations: DefaultDirectRateLimiter,
    authorizations: DefaultDirectRateLimiter,
    authorizations_of_pages: DefaultDirectRateLimiter,
    pub(super) tokens: DefaultDirectRateLimiter,
    refreshes: DefaultKeyedRateLimiter<GrantId>,
}

impl Limits {
    /// Whether a person may be asked once more.
    pub(super) fn may_ask(&self, sent_by: SentBy) -> bool {
        let limiter = match sent_by {
            SentBy::Page => &self.authorizations_of_pages,
            SentBy::Unknown => &self.authorizations,
        };
        limiter.check().is_ok()
    }

    /// Whether this grant may be refreshed once more.
    pub(super) fn may_refresh(&self, grant: &GrantId) -> bool {
        if self.refreshes.len() >= MOST_COUNTED {
            self.refreshes.retain_recent();
        }
        self.refreshes.check_key(grant).is_ok()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            registrations: limiter(REGISTRATIONS),
            authorizations: limiter(AUTHORIZATIONS),
            authorizations_of_pages: limiter(AUTHORIZATIONS_OF_PAGES),
            tokens: limiter(TOKENS),
            refreshes: RateLimiter::keyed(
                Quota::per_hour(at_least_one(REFRESHES.1)).allow_burst(at_least_one(REFRESHES.0)),
            ),
        }
    }
}

fn limiter((burst, per_minute): (u32, u32)) -> DefaultDirectRateLimiter {
    RateLimiter::direct(Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst)))
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
