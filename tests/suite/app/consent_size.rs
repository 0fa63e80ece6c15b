//! The consent window is as high as what it has to say: nothing is hidden, and nothing is stretched.

use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_window_fits_what_it_says() {
    let world = World::start().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let fits = "(() => {
        const [content, answer] = ['content', 'answer'].map((id) => document.getElementById(id));
        return innerHeight === content.scrollHeight + answer.offsetHeight;
    })()";
    window.page.until(fits).await;
    // Laid out before the window had a width, they would be as high as a column of letters.
    window.page.until("document.getElementById('allow').offsetHeight < 60").await;
}
