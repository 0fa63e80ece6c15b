// How each AI app is told the address: a command, or a piece of its configuration file. Data only; the words beside it are
// in the word files, under `connect.then_…`.

const NAME = "jean-memory";
const json = (value) => JSON.stringify(value, null, 2);
const servers = (entry) => json({ mcpServers: { [NAME]: entry } });
const command = (text, options) => ({ kind: "command", text, ...options });
const file = (place, text, options) => ({ kind: "file", place, text, ...options });

/** The apps in the order they are offered; `ways(url, isWindows)` gives every way to connect one. */
export const APPS = [
  {
    id: "claude_code",
    name: "Claude Code",
    ways: (url) => [
      command(`claude mcp add --scope user --transport http ${NAME} ${url}`),
      command(`claude mcp login ${NAME}`, { isSecondStep: true }),
    ],
  },
  { id: "claude_desktop", name: "Claude Desktop", comesLater: true },
  {
    id: "cursor",
    name: "Cursor",
    ways: (url) => [file("~/.cursor/mcp.json", servers({ url }))],
  },
  {
    id: "vscode",
    name: "VS Code",
    // On Windows `code` is a batch file that does not pass the quotes on.
    ways: (url, isWindows) => [
      ...(isWindows ? [] : [command(`code --add-mcp '${JSON.stringify({ name: NAME, type: "http", url })}'`)]),
      file("mcp.json", json({ servers: { [NAME]: { type: "http", url } } }), { isInstead: !isWindows }),
    ],
  },
  {
    id: "codex",
    name: "Codex",
    ways: (url) => [
      command(`codex mcp add ${NAME} --url ${url}`),
      command(`codex mcp login ${NAME}`, { isSecondStep: true }),
    ],
  },
  {
    id: "gemini",
    name: "Gemini CLI",
    ways: (url) => [command(`gemini mcp add --scope user --transport http ${NAME} ${url}`)],
  },
  {
    id: "zed",
    name: "Zed",
    ways: (url, isWindows) => [
      file(isWindows ? "%APPDATA%\\Zed\\settings.json" : "~/.config/zed/settings.json", json({ context_servers: { [NAME]: { url } } })),
    ],
  },
  {
    id: "lm_studio",
    name: "LM Studio",
    ways: (url) => [file("~/.lmstudio/mcp.json", servers({ url }))],
  },
  {
    id: "goose",
    name: "Goose",
    ways: (url, isWindows) => [
      file(
        isWindows ? "%APPDATA%\\Block\\goose\\config\\config.yaml" : "~/.config/goose/config.yaml",
        [
          "extensions:",
          `  ${NAME}:`,
          "    type: streamable_http",
          `    name: ${NAME}`,
          `    uri: ${url}`,
          "    enabled: true",
          "    timeout: 300",
          '    description: ""',
        ].join("\n"),
      ),
    ],
  },
  {
    id: "copilot",
    name: "Copilot CLI",
    ways: (url) => [file("~/.copilot/mcp-config.json", servers({ type: "http", url }))],
  },
  {
    id: "opencode",
    name: "OpenCode",
    ways: (url) => [file("~/.config/opencode/opencode.json", json({ mcp: { [NAME]: { type: "remote", url } } }))],
  },
  {
    id: "cline",
    name: "Cline",
    ways: (url) => [file("cline_mcp_settings.json", servers({ type: "streamableHttp", url }))],
  },
  {
    id: "windsurf",
    name: "Devin Desktop, Windsurf",
    ways: (url, isWindows) => [
      file(isWindows ? "%APPDATA%\\devin\\mcp_config.json" : "~/.config/devin/mcp_config.json", servers({ url, transport: "http" })),
      file("~/.codeium/windsurf/mcp_config.json", servers({ serverUrl: url }), { isInstead: true }),
    ],
  },
  { id: "antigravity", name: "Antigravity", comesLater: true },
  { id: "other", ways: (url) => [{ kind: "address", text: url }] },
];
