//! What comes in on stdin, and how it ends.

use std::os::unix::process::ExitStatusExt as _;

use rustix::process::Signal;
use serde_json::json;

use super::world::{READS, World};
use crate::harness::stdio::{StdioClient, done, hello};
use crate::harness::{programs::program, serving};

/// More than any message may have.
const HUGE: usize = 20 * 1024 * 1024;

#[tokio::test]
async fn junk_is_survived_and_nothing_but_messages_comes_out() {
    let (world, bridge) = World::with_bridge().await;
    let mut client = world.allowed(&bridge).await;
    for junk in
        [&b"nonsense\n"[..], b"\xff\xfe\x00\n", b"{\"jsonrpc\":\"2.0\",\n", b"[[[[\n", b"\r\n\n", b"null\n"]
    {
        client.type_in(junk).await;
    }
    client.type_in(&vec![b'x'; HUGE]).await;
    client.type_in(b"\n[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]\n").await;
    // Fits in a line, but not through the bridge: an answer all the same.
    let result = client.call("add_memories", json!({ "text": "x".repeat(5 * 1024 * 1024) })).await;
    assert_eq!(result["isError"], true);
    done(&client.call(READS, json!({})).await);
    assert!(client.close().await.0.success());
}

#[tokio::test]
async fn it_ends_with_its_input_whatever_the_bridge_does() {
    let world = World::start().await;
    let (status, rest) = StdioClient::start(&world.bridge_home()).close().await;
    assert!(status.success() && rest.is_empty(), "{status} {rest:?}");
    assert!(world.client().await.close().await.0.success());
    let bridge = world.bridge().await;
    assert!(world.allowed(&bridge).await.close().await.0.success());
}

#[tokio::test]
async fn everything_at_once_is_answered_before_the_end() {
    let world = World::start().await;
    let mut words = serving::command(program("jean-bridge"), &[], &world.bridge_home());
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello("2025-06-18") });
    let ended = serving::run(
        words.arg("stdio"),
        &format!("{hello}\n{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}}"),
    )
    .await;
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 2, "{ended:?}");
}

#[tokio::test]
async fn a_signal_ends_it_at_once() {
    let (world, bridge) = World::with_bridge().await;
    let client = world.allowed(&bridge).await;
    assert_eq!(client.end_by(Signal::TERM).await.signal(), Some(15));
    // And leaves nothing behind that would keep the next one from its work.
    done(&world.client().await.call(READS, json!({})).await);
}

#[tokio::test]
async fn it_writes_nothing_to_the_disk() {
    let world = World::start().await;
    let home = world.home().join("fresh");
    let mut client = StdioClient::open(&home).await;
    client.call(READS, json!({})).await;
    assert!(!client.tools().await.is_empty());
    client.close().await;
    assert!(!home.exists());
}
