//! The parsers that apps have, and files as a person has them.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::harness::node::READERS;

/// What an app reads its file with, or the nearest to it that is public.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parser {
    /// `JSON.parse`. Apps whose parser nobody knows have this one here: what the strictest reads, all do.
    Json,
    /// VS Code's, which others have too.
    Jsonc,
    /// Gemini CLI's: comments, and no comma after the last.
    Commented,
    /// Zed's.
    Lenient,
    /// Codex's.
    Toml,
    /// Goose's.
    Yaml,
}

impl Parser {
    /// What it finds in a file.
    pub(super) async fn read(self, file: &Path) -> Value {
        let text = std::fs::read_to_string(file).expect("a file");
        let cannot = |error: &dyn std::fmt::Display| -> ! { panic!("{self:?}: {error} in {text}") };
        match self {
            Self::Json => with_node("json", file).await,
            Self::Jsonc => with_node("jsonc", file).await,
            Self::Commented => with_node("commented", file).await,
            Self::Lenient => serde_json_lenient::from_str(&text).unwrap_or_else(|error| cannot(&error)),
            Self::Toml => toml::from_str(&text).unwrap_or_else(|error| cannot(&error)),
            Self::Yaml => serde_yaml::from_str(&text).unwrap_or_else(|error| cannot(&error)),
        }
    }

    /// A file that has been used for a while, with all that its parser allows.
    pub(super) fn lived_in(self, container: &str) -> String {
        match self {
            Self::Json => format!(
                "{{\n    \"theme\": \"dark\",\n    \"{container}\": {{\n        \"a\": {{ \"command\": \"x\" }}\n    }},\n    \"n\": 12345678901234567890\n}}\n"
            ),
            Self::Jsonc => format!(
                "\u{feff}// Settings\r\n{{\r\n\t\"a\": [1, 2,], /* two */\r\n\t\"{container}\": {{ // mine\r\n\t\t// the first\r\n\t\t\"a\": {{}},\r\n\t}},\r\n}}\r\n"
            ),
            Self::Commented => format!(
                "/* Settings */\n{{\n  \"a\": [1, 2], // two\n  \"{container}\": {{ // mine\n    \"a\": {{}} /* the last */\n  }}\n  // the end\n}}\n"
            ),
            Self::Lenient => format!(
                "// Settings\n{{\n  \"a\": [1, 2,], /* two */\n  \"{container}\": {{ // mine\n    // the first\n    \"a\": {{}},\n  }},\n}}\n"
            ),
            Self::Toml => format!(
                "# mine\nmodel = \"o9\" # best\n\n[{container}.a]\ncommand = 'x'\n\n[tui]\nnotes = \"\"\"\n[{container}.jean-memory]\n\"\"\""
            ),
            Self::Yaml => format!(
                "# mine\nGOOSE_MODEL: o9\n{container}:\n  # about dev\n  developer:\n    enabled: true\n    text: |\n      {container}:\n        jean-memory: 1\nlast: [a, b]"
            ),
        }
    }

    /// A file as a program would write it.
    pub(super) fn written(self, value: &Value) -> String {
        match self {
            Self::Json | Self::Jsonc | Self::Commented | Self::Lenient => format!("{value:#}\n"),
            Self::Toml => toml::to_string(value).expect("TOML"),
            Self::Yaml => serde_yaml::to_string(value).expect("YAML"),
        }
    }
}

async fn with_node(parser: &str, file: &Path) -> Value {
    let output = Command::new(READERS.node())
        .arg(READERS.source.join("read.mjs"))
        .arg(READERS.node_modules())
        .arg(parser)
        .arg(file)
        .output()
        .await
        .expect("node can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{parser} cannot read {}: {errors}", file.display());
    serde_json::from_slice(&output.stdout).expect("JSON")
}
