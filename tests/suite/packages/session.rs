//! The person's session in a clean Debian: a screen, a window manager, a bus, a keychain, and a panel; and the app as
//! their desktop starts it.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command as AsyncCommand;

use super::root::{Root, ok};
use crate::harness::http::Http;
use crate::harness::panel::Panel;
use crate::harness::ports::free_port;
use crate::harness::screen::{Screen, Shown};
use crate::harness::serving::Serving;
use crate::harness::stdio::StdioClient;
use crate::harness::waiting::until;

/// Of the desktop entry.
pub(super) const APP_ID: &str = "com.jeanmemory.bridge";
/// A page that has not moved for so long is done with moving.
const STILL: Duration = Duration::from_millis(300);
/// Bytes of a picture of an empty window, and more.
const PAINTED: usize = 8 * 1024;
pub(super) const RUNTIME: &str = "/run/user/1000";
/// Where programs look for the sockets of X servers.
const SCREENS: &str = "/tmp/.X11-unix";
/// The usual session bus, which lets the panel of the test in as well.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <include>/usr/share/dbus-1/session.conf</include>
  <policy context="mandatory"><allow user="*"/></policy>
</busconfig>
"#;

/// It ends with the root.
pub(super) struct Session<'a> {
    root: &'a Root,
    variables: Vec<(&'static str, String)>,
    /// The path of its socket on this side.
    display: PathBuf,
    port: u16,
    panel: Panel,
    _servers: [Child; 4],
}

impl<'a> Session<'a> {
    pub(super) async fn start(root: &'a Root) -> Self {
        root.root_ok(&["install", "-d", "-m", "700", "-o", "person", "-g", "person", RUNTIME]);
        let mut variables = vec![("XDG_RUNTIME_DIR", RUNTIME.to_owned()), ("LANG", "C.UTF-8".to_owned())];
        let spawn = |variables: &[_], words: &[&str]| {
            let mut server = root.by_person(variables, words);
            server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            server.spawn().expect("it can be started")
        };

        std::fs::write(root.shared().join("bus.conf"), BUS).unwrap();
        let words =
            ["dbus-daemon", "--config-file=/shared/bus.conf", "--address=unix:path=/shared/bus", "--nofork"];
        let bus = spawn(&variables, &[&words[..], &["--print-address=1"]].concat());
        let bus = until_ready(bus).0;
        variables.push(("DBUS_SESSION_BUS_ADDRESS", "unix:path=/shared/bus".to_owned()));
        let panel = Panel::start(&format!("unix:path={}", root.shared().join("bus").display()));

        // Where this side can reach the screen too.
        std::fs::create_dir(root.shared().join("screens")).unwrap();
        root.root_ok(&["chmod", "1777", "/shared/screens"]);
        root.root_ok(&["mkdir", SCREENS]);
        root.root_ok(&["mount", "--bind", "/shared/screens", SCREENS]);
        let words =
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"];
        let (x, number) = until_ready(spawn(&variables, &words));
        let display = root.shared().join(format!("screens/X{number}"));
        variables.push(("DISPLAY", format!(":{number}")));
        let openbox = spawn(&variables, &["openbox", "--sm-disable"]);
        let mut keychain =
            spawn(&variables, &["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"]);
        keychain.stdin.take().expect("it is piped").write_all(b"test").unwrap();
        let port = free_port();
        variables.push(("JEAN_BRIDGE_PORT", port.to_string()));
        let session = Self { root, variables, display, port, panel, _servers: [bus, x, openbox, keychain] };
        session.screen().until_windows_are_kept();
        let asked = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"];
        let asked =
            [&asked[..], &["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]].concat();
        until("a keychain", async || session.person_ok(&asked).contains("true").then_some(())).await;
        session
    }

    /// From the desktop's menu; returns when it answers.
    pub(super) async fn start_app(&self) -> Serving {
        self.panel.overlook();
        // The app goes on with the output that it was given, so nobody can wait for its end.
        let output =
            std::fs::File::options().create(true).append(true).open(self.root.shared().join("app.txt"));
        let output = output.expect("a file");
        let mut launch = self.command(&["gtk-launch", APP_ID]);
        launch.stdout(output.try_clone().expect("a file")).stderr(output);
        assert!(launch.status().expect("it can be started").success());
        let url = format!("http://127.0.0.1:{}", self.port);
        until("the app's bridge", async || {
            let answer = Http::new(&url).get("/status").try_send().await?;
            (answer.json()["status"] == "ready").then_some(())
        })
        .await;
        self.bridge()
    }

    /// The app's bridge, over HTTP.
    pub(super) fn bridge(&self) -> Serving {
        Serving::at(&format!("http://127.0.0.1:{}", self.port), self.root.shared())
    }

    /// A picture of a window that has something to show and does not change any more; a text cursor blinks.
    pub(super) async fn until_still(&self, window: &Shown) -> Vec<u8> {
        let screen = self.screen();
        until("a window that is painted", async || {
            let picture = screen.picture_of(window);
            tokio::time::sleep(STILL).await;
            (picture.len() > PAINTED && screen.picture_of(window) == picture).then_some(picture)
        })
        .await
    }

    pub(super) fn panel(&self) -> &Panel {
        &self.panel
    }

    pub(super) fn screen(&self) -> Screen {
        Screen::at(&self.display)
    }

    /// A program of the session.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        self.root.by_person(&self.variables, words)
    }

    /// What it prints.
    #[track_caller]
    pub(super) fn person_ok(&self, words: &[&str]) -> String {
        ok(&mut self.command(words))
    }

    /// What `jean-bridge … --json` prints.
    #[track_caller]
    pub(super) fn cli_json(&self, words: &[&str]) -> Value {
        let said = self.person_ok(&[&["jean-bridge"], words, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("not JSON: {said}"))
    }

    /// An AI app starts the adapter, with the clean environment that such apps give it.
    pub(super) fn adapter(&self, name: &str) -> StdioClient {
        let command = self.root.by_person(&[], &["/usr/bin/jean-bridge", "stdio", "--client", name]);
        StdioClient::spawn(&mut AsyncCommand::from(command))
    }

    /// The process ids, in the root, of what runs with exactly these words.
    pub(super) fn processes(&self, words: &str) -> Vec<u32> {
        let mut found = self.root.by_root(&["pgrep", "--full", "--exact", words]);
        let found = found.output().expect("it can be started").stdout;
        String::from_utf8_lossy(&found).split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    /// Everything that the person has, without what the programs of others keep there.
    pub(super) fn home(&self) -> String {
        let mut text = String::new();
        for line in self.root.root_ok(&["find", "/home/person", "-printf", "%p %M\n"]).lines() {
            writeln!(text, "{line}").unwrap();
        }
        text
    }
}

/// The first line that a server prints, which says that it is ready.
fn until_ready(mut server: Child) -> (Child, String) {
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("it is piped")).read_line(&mut line).unwrap();
    assert!(line.ends_with('\n'), "a server of the session ended: {:?}", server.wait());
    (server, line.trim_end().to_owned())
}
