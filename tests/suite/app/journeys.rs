//! Whole journeys of design.md 2, from the outside. J2 is in `consent_allow`, J3 in `connect_claude`, J5 in `tray`, J6 in `notifications`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::world::World;
use crate::double::{ALICE, Fault, tool};
use crate::harness::desktop::{Desktop, Process};
use crate::harness::http::{PATIENCE, Redirect};
use crate::harness::oauth::{Client, Pkce, Tokens};
use crate::harness::panel::Panel;
use crate::harness::programs::install;
use crate::harness::serving::Serving;
use crate::harness::waiting::until;
use crate::harness::webdriver::Driver;

/// J1, where there is a display.
#[tokio::test(flavor = "multi_thread")]
async fn make_run_starts_the_tray_app() {
    let desktop = Desktop::with_keychain();
    let panel = Panel::start(&desktop.bus());
    let output = desktop.keychain().home().join("run.txt");
    let _run = Process::start(as_newcomer(&mut Command::new("bash"), &desktop, &output));
    panel.icon().entry(&["Ready"]);
    let said = std::fs::read_to_string(&output).unwrap();
    assert!(said.contains("its icon, two joined rings, appears in the tray"), "{said}");
    assert!(said.contains("claude mcp add"), "{said}");
    assert_eq!(
        built(&desktop),
        "build --locked --package jean-memory-bridge --package jean-bridge\n",
        "the app, and the command line that looks into it"
    );
}

/// J1, where there is none.
#[tokio::test(flavor = "multi_thread")]
async fn make_run_without_a_display_says_so_and_serves() {
    let desktop = Desktop::with_keychain();
    let output = desktop.keychain().home().join("run.txt");
    let mut command = Command::new("bash");
    as_newcomer(&mut command, &desktop, &output).env_remove("DISPLAY");
    let _run = Process::start(&mut command);
    let url = until("a bridge", async || {
        let said = std::fs::read_to_string(&output).unwrap();
        said.lines().find_map(|line| line.strip_prefix("listening on ")).map(str::to_owned)
    })
    .await;
    let said = std::fs::read_to_string(&output).unwrap();
    assert!(said.contains("There is no display here"), "{said}");
    let serving = Serving::at(&url, &desktop.bridge_home());
    assert_eq!(serving.http().get("/status").send().await.assert_status(200).json()["status"], "ready");
    assert_eq!(built(&desktop), "build --locked --package jean-bridge\n", "nothing that needs a desktop");
}

/// J4, in a real browser.
#[tokio::test(flavor = "multi_thread")]
async fn the_browser_shows_the_code_of_the_window_and_comes_back_to_the_client() {
    let world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let redirect = format!("http://{}/callback", listener.local_addr().unwrap());
    let metadata = json!({ "client_name": "Claude Code", "redirect_uris": [redirect],
                           "token_endpoint_auth_method": "none" });
    let client = Client::register_as(&world.app, &metadata).await;
    let pkce = Pkce::new();
    let browser = Driver::of_browser(&world.desktop);
    let url = format!("{}/oauth/authorize?{}", world.app.url(), client.query(&pkce, &[]));
    let tab = browser.open(&url).await;
    tab.until_shown("Claude Code").await;
    let code = tab.find(".code").await.text().await;

    let window = super::consent::Consent::about(&world.app, &code).await;
    world.desktop.screen().focus(&world.desktop.screen().window("Jean Memory Bridge"));
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;

    // The page finds out by itself and goes back.
    let (mut stream, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let mut head = vec![0; 4096];
    let length = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    let path = head.split_whitespace().nth(1).expect("a request");
    stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nDone").await.unwrap();
    drop(stream);
    let back = Redirect::of(path);
    assert_eq!((back.get("state"), back.get("iss")), (Some("a-state"), Some(world.app.url())));
    let exchanged = client
        .token(&[
            ("grant_type", "authorization_code"),
            ("code", back.get("code").expect("a code")),
            ("code_verifier", &pkce.verifier),
            ("redirect_uri", &redirect),
        ])
        .await
        .assert_status(200);
    let tokens = Tokens::of(&client.id, &exchanged);
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    tab.until_shown("Done").await;
}

/// J7.
#[tokio::test(flavor = "multi_thread")]
async fn a_memory_service_that_fails_is_told_honestly_and_comes_back_by_itself() {
    let world = World::with_account().await;
    let icon = world.icon();
    let (_, tokens) = world.sign_in("Claude Code").await;
    let state = |words: &str| icon.until(words, |menu| (menu[0].label == words).then_some(()));
    state("Ready");
    world.double.fault(Fault::Html(502).on(tool("list_memories")));
    let failed = world.list_memories(&tokens).await;
    assert_eq!(failed["isError"], true);
    assert!(!failed.to_string().contains('<'), "{failed}");
    world.double.clear();
    world.double.go_away().await;
    let failed = world.list_memories(&tokens).await;
    assert_eq!(failed["isError"], true);
    state("Jean Memory cannot be reached");
    let page = world.open(&icon).await;
    page.until_shown("Jean Memory could not be reached at the last attempt").await;
    world.double.come_back();
    until("a call that works", async || {
        (world.list_memories(&tokens).await["isError"] == false).then_some(())
    })
    .await;
    state("Ready");
    page.until("!document.body.innerText.includes('could not be reached')").await;
}

/// `tools/run` as `make run` calls it, with the person's own Rust and this desktop around it.
fn as_newcomer<'a>(command: &'a mut Command, desktop: &Desktop, output: &Path) -> &'a mut Command {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a repository");
    let suite = std::env::current_exe().expect("a path of its own");
    let file = std::fs::File::create(output).expect("a file");
    let person = std::env::var_os("HOME").unwrap_or_default();
    let rust = |name: &str, folder: &str| {
        std::env::var_os(name).unwrap_or_else(|| Path::new(&person).join(folder).into_os_string())
    };
    command
        .arg(repository.join("tools/run"))
        .env("RUSTUP_HOME", rust("RUSTUP_HOME", ".rustup"))
        .env("CARGO_HOME", rust("CARGO_HOME", ".cargo"))
        .env("CARGO_TARGET_DIR", suite.ancestors().nth(3).expect("target/PROFILE/deps/suite"))
        .envs(desktop.env())
        .env("PATH", path_with_recorder(desktop))
        .env("JEAN_BRIDGE_PORT", "0")
        .env("JEAN_BRIDGE_API_BASE_URL", "sandbox")
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a file"))
        .stderr(file)
}

/// A search path on which `cargo` only writes down what it is asked for: the programs are built already, and building
/// one of them anew would replace what other tests are running.
fn path_with_recorder(desktop: &Desktop) -> OsString {
    let cargo = recorder(desktop).join("cargo");
    std::fs::create_dir_all(recorder(desktop)).expect("a folder");
    install(&cargo, b"#!/bin/sh\necho \"$@\" >>\"$(dirname \"$0\")/asked\"\n");
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(recorder(desktop)).chain(std::env::split_paths(&usual));
    std::env::join_paths(folders).expect("a search path")
}

/// What `cargo` was asked for.
fn built(desktop: &Desktop) -> String {
    std::fs::read_to_string(recorder(desktop).join("asked")).expect("cargo was asked")
}

fn recorder(desktop: &Desktop) -> PathBuf {
    desktop.keychain().home().join("recorder")
}
