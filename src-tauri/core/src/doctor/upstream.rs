//! What it means how Jean Memory answers, and what its clock says of ours.

use std::time::{Duration, SystemTime};

use crate::upstream::{Interruption, Unexpected, Unreachable, UpstreamError};
use crate::view::{ComputerFinding, MemoriesFinding};

/// A clock that is wrong by less harms nothing: what is signed here is read here, and lives for an hour.
const MATTERS: Duration = Duration::from_secs(5 * 60);

/// It answered.
pub(crate) fn fine(host: &str, took: Duration) -> MemoriesFinding {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    MemoriesFinding::UpstreamFine { host: host.to_owned(), took_ms }
}

/// It did not answer as it should.
pub(crate) fn failure(host: &str, error: &UpstreamError) -> MemoriesFinding {
    let host = host.to_owned();
    match error {
        UpstreamError::Unreachable(unreachable) => match unreachable {
            Unreachable::Dns => MemoriesFinding::UpstreamDns { host },
            Unreachable::Refused => MemoriesFinding::UpstreamRefused { host },
            Unreachable::Tls => MemoriesFinding::UpstreamTls { host },
            Unreachable::NoTrustStore => MemoriesFinding::UpstreamNoTrustStore,
            Unreachable::Proxy => MemoriesFinding::UpstreamProxy { host },
            Unreachable::Timeout => MemoriesFinding::UpstreamSlow { host },
            Unreachable::Network | Unreachable::Disconnected => MemoriesFinding::UpstreamNetwork { host },
            Unreachable::ServerFault(status) => MemoriesFinding::UpstreamFault { host, status: *status },
        },
        UpstreamError::StateUnknown(interruption) => match interruption {
            Interruption::TimedOut => MemoriesFinding::UpstreamSlow { host },
            Interruption::Disconnected => MemoriesFinding::UpstreamNetwork { host },
            Interruption::ServerFault(status) => MemoriesFinding::UpstreamFault { host, status: *status },
        },
        UpstreamError::TimedOut => MemoriesFinding::UpstreamSlow { host },
        UpstreamError::Busy { .. } => MemoriesFinding::UpstreamBusy { host },
        UpstreamError::Unexpected(Unexpected::Status(status)) if *status >= 500 => {
            MemoriesFinding::UpstreamFault { host, status: *status }
        }
        UpstreamError::Unexpected(_)
        | UpstreamError::KeyRejected
        | UpstreamError::Rpc { .. }
        | UpstreamError::Held
        | UpstreamError::RequestTooLarge => MemoriesFinding::UpstreamSomebodyElse { host },
    }
}

/// `theirs` is from an answer that came at `now`.
pub(crate) fn clock_finding(theirs: Option<SystemTime>, now: SystemTime) -> ComputerFinding {
    let Some(theirs) = theirs else { return ComputerFinding::ClockUnchecked };
    match now.duration_since(theirs) {
        Ok(ahead) if ahead > MATTERS => ComputerFinding::ClockAhead { seconds: ahead.as_secs() },
        Err(behind) if behind.duration() > MATTERS => {
            ComputerFinding::ClockBehind { seconds: behind.duration().as_secs() }
        }
        Ok(_) | Err(_) => ComputerFinding::ClockFine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_when_it_matters() {
        let theirs = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let at = |offset: i64| {
            let seconds = u64::try_from(1_000_000 + offset).unwrap();
            clock_finding(Some(theirs), SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        };
        for offset in [-300, -1, 0, 1, 300] {
            assert_eq!(at(offset), ComputerFinding::ClockFine, "{offset}");
        }
        assert_eq!(at(301), ComputerFinding::ClockAhead { seconds: 301 });
        assert_eq!(at(-7200), ComputerFinding::ClockBehind { seconds: 7200 });
        assert_eq!(clock_finding(None, theirs), ComputerFinding::ClockUnchecked);
    }
}
