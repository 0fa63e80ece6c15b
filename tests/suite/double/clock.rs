//! The double's time: stands still until a test moves it.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 2025-12-09T12:00:00Z, the day of the snapshot that upstream-api.md describes.
const START: Duration = Duration::from_secs(1_765_281_600);

pub(super) struct Clock(Mutex<SystemTime>);

impl Clock {
    pub(super) fn new() -> Self {
        Self(Mutex::new(UNIX_EPOCH + START))
    }

    pub(super) fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    pub(super) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

/// As list items and documents show it: no offset, meant as UTC (upstream-api.md 9.3).
pub(super) fn naive(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string().trim_end_matches('Z').to_owned()
}

/// As search results may show it: with an offset (upstream-api.md 9.3).
pub(super) fn with_offset(time: SystemTime) -> String {
    naive(time) + "+00:00"
}

pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).expect("the double's time is after 1970").as_secs()
}
