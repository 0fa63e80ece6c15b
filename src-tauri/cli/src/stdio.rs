//! `stdio`: what AI apps start that only speak to programs (design.md 5).

use std::io::{IsTerminal, Write};

use bridge_core::paths::Paths;
use bridge_core::program_file;
use bridge_core::stdio::{App, Options};

/// For a person who tries it out.
const NOBODY_TYPES_THIS: &str =
    "This speaks MCP with the app that starts it; `jean-bridge connect` enters it there. End it with Ctrl-D.";

/// Serves the app that started this program until it closes standard input.
pub(crate) async fn run(paths: Paths, client: Option<String>) {
    if std::io::stdin().is_terminal() {
        // Whoever does not read it does not need it.
        let _ = writeln!(std::io::stderr(), "{NOBODY_TYPES_THIS}");
    }
    // Once: an update that comes later leaves the path as it is.
    let app = program_file::path().ok().and_then(|own| App::beside(&own));
    bridge_core::stdio::run(Options { paths, client, app }).await;
}
