//! The one way to learn the time: rules take `now` as an argument, services read a [`Clock`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where services read the wall clock.
///
/// What is stored expires by wall clock, because laptops sleep; waiting is tokio time.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock now.
    fn now(&self) -> SystemTime;
}

/// The clock of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock the others read")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Whole seconds since 1970, for the database and for JWT claims; a time before 1970 is 0.
#[must_use]
pub fn unix_seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// The inverse of [`unix_seconds`]; a negative value is 1970.
#[must_use]
pub fn from_unix_seconds(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
