//! Whether a newer version is out: asked seldom, never in the middle of a call, and nothing is sent but the request. The
//! bridge is real, and so is the server; only the clock is the test's own, because all of it is about days.

use bridge_core::control::Client as Socket;
use bridge_core::paths::Paths;
use bridge_core::view::SettingChange;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::double::{ALICE, Double, Fault, tool};
use crate::harness::bridge::{Bridge, BridgeOptions};
use crate::harness::clock::Clock;
use crate::harness::mcp::{modern, reply};
use crate::harness::oauth::Client;
use crate::harness::ports::free_port;
use crate::harness::releases::{Releases, answer};
use crate::harness::waiting::until;

const SLOW: &str = "deep_memory_query";
/// After this many seconds the start is long enough ago, at whichever moment it falls.
const SETTLED: u32 = 15 * 60 + 1;
/// After this many seconds a question may be put again, at whichever moment it falls.
const DAY: u32 = 28 * 3600 + 1;
const OWN: &str = env!("CARGO_PKG_VERSION");

/// A home with a clock of its own, and a place of releases.
struct World {
    releases: Releases,
    clock: Clock,
    home: TempDir,
}

impl World {
    async fn start(newest: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::start(home.path());
        Self { releases: Releases::start(newest).await, clock, home }
    }

    fn options(&self) -> BridgeOptions {
        let clock = self.clock.env().into_iter();
        clock
            .fold(BridgeOptions::default().home(self.home.path()), |options, (name, value)| {
                options.env(name, value)
            })
            // Only what day it is: deadlines stay as long as they are.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("JEAN_BRIDGE_RELEASES_URL", self.releases.url())
    }

    /// Lets so many seconds go by in all, and has the bridge look at its clock.
    async fn later(&self, bridge: &Bridge, seconds: u32) {
        self.clock.advance_to(seconds);
        self.look(bridge).await;
    }

    /// A setting that changes wakes whatever waits; this one changes nothing that is looked at.
    async fn look(&self, bridge: &Bridge) {
        let socket = Socket::new(Paths::under(bridge.home()));
        for on in [false, true] {
            socket.change_setting(&SettingChange::Welcomed(on)).await.unwrap();
        }
    }

    async fn finding(&self) -> Value {
        let ended = self.options().cli(&["doctor", "--json"]).await;
        let view: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        let checks = view["checks"].as_array().unwrap().iter();
        let mut own: Vec<_> = checks.filter(|check| check["check"] == "updates").cloned().collect();
        assert_eq!(own.len(), 1, "{view}");
        own.remove(0)
    }

    async fn until_found(&self, code: &str) -> Value {
        until(code, async || Some(self.finding().await).filter(|found| found["finding"]["code"] == code))
            .await
    }
}

async fn status(bridge: &Bridge) -> Value {
    bridge.cli_json(&["status"]).await
}

#[tokio::test]
async fn a_newer_version_is_asked_for_and_nothing_is_sent_but_the_request() {
    let world = World::start("9.0.0").await;
    let bridge = world.options().start().await;
    world.look(&bridge).await;
    assert_eq!(world.finding().await["finding"]["code"], "update_not_yet");
    assert_eq!(world.releases.connections(), 0, "not right after the start");
    assert!(status(&bridge).await.get("update").is_none());

    world.later(&bridge, SETTLED).await;
    let received = world.releases.received(1).await;
    let host = world.releases.url().replace("http://", "").replace("/releases", "");
    let mut lines: Vec<_> = received[0].trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "GET /releases/latest/download/latest.json HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(lines, ["accept: */*", &format!("host: {host}"), "user-agent: jean-memory-bridge"]);
    assert!(received[0].ends_with("\r\n\r\n"), "no body: {received:?}");

    let found = world.until_found("update_out").await;
    assert_eq!(found["state"], "note");
    assert_eq!(found["cause"], format!("Version 9.0.0 is out; this is {OWN}."));
    assert!(found["cure"].as_str().unwrap().contains(&world.releases.url()), "{found}");
    let update = status(&bridge).await["update"].clone();
    assert_eq!(update, json!({ "version": "9.0.0", "page": world.releases.url() }));
    let told = bridge.cli_ok(&["status"]).await.stdout;
    let line = format!("Update    version 9.0.0 is out: {}\n", world.releases.url());
    assert!(told.contains(&line), "{told}");
    assert!(bridge.stderr().contains("a newer version is out"));
    assert_eq!(world.releases.connections(), 1);
}

#[tokio::test]
async fn it_is_asked_once_a_day_however_often_the_bridge_is_started() {
    let world = World::start("9.0.0").await;
    let mut now = 0;
    for _ in 0..3 {
        let bridge = world.options().start().await;
        now += SETTLED;
        world.later(&bridge, now).await;
        world.releases.received(1).await;
        world.until_found("update_out").await;
        // What the first start learned, the others know.
        assert_eq!(status(&bridge).await["update"]["version"], "9.0.0");
        bridge.kill().await;
    }
    // The doctor knows it without a bridge, and asks nobody either.
    assert_eq!(world.finding().await["finding"]["code"], "update_out");
    assert_eq!(world.releases.connections(), 1);

    let bridge = world.options().start().await;
    world.releases.publish("9.1.0");
    world.later(&bridge, now + DAY).await;
    world.releases.received(2).await;
    until("the newer one", async || (status(&bridge).await["update"]["version"] == "9.1.0").then_some(()))
        .await;
    assert_eq!(world.releases.connections(), 2);
}

#[tokio::test]
async fn it_is_never_asked_in_the_middle_of_a_call() {
    let world = World::start("9.0.0").await;
    let double = Double::start().await;
    let options = world.options().api(&double.base_url()).env("JEAN_BRIDGE_API_KEY", ALICE.key);
    let bridge = options.start().await;
    let tokens = Client::register(&bridge, "App").await.sign_in_as(&bridge, &[], &[]).await;
    double.fault(Fault::Hang.on(tool(SLOW)));
    let params = json!({ "name": SLOW, "arguments": { "search_query": "tea" } });
    let call = modern(&bridge.http(), &tokens.access, "tools/call", params);
    let call = tokio::spawn(async move { call.send().await });
    double.wait_for_call(SLOW).await;

    world.later(&bridge, SETTLED).await;
    until("the bridge to wait", async || {
        bridge.stderr().contains("until no call is under way").then_some(())
    })
    .await;
    assert_eq!(world.releases.connections(), 0);
    assert!(!call.is_finished());
    double.release();
    let answer = call.await.unwrap().assert_status(200);
    assert_eq!(reply(&answer)["result"]["isError"], false);
    world.releases.received(1).await;
    world.until_found("update_out").await;
}

#[tokio::test]
async fn nobody_is_asked_while_it_is_paused() {
    let world = World::start("9.0.0").await;
    let bridge = world.options().start().await;
    bridge.cli_ok(&["pause"]).await;
    world.later(&bridge, SETTLED).await;
    assert_eq!(world.finding().await["finding"]["code"], "update_not_yet");
    assert_eq!(world.releases.connections(), 0);
    bridge.cli_ok(&["resume"]).await;
    world.releases.received(1).await;
}

#[tokio::test]
async fn who_switches_it_off_is_left_alone() {
    let world = World::start("9.0.0").await;
    let bridge = world.options().start().await;
    let socket = Socket::new(Paths::under(bridge.home()));
    socket.change_setting(&SettingChange::UpdateCheck(false)).await.unwrap();
    world.later(&bridge, SETTLED).await;
    assert_eq!(world.finding().await["finding"]["code"], "update_off");
    assert_eq!(world.releases.connections(), 0);
    bridge.kill().await;
    assert_eq!(world.finding().await["finding"]["code"], "update_off");

    // An administrator's no wins over a person's yes.
    let bridge = world.options().env("JEAN_BRIDGE_UPDATE_CHECK", "false").start().await;
    socket.change_setting(&SettingChange::UpdateCheck(true)).await.unwrap();
    world.later(&bridge, 2 * SETTLED + DAY).await;
    let ended = bridge.cli_json(&["doctor"]).await;
    assert!(ended.to_string().contains("update_forbidden"), "{ended}");
    assert_eq!(world.releases.connections(), 0);
    bridge.kill().await;

    // Until here nobody was asked; from here on it is.
    let bridge = world.options().start().await;
    world.later(&bridge, 3 * SETTLED + DAY).await;
    world.releases.received(1).await;
}

#[tokio::test]
async fn a_build_that_knows_nobody_asks_nobody_and_says_so() {
    if option_env!("JEAN_BRIDGE_RELEASES_URL").is_some_and(|url| !url.is_empty()) {
        return; // This one does.
    }
    let world = World::start("9.0.0").await;
    let options = world.options().without_env("JEAN_BRIDGE_RELEASES_URL");
    let bridge = options.clone().start().await;
    world.later(&bridge, SETTLED).await;
    let told = bridge.cli_json(&["doctor"]).await;
    assert!(told.to_string().contains("update_no_source"), "{told}");
    assert!(status(&bridge).await.get("update").is_none());
    assert_eq!(world.releases.connections(), 0);
    assert!(!bridge.stderr().contains("newest version"), "{}", bridge.stderr());
}

#[tokio::test]
async fn whatever_is_published_the_bridge_says_why_and_goes_on() {
    let world = World::start("9.0.0").await;
    let bridge = world.options().start().await;
    let large = format!("{{\"version\":\"9.0.0\",\"notes\":\"{}\"}}", "x".repeat(10 * 1024 * 1024));
    let json = |body: &str| answer("200 OK", "Content-Type: application/json\r\n", body);
    let to = |location: &str| answer("302 Found", &format!("Location: {location}\r\n"), "");
    let mut asked = 0;
    for (hostile, words) in [
        (json(&large), "not understood"),
        (json(r#"{"version":9}"#), "not understood"),
        (json(r#"{"version":{"version":"9.0.0"}}"#), "not understood"),
        (json(r#"["9.0.0"]"#), "not understood"),
        (json(r#"{"version":"99999999999.0.0"}"#), "not understood"),
        (json("{\"version\":\"9.0.0\\u001b[31m\\n\"}"), "not understood"),
        (json(r#"{"version":"9.0.0 <a href=x>"}"#), "not understood"),
        (answer("200 OK", "Content-Type: text/html\r\n", "<html>Sign in</html>"), "not understood"),
        (answer("404 Not Found", "", ""), "HTTP status 404"),
        (to("http://example.invalid/"), "leads to somewhere else"),
        (to("https://example.invalid/"), "leads to somewhere else"),
        (to("file:///etc/passwd"), "leads to somewhere else"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "cannot be reached"),
    ] {
        world.releases.answer(&hostile);
        asked += 1;
        world.later(&bridge, u32::try_from(asked).unwrap() * DAY).await;
        world.releases.received(asked).await;
        let found = until(words, async || {
            Some(world.finding().await).filter(|found| found["cause"].as_str().unwrap().contains(words))
        })
        .await;
        assert_eq!(
            (&found["state"], &found["finding"]["code"]),
            (&json!("unknown"), &json!("update_unchecked"))
        );
        assert!(status(&bridge).await.get("update").is_none());
    }
    // A page that leads to itself is left after a few times.
    world.releases.answer(&to(&format!("{}/latest/download/latest.json", world.releases.url())));
    world.later(&bridge, u32::try_from(asked + 1).unwrap() * DAY).await;
    world.releases.received(asked + 4).await;
    until("the end of it", async || {
        let found = world.finding().await;
        found["cause"].as_str().unwrap().contains("leads to somewhere else").then_some(())
    })
    .await;
    // Not a word of it in the log but at `debug`, and no version of theirs anywhere.
    let log = bridge.stderr();
    assert!(!log.contains("passwd") && !log.contains("Sign in") && !log.contains("999999"), "{log}");
    let loud = log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR"));
    assert_eq!(loud.filter(|line| line.contains("version")).count(), 0, "{log}");

    world.releases.publish("9.0.0");
    world.later(&bridge, u32::try_from(asked + 2).unwrap() * DAY).await;
    world.until_found("update_out").await;
    assert_eq!(world.releases.connections(), asked + 5);
}

#[tokio::test]
async fn previews_and_older_versions_are_no_news() {
    let world = World::start("0.0.1").await;
    let bridge = world.options().start().await;
    for (day, version) in [(1, "0.0.1"), (2, OWN), (3, "9.0.0-rc.1")] {
        world.releases.publish(version);
        world.later(&bridge, day * DAY).await;
        world.releases.received(usize::try_from(day).unwrap()).await;
        let found = world.until_found("update_none").await;
        assert_eq!(found["state"], "ok");
        assert!(status(&bridge).await.get("update").is_none(), "{version}");
    }
}

#[tokio::test]
async fn without_a_network_nothing_is_said_but_by_the_doctor() {
    let world = World::start("9.0.0").await;
    let (port, before) = (free_port(), world.releases.connections());
    let options =
        world.options().env("JEAN_BRIDGE_RELEASES_URL", format!("http://127.0.0.1:{port}/releases"));
    let bridge = options.start().await;
    world.later(&bridge, SETTLED).await;
    let found = world.until_found("update_unchecked").await;
    assert!(found["cause"].as_str().unwrap().contains("cannot be reached"), "{found}");
    let status = status(&bridge).await;
    assert_eq!(status["state"], "ready");
    assert!(!status["notices"].to_string().contains("version"), "{status}");
    assert_eq!(world.releases.connections(), before);
}

#[tokio::test]
async fn an_address_in_clear_text_is_refused_at_the_start() {
    for url in ["http://example.com/releases", "file:///etc", "https://me@example.com"] {
        let started = BridgeOptions::default().env("JEAN_BRIDGE_RELEASES_URL", url).try_start().await;
        let Err(ended) = started else { panic!("{url}") };
        assert!(ended.stderr.contains("JEAN_BRIDGE_RELEASES_URL must"), "{ended:?}");
    }
}
