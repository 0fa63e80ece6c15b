//! Waiting for conditions by asking again, never for time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::http::PATIENCE;

/// Between two times; none of the programs under test notices.
const POLL: Duration = Duration::from_millis(20);

/// Asks again until there is an answer.
pub(crate) async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < limit, "waited in vain: {what}");
        sleep(POLL).await;
    }
}

/// Asks again until `holds` says yes to an answer.
pub(crate) async fn until_answer<T>(what: &str, ask: impl AsyncFn() -> T, holds: impl Fn(&T) -> bool) -> T {
    until(what, async || Some(ask().await).filter(|answer| holds(answer))).await
}
