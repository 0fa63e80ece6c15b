//! The app as a program: it starts, is there once, quits, and says why when it cannot.

use std::process::{Command, Stdio};

use crate::harness::app::{APP, AppOptions};
use crate::harness::desktop::Desktop;
use crate::harness::panel::Panel;
use crate::harness::programs::program;

#[tokio::test(flavor = "multi_thread")]
async fn quit_in_the_tray_menu_ends_the_app() {
    let desktop = Desktop::start();
    let panel = Panel::start(&desktop.bus());
    let mut app = AppOptions::default().launch(&desktop);
    panel.icon().click(&["Quit"]);
    assert_eq!(app.ended().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_the_app_as_quit_does() {
    let desktop = Desktop::start();
    let panel = Panel::start(&desktop.bus());
    let app = AppOptions::default().launch(&desktop);
    let _ = panel.icon();
    assert_eq!(app.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_launch_leaves_the_field_to_the_first() {
    let desktop = Desktop::start();
    let panel = Panel::start(&desktop.bus());
    let mut first = AppOptions::default().launch(&desktop);
    let icon = panel.icon();
    let mut second = AppOptions::default().launch(&desktop);
    assert_eq!(second.ended().code(), Some(0));
    assert!(first.is_running());
    icon.click(&["Quit"]);
    assert_eq!(first.ended().code(), Some(0));
}

#[test]
fn without_a_display_the_app_says_so() {
    let said = refusal(|_| {});
    assert!(said.contains("there is no display here"), "{said}");
    assert!(said.contains("jean-bridge serve"), "{said}");
}

#[test]
fn a_display_that_does_not_answer_is_told_from_none() {
    // No X server counts this far.
    let said = refusal(|app| {
        app.env("DISPLAY", ":65000");
    });
    assert!(said.contains("does not answer"), "{said}");
    assert!(said.contains("jean-bridge serve"), "{said}");
}

/// What the app says when it cannot start: one line, status 1, no panic.
#[track_caller]
fn refusal(prepare: impl Fn(&mut Command)) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut app = Command::new(program(APP));
    app.env_clear().env("HOME", home.path()).env("JEAN_BRIDGE_HOME", home.path().join("bridge"));
    prepare(&mut app);
    let output = app.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}
