//! A whole day in a few seconds: the bridge lives through each two minutes of it, while clients call and refresh by the
//! hour, come new, and leave sessions behind. At the end everybody is still signed in, and what is over is gone.

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::apps::{App, Speaks};
use super::world::{DAY, HOUR, READS, WRITES, World, open_files, requests};
use crate::double::ALICE;
use crate::harness::bridge::Bridge;
use crate::harness::mcp::{Session, post};
use crate::harness::oauth::Client;
use crate::harness::stdio::done;
use crate::harness::waiting::{until, until_answer};

/// At each the bridge looks at its clock; its own rounds are a minute apart.
const STEP: i64 = 120;

/// Lives through the time until then.
async fn live(world: &World, bridge: &Bridge, from: i64, until: i64) {
    let mut now = from;
    while now < until {
        now += STEP;
        world.clock.set(now);
        // Whatever was due in between is done when it wakes.
        bridge.http().get("/status").send().await.assert_status(200);
    }
}

fn rows(world: &World, table: &str) -> u64 {
    let database = world.bridge_home().join("data/bridge.db");
    let database =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_everybody_is_signed_in_and_what_is_over_is_gone() {
    let world = World::start().await;
    // All clocks of the bridge go by the test's.
    let options = world.options().without_env("FAKETIME_DONT_FAKE_MONOTONIC");
    let bridge = world.bridge_with(options.env("JEAN_BRIDGE_ACTIVITY_DAYS", "1")).await;
    let mut apps = Vec::new();
    for speaks in
        [Speaks::Sessions("2025-06-18"), Speaks::Sessions("2024-11-05"), Speaks::Modern, Speaks::WithKey]
    {
        apps.push(App::start(&bridge, "App", speaks).await);
    }
    let mut adapter = world.adapter(&bridge).await;
    let left = Session::open(&bridge, apps[0].access_token(), "2025-06-18").await;
    let unused = Client::register(&bridge, "Never came back").await;
    let mut files = 0;
    for hour in 1..=24 {
        live(&world, &bridge, (hour - 1) * HOUR, hour * HOUR).await;
        for (number, app) in apps.iter_mut().enumerate() {
            done(&app.call(&bridge, READS, &json!({})).await);
            done(&app.call(&bridge, WRITES, &json!({ "text": format!("{number} at {hour}") })).await);
        }
        done(&adapter.call(READS, json!({})).await);
        let newcomer = Client::register(&bridge, "Newcomer").await;
        let tokens = newcomer.sign_in_as(&bridge, &[], &[]).await;
        drop(Session::open(&bridge, &tokens.access, "2025-11-25").await);
        newcomer.revoke(tokens.refresh()).await.assert_status(200);
        if hour == 12 {
            files = open_files(&bridge);
        }
    }
    assert!(requests(&bridge).await.is_empty());
    // One refresh an hour, and none of them was too many.
    assert!(apps[..3].iter().all(|app| (23..=25).contains(&app.refreshes)));
    assert_eq!(world.double.memories(ALICE.id).len(), 24 * apps.len());
    // The last connections may not be closed on both sides yet.
    until("no more files than at noon", async || (open_files(&bridge) <= files + 4).then_some(())).await;
    // Nobody used that session for twelve hours; those that were used are the same as in the morning.
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let asking = post(&bridge.http(), apps[0].access_token(), &message);
    assert_eq!(asking.header("mcp-session-id", &left.id).send().await.status, 404);
    assert_eq!(bridge.cli_json(&["clients"]).await.as_array().unwrap().len(), apps.len() + 1);

    // Another week and a bit, in one step: then the day itself is history.
    let (access, activity) = (rows(&world, "access_tokens"), rows(&world, "activity"));
    assert!(access > 60 && activity > 200, "{access}, {activity}");
    let week = DAY + 9 * DAY;
    world.clock.set(week);
    for app in &mut apps {
        done(&app.call(&bridge, READS, &json!({})).await);
    }
    live(&world, &bridge, week, week + 3 * HOUR).await;
    let tidied = async || (rows(&world, "access_tokens"), rows(&world, "activity"));
    until_answer("the day is history", tidied, |(access, activity)| *access < 10 && *activity < 10).await;
    let unused = Client { http: bridge.http(), ..unused };
    unused.refresh("none").await.assert_error(401, "invalid_client");
    for app in &mut apps {
        done(&app.call(&bridge, READS, &json!({})).await);
    }
    done(&adapter.call(READS, json!({})).await);
    assert!(requests(&bridge).await.is_empty());
    assert!(bridge.terminate().await.success());
}
