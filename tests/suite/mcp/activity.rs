//! What is kept of calls: when, who, which tool, how long, how it ended; never what was said
//! (design.md 5; protocol.md 7.35).

use std::path::{Path, PathBuf};

use serde_json::json;

use super::world::{World, done, failed};
use crate::double::{ALICE, Fault, tool};
use crate::harness::bridge::BridgeOptions;
use crate::harness::mcp::Session;
use crate::harness::waiting::until_answer;

const SAID: &str = "xyzzy-what-was-said";
const ANSWERED: &str = "xyzzy-what-was-answered";

fn files(below: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.is_file() {
            all.push(path);
        }
    }
    all
}

/// Files below the home of a bridge in which these words are.
fn with(home: &Path, words: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    };
    files(home).into_iter().filter(holds).collect()
}

#[tokio::test]
async fn what_was_said_is_in_no_file_and_what_was_done_is() {
    // design.md 5 (Activity), protocol.md 7.35, at the most talkative level
    let home = tempfile::tempdir().unwrap();
    let options = BridgeOptions::default().env("JEAN_BRIDGE_LOG", "trace").home(home.path());
    let world = World::start_as(options).await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let answer = json!({ "content": [{ "type": "text", "text": ANSWERED }] });
    world.double.fault(Fault::ToolResult(answer).on(tool("ask_memory")));
    world.double.fault(Fault::ToolException(ANSWERED.to_owned()).on(tool("search_memory_v2")));
    done(&session.call("add_memories", json!({ "text": SAID })).await);
    done(&world.call(&tokens, "ask_memory", &json!({ "question": SAID })).await);
    failed(&world.call(&tokens, "search_memory_v2", &json!({ "query": SAID })).await);
    failed(&world.call(&tokens, "list_memories", &json!({ SAID: 1 })).await);
    assert_eq!(world.double.memories(ALICE.id), [SAID]);

    let database = files(home.path())
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "db") && !path.ends_with("sandbox.db"))
        .expect("a database");
    let rows = async || {
        let db = rusqlite::Connection::open(&database).unwrap();
        let mut read = db.prepare("SELECT tool, outcome FROM activity ORDER BY rowid").unwrap();
        let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<(String, String)>>()
    };
    let rows = until_answer("the calls to be written down", rows, |rows| rows.len() == 4).await;
    let expected = [
        ("add_memories", "ok"),
        ("ask_memory", "ok"),
        ("search_memory_v2", "failed"),
        ("list_memories", "refused"),
    ];
    assert_eq!(rows, expected.map(|(tool, outcome)| (tool.to_owned(), outcome.to_owned())));
    let clients = world.bridge.cli_json(&["clients"]).await;
    assert_eq!(clients[0]["calls"], 4);
    assert!(clients[0]["last_used_at"].is_string());

    world.bridge.kill().await;
    assert!(!with(home.path(), "add_memories").is_empty(), "the search finds what is there");
    for secret in [SAID, ANSWERED, ALICE.key, tokens.access.as_str(), tokens.refresh()] {
        assert_eq!(with(home.path(), secret), Vec::<PathBuf>::new());
    }
}
