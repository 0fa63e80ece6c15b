//! Clients that come and go all day: none of them leaves anything behind in the bridge.

use serde_json::json;

use super::apps::{App, Speaks};
use super::world::{READS, World, open_files, requests};
use crate::harness::stdio::{StdioClient, done};
use crate::system::until;

const TIMES: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn adapters_and_sessions_that_come_and_go_leave_no_file_open() {
    let world = World::start().await;
    let bridge = world.bridge().await;
    let mut app = App::start(&bridge, "App", Speaks::Sessions("2025-06-18")).await;
    world.adapter(&bridge).await.close().await;
    done(&app.call(&bridge, READS, &json!({})).await);
    let before = open_files(&bridge);
    for at in 0..TIMES {
        let mut adapter = StdioClient::open(&world.bridge_home()).await;
        done(&adapter.call(READS, json!({})).await);
        if at % 2 == 0 {
            adapter.kill().await;
        } else {
            assert!(adapter.close().await.0.success());
        }
        drop(App::start(&bridge, "Passing", Speaks::Sessions("2025-11-25")).await);
    }
    assert_eq!(requests(&bridge).await.len(), 0);
    let less = before + TIMES / 2;
    until("its files are closed", || async { open_files(&bridge) < less }).await;
}
