//! The only window of an app whose bridge did not start: why, and what to do.

use tauri::{AppHandle, Manager as _};

use super::{builder, text_size, web_view};
use crate::launch::CannotStart;
use crate::shell::WEB_VIEW_FOLDER;
use crate::words::Words;

const LABEL: &str = "cannot_start";
/// In CSS pixels at the usual size of text.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 360.0;

/// Opens it. Not to be called on the main thread.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    let words = Words::of(None);
    let size = text_size::factor(app);
    // A view that keeps nothing cannot be driven, which is how this page is tested.
    let data_dir =
        app.state::<CannotStart>().paths.as_ref().map(|paths| paths.data_dir.join(WEB_VIEW_FOLDER));
    let appearance = bridge_core::view::Appearance::System;
    let window = builder(app, LABEL, "cannot_start.html", &words, appearance, data_dir)
        .title(words.say("cannot_start.window_title", &[]))
        .inner_size(WIDTH * size, HEIGHT * size)
        .prevent_overflow()
        .center()
        .focused(true)
        .build()?;
    web_view::prepare(&window)?;
    let dead = window.clone();
    web_view::when_gone(&window, move || {
        let _ = dead.destroy();
    })
}
