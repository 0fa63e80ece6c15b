//! The one way to learn the time: rules take `now` as an argument, services read a [`Clock`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const LAST_SECOND: u64 = 253_402_300_799;

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

/// A time as scripts and pages get it: RFC 3339, to the second. What lies outside of the years that can be written
/// comes as their first or last second: the database may hold anything.
#[must_use]
pub fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(writable(time)).to_string()
}

/// The same to the millisecond, as browsers write it.
#[must_use]
pub fn rfc3339_millis(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(writable(time)).to_string()
}

fn writable(time: SystemTime) -> SystemTime {
    time.clamp(UNIX_EPOCH, UNIX_EPOCH + Duration::from_secs(LAST_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_can_be_written() {
        assert_eq!(rfc3339(UNIX_EPOCH), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339_millis(UNIX_EPOCH + Duration::from_millis(7)), "1970-01-01T00:00:00.007Z");
        assert_eq!(rfc3339(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00Z");
        let far = from_unix_seconds(1_763_740_800_000);
        assert_eq!(rfc3339(far), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339_millis(far), "9999-12-31T23:59:59.000Z");
    }
}
