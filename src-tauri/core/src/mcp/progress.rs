//! Signs of life of a slow call.

use std::convert::Infallible;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProtocolVersion};
use rmcp::service::RequestContext;

use super::product::TITLE;

/// When a client that asked for progress hears of a slow call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) first: Duration,
    pub(crate) every: Duration,
}

impl Default for Pace {
    /// rmcp queues 16 events for a stream; what the longest call (120 s) makes must stay below, or
    /// a client that does not read would block its session.
    fn default() -> Self {
        Self { first: Duration::from_secs(2), every: Duration::from_secs(10) }
    }
}

/// Tells a client that asked for it that a slow call is alive (protocol.md 7.23); for ever.
pub(super) async fn progress(context: &RequestContext<RoleServer>, pace: Pace) -> Infallible {
    let Some(token) = context.meta.get_progress_token() else { return std::future::pending().await };
    let since = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval_at(since + pace.first, pace.every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // 2024-11-05 knows no `message` here.
    let with_words = context.protocol_version().is_none_or(|version| version > ProtocolVersion::V_2024_11_05);
    loop {
        ticks.tick().await;
        let waited = since.elapsed();
        let mut param = ProgressNotificationParam::new(token.clone(), waited.as_secs_f64());
        if with_words {
            param =
                param.with_message(format!("{TITLE}: waiting for Jean Memory for {} s", waited.as_secs()));
        }
        // A client that is gone is not told; the call goes on (7.19).
        let _ = context.peer.notify_progress(param).await;
    }
}
