//! The `.deb` from its installation to its end: J2, J10 and J11 of design.md 2 with what people are given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::deb;
use super::root::{Kind, Root, SHARED};
use super::session::Session;
use crate::harness::http::Http;
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::{Client, Tokens};
use crate::harness::pictures;
use crate::harness::screen::key;
use crate::harness::stdio::{StdioClient, done};
use crate::harness::waiting::until;

const PACKAGE: &str = "package.deb";
const NEWER_PACKAGE: &str = "newer.deb";
const NAME: &str = "jean-memory-bridge";
const NEWER_VERSION: &str = "999.0.0";
const APP: &str = "jean-memory-bridge";
const ADAPTER: &str = "/usr/bin/jean-bridge stdio --client claude-desktop";
/// Left in the user's folder of entries that start with the desktop.
const AUTOSTART: &str = "/home/person/.config/autostart";
/// What a desktop that is run by systemd makes of those.
const GENERATOR: &str = "/usr/lib/systemd/user-generators/systemd-xdg-autostart-generator";

/// Where only dpkg and apt, and the linker's cache, keep books; and what belongs to the person, looked at by itself.
const BOOKS: [&str; 6] =
    ["/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/var/cache/ldconfig", "/var/log", "/home/person"];

#[test]
fn where_nothing_else_is_apt_brings_all_that_it_needs() {
    let root = with_package(Kind::Bare);
    let version = root.root_ok(&["dpkg-query", "--show", "--showformat=${Version}", NAME]);
    let upstream = version.split('-').next().expect("a version");
    assert_eq!(root.root_ok(&["jean-bridge", "--version"]).trim_end(), format!("jean-bridge {upstream}"));
    for program in ["/usr/bin/jean-memory-bridge", "/usr/bin/jean-bridge"] {
        let libraries = root.root_ok(&["ldd", program]);
        assert!(!libraries.contains("not found"), "{program} lacks a library:\n{libraries}");
    }
    // Loaded at run time only, for the tray.
    root.root_ok(&["sh", "-c", "ldconfig --print-cache | grep --quiet libayatana-appindicator3"]);
    // Letters.
    root.root_ok(&["sh", "-c", "fc-list : family | grep --quiet ."]);
}

/// J2 from the desktop's menu, by keyboard; an upgrade while two apps use it; removal; purge.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_used_upgraded_while_in_use_and_removed_and_only_the_persons_data_stays() {
    let root = Root::start(Kind::Desktop);
    let before = files(&root);
    install(&root);
    let session = Session::start(&root).await;
    let bridge = session.start_app().await;
    let icon = session.panel().icon();

    let (client, tokens) = sign_in_to_the_sandbox(&session).await;
    assert_eq!(
        add_memory(&bridge.http(), &tokens, "It rained on the day of the move.").await["isError"],
        false
    );
    assert_eq!(session.cli_json(&["accounts"])[0]["kind"], "sandbox");
    let mut adapter = connected_adapter(&session).await;

    // Both go on through the upgrade: the app over HTTP and the adapter over the socket, without a pause.
    let started = session.processes(ADAPTER);
    let app = session.processes(APP);
    assert_eq!((started.len(), app.len()), (1, 1));
    let used = use_until_told(bridge.http(), tokens.clone(), adapter);
    upgrade(&root);
    adapter = used.stop().await;
    assert_eq!(installed_version(&root), NEWER_VERSION);
    assert_eq!(session.processes(ADAPTER), started, "the adapter that the AI app has started is still there");
    assert_eq!(session.processes(APP), app, "nothing is restarted behind the person's back");

    // The person quits the app and starts it again: nobody signs in again.
    icon.click(&["Quit"]);
    until("the app's end", async || session.processes(APP).is_empty().then_some(())).await;
    let bridge = session.start_app().await;
    let icon = session.panel().icon();
    assert_ne!(session.processes(APP), app);
    assert!(list_memories(&bridge.http(), &tokens).await.to_string().contains("It rained"));
    let refreshed = client.refresh(tokens.refresh()).await.assert_status(200);
    list_memories(&bridge.http(), &Tokens::of(&client.id, &refreshed)).await;
    assert!(done(&adapter.call("list_memories", json!({})).await).contains("It rained"));
    assert_eq!(session.processes(ADAPTER), started);
    assert_eq!(session.cli_json(&["requests"]), json!([]), "nobody asks again");

    // Start at login is left on.
    icon.click(&["Start at login"]);
    until("an entry", async || (!started_at_login(&session).is_empty()).then_some(())).await;
    icon.click(&["Quit"]);
    until("the app's end", async || session.processes(APP).is_empty().then_some(())).await;
    let (status, _) = adapter.close().await;
    assert!(status.success(), "{status}");

    let kept = session.home();
    root.root_ok(&["apt-get", "--yes", "remove", NAME]);
    assert_eq!(session.home(), kept, "removing the program touches nothing of the person's");
    assert_eq!(started_at_login(&session), "", "the desktop passes over an entry whose program is gone");
    // apt no longer knows it, as there are no settings of it below /etc.
    root.root_ok(&["dpkg", "--purge", NAME]);
    assert_eq!(session.home(), kept, "nor does purging it");
    assert!(kept.contains("/home/person/.local/share/jean-bridge/bridge.db "), "{kept}");
    assert_eq!(changes(&before, &files(&root)), Vec::<String>::new(), "nothing of it is left");
}

/// J11: what a person does who wants nothing to stay.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_reset_and_a_purge_nothing_is_left_at_all() {
    let root = Root::start(Kind::Desktop);
    let before = files(&root);
    install(&root);
    let session = Session::start(&root).await;
    root.root_ok(&[
        "install",
        "-D",
        "-m",
        "644",
        "-o",
        "person",
        "-g",
        "person",
        "/dev/null",
        "/home/person/.cursor/mcp.json",
    ]);
    root.root_ok(&["chown", "-R", "person:person", "/home/person/.cursor"]);
    let untouched = ours(&session);
    session.start_app().await;
    let icon = session.panel().icon();
    sign_in_to_the_sandbox(&session).await;
    session.person_ok(&["jean-bridge", "connect", "cursor"]);
    assert!(root.root_ok(&["cat", "/home/person/.cursor/mcp.json"]).contains("mcp"));
    icon.click(&["Start at login"]);
    until("an entry", async || (!started_at_login(&session).is_empty()).then_some(())).await;
    assert_eq!(keychain_items(&session), 1, "the signing key");

    icon.click(&["Quit"]);
    until("the app's end", async || session.processes(APP).is_empty().then_some(())).await;
    session.person_ok(&["jean-bridge", "reset", "--yes"]);
    root.root_ok(&["apt-get", "--yes", "purge", NAME]);
    assert_eq!(ours(&session), untouched);
    assert_eq!(root.root_ok(&["cat", "/home/person/.cursor/mcp.json"]), "");
    assert_eq!(keychain_items(&session), 0);
    assert_eq!(changes(&before, &files(&root)), Vec::<String>::new(), "nothing of it is left");
}

/// A root in which the package was installed.
pub(super) fn with_package(kind: Kind) -> Root {
    let root = Root::start(kind);
    install(&root);
    root
}

fn install(root: &Root) {
    std::fs::copy(deb(), root.shared().join(PACKAGE)).expect("a copy");
    root.install(PACKAGE);
}

/// Packs the same programs again under a higher version, and installs that.
fn upgrade(root: &Root) {
    let script = format!(
        "cd {SHARED} && dpkg-deb --raw-extract {PACKAGE} newer &&
         sed -i 's/^Version: .*/Version: {NEWER_VERSION}/' newer/DEBIAN/control &&
         dpkg-deb --build --root-owner-group -Znone newer {NEWER_PACKAGE}"
    );
    root.root_ok(&["sh", "-c", &script]);
    let program = || root.root_ok(&["stat", "--format=%i", "/usr/bin/jean-bridge"]);
    let old = program();
    root.install(NEWER_PACKAGE);
    assert_ne!(program(), old, "the file is another one, at the path where it was");
}

fn installed_version(root: &Root) -> String {
    root.root_ok(&["dpkg-query", "--show", "--showformat=${Version}", NAME])
}

/// No account yet: the person chooses the sandbox and allows, with keys alone.
async fn sign_in_to_the_sandbox(session: &Session<'_>) -> (Client, Tokens) {
    let screen = session.screen();
    // The first start says welcome.
    let welcome = screen.window("Jean Memory Bridge");
    let asked = Client::register(&session.bridge(), "Claude Code").await.ask(&[]).await;
    let question = until("the question", async || {
        screen.windows().into_iter().find(|window| *window != welcome && screen.is_above(window))
    })
    .await;
    screen.until_focused(&question);
    let start = session.until_still(&question).await;
    pictures::keep("package-question", &start);
    // Past the eye in the field for a key, and the help for it.
    for _ in 0..3 {
        screen.press(&[key::TAB]);
    }
    screen.press(&[key::ENTER]);
    let chosen =
        until("another choice", async || Some(screen.picture_of(&question)).filter(|now| *now != start))
            .await;
    drop(chosen);
    pictures::keep("package-sandbox", &session.until_still(&question).await);
    allow(session).await;
    let back = asked.finish().await;
    let tokens = asked.exchange(back.get("code").expect("a code")).await;
    (asked.client, tokens)
}

/// Alt and the marked letter, until the window is gone: it sleeps for a moment when it comes.
async fn allow(session: &Session<'_>) {
    let screen = session.screen();
    until("that it is allowed", async || {
        let question = screen.windows().into_iter().find(|window| screen.is_above(window));
        if question.is_some() {
            screen.press(&[key::ALT, u32::from('a')]);
        }
        question.is_none().then_some(())
    })
    .await;
}

/// An adapter whose first use was allowed.
async fn connected_adapter(session: &Session<'_>) -> StdioClient {
    let mut adapter = session.adapter("claude-desktop").opened("2025-06-18").await;
    let first = adapter.begin_call("list_memories", json!({})).await;
    let code =
        until("a question", async || session.cli_json(&["requests"])[0]["code"].as_str().map(str::to_owned))
            .await;
    session.person_ok(&["jean-bridge", "approve", &code]);
    let _ = adapter.answer(first).await;
    until_allowed(&mut adapter).await;
    adapter
}

async fn until_allowed(adapter: &mut StdioClient) {
    while adapter.call("list_memories", json!({})).await["isError"] == true {}
}

/// Two apps that call again and again.
struct Use {
    is_over: Arc<AtomicBool>,
    over_http: tokio::task::JoinHandle<u32>,
    adapter: tokio::task::JoinHandle<(StdioClient, u32)>,
}

fn use_until_told(http: Http, tokens: Tokens, mut adapter: StdioClient) -> Use {
    let is_over = Arc::new(AtomicBool::new(false));
    let (first, second) = (Arc::clone(&is_over), Arc::clone(&is_over));
    let over_http = tokio::spawn(async move {
        let mut calls = 0;
        while !first.load(Ordering::Relaxed) {
            assert_eq!(list_memories(&http, &tokens).await["isError"], false);
            calls += 1;
        }
        calls
    });
    let adapter = tokio::spawn(async move {
        let mut calls = 0;
        while !second.load(Ordering::Relaxed) {
            done(&adapter.call("list_memories", json!({})).await);
            calls += 1;
        }
        (adapter, calls)
    });
    Use { is_over, over_http, adapter }
}

impl Use {
    async fn stop(self) -> StdioClient {
        self.is_over.store(true, Ordering::Relaxed);
        let (adapter, calls) = self.adapter.await.expect("every call of the adapter succeeds");
        let others = self.over_http.await.expect("every call over HTTP succeeds");
        assert!(calls > 1 && others > 1, "{calls}, {others}");
        adapter
    }
}

async fn add_memory(http: &Http, tokens: &Tokens, text: &str) -> Value {
    call(http, tokens, "add_memories", json!({ "text": text })).await
}

pub(super) async fn list_memories(http: &Http, tokens: &Tokens) -> Value {
    call(http, tokens, "list_memories", json!({})).await
}

async fn call(http: &Http, tokens: &Tokens, tool: &str, arguments: Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments });
    let answer = modern(http, &tokens.access, "tools/call", params).send().await.assert_status(200);
    reply(&answer)["result"].clone()
}

/// What a desktop would start for the person at login: the units that systemd makes of their entries.
fn started_at_login(session: &Session<'_>) -> String {
    let script = format!(
        "test -d {AUTOSTART} || exit 0; units=$(mktemp -d) && {GENERATOR} \"$units\" \"$units\" \"$units\" &&
         find \"$units\" -name '*jean*.service'; rm -r \"$units\""
    );
    session.person_ok(&["sh", "-c", &script]).trim_end().to_owned()
}

/// The person's files, without those of the keychain, of the window manager and of what draws windows, and without the
/// folders that all programs share.
fn ours(session: &Session<'_>) -> Vec<String> {
    let others =
        ["/.local/share/keyrings", "/.cache/openbox", "/.cache/fontconfig", "/.cache/mesa_shader_cache"];
    let shared = ["/.config ", "/.config/autostart ", "/.local/state "];
    let is_ours = |line: &&str| others.iter().chain(&shared).all(|other| !line.contains(other));
    session.home().lines().filter(is_ours).map(str::to_owned).collect()
}

fn keychain_items(session: &Session<'_>) -> usize {
    let mut search = session.command(&["secret-tool", "search", "--all", "service", "com.jeanmemory.bridge"]);
    let found = search.output().expect("it can be started");
    let text = [found.stdout, found.stderr].concat();
    String::from_utf8_lossy(&text).lines().filter(|line| line.starts_with("[/")).count()
}

/// Everything in the root with its kind, rights, owner, and of files the size.
fn files(root: &Root) -> Vec<String> {
    let listed = root.root_ok(&[
        "find",
        "/",
        "-xdev",
        "-type",
        "d",
        "-printf",
        "%p %M %u:%g\n",
        "-o",
        "-printf",
        "%p %M %u:%g %s %l\n",
    ]);
    let books = |line: &str| BOOKS.iter().any(|place| line.starts_with(place));
    let mut lines: Vec<String> = listed.lines().filter(|line| !books(line)).map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// What is in one listing only.
fn changes(before: &[String], after: &[String]) -> Vec<String> {
    let gone =
        before.iter().filter(|line| after.binary_search(line).is_err()).map(|line| format!("- {line}"));
    let new = after.iter().filter(|line| before.binary_search(line).is_err()).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}
