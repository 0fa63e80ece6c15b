//! Every way in which a call can go wrong at Jean Memory, as the client sees it: a result with `isError`,
//! in our own words, HTTP 200; never sent twice, and nobody else notices (protocol.md 7.27 to 7.29;
//! upstream-api.md 9.4, 13.2).

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{World, call, done, failed};
use crate::double::{
    ALICE, CutAt, Elsewhere, Fault, HOSTILE_HEADERS, NotJson, On, SQL, complaints, path, tool,
};
use crate::harness::mcp::{Session, reply};
use crate::harness::oauth::Tokens;

const WRITE: &str = "add_memories";

const UNEXPECTED: &str = "Jean Memory gave an unexpected answer. Whether it was carried out is unknown";
const UNKNOWN: &str = "Whether it was carried out is unknown";
const BUSY: &str = "Jean Memory is busy. Try again in";

/// What no client may see: bodies and names of the upstream's own.
const FOREIGN: [&str; 9] = [
    "<html",
    "<!DOCTYPE",
    "Internal Server Error",
    "It works.",
    "high memory usage",
    "Too Many Requests",
    "psycopg2",
    "memories.vector_id",
    "Could not validate credentials",
];

fn canned(status: u16, content_type: &'static str, body: &str) -> Fault {
    Fault::Canned { status, content_type, body: body.to_owned() }
}

/// Faults of a reply, and a part of the words for a writing tool.
fn faults() -> Vec<(Fault, &'static str)> {
    let json = "application/json";
    vec![
        (Fault::Html(502), UNKNOWN),
        (Fault::Html(503), UNKNOWN),
        (Fault::Html(504), UNKNOWN),
        (Fault::Guard, BUSY),
        (Fault::TooMany { retry_after: Some(7) }, "Jean Memory is busy. Try again in 7 seconds."),
        (Fault::TooMany { retry_after: Some(0) }, "Jean Memory is busy. Try again in 1 seconds."),
        (Fault::TooMany { retry_after: None }, "Jean Memory is busy. Try again in a moment."),
        (Fault::Redirect(Elsewhere::Https), UNEXPECTED),
        (Fault::Redirect(Elsewhere::Http), UNEXPECTED),
        (Fault::Redirect(Elsewhere::Origin("https://elsewhere.example".to_owned())), UNEXPECTED),
        (Fault::NoContent, UNEXPECTED),
        (Fault::WrongType(NotJson::Html), UNEXPECTED),
        (Fault::WrongType(NotJson::Text), UNEXPECTED),
        (Fault::Huge { announced: true }, UNEXPECTED),
        (Fault::Huge { announced: false }, UNEXPECTED),
        (Fault::Cut(CutAt::BeforeHeaders), UNKNOWN),
        (Fault::Cut(CutAt::AfterHeaders), UNEXPECTED),
        (Fault::Cut(CutAt::MidBody), UNEXPECTED),
        (Fault::Truncate, UNEXPECTED),
        (Fault::WrongId, UNEXPECTED),
        (Fault::NoId, UNEXPECTED),
        (Fault::DatabaseDown, UNKNOWN),
        (canned(200, json, ""), UNEXPECTED),
        (canned(200, json, "[]"), UNEXPECTED),
        (canned(200, json, r#"{"status":"acknowledged"}"#), UNEXPECTED),
        (canned(200, json, r#"{"jsonrpc":"2.0","id":1}"#), UNEXPECTED),
        (canned(201, json, "{}"), UNEXPECTED),
        (canned(400, json, r#"{"error":"Something else"}"#), UNEXPECTED),
        (canned(402, json, r#"{"detail":{"tier":"free"}}"#), UNEXPECTED),
        (canned(404, json, r#"{"error":"Method 'tools/call' not found"}"#), UNEXPECTED),
        (canned(405, json, r#"{"detail":"Method Not Allowed"}"#), UNEXPECTED),
        (canned(422, json, r#"{"detail":[{"input":"echo"}]}"#), UNEXPECTED),
        (canned(500, "text/plain; charset=utf-8", "Internal Server Error"), UNKNOWN),
        (canned(500, json, r#"{"error":"'NoneType' object has no attribute 'get'"}"#), UNKNOWN),
        (canned(599, json, "{}"), UNKNOWN),
        (Fault::ToolResult(json!({})), UNEXPECTED),
        (Fault::ToolResult(json!("text")), UNEXPECTED),
        (Fault::ToolResult(json!({ "content": ["text"] })), UNEXPECTED),
        (Fault::ToolResult(json!({ "content": [{ "type": "hologram" }] })), UNEXPECTED),
        (Fault::ToolResult(json!({ "content": [], "resultType": "input_required" })), UNEXPECTED),
        (
            Fault::ToolException("'>' not supported between instances".to_owned()),
            "Jean Memory reported an error: '>' not supported between instances",
        ),
        (
            Fault::ToolException(SQL.to_owned()),
            "Jean Memory reported an error: internal error at Jean Memory",
        ),
        (Fault::ToolException(String::new()), "Jean Memory reported an error"),
        (Fault::RpcError { code: -32002, message: "gone".to_owned() }, "Jean Memory reported an error: gone"),
    ]
}

/// Calls `add_memories` while the fault stands; the text of the failure.
async fn write(world: &World, tokens: &Tokens, what: &str) -> String {
    let asking = world.calling(tokens, WRITE, &json!({ "text": "tea" }));
    let answer = asking.send().await;
    assert_eq!(answer.status.as_u16(), 200, "{what}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    for (name, _) in HOSTILE_HEADERS {
        assert!(!answer.headers.contains_key(name), "{what}: {name}");
    }
    let result = reply(&answer)["result"].clone();
    assert_eq!(result["resultType"], "complete", "{what}");
    failed(&result).to_owned()
}

#[tokio::test]
async fn every_fault_of_a_reply_is_an_honest_result_and_the_call_is_never_repeated() {
    // protocol.md 7.27, 7.28, 7.29, D11
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let other = world.session("Other").await;
    world.tools(&tokens).await;
    for (fault, words) in faults() {
        let what = format!("{fault:?}");
        let before = world.double.requests().tool(WRITE).count();
        world.double.fault(fault.on(tool(WRITE)));
        let text = write(&world, &tokens, &what).await;
        assert!(text.contains(words), "{what}: {text}");
        assert!(text.len() < 300, "{what}: {text}");
        for foreign in FOREIGN {
            assert!(!text.contains(foreign), "{what}: {text}");
        }
        assert_eq!(world.double.requests().tool(WRITE).count(), before + 1, "{what} was sent again");
        // Somebody else, meanwhile.
        assert!(done(&other.call("list_memories", json!({})).await).contains("success"), "{what}");
        world.double.clear();
    }
    // And nothing of it lasts.
    let added = world.call(&tokens, WRITE, &json!({ "text": "tea" })).await;
    assert!(done(&added).contains("Memory added successfully"));
    assert_eq!(world.account().await["state"], "ok");
}

#[tokio::test]
async fn the_legacy_era_is_told_the_same() {
    // protocol.md 7.28
    let world = World::start().await;
    let session = world.session("App").await;
    session.request("tools/list", json!({})).await;
    for (fault, words) in [
        (Fault::Html(502), UNKNOWN),
        (Fault::TooMany { retry_after: Some(30) }, "in 30 seconds"),
        (Fault::WrongId, UNEXPECTED),
        (Fault::Cut(CutAt::MidBody), UNEXPECTED),
        (Fault::ToolException(SQL.to_owned()), "internal error at Jean Memory"),
    ] {
        let what = format!("{fault:?}");
        world.double.fault(fault.on(tool(WRITE)).times(1));
        let answer = session.post(&call("w", WRITE, &json!({ "text": "tea" }))).send().await;
        let answer = reply(&answer.assert_status(200));
        assert_eq!(answer["id"], "w");
        assert!(answer["result"].get("resultType").is_none(), "{answer}");
        assert!(failed(&answer["result"]).contains(words), "{what}: {answer}");
    }
}

#[tokio::test]
async fn a_reading_call_that_went_wrong_is_not_said_to_have_done_anything() {
    // protocol.md 7.28
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    for fault in [Fault::WrongType(NotJson::Html), Fault::NoContent, Fault::WrongId] {
        world.double.fault(fault.on(tool("list_memories")).times(1));
        let result = world.call(&tokens, "list_memories", &json!({})).await;
        assert_eq!(failed(&result), "Jean Memory gave an unexpected answer.");
    }
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_loses_one_call_at_most() {
    // upstream-api.md 13.2 idle-close; protocol.md 7.27
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let add = json!({ "text": "tea" });
    world.tools(&tokens).await;

    // Closed and noticed: a new connection, and nothing is lost.
    world.double.fault(Fault::IdleClose.on(tool(WRITE)).times(1));
    for _ in 0..2 {
        done(&world.call(&tokens, WRITE, &add).await);
    }
    world.double.close_idle_connections().await;
    done(&world.call(&tokens, WRITE, &add).await);
    assert_eq!(world.double.memories(ALICE.id).len(), 3);

    // Closed when it was too late to notice: the bytes were sent, so nobody knows, and nobody repeats.
    world.double.fault(Fault::Stale.on(tool(WRITE)).times(1));
    done(&world.call(&tokens, WRITE, &add).await);
    let before = world.double.requests().tool(WRITE).count();
    let text = write(&world, &tokens, "stale").await;
    assert!(text.contains(UNKNOWN), "{text}");
    assert_eq!(world.double.requests().tool(WRITE).count(), before + 1);
    done(&world.call(&tokens, WRITE, &add).await);
}

#[tokio::test]
async fn every_complaint_in_a_success_becomes_a_failure() {
    // protocol.md 7.28 row 2; upstream-api.md 9.4
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let session = Session::open(&world.bridge, &tokens.access, "2025-06-18").await;
    let arguments = |tool: &str| match tool {
        "list_memories" => json!({}),
        "search_memory_v2" => json!({ "query": "tea" }),
        "add_memories" => json!({ "text": "tea" }),
        "ask_memory" => json!({ "question": "tea?" }),
        "jean_memory" => json!({ "user_message": "tea", "is_new_conversation": true }),
        "store_document" => json!({ "title": "t", "content": "long enough text" }),
        "get_document_status" => json!({ "job_id": "doc_0_00000000" }),
        "deep_memory_query" => json!({ "search_query": "tea" }),
        other => panic!("no arguments for {other}"),
    };
    for (name, text) in complaints() {
        world.double.fault(Fault::LogicalError(text.clone()).on(tool(name)));
        for result in
            [world.call(&tokens, name, &arguments(name)).await, session.call(name, arguments(name)).await]
        {
            let said = failed(&result);
            assert!(said.len() < 3_000, "{name}: {} bytes", said.len());
            for inside in ["psycopg2", "SELECT", "memories.vector_id", "7d0c9a4e-internal"] {
                assert!(!said.contains(inside), "{name}: {said}");
            }
            if !text.contains("[SQL:") && text.len() < 1_000 {
                assert_eq!(said, text, "the same content");
            }
            if text.starts_with('{') {
                let shape: Value = serde_json::from_str(said).expect("still JSON");
                assert_eq!(shape["status"], "error");
            }
        }
        world.double.clear();
    }
}

#[tokio::test]
async fn a_success_that_only_looks_like_a_complaint_stays_one() {
    // upstream-api.md 9.4: prefixes belong to their tools
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let search = json!({ "query": "tea" });
    for text in
        ["Error: is the title of my novel", "❌ is an emoji", r#"{"status": "success", "error": "none"}"#, ""]
    {
        world.double.fault(Fault::LogicalError(text.to_owned()).on(tool("search_memory_v2")).times(1));
        assert_eq!(done(&world.call(&tokens, "search_memory_v2", &search).await), text);
    }
}

#[tokio::test]
async fn what_a_person_did_at_jean_memory_is_told_as_it_is() {
    // upstream-api.md 13.2 paused, cap-reached, vector-down, job-lost, job that fails
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let add = json!({ "text": "tea" });
    world.double.fault(Fault::Paused);
    let paused = world.call(&tokens, WRITE, &add).await;
    assert!(failed(&paused).contains("App jean-memory-bridge is paused"), "{paused}");
    world.double.clear();
    world.double.pause_app(ALICE.id, "jean-memory-bridge", true);
    assert!(failed(&world.call(&tokens, WRITE, &add).await).contains("is paused"));
    world.double.pause_app(ALICE.id, "jean-memory-bridge", false);

    world.double.fault(Fault::CapReached);
    let full = world.call(&tokens, WRITE, &add).await;
    assert!(failed(&full).contains("Memory limit reached. You have 1000/1000 memories."), "{full}");
    world.double.clear();

    // Jean Memory itself calls this a success; it is passed on, and the search is honestly empty.
    world.double.fault(Fault::VectorDown);
    let half = world.call(&tokens, WRITE, &add).await;
    let half: Value = serde_json::from_str(done(&half)).unwrap();
    assert_eq!((&half["status"], &half["memory_id"]), (&json!("success"), &json!("error")));
    let found = world.call(&tokens, "search_memory_v2", &json!({ "query": "tea" })).await;
    assert!(done(&found).contains("No memories found"), "{found}");
    world.double.clear();

    let document = json!({ "title": "Notes", "content": "A text that is long enough." });
    world.double.fault(Fault::JobFails.on(tool("store_document")).times(1));
    let stored = world.call(&tokens, "store_document", &document).await;
    let job = json!({ "job_id": done(&stored).split('`').nth(1).expect("a job id") });
    world.double.advance(crate::double::QUEUED_FOR + crate::double::PROCESSED_IN);
    assert!(done(&world.call(&tokens, "get_document_status", &job).await).contains("FAILED"));
    world.double.fault(Fault::JobLost);
    let lost = world.call(&tokens, "get_document_status", &job).await;
    assert!(failed(&lost).starts_with("❌ Job ID"), "{lost}");
}

#[tokio::test]
async fn a_slow_call_is_awaited() {
    // protocol.md 7.22: 15 to 60 seconds are normal; one is enough to see that nothing gives up early.
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    world.double.fault(Fault::Delay(Duration::from_secs(1)).on(tool("deep_memory_query")));
    let result = world.call(&tokens, "deep_memory_query", &json!({ "search_query": "tea" })).await;
    assert!(done(&result).contains("Deep Analysis"));
}

#[tokio::test]
async fn a_call_that_hangs_holds_up_nobody_else() {
    // protocol.md 7.28; upstream-api.md 14.6: four calls at once, and lists and key checks beside them
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    let other = world.sign_in("Other").await;
    let slow = "deep_memory_query";
    world.tools(&tokens).await;
    world.double.fault(Fault::Hang.on(tool(slow)));
    let hanging =
        (0..3).map(|_| tokio::spawn(world.calling(&tokens, slow, &json!({ "search_query": "tea" })).send()));
    let mut hanging: Vec<_> = hanging.collect();
    world.double.wait_for_calls(slow, 3).await;
    for _ in 0..3 {
        done(&world.call(&other, "list_memories", &json!({})).await);
    }
    hanging.push(tokio::spawn(world.calling(&other, slow, &json!({ "search_query": "tea" })).send()));
    world.double.wait_for_calls(slow, 4).await;
    // Every place for calls is taken; a new key is checked all the same, and its tools are listed.
    world.add_key(crate::double::BOB.key).await;
    world.add_key(ALICE.key).await;
    assert_eq!(world.tools(&other).await.len(), 8);
    world.double.release();
    for call in hanging {
        assert!(done(&reply(&call.await.unwrap())["result"]).contains("Deep Analysis"));
    }
    assert_eq!(world.double.requests().tool(slow).count(), 4);
}

#[tokio::test]
async fn the_missing_authorization_of_newer_frameworks_concerns_nobody() {
    // upstream-api.md 5.3, 13.2 missing-auth: the key is not sent there.
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    world.double.fault(Fault::MissingAuth401);
    done(&world.call(&tokens, WRITE, &json!({ "text": "tea" })).await);
    world.add_key(ALICE.key).await;
    assert_eq!(world.double.requests().path("/mcp").count(), 0);
    assert_eq!(world.double.requests().path("/api/jean-chat/health").count(), 0);
}

#[tokio::test]
async fn a_key_that_could_not_be_checked_is_not_called_rejected() {
    // upstream-api.md 6.3: three verdicts
    let world = World::start().await;
    let everywhere: [(Fault, Option<On>); 6] = [
        (Fault::Html(502), None),
        (Fault::TooMany { retry_after: Some(5) }, None),
        (Fault::WrongType(NotJson::Html), None),
        (Fault::DatabaseDown, None),
        (Fault::Refused { status: 403, challenge: true }, None),
        (Fault::Html(503), Some(path("/mcp/messages/"))),
    ];
    for (fault, on) in everywhere {
        let what = format!("{fault:?}");
        match on {
            Some(on) => world.double.fault(fault.on(on)),
            None => world.double.fault(fault),
        }
        let added =
            world.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], crate::double::BOB.key).await;
        assert_eq!(added.status.code(), Some(1), "{what}: {added:?}");
        assert!(!added.stderr.contains("accept"), "{what}: {}", added.stderr);
        assert!(!added.stderr.contains("jean_sk_EXAMPLE"), "{what}: {}", added.stderr);
        world.double.clear();
    }
    let revoked =
        world.bridge.cli_with_stdin(&["accounts", "add", "--key-stdin"], crate::double::REVOKED_KEY).await;
    assert_eq!(revoked.status.code(), Some(1));
    assert!(revoked.stderr.contains("accept") || revoked.stderr.contains("reject"), "{}", revoked.stderr);
    // The account that was there is untouched.
    assert_eq!(world.account().await["state"], "ok");
}
