//! The whole of connecting, in homes of its own, with programs that only look like the apps'.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::*;
#[cfg(unix)]
use crate::test_program;
use crate::view::{ConnectStep, EntryChange};

const BRIDGE: &str = "http://127.0.0.1:5326";
const URL: &str = "http://127.0.0.1:5326/mcp";
const CURSOR: &str = ".cursor/mcp.json";

/// A person's home with apps in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// With one file, and the folders that it needs.
    fn with(file: &str, text: &str) -> Self {
        let home = Self::new();
        home.write(file, text);
        home
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("a file")
    }

    /// A program on the PATH.
    #[cfg(unix)]
    fn program(&self, name: &str, script: &str) {
        let file = self.path(&format!("bin/{name}"));
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        let script = format!("cd '{}'\necho \"$@\" >> calls\n{script}", self.0.path().display());
        test_program::write(&file, &script);
    }

    fn connector_at(&self, bridge: &str, adapter: Option<&str>, running: Option<&'static str>) -> Connector {
        let path: OsString = format!("{}:/usr/bin:/bin", self.path("bin").display()).into();
        let environment = HashMap::from([("PATH".to_owned(), path)]);
        let surroundings = Surroundings {
            home: self.0.path().to_owned(),
            system: System::Linux,
            environment: Box::new(move |name| environment.get(name).cloned()),
            applications: Vec::new(),
            runs: Box::new(move |name| running == Some(name)),
        };
        Connector::new(surroundings, &self.path("data"), bridge, adapter.map(PathBuf::from))
    }

    fn connector(&self) -> Connector {
        self.connector_at(BRIDGE, None, None)
    }

    fn backups(&self) -> usize {
        let count = |folder: &Path| fs::read_dir(folder).map_or(0, Iterator::count);
        let folders = fs::read_dir(self.path("data/connect/backups"));
        folders.map_or(0, |folders| folders.flatten().map(|folder| count(&folder.path())).sum())
    }
}

fn app(id: &str) -> &'static App {
    find(id).expect("an app")
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

async fn connect(connector: &Connector, id: &str) -> Result<ConnectSteps, ConnectError> {
    connector.connect(app(id), false, now()).await
}

async fn disconnect(connector: &Connector, id: &str) -> Result<ConnectSteps, ConnectError> {
    connector.disconnect(app(id), now()).await
}

fn state(connector: &Connector, id: &str) -> (ConnectState, Option<EntryChange>) {
    let view = connector.app(app(id));
    (view.state, view.change)
}

#[tokio::test]
async fn what_is_previewed_is_done_and_undone_to_the_byte() {
    let before = "{\n\t\"mcpServers\": {\n\t\t\"a\": { \"env\": { \"TOKEN\": \"hers\" } }, // mine\n\t},\n}";
    let home = Home::with(CURSOR, before);
    let connector = home.connector();
    assert_eq!(state(&connector, "cursor"), (ConnectState::Found, None));

    let preview = connector.preview_connect(app("cursor"), false).unwrap();
    assert_eq!(home.read(CURSOR), before, "a preview changes nothing");
    assert!(
        !serde_json::to_string(&preview).unwrap().contains("hers"),
        "other people's secrets are not shown"
    );
    let [ConnectStep::Edit { line: 3, removed, added, backup: None, .. }] = &preview.steps[..] else {
        panic!("{preview:?}")
    };
    assert_eq!(
        (removed.len(), &added[..]),
        (
            0,
            &["\t\t\"jean-memory\": {", "\t\t\t\"url\": \"http://127.0.0.1:5326/mcp\"", "\t\t},"]
                .map(str::to_owned)[..]
        )
    );

    let done = connect(&connector, "cursor").await.unwrap();
    assert_eq!(done.app.state, ConnectState::Connected);
    let [ConnectStep::Edit { backup: Some(backup), .. }] = &done.steps[..] else { panic!("{done:?}") };
    assert_eq!(fs::read_to_string(backup).unwrap(), before);
    assert!(connect(&connector, "cursor").await.unwrap().steps.is_empty(), "once is enough");

    let undone = disconnect(&connector, "cursor").await.unwrap();
    let [ConnectStep::Edit { line: 3, removed, added: nothing, .. }] = &undone.steps[..] else {
        panic!("{undone:?}")
    };
    assert_eq!((removed, nothing.len()), (added, 0));
    assert_eq!(home.read(CURSOR), before);
    assert!(disconnect(&connector, "cursor").await.unwrap().steps.is_empty());
}

#[tokio::test]
async fn a_file_that_was_not_there_is_made_and_goes_again() {
    let home = Home::with(".cursor/other", "");
    let connector = home.connector();
    connect(&connector, "cursor").await.unwrap();
    assert_eq!(
        home.read(CURSOR),
        format!(
            "{{\n  \"mcpServers\": {{\n    \"jean-memory\": {{\n      \"url\": \"{URL}\"\n    }}\n  }}\n}}\n"
        )
    );
    disconnect(&connector, "cursor").await.unwrap();
    assert!(!home.path(CURSOR).exists());
    assert!(home.path(".cursor/other").exists());

    // What somebody else adds in between stays.
    connect(&connector, "cursor").await.unwrap();
    let theirs = home.read(CURSOR).replace("    }\n  }", "    },\n    \"b\": {}\n  }");
    home.write(CURSOR, &theirs);
    disconnect(&connector, "cursor").await.unwrap();
    assert_eq!(home.read(CURSOR), "{\n  \"mcpServers\": {\n    \"b\": {}\n  }\n}\n");
}

#[tokio::test]
async fn an_app_that_is_not_installed_gets_no_file() {
    let home = Home::new();
    let connector = home.connector();
    assert!(connector.apps().iter().all(|app| app.state == ConnectState::NotFound));
    for known in APPS {
        assert!(connector.connect(known, true, now()).await.is_err(), "{}", known.id);
    }
    let left: Vec<_> =
        fs::read_dir(home.0.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["data"]);
}

#[tokio::test]
async fn somebody_elses_entry_is_replaced_only_if_wanted_and_comes_back() {
    let before = "{\"mcpServers\": {\"jean-memory\": {\"command\": \"npx\", \"args\": [\"jean_sk_EXAMPLE_0123456789\"]}}}";
    let home = Home::with(CURSOR, before);
    let connector = home.connector();
    assert_eq!(state(&connector, "cursor"), (ConnectState::Changed, Some(EntryChange::Foreign)));
    let refused = connect(&connector, "cursor").await.unwrap_err();
    assert!(matches!(refused, ConnectError::Taken { change: EntryChange::Foreign, .. }), "{refused}");
    assert!(matches!(disconnect(&connector, "cursor").await, Err(ConnectError::NotOurs(_))));
    assert_eq!(home.read(CURSOR), before);

    let preview = connector.preview_connect(app("cursor"), true).unwrap();
    assert!(!serde_json::to_string(&preview).unwrap().contains("EXAMPLE"), "keys are not shown");
    connector.connect(app("cursor"), true, now()).await.unwrap();
    assert_eq!(state(&connector, "cursor"), (ConnectState::Connected, None));
    // Even when the file looks different by then.
    let reformatted: Value = serde_json::from_str(&home.read(CURSOR)).unwrap();
    home.write(CURSOR, &serde_json::to_string_pretty(&reformatted).unwrap());
    disconnect(&connector, "cursor").await.unwrap();
    let after: Value = serde_json::from_str(&home.read(CURSOR)).unwrap();
    assert_eq!(after, serde_json::from_str::<Value>(before).unwrap());
}

#[tokio::test]
async fn changed_lost_and_outdated_are_three_things() {
    let before = "{\"mcpServers\": {\n  \"b\": 1}}";
    let home = Home::with(CURSOR, before);
    connect(&home.connector(), "cursor").await.unwrap();
    let connected = home.read(CURSOR);

    home.write(CURSOR, before);
    assert_eq!(state(&home.connector(), "cursor"), (ConnectState::Wiped, None));
    connect(&home.connector(), "cursor").await.unwrap();
    assert_eq!(home.read(CURSOR), connected);

    home.write(CURSOR, &connected.replace("5326", "1"));
    assert_eq!(state(&home.connector(), "cursor"), (ConnectState::Changed, Some(EntryChange::Edited)));
    assert!(matches!(
        connect(&home.connector(), "cursor").await,
        Err(ConnectError::Taken { change: EntryChange::Edited, .. })
    ));

    home.write(CURSOR, &connected);
    let moved = home.connector_at("http://127.0.0.1:7777", None, None);
    assert_eq!(state(&moved, "cursor"), (ConnectState::Changed, Some(EntryChange::Outdated)));
    let again = connect(&moved, "cursor").await.unwrap();
    let [ConnectStep::Edit { removed, added, .. }] = &again.steps[..] else { panic!("{again:?}") };
    assert!(removed.concat().contains("5326") && added.concat().contains("7777"), "{again:?}");
    assert_eq!(home.read(CURSOR), connected.replace("5326", "7777"));
    disconnect(&moved, "cursor").await.unwrap();
    assert_eq!(home.read(CURSOR), before, "it leads back to the time before the bridge");
}

#[tokio::test]
async fn what_a_person_adds_to_the_entry_does_not_make_it_another() {
    let home = Home::with(CURSOR, "");
    let connector = home.connector();
    connect(&connector, "cursor").await.unwrap();
    home.write(CURSOR, &home.read(CURSOR).replace("\"url\"", "\"disabled\": false,\n      \"url\""));
    assert_eq!(state(&connector, "cursor"), (ConnectState::Connected, None));
    disconnect(&connector, "cursor").await.unwrap();
    assert!(!home.read(CURSOR).contains("jean-memory"));
}

#[tokio::test]
async fn an_entry_that_somebody_made_by_hand_is_recognised_and_taken_out() {
    let by_hand = format!("{{\"mcpServers\":{{\"jean-memory\":{{\"url\":\"{URL}\"}},\"b\":1}}}}");
    let home = Home::with(CURSOR, &by_hand);
    let connector = home.connector();
    assert_eq!(state(&connector, "cursor"), (ConnectState::Connected, None));
    assert!(connect(&connector, "cursor").await.unwrap().steps.is_empty());
    disconnect(&connector, "cursor").await.unwrap();
    assert_eq!(home.read(CURSOR), "{\"mcpServers\":{\"b\":1}}");
}

#[tokio::test]
async fn a_damaged_file_stays_as_it_is_and_says_why() {
    for (text, why) in
        [("{\n\"mcpServers\": [", "line 2"), ("[]", "should"), ("{\"mcpServers\": 1}", "mcpServers")]
    {
        let home = Home::with(CURSOR, text);
        let connector = home.connector();
        let view = connector.app(app("cursor"));
        assert_eq!(view.state, ConnectState::Unreadable);
        assert!(view.reason.as_ref().is_some_and(|reason| reason.contains(why)), "{view:?}");
        for result in [connect(&connector, "cursor").await, disconnect(&connector, "cursor").await] {
            assert!(matches!(result, Err(ConnectError::Unreadable { .. })), "{result:?}");
        }
        assert_eq!((home.read(CURSOR).as_str(), home.backups()), (text, 0));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_could_not_be_written_was_not_lost_by_the_app() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with(CURSOR, "{}");
    let protect = |mode| fs::set_permissions(home.path(CURSOR), fs::Permissions::from_mode(mode)).unwrap();
    protect(0o444);
    assert!(matches!(connect(&home.connector(), "cursor").await, Err(ConnectError::File { .. })));
    assert_eq!(state(&home.connector(), "cursor"), (ConnectState::Found, None));

    protect(0o600);
    connect(&home.connector(), "cursor").await.unwrap();
    protect(0o444);
    let moved = home.connector_at("http://127.0.0.1:5327", None, None);
    assert!(matches!(connect(&moved, "cursor").await, Err(ConnectError::File { .. })));
    assert_eq!(state(&moved, "cursor"), (ConnectState::Changed, Some(EntryChange::Outdated)));
    protect(0o600);
    disconnect(&moved, "cursor").await.unwrap();
    assert_eq!(home.read(CURSOR), "{}");
}

#[tokio::test]
async fn each_app_gets_its_own_entry_in_its_own_file() {
    for (id, file, entry) in [
        ("windsurf", ".codeium/windsurf/mcp_config.json", "\"serverUrl\": \"http://127.0.0.1:5326/mcp\""),
        ("zed", ".config/zed/settings.json", "\"context_servers\""),
        ("codex", ".codex/config.toml", "[mcp_servers.jean-memory]\nurl = \"http://127.0.0.1:5326/mcp\"\n"),
        ("gemini-cli", ".gemini/settings.json", "\"httpUrl\""),
        ("cline", ".cline/data/settings/cline_mcp_settings.json", "\"streamableHttp\""),
        ("goose", ".config/goose/config.yaml", "    uri: \"http://127.0.0.1:5326/mcp\"\n"),
        ("opencode", ".config/opencode/opencode.json", "\"remote\""),
        ("amp", ".config/amp/settings.json", "\"amp.mcpServers\""),
        ("antigravity", ".gemini/antigravity/mcp_config.json", "\"serverUrl\""),
    ] {
        let home = Home::with(file, "");
        let connector = home.connector();
        connect(&connector, id).await.unwrap();
        assert!(home.read(file).contains(entry), "{id}: {}", home.read(file));
        disconnect(&connector, id).await.unwrap();
        assert_eq!(home.read(file), "", "{id}");
    }
}

#[tokio::test]
async fn several_installations_are_connected_together() {
    let home = Home::with(".lmstudio/mcp.json", "{}");
    home.write(".cache/lm-studio/mcp.json", "{}");
    let connector = home.connector();
    assert_eq!(connect(&connector, "lm-studio").await.unwrap().steps.len(), 2);
    home.write(".cache/lm-studio/mcp.json", "{");
    assert_eq!(
        state(&connector, "lm-studio").0,
        ConnectState::Unreadable,
        "the one that most needs a person"
    );
}

#[tokio::test]
async fn every_profile_is_connected_and_left_as_it_was() {
    let [default, one, other] = ["", "profiles/a1/", "profiles/b2/"].map(vs_code);
    let home = Home::with(&default, "{}");
    home.write(&one, "{\"servers\": {\"mine\": {}}}");
    fs::create_dir_all(home.path(&other).parent().unwrap()).unwrap();
    let connector = home.connector();
    assert_eq!(connect(&connector, "vs-code").await.unwrap().steps.len(), 3);
    for file in [&default, &one, &other] {
        assert!(home.read(file).contains(URL), "{file}: {}", home.read(file));
    }
    assert_eq!(state(&connector, "vs-code"), (ConnectState::Connected, None));

    // One that is made later does not know of it yet.
    let later = vs_code("profiles/c3/");
    home.write(&later, "{}");
    assert_eq!(state(&connector, "vs-code"), (ConnectState::Found, None));
    assert_eq!(connect(&connector, "vs-code").await.unwrap().steps.len(), 1);
    assert_eq!(state(&connector, "vs-code"), (ConnectState::Connected, None));

    assert_eq!(disconnect(&connector, "vs-code").await.unwrap().steps.len(), 4);
    assert_eq!(
        [&default, &one, &later].map(|file| home.read(file)),
        ["{}", "{\"servers\": {\"mine\": {}}}", "{}"]
    );
    assert!(!home.path(&other).exists());
}

/// The file of VS Code, or of a profile of it.
fn vs_code(profile: &str) -> String {
    format!(".config/Code/User/{profile}mcp.json")
}

mod adapters {
    use super::*;

    const FILE: &str = ".config/Claude/claude_desktop_config.json";
    const PROGRAM: Option<&str> = Some("/opt/jean bridge/jean-bridge");

    #[tokio::test]
    async fn an_app_that_only_starts_programs_waits_for_the_adapter() {
        let home = Home::with(FILE, "{}");
        assert_eq!(home.connector().app(app("claude-desktop")).by, ConnectBy::Adapter);
        let refused = connect(&home.connector(), "claude-desktop").await;
        assert!(matches!(refused, Err(ConnectError::NeedsAdapter(_))), "{refused:?}");
        assert_eq!(home.read(FILE), "{}");

        let connector = home.connector_at(BRIDGE, PROGRAM, None);
        connect(&connector, "claude-desktop").await.unwrap();
        let written: Value = serde_json::from_str(&home.read(FILE)).unwrap();
        let entry = &written["mcpServers"]["jean-memory"];
        assert_eq!(*entry, serde_json::json!({"command": "/opt/jean bridge/jean-bridge", "args": ["stdio"]}));
    }

    #[tokio::test]
    async fn an_app_that_would_write_over_its_file_is_to_be_quit_first() {
        let home = Home::with(FILE, "{}");
        let running = home.connector_at(BRIDGE, PROGRAM, Some("claude-desktop"));
        assert!(running.app(app("claude-desktop")).quit_first);
        assert!(matches!(connect(&running, "claude-desktop").await, Err(ConnectError::QuitFirst(_))));
        let preview = running.preview_connect(app("claude-desktop"), false).unwrap();
        assert_eq!(
            (preview.steps.len(), preview.quit_first),
            (1, true),
            "what would be done can be seen before"
        );
        assert_eq!(home.read(FILE), "{}");
    }

    #[tokio::test]
    async fn with_an_adapter_only_apps_that_need_it_use_it() {
        let home = Home::with(".gemini/config/mcp_config.json", "{}");
        home.write(CURSOR, "{}");
        let connector = home.connector_at(BRIDGE, PROGRAM, None);
        connect(&connector, "antigravity").await.unwrap();
        connect(&connector, "cursor").await.unwrap();
        assert!(home.read(".gemini/config/mcp_config.json").contains("stdio"));
        assert!(!home.read(CURSOR).contains("stdio"), "never both, or every tool is there twice");
    }
}

#[cfg(unix)]
mod programs {
    use super::*;

    /// What Claude Code's own program does with its file.
    const CLAUDE: &str = r#"case "$2" in
add) echo '{"mcpServers":{"jean-memory":{"type":"http","url":"'"$8"'"}}}' > .claude.json;;
remove) echo '{"mcpServers":{}}' > .claude.json;;
esac"#;

    #[tokio::test]
    async fn an_apps_own_program_comes_first() {
        let home = Home::with(".claude.json", "{\"mine\": 1}");
        home.program("claude", CLAUDE);
        let connector = home.connector();
        let preview = connector.preview_connect(app("claude-code"), false).unwrap();
        let command = "claude mcp add --scope user --transport http jean-memory http://127.0.0.1:5326/mcp";
        assert_eq!(preview.steps, [ConnectStep::Run { command: command.into() }]);
        assert!(!home.path("calls").exists());

        let done = connect(&connector, "claude-code").await.unwrap();
        assert_eq!((done.app.state, done.instead_of), (ConnectState::Connected, None));
        assert_eq!(home.backups(), 1);
        let moved = home.connector_at("http://127.0.0.1:7777", None, None);
        assert_eq!(state(&moved, "claude-code"), (ConnectState::Changed, Some(EntryChange::Outdated)));
        connect(&moved, "claude-code").await.unwrap();
        disconnect(&moved, "claude-code").await.unwrap();
        assert_eq!(state(&moved, "claude-code"), (ConnectState::Found, None));
        let remove = "mcp remove --scope user jean-memory\n";
        let add = "mcp add --scope user --transport http jean-memory http://127.0.0.1";
        assert_eq!(home.read("calls"), format!("{add}:5326/mcp\n{remove}{add}:7777/mcp\n{remove}"));
    }

    #[tokio::test]
    async fn a_program_may_write_into_the_profile_that_is_open() {
        let [default, open] = ["", "profiles/a1/"].map(vs_code);
        let home = Home::with(&default, "{}");
        home.write(&open, "{\"servers\":{\"mine\":{}}}");
        let entry = format!("{{\"type\":\"http\",\"url\":\"{URL}\"}}");
        home.program(
            "code",
            &format!("echo '{{\"servers\":{{\"mine\":{{}},\"jean-memory\":{entry}}}}}' > {open}"),
        );
        let connector = home.connector();
        let done = connect(&connector, "vs-code").await.unwrap();
        assert_eq!(done.app.state, ConnectState::Connected);
        assert!(home.path("calls").exists() && home.read(&default).contains(URL));

        disconnect(&connector, "vs-code").await.unwrap();
        assert_eq!(home.read(&default), "{}");
        assert_eq!(home.read(&open), "{\"servers\":{\"mine\":{}}}\n");
    }

    #[tokio::test]
    async fn a_file_that_lives_is_left_to_its_program() {
        let home = Home::with(".claude.json", "{\"mcpServers\":{\"jean-memory\":{\"url\":\"x\"}}}");
        home.program("claude", "echo no >&2; exit 1");
        let connector = home.connector();
        let refused = connector.connect(app("claude-code"), true, now()).await.unwrap_err();
        assert!(
            matches!(&refused, ConnectError::RemoveFirst { command } if command.contains("mcp remove")),
            "{refused}"
        );
        home.write(".claude.json", "{}");
        assert!(matches!(connect(&connector, "claude-code").await, Err(ConnectError::Call(_))));
        home.program("claude", "exit 0");
        assert!(matches!(connect(&connector, "claude-code").await, Err(ConnectError::NotSeen { .. })));
        assert_eq!(home.read(".claude.json"), "{}");
    }

    #[tokio::test]
    async fn without_its_program_such_a_file_is_edited_only_while_nothing_of_the_app_runs() {
        let home = Home::with(".claude.json", "{}");
        let running = home.connector_at(BRIDGE, None, Some("claude"));
        assert!(matches!(connect(&running, "claude-code").await, Err(ConnectError::QuitFirst(_))));
        connect(&home.connector(), "claude-code").await.unwrap();
        assert!(home.read(".claude.json").contains(URL));
        assert!(matches!(disconnect(&running, "claude-code").await, Err(ConnectError::QuitFirst(_))));
    }

    #[tokio::test]
    async fn a_program_that_fails_or_does_nothing_is_replaced_by_an_edit() {
        for script in ["echo 'unexpected argument --url' >&2; exit 2", "exit 0"] {
            let home = Home::with(".codex/config.toml", "model = \"o9\" # mine\n");
            home.program("codex", script);
            let connector = home.connector();
            let done = connect(&connector, "codex").await.unwrap();
            assert_eq!(done.app.state, ConnectState::Connected);
            assert!(done.instead_of.is_some_and(|failed| failed.contains("codex mcp add jean-memory --url")));
            assert!(
                home.read(".codex/config.toml")
                    .starts_with("model = \"o9\" # mine\n\n[mcp_servers.jean-memory]\n")
            );
            disconnect(&connector, "codex").await.unwrap();
            assert_eq!(home.read(".codex/config.toml"), "model = \"o9\" # mine\n");
        }
    }

    #[tokio::test]
    async fn a_program_that_writes_and_then_fails_has_done_it() {
        let home = Home::with(".codex/config.toml", "");
        home.program(
            "codex",
            "printf '[mcp_servers.jean-memory]\\nurl = \"%s\"\\n' \"$5\" > .codex/config.toml; exit 1",
        );
        let done = connect(&home.connector(), "codex").await.unwrap();
        assert_eq!((done.app.state, done.instead_of), (ConnectState::Connected, None));
    }

    #[tokio::test]
    async fn what_began_with_an_edit_ends_with_one() {
        let before = "[mcp_servers.jean-memory]\ncommand = \"npx\"\n";
        let home = Home::with(".codex/config.toml", before);
        home.connector().connect(app("codex"), true, now()).await.unwrap();
        home.program("codex", "exit 1");
        let moved = home.connector_at("http://127.0.0.1:7777", None, None);
        assert_eq!(connect(&moved, "codex").await.unwrap().instead_of, None);
        disconnect(&moved, "codex").await.unwrap();
        assert_eq!(home.read(".codex/config.toml"), before);
        assert!(!home.path("calls").exists());
    }

    #[tokio::test]
    async fn the_entry_that_a_newer_gemini_writes_is_recognised() {
        let home = Home::with(".gemini/settings.json", "");
        home.program("gemini", "printf '{\"mcpServers\":{\"jean-memory\":{\"url\":\"%s\",\"type\":\"http\"}}}' \"$8\" > .gemini/settings.json");
        let done = connect(&home.connector(), "gemini-cli").await.unwrap();
        assert_eq!((done.app.state, done.instead_of), (ConnectState::Connected, None));
    }

    #[tokio::test]
    async fn without_a_backup_nothing_is_changed() {
        let home = Home::with(CURSOR, "{}");
        // A file where the folder of backups would be.
        home.write("data/connect/backups", "");
        let refused = connect(&home.connector(), "cursor").await;
        assert!(matches!(refused, Err(ConnectError::Memory(_))), "{refused:?}");
        assert_eq!(home.read(CURSOR), "{}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_bridges_do_not_edit_at_once() {
    let home = Home::with(CURSOR, "{}");
    let held = home.connector().lock().await.unwrap();
    assert!(matches!(connect(&home.connector(), "cursor").await, Err(ConnectError::Busy)));
    let connector = home.connector();
    let (connected, ()) = tokio::join!(connect(&connector, "cursor"), async { drop(held) });
    connected.unwrap();
}

#[test]
fn a_window_can_wait_for_it_on_any_thread() {
    fn any_thread(_: &(impl Send + ?Sized)) {}
    let home = Home::new();
    let connector = home.connector();
    any_thread(&&connector);
    any_thread(&connector.connect(app("cursor"), false, now()));
    any_thread(&connector.disconnect(app("cursor"), now()));
}
