//! The parsers that apps have, and files as a person has them.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::harness::node::READERS;

/// What the parser finds in a file.
pub(super) async fn read(parser: &str, file: &Path) -> Value {
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

/// A file that has been used for a while, with all that its parser allows.
pub(super) fn lived_in(parser: &str, container: &str) -> String {
    let container = container.trim_start_matches('/');
    match parser {
        "json" => format!(
            "{{\n    \"theme\": \"dark\",\n    \"{container}\": {{\n        \"a\": {{ \"command\": \"x\" }}\n    }},\n    \"n\": 12345678901234567890\n}}\n"
        ),
        "jsonc" => format!(
            "\u{feff}// Settings\r\n{{\r\n\t\"a\": [1, 2,], /* two */\r\n\t\"{container}\": {{ // mine\r\n\t\t// the first\r\n\t\t\"a\": {{}},\r\n\t}},\r\n}}\r\n"
        ),
        "toml" => format!(
            "# mine\nmodel = \"o9\" # best\n\n[{container}.a]\ncommand = 'x'\n\n[tui]\nnotes = \"\"\"\n[{container}.jean-memory]\n\"\"\""
        ),
        "yaml" => format!(
            "# mine\nGOOSE_MODEL: o9\n{container}:\n  # about dev\n  developer:\n    enabled: true\n    text: |\n      {container}:\n        jean-memory: 1\nlast: [a, b]"
        ),
        other => panic!("no such parser: {other}"),
    }
}
