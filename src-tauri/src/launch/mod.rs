//! The start, up to the desktop: the socket and the port are taken, or it is known why not.
//!
//! The local socket is the lock of the single instance (design.md 4): one bridge per user and
//! `JEAN_BRIDGE_HOME`, on whichever session bus or display it was started.

mod cannot_start;

use std::io::{IsTerminal as _, stderr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bridge_core::bridge::{Bridge, Front, Happening, StartError};
use bridge_core::clock::{Clock as _, SystemClock};
use bridge_core::config::{Config, process_environment};
use bridge_core::control::{ClaimError, Client, ClientError};
use bridge_core::logging::{self, Sinks};
use bridge_core::paths::Paths;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep};
use tracing::level_filters::LevelFilter;

pub(crate) use cannot_start::CannotStart;

/// Given by whoever starts the app at login: no window, the person did not ask for one.
pub(crate) const BACKGROUND: &str = "--background";
/// Another instance that neither answers nor goes: it starts or ends, which takes a moment.
const PATIENCE_WITH_ANOTHER: Duration = Duration::from_secs(8);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// How the start went.
pub(crate) enum Launch {
    /// The bridge runs in this process.
    Started(Box<Started>),
    /// Another instance of the app runs, and shows its window now if a person launched this one.
    AnotherRuns,
    /// Nothing runs; the person is told why.
    Failed(Box<CannotStart>),
}

/// What the desktop is put on.
pub(crate) struct Started {
    /// The bridge.
    pub(crate) bridge: Arc<Bridge>,
    /// What happens from its first answer on, which is before there is a desktop to tell it on.
    pub(crate) happenings: broadcast::Receiver<Happening>,
    /// Where it keeps things.
    pub(crate) paths: Paths,
    /// What it was started with.
    pub(crate) config: Config,
    /// When.
    pub(crate) at: SystemTime,
    /// Whether nobody asked for a window.
    pub(crate) is_background: bool,
}

/// Starts the bridge on Tauri's runtime, or wakes the instance that runs.
pub(crate) fn claim() -> Launch {
    tauri::async_runtime::block_on(async {
        start().await.unwrap_or_else(|reason| Launch::Failed(Box::new(reason)))
    })
}

async fn start() -> Result<Launch, CannotStart> {
    let paths = Paths::discover(&process_environment).map_err(CannotStart::of_paths)?;
    let config =
        Config::load(&paths, &process_environment).map_err(|error| CannotStart::of_config(&paths, &error))?;
    paths.create().map_err(|error| CannotStart::of_directory(&paths, &error))?;
    // The log is a file; only who starts the app by hand sees some of it.
    let stderr = if stderr().is_terminal() { LevelFilter::WARN } else { LevelFilter::OFF };
    let sinks = Sinks { stderr, log_dir: Some(paths.log_dir.clone()) };
    logging::start(&config.log, &sinks).map_err(|error| CannotStart::of_log(&paths, &error))?;

    let deadline = Instant::now() + PATIENCE_WITH_ANOTHER;
    loop {
        let error = match Bridge::start(config.clone(), &paths, Front::Windows).await {
            Ok(bridge) => return Ok(Launch::Started(Box::new(Started::new(bridge, paths, config)))),
            Err(error) => error,
        };
        if !matches!(error, StartError::Control(ClaimError::AlreadyRunning)) {
            return Err(CannotStart::of_start(paths, error).await);
        }
        match wake(&Client::new(paths.clone())).await {
            Ok(()) => return Ok(Launch::AnotherRuns),
            // It has the lock, but no socket yet or no more: it starts or ends.
            Err(ClientError::NotRunning | ClientError::Lost) if Instant::now() < deadline => {
                sleep(PAUSE).await;
            }
            Err(_) => return Err(CannotStart::beside_another(paths).await),
        }
    }
}

/// Has the instance that runs show its window, unless nobody asked for one here.
async fn wake(another: &Client) -> Result<(), ClientError> {
    if is_background() { another.status().await.map(drop) } else { another.show_window().await }
}

fn is_background() -> bool {
    std::env::args_os().any(|argument| argument == BACKGROUND)
}

impl Started {
    fn new(bridge: Arc<Bridge>, paths: Paths, config: Config) -> Self {
        tracing::info!(address = %bridge.address(), version = env!("CARGO_PKG_VERSION"), "the bridge listens");
        let happenings = bridge.happenings();
        Self { bridge, happenings, paths, config, at: SystemClock.now(), is_background: is_background() }
    }
}
