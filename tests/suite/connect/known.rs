//! The apps that are known, as their own documentation has them (clients.md 2 and 3): where each keeps its servers, what
//! reads them there, and what an entry says.

use serde_json::{Value, json};

use super::URL;
use super::readers::Parser::{self, Commented, Json, Jsonc, Lenient, Toml, Yaml};
use crate::harness::programs::program;

/// An app.
pub(super) struct Known {
    pub(super) id: &'static str,
    /// Below a home.
    pub(super) file: &'static str,
    pub(super) parser: Parser,
    pub(super) container: &'static str,
    /// What `connect` writes.
    pub(super) entry: Value,
    /// What leads here as well, where it knows both kinds of server.
    pub(super) other: Option<Value>,
}

/// All of them.
pub(super) fn apps() -> Vec<Known> {
    let adapter = program("jean-bridge");
    let http = json!({ "type": "http", "url": URL });
    let stdio = json!({ "command": adapter, "args": ["stdio"] });
    let typed = json!({ "type": "stdio", "command": adapter, "args": ["stdio"] });
    let url = json!({ "url": URL });
    let server_url = json!({ "serverUrl": URL });
    let zed =
        json!({ "source": "custom", "enabled": true, "command": adapter, "args": ["stdio"], "env": {} });
    let cline = json!({ "command": adapter, "args": ["stdio"], "disabled": false, "autoApprove": [] });
    let goose = json!({
        "name": "jean-memory", "type": "streamable_http", "uri": URL,
        "enabled": true, "timeout": 300, "description": ""
    });
    let goose_stdio = json!({
        "name": "jean-memory", "type": "stdio", "cmd": adapter, "args": ["stdio"], "envs": {}, "env_keys": [],
        "bundled": null, "enabled": true, "timeout": 300, "description": ""
    });
    let opencode = json!({ "type": "local", "command": [adapter, "stdio"], "enabled": true });
    let claude = ".config/Claude/claude_desktop_config.json";
    let cline_file =
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json";
    let row = |id, file, parser, container, entry: &Value, other: &Value| Known {
        id,
        file,
        parser,
        container,
        entry: entry.clone(),
        other: Some(other.clone()).filter(|other| !other.is_null()),
    };
    vec![
        row("claude-desktop", claude, Json, "mcpServers", &stdio, &Value::Null),
        row("claude-code", ".claude.json", Json, "mcpServers", &http, &typed),
        row("cursor", ".cursor/mcp.json", Json, "mcpServers", &url, &stdio),
        row("vs-code", ".config/Code/User/mcp.json", Jsonc, "servers", &http, &typed),
        row("vs-code-insiders", ".config/Code - Insiders/User/mcp.json", Jsonc, "servers", &http, &typed),
        row("windsurf", ".codeium/windsurf/mcp_config.json", Json, "mcpServers", &server_url, &stdio),
        row(
            "devin",
            ".config/devin/mcp_config.json",
            Json,
            "mcpServers",
            &json!({ "url": URL, "transport": "http" }),
            &stdio,
        ),
        row("zed", ".config/zed/settings.json", Lenient, "context_servers", &url, &zed),
        row("codex", ".codex/config.toml", Toml, "mcp_servers", &url, &stdio),
        row(
            "gemini-cli",
            ".gemini/settings.json",
            Commented,
            "mcpServers",
            &json!({ "httpUrl": URL }),
            &stdio,
        ),
        row("antigravity", ".gemini/config/mcp_config.json", Json, "mcpServers", &stdio, &server_url),
        row(
            "cline",
            cline_file,
            Json,
            "mcpServers",
            &json!({ "type": "streamableHttp", "url": URL }),
            &cline,
        ),
        row("lm-studio", ".lmstudio/mcp.json", Json, "mcpServers", &url, &stdio),
        row("goose", ".config/goose/config.yaml", Yaml, "extensions", &goose, &goose_stdio),
        row("copilot-cli", ".copilot/mcp-config.json", Json, "mcpServers", &http, &typed),
        row(
            "opencode",
            ".config/opencode/opencode.json",
            Jsonc,
            "mcp",
            &json!({ "type": "remote", "url": URL }),
            &opencode,
        ),
        row("kiro", ".kiro/settings/mcp.json", Json, "mcpServers", &url, &stdio),
        row("amp", ".config/amp/settings.json", Jsonc, "amp.mcpServers", &url, &stdio),
    ]
}
