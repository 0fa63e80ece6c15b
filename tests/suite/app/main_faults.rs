//! The main window breaks down: the person is told, apps lose nothing, and a press brings it back.

use super::world::World;
use crate::harness::notifications::Notifications;
use crate::harness::processes::kill_pages;

const TITLE: &str = "Jean Memory Bridge";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_dies_is_told_and_a_click_opens_the_window_again() {
    let world = World::with_account().await;
    let notifications = Notifications::start(&world.desktop.bus());
    let screen = world.desktop.screen();
    let (_, tokens) = world.sign_in("Claude Code").await;
    let page = world.window().await;
    page.until_shown("Claude Code").await;
    kill_pages(&world.app);
    let told = notifications.wait_for("of it", |one| one.summary == "The window broke down");
    assert!(told.body.contains("Apps stay connected"), "{told:?}");
    // Nothing empty is left to look at, and nobody else notices.
    screen.until_gone(TITLE);
    drop(page);
    assert_eq!(world.list_memories(&tokens).await["isError"], false);

    notifications.click(&told);
    screen.window(TITLE);
    let page = world.app.page("main.html").await;
    page.until_shown("1 call").await;
    page.find_called("Settings").await.click().await;
    page.find("#port").await;
    // Each time: the next one is not the last.
    kill_pages(&world.app);
    screen.until_gone(TITLE);
    let page = world.window().await;
    page.until_shown("1 call").await;
    let times = notifications.all().iter().filter(|one| one.summary == told.summary).count();
    assert_eq!(times, 2);
}
