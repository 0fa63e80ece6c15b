//! The stdio clients of the SDKs, which nobody here wrote, drive the adapter the whole way: a bridge that comes later, a
//! question, tools, calls, a bridge that was restarted, access that was taken back.

use serde_json::{Value, json};

use super::world::{World, question, waiting};
use crate::clients::driver::{Driver, Kind, call};
use crate::harness::bridge::Bridge;
use crate::harness::programs::program;

const MEMORY: &str = "Prefers tea at four o'clock";

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_1_goes_the_whole_way_on_stdio() {
    goes_the_whole_way(Kind { driver: "stdio.mjs", args: &["--sdk", "1"] }, Tells::Changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_2_goes_the_whole_way_on_stdio() {
    goes_the_whole_way(Kind { driver: "stdio.mjs", args: &["--sdk", "2"] }, Tells::Changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_sdk_2_goes_the_whole_way_on_stdio_without_a_handshake() {
    let kind = Kind { driver: "stdio.mjs", args: &["--sdk", "2", "--era", "auto"] };
    goes_the_whole_way(kind, Tells::Answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_goes_the_whole_way_on_stdio() {
    goes_the_whole_way(Kind { driver: "stdio-python.py", args: &[] }, Tells::Answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_goes_the_whole_way_on_stdio_without_a_handshake() {
    goes_the_whole_way(Kind { driver: "stdio-python.py", args: &["--era", "auto"] }, Tells::Answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_fastmcp_goes_the_whole_way_on_stdio() {
    goes_the_whole_way(Kind { driver: "stdio-python.py", args: &["--sdk", "fastmcp"] }, Tells::Answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_goes_the_whole_way_on_stdio() {
    goes_the_whole_way(Kind { driver: "stdio-inspector.mjs", args: &[] }, Tells::OneAnswerPerProcess).await;
}

/// What can be seen of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// Also that it heard of another list.
    Changes,
    Answers,
    /// It does not live to hear of anything, and to be remembered as refused.
    OneAnswerPerProcess,
}

async fn goes_the_whole_way(kind: Kind, tells: Tells) {
    let world = World::start().await;
    let (adapter, home) = (program("jean-bridge"), world.bridge_home());
    let words = ["--name", "Witness", "--command", text(&adapter), "--home", text(&home)];
    let mut client = Driver::start_with(kind, &words).await;

    client.alone(&json!({ "do": "connect" })).await;
    let promised = tools(&mut client).await;
    assert!(promised.iter().any(|name| name == "add_memories"), "{promised:?}");
    assert!(fails(&mut client).await.contains("Jean Memory Bridge is not running"));

    let bridge = world.bridge().await;
    if tells == Tells::Changes {
        client.alone(&json!({ "do": "changed" })).await;
    }
    let writing = call("add_memories", &json!({ "text": MEMORY }));
    let (answer, name) = tokio::join!(client.alone(&writing), allow(&bridge));
    assert_eq!(answer["is_error"], false, "{answer}");
    if tells == Tells::Changes {
        client.alone(&json!({ "do": "changed" })).await;
    }
    assert_eq!(tools(&mut client).await, promised);
    assert!(finds(&mut client).await.contains(MEMORY));

    bridge.kill().await;
    let bridge = world.bridge().await;
    assert!(finds(&mut client).await.contains(MEMORY), "after a restart");
    assert!(waiting(&bridge).await.is_empty());

    if tells != Tells::OneAnswerPerProcess {
        bridge.cli_ok(&["revoke", &name]).await;
        assert!(fails(&mut client).await.contains("taken back"));
        assert!(waiting(&bridge).await.is_empty());
    }
}

/// Allows what is asked; the name that asks.
async fn allow(bridge: &Bridge) -> String {
    let question = question(bridge).await;
    bridge.cli_ok(&["approve", question["code"].as_str().expect("a code")]).await;
    question["client_name"].as_str().expect("a name").to_owned()
}

async fn tools(client: &mut Driver) -> Vec<String> {
    let answer = client.alone(&json!({ "do": "tools" })).await;
    serde_json::from_value(answer["names"].clone()).expect("names")
}

async fn finds(client: &mut Driver) -> String {
    let answer = client.alone(&call("search_memory_v2", &json!({ "query": "tea" }))).await;
    assert_eq!(answer["is_error"], false, "{answer}");
    said(&answer)
}

async fn fails(client: &mut Driver) -> String {
    let answer = client.alone(&call("list_memories", &json!({}))).await;
    assert_eq!(answer["is_error"], true, "{answer}");
    said(&answer)
}

fn said(answer: &Value) -> String {
    answer["text"].as_str().expect("a text").to_owned()
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().expect("a path")
}
