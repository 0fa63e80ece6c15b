//! A stand-in of Claude Desktop, as far as a server on stdio sees it: it reads its configuration at the start, starts
//! each server twice at once, and ends the first one within 200 ms, before that can answer (clients.md 5.5).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::process::Command;

use super::stdio::{StdioClient, hello};

/// Where it looks, below a home.
pub(crate) const CONFIG: &str = ".config/Claude/claude_desktop_config.json";

/// The revision that it speaks.
const VERSION: &str = "2025-11-25";

/// What is in its configuration, as far as it understands it: entries without a command are passed over.
#[derive(Deserialize)]
struct Config {
    #[serde(default, rename = "mcpServers")]
    servers: HashMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    command: Option<PathBuf>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: HashMap<String, String>,
}

/// The app after its start, with one server.
pub(crate) struct ClaudeDesktop {
    /// The server that it kept.
    pub(crate) server: StdioClient,
}

impl ClaudeDesktop {
    /// Starts the app of this home, and its server `name`; `bridge_home` is what a test needs beside the little that the
    /// app lets its servers have.
    pub(crate) async fn start(home: &Path, bridge_home: &Path, name: &str) -> Self {
        let text = std::fs::read_to_string(home.join(CONFIG)).expect("a configuration");
        let config: Config = serde_json::from_str(&text).expect("a configuration that it understands");
        let entry = config.servers.get(name).unwrap_or_else(|| panic!("no {name} in {text}"));
        let start = || StdioClient::spawn(&mut entry.command(home, bridge_home));

        // The one that it keeps starts beside the other, and shakes hands while that one dies.
        let (mut first, kept) = (start(), start());
        first.begin("initialize", hello(VERSION)).await;
        let ((), server) = tokio::join!(first.kill(), kept.opened(VERSION));
        Self { server }
    }
}

impl Entry {
    fn command(&self, home: &Path, bridge_home: &Path) -> Command {
        let mut command = Command::new(self.command.as_ref().expect("a local program"));
        command.args(&self.args).env_clear().env("DISPLAY", "");
        // What the SDK under the app lets through.
        for name in ["PATH", "SHELL", "TERM", "USER", "LOGNAME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", home).env("JEAN_BRIDGE_HOME", bridge_home).envs(&self.env).current_dir("/");
        command
    }
}
