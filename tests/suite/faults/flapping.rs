//! A network that comes and goes while every kind of client calls: each call ends, one way or the other, nothing is
//! written twice, and when it is back everything works at once (design.md J7; protocol.md 7.27).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::apps::{App, Speaks};
use super::world::{READS, WRITES, World};
use crate::double::{ALICE, CutAt, Fault, rpc};
use crate::harness::stdio::{StdioClient, done};
use crate::system::until;

const CALLS_OF_EACH: usize = 24;
/// Calls that end before the network changes again.
const BETWEEN: usize = 6;

/// What became of the calls of one client.
type Told = Vec<(String, bool)>;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_network_comes_and_goes_each_call_ends_and_nothing_is_written_twice() {
    let world = World::start().await;
    let bridge = Arc::new(world.bridge().await);
    let mut apps = Vec::new();
    for speaks in
        [Speaks::Sessions("2025-03-26"), Speaks::Sessions("2025-11-25"), Speaks::Modern, Speaks::WithKey]
    {
        apps.push(App::start(&bridge, "App", speaks).await);
    }
    let adapter = world.adapter(&bridge).await;
    for app in &mut apps {
        done(&app.call(&bridge, READS, &json!({})).await);
    }

    let ended = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for (number, mut app) in apps.into_iter().enumerate() {
        let (bridge, ended) = (bridge.clone(), ended.clone());
        clients.push(tokio::spawn(async move {
            let mut told = Told::new();
            for at in 0..CALLS_OF_EACH {
                let text = format!("app {number} call {at}");
                let result = app.call(&bridge, WRITES, &json!({ "text": text })).await;
                told.push((text, result["isError"] != true));
                ended.fetch_add(1, Ordering::SeqCst);
            }
            // Without a word from anybody, once the network is back.
            (told, Client::Http(Box::new(app)))
        }));
    }
    let counted = ended.clone();
    clients.push(tokio::spawn(async move {
        let mut adapter = adapter;
        let mut told = Told::new();
        for at in 0..CALLS_OF_EACH {
            let text = format!("adapter call {at}");
            let result = adapter.call(WRITES, json!({ "text": text })).await;
            told.push((text, result["isError"] != true));
            counted.fetch_add(1, Ordering::SeqCst);
        }
        (told, Client::Stdio(Box::new(adapter)))
    }));

    let all = CALLS_OF_EACH * clients.len();
    flap(&world, &ended, all).await;
    let mut told = Told::new();
    for client in clients {
        let (of_one, client) = client.await.expect("each call has an outcome");
        told.extend(of_one);
        // It is back, and whoever calls now notices nothing.
        let result = match client {
            Client::Http(mut app) => app.call(&bridge, READS, &json!({})).await,
            Client::Stdio(mut adapter) => adapter.call(READS, json!({})).await,
        };
        done(&result);
    }

    assert_eq!(told.len(), all);
    let failures = told.iter().filter(|(_, is_done)| !is_done).count();
    assert!(failures > 0 && failures < all, "{failures} of {all}: the test has tested something");
    let sent: Vec<_> =
        world.double.requests().tool(WRITES).iter().map(|seen| seen.arguments().to_string()).collect();
    assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), sent.len(), "a call was sent twice");
    let memories = world.double.memories(ALICE.id);
    assert_eq!(memories.iter().collect::<BTreeSet<_>>().len(), memories.len());
    for (text, is_done) in &told {
        assert!(!is_done || memories.contains(text), "{text} was said to be written");
    }
    assert_eq!(bridge.cli_json(&["status"]).await["state"], "ready");
    assert!(world.double.open_connections() <= 8, "{}", world.double.open_connections());
}

enum Client {
    Http(Box<App>),
    Stdio(Box<StdioClient>),
}

/// Until all calls have ended.
async fn flap(world: &World, ended: &AtomicUsize, all: usize) {
    let calls = || ended.load(Ordering::SeqCst);
    let some_more = async || {
        let enough = (calls() + BETWEEN).min(all);
        until("some calls end", || async { calls() >= enough }).await;
    };
    for outage in 0_usize.. {
        if calls() >= all {
            break;
        }
        let fault = |fault: Fault| world.double.fault(fault.on(rpc("tools/call")));
        match outage % 5 {
            // Nobody there.
            0 => world.double.go_away().await,
            // Resets.
            1 => fault(Fault::Cut(CutAt::BeforeHeaders)),
            // Ends in the middle.
            2 => fault(Fault::Cut(CutAt::MidBody)),
            // The page of a portal.
            3 => fault(Fault::Html(502)),
            // Silence, until the connections are gone.
            _ => fault(Fault::Stall),
        }
        if outage % 5 == 4 {
            let before = world.double.requests().tool(WRITES).count();
            until("a call meets silence", || async {
                calls() >= all || world.double.requests().tool(WRITES).count() > before
            })
            .await;
            world.double.go_away().await;
            world.double.clear();
            world.double.come_back();
        } else {
            some_more().await;
            if outage % 5 == 0 {
                world.double.come_back();
            }
            world.double.clear();
        }
        some_more().await;
    }
    world.double.clear();
}
