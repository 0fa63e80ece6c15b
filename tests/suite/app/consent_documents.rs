//! The window that asks about a client that is known by the URL of a document (protocol.md 2.14 to 2.24).

use crate::double::ALICE;
use crate::harness::app::AppOptions;
use crate::harness::oauth::Client;

use super::world::{World, signed_in};

const CLAUDE_CODE: &str = "https://claude.ai/oauth/claude-code-client-metadata";

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_confirms_the_name_and_allows_as_for_everybody_else() {
    // design.md 5; protocol.md 2.21, 2.24
    let world = World::start_as(AppOptions::default().offline()).await;
    let client = Client {
        http: world.app.http(),
        id: CLAUDE_CODE.into(),
        redirect_uri: "http://localhost:3118/callback".into(),
        secret: None,
    };
    let asked = client.ask(&[]).await;
    let window = world.consent(&asked).await;
    window.until_shown("Claude Code wants to use your memories").await;
    window.until_shown("Name confirmed by claude.ai").await;
    window.until_shown("this computer").await;
    window.page.find("#details-button").await.click().await;
    window.until_shown(CLAUDE_CODE).await;
    window.until_shown("http://localhost:3118/callback").await;
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;

    let tokens = signed_in(&asked).await;
    assert_eq!(world.list_memories(&tokens).await["isError"], false);
    client.refresh(tokens.refresh()).await.assert_status(200);
    assert_eq!(world.app.cli_json(&["clients"]).await[0]["id"], CLAUDE_CODE);

    // A name that a client gave itself is never called confirmed.
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.until_shown("Name as the app gave it").await;
    assert!(!window.holds("confirmed by").await);
    window.deny().await;
    window.until_closed().await;
}
