//! An app that throws its entry away: told once, in the window and beside it, and repaired by one press, never by itself.

use serde_json::json;

use super::connect_world::{CURSOR, Empty, until_state};
use crate::harness::notifications::{Notification, Notifications};

const WIPED: &str = "{\"theme\":\"dark\"}";

fn of_a_loss(one: &Notification) -> bool {
    one.summary.contains("Cursor has lost its connection to Jean Memory")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_is_told_once_and_leads_to_its_repair() {
    let home = Empty::new().with(CURSOR, "{}");
    let notifications = Notifications::start(&home.desktop().bus());
    let home = home.start().await;
    home.world.app.cli_ok(&["connect", "cursor"]).await;
    // At the start the apps are looked at.
    let home = home.restart_with(CURSOR, WIPED).await;
    let told = notifications.wait_for("of the loss", of_a_loss);
    assert_eq!(home.read(CURSOR), WIPED, "nothing is repaired unasked");
    notifications.click(&told);
    let page = home.world.app.page("main.html").await;
    page.until_shown("Cursor has lost its connection to Jean Memory: it has thrown away").await;
    until_state(&page, "Cursor", "wiped").await;
    page.until("document.activeElement.innerText === 'Cursor'").await;

    // Neither another look nor another start tells it again.
    page.run("window.dispatchEvent(new Event('focus'));", json!(null)).await;
    let home = home.restart().await;
    let page = home.open().await;
    page.until_shown("Cursor has lost its connection").await;
    page.find_called("Show how to repair it").await.click().await;
    until_state(&page, "Cursor", "wiped").await;
    assert_eq!(notifications.all().iter().filter(|one| of_a_loss(one)).count(), 1);

    page.find_called("Repair Cursor").await.click().await;
    until_state(&page, "Cursor", "connected").await;
    page.until("!document.body.innerText.includes('has lost its connection')").await;
    // The port is another one now.
    assert_eq!(home.entry(CURSOR, "mcpServers"), home.url_entry());
    page.find_called("Undo").await.click().await;
    until_state(&page, "Cursor", "found").await;
    assert_eq!(home.read(CURSOR), WIPED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_while_the_app_runs_is_noticed_when_somebody_looks_and_can_be_left_so() {
    let home = Empty::new().with(CURSOR, "{}");
    let notifications = Notifications::start(&home.desktop().bus());
    let home = home.start().await;
    home.world.app.cli_ok(&["connect", "cursor"]).await;
    let page = home.open().await;
    until_state(&page, "Cursor", "connected").await;
    home.write(CURSOR, WIPED);
    page.run("window.dispatchEvent(new Event('focus'));", json!(null)).await;
    until_state(&page, "Cursor", "wiped").await;
    page.until_shown("Cursor has lost its connection to Jean Memory").await;
    notifications.wait_for("of the loss", of_a_loss);
    page.find_called("Leave it disconnected").await.click().await;
    until_state(&page, "Cursor", "found").await;
    page.until("!document.body.innerText.includes('has lost its connection')").await;
    assert_eq!(home.read(CURSOR), WIPED);
}
