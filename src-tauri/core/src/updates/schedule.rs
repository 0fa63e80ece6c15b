//! When it is time to ask: seldom, never right after the start, and not at the same moment everywhere.
//!
//! All by the wall clock, because laptops sleep. A clock that was set back makes it ask once too often, never not at
//! all.

use std::time::{Duration, SystemTime};

use crate::secret::random_bytes;

/// After the start there is enough to do, and whoever restarts again and again asks nobody.
const AFTER_START: Duration = Duration::from_secs(5 * 60);
/// So much later at the most, or everybody who starts at nine asks at five past nine.
const START_SPREAD: Duration = Duration::from_secs(10 * 60);
/// Between two questions at least.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// So much later at the most.
const DAY_SPREAD: Duration = Duration::from_secs(4 * 60 * 60);

/// The times of one start of the program.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    started: SystemTime,
    after_start: Duration,
    between: Duration,
}

impl Schedule {
    pub(crate) fn new(started: SystemTime) -> Self {
        Self { started, after_start: AFTER_START + up_to(START_SPREAD), between: DAY + up_to(DAY_SPREAD) }
    }

    /// For the next time: with another distance.
    pub(crate) fn again(&self) -> Self {
        Self { between: DAY + up_to(DAY_SPREAD), ..self.clone() }
    }

    /// Whether the start is long enough ago.
    pub(crate) fn is_settled(&mut self, now: SystemTime) -> bool {
        self.started = self.started.min(now);
        now >= self.started + self.after_start
    }

    /// Whether the last question, at whichever start it was put, is long enough ago.
    pub(crate) fn is_due(&self, asked_at: Option<SystemTime>, now: SystemTime) -> bool {
        asked_at.is_none_or(|asked_at| asked_at > now || now >= asked_at + self.between)
    }
}

/// Somewhere from nothing to this.
fn up_to(most: Duration) -> Duration {
    let share = f64::from(u32::from_ne_bytes(random_bytes())) / f64::from(u32::MAX);
    most.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn start() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    #[test]
    fn nothing_is_asked_right_after_the_start() {
        for _ in 0..100 {
            let mut schedule = Schedule::new(start());
            assert!(!schedule.is_settled(start()));
            assert!(!schedule.is_settled(start() + AFTER_START - SECOND));
            assert!(schedule.is_settled(start() + AFTER_START + START_SPREAD));
        }
    }

    #[test]
    fn a_day_is_between_two_questions_however_often_it_is_started() {
        for _ in 0..100 {
            let schedule = Schedule::new(start());
            assert!(schedule.is_due(None, start()));
            assert!(!schedule.is_due(Some(start()), start()));
            assert!(!schedule.is_due(Some(start()), start() + DAY - SECOND));
            assert!(schedule.is_due(Some(start()), start() + DAY + DAY_SPREAD));
        }
    }

    #[test]
    fn the_moment_is_not_the_same_everywhere() {
        let all: Vec<_> = (0..20).map(|_| Schedule::new(start())).collect();
        assert!(all.iter().any(|one| one.after_start != all[0].after_start));
        assert!(all.iter().any(|one| one.between != all[0].between));
    }

    #[test]
    fn a_clock_that_was_wrong_does_not_silence_it() {
        let far = start() + 4000 * DAY;
        let mut schedule = Schedule::new(far);
        assert!(!schedule.is_settled(start()), "the start counts from the new time");
        assert!(schedule.is_settled(start() + AFTER_START + START_SPREAD));
        assert!(schedule.is_due(Some(far), start()));
    }
}
