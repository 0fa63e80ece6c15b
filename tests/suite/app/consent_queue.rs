//! Several apps ask at once: one window at a time, the oldest question first.

use super::world::{World, assert_denied, assert_waits, signed_in};
use crate::harness::oauth::Client;

#[tokio::test(flavor = "multi_thread")]
async fn two_questions_are_asked_one_after_the_other_and_counted() {
    let world = World::with_account().await;
    let first = world.ask("First").await;
    let window = world.consent(&first).await;
    window.until_shown("First wants to use your memories").await;
    let second = world.ask("Second").await;
    window.until_shown("1 of 2").await;
    assert_eq!(world.desktop.screen().windows().len(), 1);
    window.allow().await;
    let window = world.consent(&second).await;
    window.until_shown("2 of 2").await;
    window.until_shown("Second wants to use your memories").await;
    signed_in(&first).await;
    assert_waits(&second).await;
    window.deny().await;
    window.until_closed().await;
    assert_denied(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_questions_at_once_can_be_refused_with_one_click() {
    // protocol.md 9.21
    let world = World::with_account().await;
    let mut all = Vec::new();
    for n in 0..4 {
        let client = Client::register(&world.app, &format!("App {n}")).await;
        for window in 0..5 {
            all.push(client.ask(&[("state", &format!("{n}.{window}"))]).await);
        }
    }
    assert_eq!(world.waiting().await, 20);
    let window = world.consent(&all[0]).await;
    window.until_shown("1 of 20").await;
    assert_eq!(world.desktop.screen().windows().len(), 1);
    // One answer is for one.
    window.allow().await;
    let window = world.consent(&all[1]).await;
    window.until_shown("2 of 20").await;
    window.page.find("#deny-all").await.click().await;
    window.until_closed().await;
    signed_in(&all[0]).await;
    for asked in &all[1..] {
        assert_denied(asked).await;
    }
    assert_eq!(world.waiting().await, 0);
    // The next one is asked again.
    let asked = world.ask("Later").await;
    let window = world.consent(&asked).await;
    window.deny().await;
    assert_denied(&asked).await;
}
