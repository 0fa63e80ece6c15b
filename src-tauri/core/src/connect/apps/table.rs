//! The apps, in the order in which they are shown.

use super::Base::{AppData, Config, EachIn, Home, HomeWithout, Packages, Variable};
use super::Word::{Is, Json, Name, Url};
use super::{App, File, Form, Format, Link, Official, Transport};
use crate::connect::form::Part::{
    Arguments, CommandLine, EmptyList, EmptyTable, Flag, Nothing, Number, Program, Text, Url as Address,
};
use crate::connect::system::System::{self, Linux, MacOs, Windows};

const EVERYWHERE: &[System] = &[MacOs, Linux, Windows];
const NOT_WINDOWS: &[System] = &[MacOs, Linux];
const ON_LINUX: &[System] = &[Linux];
const ON_WINDOWS: &[System] = &[Windows];

const SERVERS: &str = "mcpServers";
const PLAIN_URL: Form = &[("url", Address)];
const SERVER_URL: Form = &[("serverUrl", Address)];
const HTTP_URL: Form = &[("type", Text("http")), ("url", Address)];
const COMMAND: Form = &[("command", Program), ("args", Arguments)];
const STDIO_COMMAND: Form = &[("type", Text("stdio")), ("command", Program), ("args", Arguments)];

/// What most of them have in common; nothing in it leads anywhere.
const APP: App = App {
    id: "",
    name: "",
    files: &[],
    format: Format::Json,
    container: SERVERS,
    http: Some(PLAIN_URL),
    stdio: COMMAND,
    also: None,
    prefers: Transport::Http,
    official: None,
    link: None,
    extension: false,
    programs: &[],
    bundles: &[],
    rewritten_by: &[],
    sign_in: None,
};

const fn file(base: super::Base, path: &'static str, folder: &'static str) -> File {
    File { on: EVERYWHERE, base, path, folder: Some(folder) }
}

/// A place of an older version: edited where it is still there, never made.
const fn older(base: super::Base, path: &'static str) -> File {
    File { on: EVERYWHERE, base, path, folder: None }
}

/// Every app that is known here.
pub const APPS: &[App] = &[
    App {
        id: "claude-desktop",
        name: "Claude Desktop",
        files: &[
            File {
                on: ON_WINDOWS,
                base: Packages("Claude_"),
                path: "LocalCache/Roaming/Claude/claude_desktop_config.json",
                folder: Some("LocalCache/Roaming"),
            },
            file(AppData, "Claude/claude_desktop_config.json", "Claude"),
        ],
        // Entries with an address are ignored without a word (clients.md 5.1).
        http: None,
        prefers: Transport::Stdio,
        extension: true,
        programs: &["claude-desktop"],
        bundles: &["Claude.app"],
        rewritten_by: &["claude-desktop", "Claude", "Claude.exe"],
        ..APP
    },
    App {
        id: "claude-code",
        name: "Claude Code",
        files: &[
            file(Variable("CLAUDE_CONFIG_DIR"), ".claude.json", ""),
            file(HomeWithout("CLAUDE_CONFIG_DIR"), ".claude.json", ".claude"),
        ],
        http: Some(HTTP_URL),
        stdio: STDIO_COMMAND,
        official: Some(&Official {
            program: "claude",
            // Options must stand before the name.
            add: &[Is("mcp"), Is("add"), Is("--scope"), Is("user"), Is("--transport"), Is("http"), Name, Url],
            remove: Some(&[Is("mcp"), Is("remove"), Is("--scope"), Is("user"), Name]),
            on: EVERYWHERE,
        }),
        programs: &["claude"],
        rewritten_by: &["claude", "claude.exe"],
        sign_in: Some("/mcp"),
        ..APP
    },
    App {
        id: "cursor",
        name: "Cursor",
        files: &[file(Home, ".cursor/mcp.json", ".cursor")],
        link: Some(Link::Config("cursor://anysphere.cursor-deeplink/mcp/install")),
        programs: &["cursor"],
        bundles: &["Cursor.app"],
        ..APP
    },
    App {
        id: "vs-code",
        name: "VS Code",
        files: &[
            file(AppData, "Code/User/mcp.json", "Code/User"),
            // A profile knows only its own servers, not the default's.
            file(EachIn("Code/User/profiles"), "mcp.json", ""),
        ],
        container: "servers",
        http: Some(HTTP_URL),
        stdio: STDIO_COMMAND,
        official: Some(&Official {
            program: "code",
            add: &[Is("--add-mcp"), Json],
            remove: None,
            on: NOT_WINDOWS,
        }),
        link: Some(Link::Json("vscode:mcp/install")),
        programs: &["code"],
        bundles: &["Visual Studio Code.app"],
        ..APP
    },
    App {
        id: "vs-code-insiders",
        name: "VS Code Insiders",
        files: &[
            file(AppData, "Code - Insiders/User/mcp.json", "Code - Insiders/User"),
            file(EachIn("Code - Insiders/User/profiles"), "mcp.json", ""),
        ],
        container: "servers",
        http: Some(HTTP_URL),
        stdio: STDIO_COMMAND,
        official: Some(&Official {
            program: "code-insiders",
            add: &[Is("--add-mcp"), Json],
            remove: None,
            on: NOT_WINDOWS,
        }),
        link: Some(Link::Json("vscode-insiders:mcp/install")),
        programs: &["code-insiders"],
        bundles: &["Visual Studio Code - Insiders.app"],
        ..APP
    },
    App {
        id: "windsurf",
        name: "Windsurf",
        files: &[
            file(Home, ".codeium/windsurf/mcp_config.json", ".codeium/windsurf"),
            // Of its plug-in for JetBrains' editors.
            older(Home, ".codeium/mcp_config.json"),
        ],
        // With `url` it does not connect.
        http: Some(SERVER_URL),
        programs: &["windsurf"],
        bundles: &["Windsurf.app"],
        ..APP
    },
    App {
        id: "devin",
        name: "Devin",
        files: &[
            File {
                on: NOT_WINDOWS,
                base: Home,
                path: ".config/devin/mcp_config.json",
                folder: Some(".config/devin"),
            },
            File { on: ON_WINDOWS, base: AppData, path: "devin/mcp_config.json", folder: Some("devin") },
        ],
        http: Some(&[("url", Address), ("transport", Text("http"))]),
        bundles: &["Devin.app"],
        ..APP
    },
    App {
        id: "zed",
        name: "Zed",
        files: &[
            File { on: NOT_WINDOWS, base: Config, path: "zed/settings.json", folder: Some("zed") },
            // Flatpak's sandbox moves the configuration; from outside nothing names the place.
            File {
                on: ON_LINUX,
                base: Home,
                path: ".var/app/dev.zed.Zed/config/zed/settings.json",
                folder: Some(".var/app/dev.zed.Zed"),
            },
            File { on: ON_WINDOWS, base: AppData, path: "Zed/settings.json", folder: Some("Zed") },
        ],
        container: "context_servers",
        stdio: &[
            ("source", Text("custom")),
            ("enabled", Flag(true)),
            ("command", Program),
            ("args", Arguments),
            ("env", EmptyTable),
        ],
        // A `zed` on the PATH may be the event daemon of ZFS.
        programs: &["zeditor"],
        bundles: &["Zed.app"],
        ..APP
    },
    App {
        id: "codex",
        name: "Codex",
        files: &[
            file(Variable("CODEX_HOME"), "config.toml", ""),
            file(HomeWithout("CODEX_HOME"), ".codex/config.toml", ".codex"),
        ],
        format: Format::Toml,
        container: "mcp_servers",
        official: Some(&Official {
            program: "codex",
            add: &[Is("mcp"), Is("add"), Name, Is("--url"), Url],
            remove: Some(&[Is("mcp"), Is("remove"), Name]),
            on: EVERYWHERE,
        }),
        programs: &["codex"],
        bundles: &["Codex.app"],
        sign_in: Some("codex mcp login jean-memory"),
        ..APP
    },
    App {
        id: "gemini-cli",
        name: "Gemini CLI",
        // Its folder is Antigravity's as well.
        files: &[older(Home, ".gemini/settings.json")],
        // Without a type its `url` is for the older SSE.
        http: Some(&[("httpUrl", Address)]),
        also: Some(HTTP_URL),
        official: Some(&Official {
            program: "gemini",
            add: &[Is("mcp"), Is("add"), Is("--scope"), Is("user"), Is("--transport"), Is("http"), Name, Url],
            remove: Some(&[Is("mcp"), Is("remove"), Is("--scope"), Is("user"), Name]),
            on: EVERYWHERE,
        }),
        programs: &["gemini"],
        sign_in: Some("/mcp auth jean-memory"),
        ..APP
    },
    App {
        id: "antigravity",
        name: "Antigravity",
        files: &[
            file(Home, ".gemini/config/mcp_config.json", ".gemini/config"),
            older(Home, ".gemini/antigravity/mcp_config.json"),
        ],
        http: Some(SERVER_URL),
        // Its sign-in ends at a website of its own, and it may then come without a token (clients.md 8.1).
        prefers: Transport::Stdio,
        programs: &["agy", "antigravity"],
        bundles: &["Antigravity.app"],
        ..APP
    },
    App {
        id: "cline",
        name: "Cline",
        files: &[
            file(Variable("CLINE_MCP_SETTINGS_PATH"), "", ""),
            file(
                AppData,
                "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
                "Code/User/globalStorage/saoudrizwan.claude-dev",
            ),
            file(
                AppData,
                "Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
                "Cursor/User/globalStorage/saoudrizwan.claude-dev",
            ),
            file(Home, ".cline/data/settings/cline_mcp_settings.json", ".cline/data"),
        ],
        http: Some(&[("type", Text("streamableHttp")), ("url", Address)]),
        stdio: &[
            ("command", Program),
            ("args", Arguments),
            ("disabled", Flag(false)),
            ("autoApprove", EmptyList),
        ],
        ..APP
    },
    App {
        id: "lm-studio",
        name: "LM Studio",
        files: &[file(Home, ".lmstudio/mcp.json", ".lmstudio"), older(Home, ".cache/lm-studio/mcp.json")],
        link: Some(Link::Config("lmstudio://add_mcp")),
        programs: &["lms"],
        bundles: &["LM Studio.app"],
        ..APP
    },
    App {
        id: "goose",
        name: "Goose",
        files: &[
            File { on: NOT_WINDOWS, base: Config, path: "goose/config.yaml", folder: Some("goose") },
            File {
                on: ON_WINDOWS,
                base: AppData,
                path: "Block/goose/config/config.yaml",
                folder: Some("Block/goose"),
            },
        ],
        format: Format::Yaml,
        container: "extensions",
        http: Some(&[
            ("name", Text("jean-memory")),
            ("type", Text("streamable_http")),
            ("uri", Address),
            ("enabled", Flag(true)),
            ("timeout", Number(300)),
            ("description", Text("")),
        ]),
        stdio: &[
            ("name", Text("jean-memory")),
            ("type", Text("stdio")),
            ("cmd", Program),
            ("args", Arguments),
            ("envs", EmptyTable),
            ("env_keys", EmptyList),
            ("bundled", Nothing),
            ("enabled", Flag(true)),
            ("timeout", Number(300)),
            ("description", Text("")),
        ],
        link: Some(Link::Goose),
        // A `goose` on the PATH may be the one that migrates databases.
        bundles: &["Goose.app"],
        ..APP
    },
    App {
        id: "copilot-cli",
        name: "Copilot CLI",
        // A `copilot` on the PATH may be the one of another cloud.
        files: &[file(Home, ".copilot/mcp-config.json", ".copilot")],
        http: Some(HTTP_URL),
        stdio: STDIO_COMMAND,
        ..APP
    },
    App {
        id: "opencode",
        name: "OpenCode",
        files: &[file(Config, "opencode/opencode.json", "opencode")],
        container: "mcp",
        http: Some(&[("type", Text("remote")), ("url", Address)]),
        stdio: &[("type", Text("local")), ("command", CommandLine), ("enabled", Flag(true))],
        programs: &["opencode"],
        ..APP
    },
    App {
        id: "kiro",
        name: "Kiro",
        files: &[file(Home, ".kiro/settings/mcp.json", ".kiro")],
        programs: &["kiro"],
        bundles: &["Kiro.app"],
        ..APP
    },
    App {
        id: "amp",
        name: "Amp",
        files: &[
            File {
                on: NOT_WINDOWS,
                base: Home,
                path: ".config/amp/settings.json",
                folder: Some(".config/amp"),
            },
            File { on: ON_WINDOWS, base: AppData, path: "amp/settings.json", folder: Some("amp") },
        ],
        container: "amp.mcpServers",
        ..APP
    },
];
