//! What strangers write is shown as text and judged for what it is; what is no key goes nowhere.

use serde_json::{Value, json};

use super::world::{World, assert_denied, assert_waits, signed_in};
use crate::double::ALICE;
use crate::harness::oauth::{Client, REDIRECT_URI};

const MEGABYTE: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pasted_and_is_no_key_stays_out() {
    let world = World::start().await;
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let huge = "x".repeat(10 * MEGABYTE);
    let huge_key = format!("jean_sk_{huge}");
    for junk in [
        "hello world, this is not a key",
        "jean_sk_0123456789abcdef\u{202e}0123",
        "jean_sk_0123456789\u{0}abcdef0123",
        "jean_sk_0123456789abcdef\nX-API-Key: other",
        "مفتاح",
        &huge,
        &huge_key,
    ] {
        window.paste(junk).await;
        window.until_shown("What was pasted is not a key, so it was left out").await;
        assert_eq!(window.key().await, "", "{junk:.40}");
        window.page.run("document.getElementById('key-said').textContent = '';", Value::Null).await;
    }
    window.allow().await;
    window.until_shown("Paste a key first").await;

    // What a page could send anyway is refused as well, and says nothing of what was sent.
    for junk in [huge_key.as_str(), "jean_sk_0123456789abcdef\nX-API-Key: other", "", "jean_sk_", "\u{202e}"]
    {
        let answer =
            json!({ "account": { "kind": "key", "key": junk }, "scopes": ["read"], "save_unchecked": true });
        let refused = window.page.invoke("consent_allow", json!({ "answer": answer })).await.unwrap_err();
        assert_eq!(refused["code"], "not_a_key");
        assert!(junk.len() < 9 || !refused.to_string().contains(&junk[..9]), "{refused}");
    }
    assert_waits(&asked).await;
    assert_eq!(world.double.requests().count(), 0);
    assert!(!world.app.output().contains("0123456789abcdef"));

    // Blanks and quotes that came along are no reason to refuse a key.
    window.paste(&format!("\u{feff} \"{}\" \r\n", ALICE.key)).await;
    window.allow().await;
    window.until_closed().await;
    signed_in(&asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_one_line_of_text_and_moves_nothing() {
    let world = World::with_account().await;
    for name in [
        "<img src=x onerror=\"window.hacked = 1\"><script>window.hacked = 1</script>",
        "\u{202e}edoC edualC\u{202c} \u{2066}x",
        "Claude\nAnswer goes to claude.ai\r\n\tName confirmed",
        "{app} {name} %s ${window.hacked = 1}",
        &"W".repeat(3000),
        "🏳️‍🌈 ﷽ Z̷̡̛̖a̸l̶g̷o̵",
    ] {
        let asked = world.ask(name).await;
        let window = world.consent(&asked).await;
        assert_eq!(window.page.run("return window.hacked ?? null;", Value::Null).await, Value::Null);
        let looks = "
            const name = document.querySelector('#who bdi');
            const shown = name.textContent;
            return {
                children: name.childElementCount,
                harmless: !/[\\u0000-\\u001f\\u202a-\\u202e\\u2066-\\u2069]/.test(shown),
                fits: document.documentElement.scrollWidth <= innerWidth,
                lines: Math.round(document.getElementById('who').getBoundingClientRect().height),
                deny: document.getElementById('deny').getBoundingClientRect().bottom <= innerHeight,
            };";
        let looks = window.page.run(looks, Value::Null).await;
        assert_eq!(looks["children"], 0, "{name:.40}: {looks}");
        assert_eq!(looks["harmless"], true, "{name:.40}: {looks}");
        assert_eq!(looks["fits"], true, "{name:.40}: {looks}");
        assert_eq!(looks["deny"], true, "{name:.40}: {looks}");
        assert!(looks["lines"].as_u64().is_some_and(|height| height < 160), "{name:.40}: {looks}");
        let title = world.desktop.screen().window("Jean Memory").title;
        assert!(!title.contains("Claude"), "a stranger's words are in the title bar: {title}");
        window.deny().await;
        window.until_closed().await;
        assert_denied(&asked).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_well_known_name_with_a_foreign_address_is_pointed_out() {
    // protocol.md 9.17; look.md "The consent window"
    let world = World::with_account().await;
    let ask = async |name: &str, redirect: &str| {
        let metadata =
            json!({ "client_name": name, "redirect_uris": [redirect], "token_endpoint_auth_method": "none" });
        Client::register_as(&world.app, &metadata).await.ask(&[]).await
    };
    let asked = ask("Claude", "https://claude.example.com/callback").await;
    let window = world.consent(&asked).await;
    window.until_shown("This app calls itself Claude, but the answer goes to claude.example.com").await;
    window.until_shown("as the app gave it").await;
    window.deny().await;
    window.until_closed().await;
    assert_denied(&asked).await;

    let asked = ask("Cursor", "somebody://callback").await;
    let window = world.consent(&asked).await;
    window.until_shown("Any program can receive what goes to somebody: addresses").await;
    window.deny().await;
    window.until_closed().await;
    assert_denied(&asked).await;

    let asked = ask("Claude", REDIRECT_URI).await;
    let window = world.consent(&asked).await;
    window.until_shown("this computer").await;
    assert!(!window.page.has("#warning").await);
    // Who wants to know more finds all of it.
    window.page.find("#details-button").await.click().await;
    window.until_shown(REDIRECT_URI).await;
    window.until_shown(&asked.client.id).await;
    window.until_shown("never with this address").await;
    window.deny().await;
    window.until_closed().await;
}
