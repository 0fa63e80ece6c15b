//! The official MCP conformance suite, against the bridge with a double behind it that offers the suite's tools.
//!
//! The suite runs as it is published (tests/conformance); only a token is put into its requests, because it has no
//! option for one (protocol.md 11.2). What does not apply is listed with its reason in the baselines; the suite itself
//! fails when a listed scenario passes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::double::{ALICE, Double};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::http::Http;
use crate::harness::node::{CONFORMANCE, Installed};
use crate::harness::oauth::{Client, Tokens, between};
use crate::harness::ports::free_port;

/// A run takes seconds; one that takes this long has got stuck.
const LIMIT: Duration = Duration::from_secs(300);

/// Where a release of the suite starts.
#[derive(Clone, Copy)]
enum Release {
    /// 0.2.0-alpha.12: frozen requirements, the 2026-07-28 wire, authorization servers.
    Next,
    /// 0.1.16: what `latest` gives.
    Stable,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requirements_of_2025_11_25_are_met() {
    let said = server(Release::Next, "baseline-2025-11-25.yml", &["--requirements", "2025-11-25"]).await;
    assert_passed(&said, &["server-initialize", "tools-call-simple-text", "dns-rebinding-protection"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requirements_of_2026_07_28_are_met() {
    let said = server(Release::Next, "baseline-2026-07-28.yml", &["--requirements", "2026-07-28"]).await;
    assert_passed(&said, &["tools-call-simple-text", "caching", "dns-rebinding-protection"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wire_of_2025_06_18_conforms() {
    let suite = ["--suite", "all", "--spec-version", "2025-06-18"];
    let said = server(Release::Next, "baseline-2025-11-25.yml", &suite).await;
    assert_passed(&said, &["server-initialize", "tools-call-simple-text", "server-session-lifecycle"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stable_release_of_the_suite_passes() {
    let said = server(Release::Stable, "baseline-2025-11-25.yml", &["--suite", "active"]).await;
    assert_passed(&said, &["server-initialize", "tools-call-simple-text", "dns-rebinding-protection"]);
}

/// Prints the authorization URL, waits for the answer at its callback, and redeems the code (protocol.md 11.4).
#[tokio::test(flavor = "multi_thread")]
async fn the_authorization_server_conforms() {
    let world = World::start().await;
    let port = free_port();
    let redirect_uri = format!("http://127.0.0.1:{port}/callback");
    let client = Client::register_as(
        &world.bridge,
        &json!({ "client_name": "Conformance", "redirect_uris": [redirect_uri], "token_endpoint_auth_method": "none" }),
    )
    .await;
    let url = world.bridge.url();
    let (resource, port) = (format!("{url}/mcp"), port.to_string());
    let mut args = vec!["authorization", "--url", url, "--client-id", &client.id];
    args.extend(["--resource", resource.as_str(), "-p", port.as_str()]);

    let said = world.run(Release::Next, None, &args).await;
    assert_passed(&said, &["authorization-server-metadata-endpoint", "authorization-code-grant"]);
    assert!(!said.contains("SKIPPED"), "{said}");
}

/// Runs scenarios for servers; the suite must find nothing but what the baseline excuses.
async fn server(release: Release, baseline: &str, which: &[&str]) -> String {
    let world = World::start().await;
    let url = format!("{}/mcp", world.bridge.url());
    let baseline = conformance().await.source.join(baseline);
    let mut args = vec!["server", "--url", &url];
    args.extend(which);
    args.extend(["--expected-failures", baseline.to_str().expect("a path that is text")]);
    world.run(release, Some(&world.tokens.access), &args).await
}

/// Not everything that exits with 0 has tried something.
#[track_caller]
fn assert_passed(said: &str, scenarios: &[&str]) {
    for scenario in scenarios {
        assert!(said.contains(&format!("✓ {scenario}")), "{scenario} did not pass\n{said}");
    }
}

/// What the suite is run against.
struct World {
    bridge: Bridge,
    tokens: Tokens,
    results: TempDir,
    _double: Double,
}

impl World {
    async fn start() -> Self {
        let double = Double::with_fixtures().await;
        let bridge = BridgeOptions::default().api(&double.base_url()).start().await;
        let client = Client::register(&bridge, "Conformance").await;
        let asked = client.ask(&[]).await;
        approve(&bridge, &asked.code).await;
        let redirect = asked.finish().await;
        let tokens = asked.exchange(redirect.get("code").expect("a code")).await;
        Self { bridge, tokens, results: tempfile::tempdir().expect("a temporary directory"), _double: double }
    }

    /// Runs the suite to its end, with a bearer token in its requests if it gets one, opens what it wants opened, and
    /// returns what it printed.
    async fn run(&self, release: Release, token: Option<&str>, args: &[&str]) -> String {
        let installed = conformance().await;
        let entry = release.entry(installed);
        let mut suite = Command::new(installed.node());
        suite.env_clear();
        if let Some(token) = token {
            suite.arg("--import").arg(installed.source.join("preload.mjs"));
            suite.env("CONFORMANCE_ENTRY", &entry);
            suite.env("CONFORMANCE_ORIGIN", self.bridge.url()).env("CONFORMANCE_TOKEN", token);
        }
        suite
            .arg(&entry)
            .args(args)
            .arg("--output-dir")
            .arg(self.results.path())
            .env("HOME", self.results.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(self.results.path().join("stderr.txt")).expect("a file"))
            .kill_on_drop(true);
        let mut child = suite.spawn().expect("the suite can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let authorize = format!("{}/oauth/authorize?", self.bridge.url());
        let mut said = String::new();
        let listening = async {
            while let Some(line) = lines.next_line().await.expect("text") {
                if let Some(url) = line.split_whitespace().find(|word| word.starts_with(&authorize)) {
                    self.person(url).await;
                }
                said.push_str(&line);
                said.push('\n');
            }
        };
        timeout(LIMIT, listening).await.expect("the suite ends");
        let status = child.wait().await.expect("it ended");
        let errors = std::fs::read_to_string(self.results.path().join("stderr.txt")).unwrap_or_default();
        assert!(status.success(), "{said}\n{errors}\n{}", self.complaints());
        said
    }

    /// The checks that did not succeed, excused or not, and why.
    fn complaints(&self) -> String {
        let mut complaints = String::new();
        for scenario in self.results.path().read_dir().expect("the results") {
            let scenario = scenario.expect("a result").path();
            let checks = std::fs::read(scenario.join("checks.json")).unwrap_or_default();
            let checks: Vec<Value> = serde_json::from_slice(&checks).unwrap_or_default();
            for check in checks.iter().filter(|check| check["status"] != "SUCCESS") {
                let _ =
                    writeln!(complaints, "{} {} {}", check["id"], check["errorMessage"], check["details"]);
            }
        }
        complaints
    }

    /// A person opens the URL, approves, and their browser goes back to the suite.
    async fn person(&self, url: &str) {
        let http = self.bridge.http();
        let page = http.get(url).as_browser().send().await.assert_status(200).text();
        approve(&self.bridge, between(&page, "class=\"code\">", "<")).await;
        let transaction = between(&page, "name=\"transaction\" value=\"", "\"");
        let form = http.post("/oauth/callback").form(&[("transaction", transaction)]);
        let back = form.send().await.assert_status(303).redirect();
        Http::new("").get(&back.url).as_browser().send().await;
    }
}

impl Release {
    fn entry(self, installed: &Installed) -> PathBuf {
        let package = match self {
            Self::Next => "@modelcontextprotocol/conformance",
            Self::Stable => "conformance-0-1",
        };
        installed.package(package).join("dist/index.js")
    }
}

async fn approve(bridge: &Bridge, code: &str) {
    let ended = bridge.cli_with_stdin(&["approve", code, "--key-stdin"], ALICE.key).await;
    assert!(ended.status.success(), "{ended:?}");
}

/// The suite, installed if it is not yet.
async fn conformance() -> &'static Installed {
    tokio::task::spawn_blocking(|| &*CONFORMANCE).await.expect("the suite can be installed")
}
