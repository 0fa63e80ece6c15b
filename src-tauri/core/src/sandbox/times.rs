//! Times as the database keeps them and as the service writes them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970: the service's times have that many digits.
pub(super) type Micros = i64;

/// A time before 1970 is 0.
pub(super) fn micros(time: SystemTime) -> Micros {
    time.duration_since(UNIX_EPOCH).map_or(0, length)
}

/// How long, in the same unit.
pub(super) fn length(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}

pub(super) fn whole_seconds(time: Micros) -> i64 {
    time / 1_000_000
}

/// `2025-12-09T10:11:12.000013`: Python's form, in UTC without saying so (upstream-api.md 9.3).
pub(super) fn without_offset(time: Micros) -> String {
    let time = UNIX_EPOCH + Duration::from_micros(u64::try_from(time).unwrap_or(0));
    let text = humantime::format_rfc3339_micros(time).to_string();
    let text = text.trim_end_matches('Z');
    // Python leaves the fraction out when it is nothing.
    text.strip_suffix(".000000").unwrap_or(text).to_owned()
}

/// The same with `+00:00`, as search and jobs write it.
pub(super) fn with_offset(time: Micros) -> String {
    format!("{}+00:00", without_offset(time))
}

/// `2025-12-09`, for people.
pub(super) fn day(time: Micros) -> String {
    without_offset(time).chars().take(10).collect()
}

/// Seconds since `start` with two digits, as the service gives durations.
pub(super) fn seconds_since(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_python_writes_them() {
        let time = UNIX_EPOCH + Duration::new(1_765_274_400, 13_000);
        assert_eq!(without_offset(micros(time)), "2025-12-09T10:00:00.000013");
        assert_eq!(with_offset(micros(time)), "2025-12-09T10:00:00.000013+00:00");
        assert_eq!(without_offset(1_765_274_400_000_000), "2025-12-09T10:00:00");
        assert_eq!(day(1_765_274_400_000_000), "2025-12-09");
        assert_eq!(micros(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
