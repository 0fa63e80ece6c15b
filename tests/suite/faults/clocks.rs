//! Clocks that jump, forwards and backwards, by hours and by decades: an empty battery, a network that sets the time, a
//! person who tries something. Whoever was signed in stays so, and no token becomes good for years.

use serde_json::json;

use super::apps::{App, Speaks};
use super::world::{DAY, HOUR, READS, World, requests};
use crate::harness::mcp::modern;
use crate::harness::oauth::{Client, Tokens};
use crate::harness::stdio::done;
use crate::system::until;

const YEAR: i64 = 365 * DAY;
/// From now back to the first days of 1970, as computers begin whose battery is empty.
fn to_1970() -> i64 {
    let now = humantime::parse_rfc3339("1970-01-03T00:00:00Z").expect("a time");
    let age = now_of_the_test().duration_since(now).expect("a clock that is right");
    -i64::try_from(age.as_secs()).expect("a number")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock of the test, which the program under test does not see"
)]
fn now_of_the_test() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_clock_does_nobody_has_to_sign_in_again() {
    let world = World::start().await;
    let bridge = world.bridge().await;
    let mut apps = Vec::new();
    for speaks in [Speaks::Sessions("2025-06-18"), Speaks::Modern, Speaks::WithKey] {
        apps.push(App::start(&bridge, "App", speaks).await);
    }
    let mut adapter = world.adapter(&bridge).await;
    let jumps = [
        ("a day ahead", DAY),
        ("an hour back", DAY - HOUR),
        ("right again", 0),
        ("1970", to_1970()),
        ("right again", 0),
        ("twenty days ahead", 20 * DAY),
        ("forty days ahead", 40 * DAY),
        ("right again", 0),
    ];
    for (what, seconds) in jumps {
        println!("the clock is {what}");
        world.clock.set(seconds);
        for app in &mut apps {
            done(&app.call(&bridge, READS, &json!({})).await);
        }
        done(&adapter.call(READS, json!({})).await);
        // Somebody new is asked about, allowed and served as ever.
        let mut newcomer = App::start(&bridge, "Newcomer", Speaks::Modern).await;
        done(&newcomer.call(&bridge, READS, &json!({})).await);
        assert_eq!(requests(&bridge).await.len(), 0, "{what}");
        for list in ["status", "clients", "accounts"] {
            bridge.cli_json(&[list]).await;
        }
    }
    assert!(apps.iter().all(|app| app.refreshes <= jumps.len()));
    // A computer with an empty battery: the bridge starts in 1970, and the network sets it right a minute later.
    let options = world.options().port(bridge.port());
    assert!(!bridge.stderr().contains("panicked"), "{}", bridge.stderr());
    assert!(bridge.terminate().await.success());
    world.clock.set(to_1970());
    let bridge = world.bridge_with(options).await;
    for seconds in [to_1970(), 0] {
        world.clock.set(seconds);
        for app in &mut apps {
            done(&app.call(&bridge, READS, &json!({})).await);
        }
        done(&adapter.call(READS, json!({})).await);
    }
    assert_eq!(requests(&bridge).await.len(), 0);
    assert!(!bridge.stderr().contains("panicked"), "{}", bridge.stderr());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_a_clock_that_was_years_ahead_is_not_good_for_years() {
    let world = World::start().await;
    let bridge = world.bridge().await;
    world.clock.set(20 * YEAR);
    let mut app = App::start(&bridge, "App", Speaks::Modern).await;
    let old = app.access_token().to_owned();
    let call = json!({ "name": READS, "arguments": {} });
    modern(&bridge.http(), &old, "tools/call", call.clone()).send().await.assert_status(200);
    world.clock.set(0);
    let refused = modern(&bridge.http(), &old, "tools/call", call.clone()).send().await.assert_status(401);
    assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"));
    // It costs a refresh, and no more.
    done(&app.call(&bridge, READS, &json!({})).await);
    assert_eq!(app.refreshes, 1);
    modern(&bridge.http(), &old, "tools/call", call).send().await.assert_status(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_under_way_goes_on_when_the_clock_is_set_back_and_is_over_when_a_day_is_gone() {
    let world = World::start().await;
    let bridge = world.bridge().await;
    let client = Client::register(&bridge, "App").await;
    let asked = client.ask(&[("state", "before")]).await;
    for back in [HOUR, DAY, 30 * DAY] {
        world.clock.set(-back);
        let waiting = requests(&bridge).await;
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!(waiting[0]["code"], asked.code.as_str());
    }
    bridge.cli_ok(&["approve", &asked.code]).await;
    let redirect = asked.finish().await;
    world.clock.set(-31 * DAY);
    let tokens = asked.exchange(redirect.get("code").expect("a code")).await;
    // What was signed in meanwhile ends when the clock is set right after a month; it does not come back to life.
    let call = json!({ "name": READS, "arguments": {} });
    modern(&bridge.http(), &tokens.access, "tools/call", call.clone()).send().await.assert_status(200);
    world.clock.set(0);
    modern(&bridge.http(), &tokens.access, "tools/call", call).send().await.assert_status(401);
    client.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");

    let late = client.ask(&[("state", "late")]).await;
    world.clock.set(DAY);
    until("nobody waits", || async { requests(&bridge).await.is_empty() }).await;
    let redirect = late.finish().await;
    assert_eq!(redirect.get("error"), Some("access_denied"));
    // And the next one is asked about.
    let again = client.sign_in_as(&bridge, &[], &[("state", "again")]).await;
    let fresh = client.refresh(again.refresh()).await.assert_status(200);
    Tokens::of(&client.id, &fresh);
}
