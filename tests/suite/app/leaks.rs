//! A key that was pasted into a window is nowhere but in the keychain, however much is logged (design.md 6).

use std::path::Path;

use super::world::{World, assert_denied, signed_in};
use crate::double::{ALICE, REVOKED_KEY};
use crate::harness::app::AppOptions;

/// A piece of this length gives a key away; the hint of four letters does not.
const PIECE: usize = 16;
const LOUD: &str = "trace,rmcp=trace,hyper=trace,reqwest=trace,zbus=trace,tauri=trace,wry=trace,tao=trace";

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_key_is_in_no_log_no_file_and_no_output() {
    let world = World::start_as(AppOptions::default().env("JEAN_BRIDGE_LOG", LOUD)).await;
    let almost = "jean_sk_EXAMPLE_almost 0123456789abcdef";
    let asked = world.ask("Ferris the harmless").await;
    let window = world.consent(&asked).await;
    window.paste(almost).await;
    window.paste(REVOKED_KEY).await;
    window.page.find_called("Show the key").await.click().await;
    window.allow().await;
    window.until_shown("does not accept this key").await;
    let answer = serde_json::json!({ "account": { "kind": "key", "key": almost }, "scopes": ["read"] });
    window.page.invoke("consent_allow", serde_json::json!({ "answer": answer })).await.unwrap_err();
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;
    let tokens = signed_in(&asked).await;
    world.list_memories(&tokens).await;

    // One is still in its field when the app is quit.
    let asked = world.ask("Another").await;
    let window = world.consent(&asked).await;
    window.choose("Another key").await;
    window.paste(ALICE.key).await;
    window.deny().await;
    window.until_closed().await;
    assert_denied(&asked).await;
    assert_eq!(world.app.terminate().code(), Some(0));

    let mut places = vec![("output".to_owned(), world.app.output())];
    read_all(world.desktop.keychain().home(), &mut places);
    for secret in [ALICE.key, REVOKED_KEY, almost, &tokens.access, tokens.refresh()] {
        let piece = &secret[secret.len() - PIECE..];
        let found: Vec<&str> =
            places.iter().filter(|(_, text)| text.contains(piece)).map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, Vec::<&str>::new(), "{piece}");
    }
    // Harmless things are there, or the search proves nothing.
    let is_logged =
        |text: &str| places.iter().any(|(name, log)| name.contains("/logs/") && log.contains(text));
    let sizes: Vec<_> = places.iter().map(|(name, text)| (name, text.len())).collect();
    assert!(is_logged(&asked.client.id), "{sizes:#?}");
    assert!(is_logged("DEBUG"), "{sizes:#?}");
    assert!(
        places.iter().any(|(name, text)| name.contains("bridge.db") && text.contains("Ferris the harmless"))
    );
}

/// Every file below, but for the keychain's own. The web view's processes end after the app and tidy up until then.
fn read_all(folder: &Path, places: &mut Vec<(String, String)>) {
    let Some(entries) = unless_gone(std::fs::read_dir(folder)) else { return };
    for entry in entries.map(Result::unwrap) {
        let Some(kind) = unless_gone(entry.file_type()) else { continue };
        if kind.is_dir() && entry.file_name() != "keyrings" {
            read_all(&entry.path(), places);
        } else if kind.is_file()
            && let Some(content) = unless_gone(std::fs::read(entry.path()))
        {
            places.push((entry.path().display().to_string(), String::from_utf8_lossy(&content).into_owned()));
        }
    }
}

fn unless_gone<T>(read: std::io::Result<T>) -> Option<T> {
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        read => Some(read.unwrap()),
    }
}
