//! `stdio`: what AI apps start that only speak to programs (design.md 5).

use bridge_core::config::process_environment;
use bridge_core::paths::Paths;
use bridge_core::stdio::{App, Options};

/// Serves the app that started this program until it closes standard input.
pub(crate) async fn run(paths: Paths, client: Option<String>) {
    let app = std::env::current_exe().ok().and_then(|own| App::beside(&own, &process_environment));
    bridge_core::stdio::run(Options { paths, client, app }).await;
}
