//! What the windows ask a bridge, in a home that is there already: `large_home HOME`, with the environment of that bridge.
//! Prints one line per figure: what, a tab, milliseconds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for tools/bench, that reads what is printed"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use bridge_core::bridge::Bridge;
use bridge_core::clock::{Clock, SystemClock};
use bridge_core::config::{Config, process_environment};
use bridge_core::consent::Front;
use bridge_core::paths::Paths;
use bridge_core::view::CallFilter;
use tokio::runtime::Runtime;

const ROUNDS: usize = 3;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn main() {
    // `cargo bench` adds an option of its own.
    let home = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(home) = home else { return };
    Runtime::new().unwrap().block_on(run(&Paths::under(Path::new(&home))));
}

async fn run(paths: &Paths) {
    let config = Config::load(paths, &process_environment).unwrap();
    let bridge = Bridge::start(config, paths, Front::Terminal).await.unwrap();
    for _ in 0..ROUNDS {
        timed("the apps of the main window and the tray menu", bridge.clients()).await;
        timed("status", bridge.status()).await;
        timed("chart of a day, by hours", bridge.activity(edges(HOUR, 24))).await;
        timed("chart of a month, by days", bridge.activity(edges(DAY, 30))).await;
        let newest = bridge.calls(CallFilter::default()).await.unwrap();
        let client_id = newest.first().map(|call| call.client_id.clone());
        let tool = newest.first().map(|call| call.tool.clone());
        for (what, filter) in [
            ("list of calls", CallFilter::default()),
            (
                "list of calls, of an app",
                CallFilter { client_id: client_id.clone(), ..CallFilter::default() },
            ),
            ("list of calls, of a tool", CallFilter { tool: tool.clone(), ..CallFilter::default() }),
            ("list of calls, failures", CallFilter { failures_only: true, ..CallFilter::default() }),
            (
                "list of calls, failures of an app with a tool",
                CallFilter { client_id, tool, failures_only: true, ..CallFilter::default() },
            ),
        ] {
            timed(what, bridge.calls(filter)).await;
        }
    }
    bridge.shutdown().await;
}

/// So many stretches up to now.
fn edges(each: Duration, count: u32) -> Vec<std::time::SystemTime> {
    let now = SystemClock.now();
    (0..=count).rev().map(|before| now - each * before).collect()
}

async fn timed<T>(what: &str, asked: impl Future<Output = T>) {
    let started = Instant::now();
    let answer = asked.await;
    let took = started.elapsed();
    drop(answer);
    println!("{what}\t{:.3}", took.as_secs_f64() * 1000.0);
}
