//! No click and no key that was meant for something else allows anything (design.md 5; protocol.md 9).

use serde_json::{Value, json};

use super::world::{World, assert_waits, signed_in};
use crate::double::ALICE;
use crate::harness::screen::key;
use crate::harness::webdriver::Page;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_on_its_way_when_the_window_came_does_nothing() {
    let world = World::with_account().await;
    let screen = world.desktop.screen();
    // The first key takes longer than the others.
    screen.press(&[key::SHIFT]);
    let asked = world.ask("Claude Code").await;
    // Pressed the moment that the window is there.
    let shown = screen.window("Jean Memory Bridge");
    screen.press(&[key::ALT, u32::from('a')]);
    screen.press(&[key::ENTER]);
    screen.press(&[key::SPACE]);
    let window = world.consent(&asked).await;
    window.allow_button().await;
    assert_waits(&asked).await;
    // The same key, now that it is meant.
    screen.until_focused(&shown);
    screen.press(&[key::ALT, u32::from('a')]);
    window.until_closed().await;
    signed_in(&asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn allow_sleeps_while_another_window_has_the_focus_and_a_while_after() {
    let world = World::with_account().await;
    let screen = world.desktop.screen();
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let shown = screen.window("Jean Memory Bridge");
    let allow = window.allow_button().await;

    screen.open_another("A terminal");
    window.page.until("document.getElementById('allow').ariaDisabled === 'true'").await;
    assert!(screen.is_above(&shown), "it stays in sight");
    allow.click().await;
    window.page.run("document.getElementById('allow').click();", Value::Null).await;
    assert_waits(&asked).await;

    let measure = "
        window.measured = {};
        addEventListener('focus', () => (measured.focus = performance.now()));
        new MutationObserver(() => (measured.awake = performance.now()))
            .observe(document.getElementById('allow'), { attributeFilter: ['aria-disabled'] });";
    window.page.run(measure, Value::Null).await;
    screen.focus(&shown);
    window.allow_button().await;
    let slept = window.page.run("return measured.awake - measured.focus;", Value::Null).await;
    assert!(slept.as_f64().is_some_and(|ms| ms >= 599.0), "{slept}");
    assert_waits(&asked).await;
    allow.click().await;
    window.until_closed().await;
    signed_in(&asked).await;
}

/// The keyboard repeats for the first time after Allow has woken up, and the page cannot tell that from a press.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_held_since_another_window_had_the_focus_does_nothing() {
    let world = World::with_account().await;
    let screen = world.desktop.screen();
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let shown = screen.window("Jean Memory Bridge");
    window.allow_button().await;
    let other = screen.open_another("A terminal");
    // The page takes repetitions away before anybody else sees them.
    let count = "
        const stop = Event.prototype.stopImmediatePropagation;
        Event.prototype.stopImmediatePropagation = function () { repeated += 1; stop.call(this); };
        addEventListener('keyup', () => (repeated = -1), { capture: true });
        document.getElementById('allow').focus();";
    window.page.run(count, Value::Null).await;
    for keys in [&[key::ALT, u32::from('a')][..], &[key::ENTER], &[key::SPACE]] {
        screen.focus(&other);
        window.page.run("window.repeated = 0;", Value::Null).await;
        screen.hold(keys);
        screen.focus(&shown);
        window.page.until("repeated >= 2").await;
        screen.release(keys);
        window.page.until("repeated < 0").await;
        window.allow_button().await;
        assert_waits(&asked).await;
    }
    // Pressed here, they count.
    screen.press(&[key::ENTER]);
    window.until_closed().await;
    signed_in(&asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_in_the_key_field_leads_to_allow_and_does_not_press_it() {
    let world = World::start().await;
    let screen = world.desktop.screen();
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    window.allow_button().await;
    screen.until_focused(&screen.window("Jean Memory Bridge"));
    screen.write(ALICE.key);
    // Twice, as one does.
    screen.press(&[key::ENTER]);
    screen.press(&[key::ENTER]);
    window.page.until("document.activeElement.id === 'allow'").await;
    window.allow_button().await;
    assert_waits(&asked).await;
    assert_eq!(world.double.requests().count(), 0);
    screen.press(&[key::ENTER]);
    window.until_closed().await;
    signed_in(&asked).await;
}

/// Keys only, and what has the focus is read out as a screen reader would.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_question_can_be_answered_with_the_keyboard_alone() {
    let world = World::start().await;
    let screen = world.desktop.screen();
    let asked = world.ask("Claude Code").await;
    let window = world.consent(&asked).await;
    let page = &window.page;
    window.allow_button().await;
    screen.until_focused(&screen.window("Jean Memory Bridge"));
    assert_eq!(page.focused().await, "Jean Memory key");

    let tab = || screen.press(&[key::TAB]);
    let mut seen = vec![page.focused().await];
    loop {
        assert!(shows_focus(page).await, "{:?} does not show that it has the focus", seen.last());
        let focused = page.focused_after(tab).await;
        if seen.contains(&focused) {
            break;
        }
        seen.push(focused);
    }
    for stop in
        ["Details", "Read", "Write", "Where do I get a key?", "Try the sandbox", "Don’t allow", "Allow"]
    {
        assert!(seen.iter().any(|name| name == stop), "Tab does not lead to {stop}: {seen:?}");
    }

    // To the switch for writing, off; and back to the key.
    while page.focused_after(|| screen.press(&[key::SHIFT, key::TAB])).await != "Write" {}
    screen.press(&[key::SPACE]);
    page.until("!document.activeElement.checked").await;
    while page.focused_after(tab).await != "Jean Memory key" {}
    screen.write(ALICE.key);
    while page.focused_after(tab).await != "Allow" {}
    window.allow_button().await;
    screen.press(&[key::SPACE]);
    window.until_closed().await;
    signed_in(&asked).await;
    assert_eq!(world.app.cli_json(&["clients"]).await[0]["scopes"], json!(["read"]));
}

/// Whether what has the focus can be told by looking.
async fn shows_focus(page: &Page<'_>) -> bool {
    let script = "
        const focused = document.activeElement;
        const outlined = (e) => {
            const style = getComputedStyle(e);
            return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        };
        return outlined(focused) || outlined(focused.parentElement);";
    page.run(script, Value::Null).await == Value::Bool(true)
}
