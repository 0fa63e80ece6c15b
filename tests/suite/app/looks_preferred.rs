//! The windows on a desktop that somebody has set for their eyes: in high contrast, light and dark, and without
//! anything that moves. What `forced-colors` is for exists on Windows only.

use serde_json::{Value, json};

use super::looks::{fill_with_activity, keep, open_tab};
use super::world::World;
use crate::double::{ALICE, BOB, Fault, REVOKED_KEY, path};
use crate::harness::accessibility::assert_high_contrast;
use crate::harness::app::AppOptions;
use crate::harness::desktop::Desktop;
use crate::harness::oauth::Client;
use crate::harness::preferences::Preference;
use crate::harness::webdriver::Page;

const CHECK: &str = "/sdk/validate-developer";
/// How many parts of a page move, or would if something about them changed.
const MOVING: &str = "
    const moves = ({ animationName, transitionDuration }) =>
        animationName !== 'none' || transitionDuration.split(',').some((time) => parseFloat(time) > 0);
    return [...document.querySelectorAll('*')].reduce((count, element) =>
        count + [null, '::before', '::after'].filter((part) => moves(getComputedStyle(element, part))).length, 0);";

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_of_high_contrast_has_windows_of_high_contrast() {
    in_high_contrast(Preference::Contrast).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dark_desktop_of_high_contrast_has_windows_of_high_contrast() {
    in_high_contrast(Preference::DarkContrast).await;
}

async fn in_high_contrast(preference: Preference) {
    let world = on_a_desktop(preference).await;
    let look = async |page: &Page<'_>, state: &str| {
        let name = look(&world, preference, page, state).await;
        assert_high_contrast(page, &name).await;
    };
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.allow_button().await;
    look(&window.page, "consent-first-time").await;
    window.page.find("#details-button").await.click().await;
    look(&window.page, "consent-details").await;
    window.page.find("#details-button").await.click().await;
    window.paste(REVOKED_KEY).await;
    window.allow().await;
    window.until_shown("does not accept this key").await;
    look(&window.page, "consent-rejected").await;
    window.paste(ALICE.key).await;
    window.allow().await;
    window.until_closed().await;

    let metadata = json!({ "client_name": "Claude", "redirect_uris": ["https://claude.example.com/callback"],
                           "token_endpoint_auth_method": "none" });
    let asked = Client::register_as(&world.app, &metadata).await.ask(&[]).await;
    let window = world.consent(&asked).await;
    window.switch("write").await;
    look(&window.page, "consent-foreign-website").await;
    window.deny().await;
    window.until_closed().await;

    world.add_key(BOB.key).await;
    fill_with_activity(&world).await;
    let page = world.window().await;
    page.until_shown("6 calls").await;
    for tab in ["Apps", "Accounts", "Activity", "Connect", "Settings", "Diagnostics"] {
        open_tab(&page, tab).await;
        look(&page, &format!("main-{}", tab.to_lowercase())).await;
        // Not by the shade of its background alone.
        let framed =
            "getComputedStyle(document.querySelector('[role=tab][aria-selected=true]')).boxShadow !== 'none'";
        assert!(page.is_true(framed).await, "{tab}");
    }
    open_tab(&page, "Apps").await;
    page.find_called("Revoke Claude Code").await.click().await;
    page.until_shown("Revoke Claude Code?").await;
    look(&page, "main-app-revoke").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_on_a_desktop_without_animations() {
    for preference in [Preference::Light, Preference::Stillness] {
        let is_still = preference == Preference::Stillness;
        let world = on_a_desktop(preference).await;
        let look = async |page: &Page<'_>, state: &str| {
            look(&world, preference, page, state).await;
            let moving = page.run(MOVING, Value::Null).await.as_u64().expect("a number");
            assert_eq!(moving == 0, is_still, "{state}: {moving} on a desktop of {preference:?}");
        };
        let asked = world.ask("Claude Code").await;
        let window = world.consent(&asked).await;
        window.allow_button().await;
        look(&window.page, "consent-motion").await;
        window.deny().await;
        window.until_closed().await;

        let page = world.window().await;
        open_tab(&page, "Settings").await;
        look(&page, "main-motion").await;
        // What takes its time says so, moving or not.
        open_tab(&page, "Accounts").await;
        page.find_called("Add an account").await.click().await;
        world.double.fault(Fault::Hang.on(path(CHECK)));
        page.find(".key-field input").await.paste(ALICE.key).await;
        page.find_called("Add account").await.click().await;
        page.find(".is-slow").await;
        look(&page, "main-motion-slow").await;
        world.double.clear();
        world.double.release();
    }
}

async fn on_a_desktop(preference: Preference) -> World {
    World::start_on(Desktop::with_keychain().preferring(preference), AppOptions::default()).await
}

/// The name of the picture.
async fn look(world: &World, preference: Preference, page: &Page<'_>, state: &str) -> String {
    let name = format!("{state}-{}", preference.name());
    preference.assert_known(page).await;
    keep(&world.desktop.screen(), page, &name).await;
    name
}
