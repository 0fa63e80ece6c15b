//! The tray app as a program: it starts, is there once, quits, and says why when it cannot.

use std::process::{Command, Stdio};

use crate::harness::desktop::{Desktop, Process, dressed};
use crate::harness::panel::Panel;
use crate::harness::programs::program;

const APP: &str = "jean-memory-bridge";

#[test]
fn quit_in_the_tray_menu_ends_the_app() {
    let desktop = Desktop::start();
    let panel = Panel::start(desktop.bus());
    let mut app = Process::start(&mut desktop.command(&program(APP)));
    panel.menu().click("Quit");
    assert_eq!(app.ended().code(), Some(0));
}

#[test]
fn logging_out_ends_the_app_as_quit_does() {
    let desktop = Desktop::start();
    let panel = Panel::start(desktop.bus());
    let mut app = Process::start(&mut desktop.command(&program(APP)));
    let _ = panel.menu();
    app.terminate();
    assert_eq!(app.ended().code(), Some(0));
}

#[test]
fn a_second_launch_leaves_the_field_to_the_first() {
    let desktop = Desktop::start();
    let panel = Panel::start(desktop.bus());
    let mut first = Process::start(&mut desktop.command(&program(APP)));
    let menu = panel.menu();
    let mut second = Process::start(&mut desktop.command(&program(APP)));
    assert_eq!(second.ended().code(), Some(0));
    assert!(first.is_running());
    menu.click("Quit");
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
    prepare(dressed(&mut app, home.path()));
    let output = app.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}
