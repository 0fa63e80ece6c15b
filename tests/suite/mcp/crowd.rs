//! Many clients at once: everybody gets their own answer, and no call is sent twice (protocol.md 7.15,
//! 7.27, 7.31).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::{LEGACY, World, call, done};
use crate::double::{ALICE, Fault, tool};
use crate::harness::mcp::{Session, reply};

const CALLS: usize = 64;

#[tokio::test]
async fn sixty_four_calls_of_five_clients_in_all_eras_are_each_answered_once() {
    let world = World::start().await;
    let mut sessions = Vec::new();
    for version in LEGACY {
        let tokens = world.sign_in(version).await;
        sessions.push(Session::open(&world.bridge, &tokens.access, version).await);
    }
    let modern = world.sign_in("modern").await;
    world.tools(&modern).await;
    let asks: Vec<_> = (0..CALLS)
        .map(|at| {
            let arguments = json!({ "text": format!("memory {at:02}") });
            let asking = match sessions.get(at % 5) {
                Some(session) => session.post(&call(at, "add_memories", &arguments)),
                None => world.calling(&modern, "add_memories", &arguments),
            };
            tokio::spawn(asking.send())
        })
        .collect();
    for (at, asked) in asks.into_iter().enumerate() {
        let answer = reply(&asked.await.unwrap().assert_status(200));
        if at % 5 < LEGACY.len() {
            assert_eq!(answer["id"], at);
        }
        let added: Value = serde_json::from_str(done(&answer["result"])).unwrap();
        assert_eq!(added["content_preview"], format!("memory {at:02}"));
    }
    let memories = world.double.memories(ALICE.id);
    assert_eq!(memories.len(), CALLS);
    assert_eq!(memories.into_iter().collect::<BTreeSet<_>>().len(), CALLS);
    let ids: BTreeSet<_> = world
        .double
        .requests()
        .tool("add_memories")
        .iter()
        .map(|seen| seen.json()["id"].to_string())
        .collect();
    assert_eq!(ids.len(), CALLS, "ids of one's own");
    assert!(world.double.open_connections() <= 8, "{}", world.double.open_connections());
    let clients = world.bridge.cli_json(&["clients"]).await;
    let calls: u64 = clients.as_array().unwrap().iter().map(|one| one["calls"].as_u64().unwrap()).sum();
    assert_eq!(calls, CALLS as u64);
}

#[tokio::test]
async fn in_a_storm_of_faults_nothing_is_written_twice() {
    // protocol.md 7.27
    let world = World::start().await;
    let tokens = world.sign_in("App").await;
    world.tools(&tokens).await;
    for fault in [
        Fault::Html(502),
        Fault::Cut(crate::double::CutAt::BeforeHeaders),
        Fault::Cut(crate::double::CutAt::MidBody),
        Fault::Truncate,
        Fault::WrongId,
        Fault::TooMany { retry_after: Some(1) },
        Fault::Stale,
        Fault::IdleClose,
    ] {
        world.double.fault(fault.on(tool("add_memories")).times(4));
    }
    let asks: Vec<_> = (0..CALLS)
        .map(|at| {
            let arguments = json!({ "text": format!("memory {at:02}") });
            tokio::spawn(world.calling(&tokens, "add_memories", &arguments).send())
        })
        .collect();
    let mut succeeded = 0;
    for asked in asks {
        let result = reply(&asked.await.unwrap().assert_status(200))["result"].clone();
        succeeded += usize::from(result["isError"] != true);
    }
    let sent: Vec<_> = world
        .double
        .requests()
        .tool("add_memories")
        .iter()
        .map(|seen| seen.arguments().to_string())
        .collect();
    let different: BTreeSet<_> = sent.iter().cloned().collect();
    assert_eq!(different.len(), sent.len(), "a call was sent twice");
    assert!(succeeded >= CALLS - 32 - 4, "{succeeded}");
    let memories = world.double.memories(ALICE.id);
    assert_eq!(memories.iter().collect::<BTreeSet<_>>().len(), memories.len());
    assert!(memories.len() >= succeeded);
}
