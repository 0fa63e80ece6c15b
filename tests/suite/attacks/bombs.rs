//! Small messages that become large, and nested ones that become deep.

use serde_json::json;

use super::world::{World, calling};
use crate::double::{Fault, tool};
use crate::harness::bridge::Bridge;
use crate::harness::http::encoded;
use crate::harness::mcp::{post, reply};
use crate::harness::oauth::{Client, REDIRECT_URI};
use crate::harness::stdio::{done, failed};

/// Deeper than any stack that reads by calling itself.
const DEEP: usize = 500_000;

fn nested(open: &str, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(DEEP), close.repeat(DEEP))
}

/// What it has in memory now, in KiB (proc(5)).
pub(super) fn resident(bridge: &Bridge) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", bridge.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn what_is_nested_half_a_million_deep_is_refused_on_every_route_that_reads_json() {
    let bridge = Bridge::start().await;
    let client = Client::register(&bridge, "Deep").await;
    let tokens = client.sign_in(&bridge).await;
    let http = bridge.http();
    for deep in [nested("[", "", "]"), nested("{\"a\":", "1", "}"), "[".repeat(DEEP)] {
        let registration = format!("{{\"redirect_uris\":[\"{REDIRECT_URI}\"],\"x\":{deep}}}");
        let answer = http.post("/oauth/register").header("content-type", "application/json");
        let status = answer.body(registration).send().await.status.as_u16();
        assert!(matches!(status, 400 | 413), "{status}");
        let call = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"list_memories\",\"arguments\":{deep}}}}}"
        );
        for body in [deep.clone(), call] {
            let asking = post(&http, &tokens.access, &json!({})).body(body);
            let status = asking.send().await.status.as_u16();
            assert!(matches!(status, 400 | 413), "{status}");
        }
    }
    http.get("/status").send().await.assert_status(200);
}

#[tokio::test]
async fn a_reply_of_jean_memory_that_is_nested_without_end_is_an_unexpected_answer() {
    let world = World::start().await;
    let tokens = world.allowed("App").await;
    let nested = nested("[", "", "]");
    for body in [nested.clone(), format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{nested}}}")] {
        let canned = Fault::Canned { status: 200, content_type: "application/json", body };
        world.double.fault(canned.on(tool("list_memories")).times(1));
        let answer = calling(&world.bridge.http(), &tokens, "list_memories", &json!({})).send().await;
        let result = reply(&answer.assert_status(200))["result"].clone();
        assert!(!failed(&result).contains("[["), "{result}");
    }
    let fine = calling(&world.bridge.http(), &tokens, "list_memories", &json!({})).send().await;
    assert_eq!(reply(&fine)["result"]["isError"], false);
}

/// A gzip of 10 MiB of blanks, in 10 KiB.
fn packed_blanks() -> Vec<u8> {
    let packed = std::process::Command::new("sh")
        .args(["-c", "head -c 10485760 /dev/zero | tr '\\0' ' ' | gzip -9"])
        .output()
        .expect("gzip")
        .stdout;
    assert!(packed.len() < 64 * 1024, "{}", packed.len());
    packed
}

#[tokio::test]
async fn packed_replies_of_jean_memory_are_not_unpacked() {
    let world = World::start().await;
    let tokens = world.allowed("App").await;
    let call = async || {
        let answer = calling(&world.bridge.http(), &tokens, "list_memories", &json!({})).send().await;
        assert!(answer.header("content-encoding").is_none());
        reply(&answer.assert_status(200))["result"].clone()
    };
    done(&call().await);
    let before = resident(&world.bridge);
    let plain = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"plain"}]}}"#.to_vec();
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        for body in [packed_blanks(), plain.clone(), Vec::new()] {
            let packed = Fault::Packed { encoding, body };
            world.double.fault(packed.on(tool("list_memories")).times(1));
            let result = call().await;
            // Whoever says what is not so is not believed, and what it said is not passed on.
            assert!(!failed(&result).contains("plain"), "{encoding}: {result}");
        }
    }
    assert!(resident(&world.bridge) < before + 8 * 1024, "{before} KiB grew to {}", resident(&world.bridge));
    for seen in world.double.requests().tool("list_memories").iter() {
        assert!(seen.header("accept-encoding").is_none(), "nobody asked for that");
    }
    done(&call().await);
}

#[tokio::test]
async fn packed_bodies_are_not_unpacked() {
    // A few bytes of gzip stand for gigabytes: nothing here unpacks, in either direction.
    let bridge = Bridge::start().await;
    let tokens = Client::register(&bridge, "Packed").await.sign_in(&bridge).await;
    let before = resident(&bridge);
    let packed = packed_blanks();
    let http = bridge.http();
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        for path in ["/oauth/register", "/mcp"] {
            let asking = http.post(path).bearer(&tokens.access).header("content-type", "application/json");
            let asking = asking.header("accept", "application/json, text/event-stream");
            let answer = asking.header("content-encoding", encoding).body(packed.clone()).send().await;
            assert!(matches!(answer.status.as_u16(), 400 | 415), "{path} {encoding}: {}", answer.status);
        }
        let asking = http.post("/oauth/token").header("content-encoding", encoding);
        let form = asking.header("content-type", "application/x-www-form-urlencoded").body(packed.clone());
        let status = form.send().await.status.as_u16();
        assert!(matches!(status, 400 | 401), "no parameter is in it: {status}");
    }
    assert!(resident(&bridge) < before + 8 * 1024, "{before} KiB grew to {} KiB", resident(&bridge));
}

#[tokio::test]
async fn a_form_of_a_hundred_thousand_parameters_is_over_at_once() {
    let bridge = Bridge::start().await;
    let many: Vec<_> = (0..100_000).map(|n| (format!("p{n}"), "x")).collect();
    let pairs: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let asking =
        bridge.http().post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
    let status = asking.body(encoded(&pairs)).send().await.status.as_u16();
    assert!(matches!(status, 400 | 413), "{status}");
    bridge.http().get("/status").send().await.assert_status(200);
}
